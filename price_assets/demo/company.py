"""The demo's made-up company: its Postgres with the catalogue, its settings, and the export of its three price lists by the real exporter."""

import os
import signal
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from price_assets.demo.catalogue import fill
from price_assets.demo.guard import end_by_signals, ended, guarded
from price_assets.demo.server import Server, start_server
from price_assets.errors import ExitCode, PriceAssetsError
from price_assets.variables import VARIABLES

CLONE = Path(__file__).parents[2]
OUTPUT = CLONE / "demo-output"
"""Where the demo's files go; git ignores it."""
TIMEZONE = "Europe/Moscow"
PRICE_LISTS = ("dealers", "retail", "wholesale")
talk = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def company() -> Generator[Server]:
    """Run the company's Postgres, its catalogue filled up to today, for as long as the `with` block runs."""
    began = time.monotonic()

    def done() -> None:
        nonlocal began
        talk.print(f"[dim]{time.monotonic() - began:.1f} s[/dim]")
        began = time.monotonic()

    talk.print("Starting Postgres …", end=" ")
    with start_server() as server:
        for made in fill(server, today()):
            done()
            talk.print(f"Filling it: {made} …", end=" ")
        done()
        yield server


def today() -> date:
    """Return the day that it is for the company."""
    return datetime.now(ZoneInfo(TIMEZONE)).date()


def environment(server: Server, dagster_home: Path | None = None) -> dict[str, str]:
    """Return a process' environment with the settings that the exporter needs here.

    None of the caller's own is in it: they must not lead the demo to a real source or bucket.
    """
    ours = {variable.name for variable in VARIABLES}
    inherited = {name: value for name, value in os.environ.items() if name not in ours and not name.startswith("DAGSTER_")}
    home = {"DAGSTER_HOME": str(dagster_home)} if dagster_home else {}
    return inherited | server.environment() | home | {"STORAGE_BUCKET": OUTPUT.as_uri(), "EXPORT_TIMEZONE": TIMEZONE, "LOG_FORMAT": "text"}


def export(settings: Mapping[str, str]) -> int:
    """Export the price lists for yesterday and today, as a CronJob would; the exporter's own table goes to stdout. Returns its exit code."""
    last = today()
    first = last - timedelta(days=1)
    talk.print(f"Exporting {', '.join(PRICE_LISTS)} of {first} and {last}, which is today in {TIMEZONE} …")
    command = [sys.executable, "-m", "price_assets", "export", *PRICE_LISTS, "--from", str(first), "--to", str(last)]
    exporter = guarded(command, environment=settings, stop_with=signal.SIGINT)
    try:
        return exporter.wait()
    finally:
        ended(exporter)


def run(demo: Callable[[], int]) -> int:
    """Run a demo's command to its end or a signal's. Returns its exit code; an error of ours is one line on stderr."""
    end_by_signals()
    try:
        return demo()
    except PriceAssetsError as error:
        talk.print(f"\n{error}", style="red", markup=False)
        return error.exit_code
    except KeyboardInterrupt:
        talk.print("\nStopped; Postgres and its data are gone.")
        return ExitCode.INTERRUPTED
