"""`make ui`: Dagster's UI on the demo's data, until Ctrl-C. One process starts all of it and takes all of it along, however it ends [DG41]."""

import fcntl
import os
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import dagster as dg

from price_assets.demo.company import CLONE, OUTPUT, company, environment, export, run, talk
from price_assets.demo.guard import Guard, ended, guarded
from price_assets.demo.server import free_port
from price_assets.errors import Failed
from price_assets.variables import EXPORT_AUTOMATION

HOME = OUTPUT / "dagster"
"""The demo's own instance. It stays, so that what was materialised is in the catalog the next time, too."""
PORT = 3000
START_TIMEOUT = 180.0
"""Seconds until the UI must answer; it takes ten to forty."""
SHOWN = """
[bold]{url}/assets[/bold] shows every day of every price list: materialise and backfill them there.
To see a check fail, write `2 * retail_prices.price AS price` into price_assets/price_lists/retail.sql,
"Reload" on the page Deployment, and materialise today: the day is blocked, and the failed step shows
what to paste into Config to accept it.
Schedules and sensors start switched off. Logs are in {home}. Ctrl-C ends all of it."""
NOT_FINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def main() -> NoReturn:
    """Start the company and export its lists, then show them until a signal comes. Raises Failed when a part of it ends before."""
    with own_instance(), company() as server:
        settings = environment(server, HOME) | {EXPORT_AUTOMATION.name: "off"}  # schedules and sensors start switched off [DG45]
        if code := export(settings):
            talk.print(f"The export ended with exit code {code}; the UI shows why.")
        port = free_port(PORT)
        with dagster("webserver", settings, "--host", "127.0.0.1", "--port", str(port)) as webserver, dagster("daemon", settings, "run") as daemon:
            talk.print("Starting Dagster …")
            url = f"http://127.0.0.1:{port}"
            wait_until_it_answers(url, webserver)
            talk.print(SHOWN.format(url=url, home=HOME))
            wait_for_an_end((webserver, daemon))
    raise Failed(f"A part of Dagster went away; its last words are in {HOME}/*.log")


@contextmanager
def own_instance() -> Generator[None]:
    """Make the instance, once and before two processes would race for it [DG43], for as long as the `with` block runs.

    Runs that an earlier UI's end cut off are marked so: each would hold its list's pool for ever. Raises Failed where another UI runs.
    """
    HOME.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(__file__).with_name("dagster.yaml"), HOME)
    with (HOME / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed(f"Another `make ui` runs in this clone and holds {lock.name}: end it first") from None
        with dg.DagsterInstance.from_config(str(HOME)) as instance:
            for unfinished in instance.get_runs(dg.RunsFilter(statuses=NOT_FINISHED)):
                instance.report_run_canceled(unfinished, message="The UI that ran it has ended.")
        yield


@contextmanager
def dagster(part: str, settings: Mapping[str, str], *arguments: str) -> Generator[Guard]:
    """Run `dagster-webserver` or `dagster-daemon` in a session of its own, its output in a log file, for as long as the `with` block runs."""
    program = Path(sys.executable).with_name(f"dagster-{part}")
    guard = guarded([program, *arguments, "-w", CLONE / "workspace.yaml"], environment=settings, folder=HOME, output=HOME / f"{part}.log")
    try:
        yield guard
    finally:
        ended(guard)


def wait_until_it_answers(url: str, webserver: Guard) -> None:
    """Wait for the webserver's first answer. Raises Failed when it ends, or after `START_TIMEOUT`."""
    deadline = time.monotonic() + START_TIMEOUT
    while webserver.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/server_info", timeout=5):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.3)
    raise Failed(f"Dagster's webserver does not answer on {url}; its last words are in {HOME}/webserver.log")


def wait_for_an_end(parts: Sequence[Guard]) -> None:
    """Wait until one of them has ended, or `make`, which called us: it dies alone of a `kill -9`."""
    parent = os.getppid()
    while all(part.poll() is None for part in parts):
        if os.getppid() != parent:
            raise KeyboardInterrupt
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(run(main))
