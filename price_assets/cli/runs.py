"""`price-assets runs`: the last export runs, as the ledger has them."""

import json
import logging
import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from price_assets.cli.arguments import complete_names, ends_honestly
from price_assets.cli.ledger import wanted_ledger
from price_assets.errors import ExitCode, UsageError, did_you_mean

if TYPE_CHECKING:
    from rich.table import Table

    from price_assets.operations.export_run import ExportRun
    from price_assets.operations.export_runs import Ledger

log = logging.getLogger(__name__)

COLOURS = {"success": "green", "unchanged": "cyan", "running": "cyan", "superseded": "yellow", "canceled": "yellow", "withdrawn": "yellow"}
"""The others are red."""
LEAST = 20
"""Characters of an error that are shown however narrow the terminal is."""
MOST = 10_000


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_names)
@click.option("--limit", type=click.IntRange(1, MOST), default=20, show_default=True, metavar="N", help="How many of them.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON instead of a table; no error is cut.")
@ends_honestly
def runs(names: tuple[str, ...], *, limit: int, as_json: bool) -> ExitCode:
    """Tell of the last export runs, the newest first: of all lists, or of those NAMEd.

    They are read from the ledger, in EXPORT_RUNS_URL, and from nowhere else. `history` tells what became of the published files.

    \b
        price-assets runs
        price-assets runs wholesale --limit 100 --json

    \b
    A run is
        running       begun, and not ended yet
        success       published
        unchanged     published already
        superseded    older than what is published
        blocked       its rows were refused: by a check, or by a type
        failed        for a reason from a closed list; `error` says more
        canceled      by a person, or with its process
        missed        a day on which nothing ran, and that can't be exported any more
        withdrawn     what was published was taken back
    """
    from price_assets import logs
    from price_assets.settings import ExportSettings, log_format

    logs.configure(log_format(os.environ))
    settings = ExportSettings.from_environment()
    with closing(wanted_ledger()) as ledger:
        found = ledger.last(names, limit=limit)
        _have_been_heard_of(set(names) - {run.price_list for run in found}, ledger, settings.price_lists_dir)
    if as_json:
        click.echo(json.dumps([_as_json(run) for run in found], ensure_ascii=False, default=str, indent=2))
    elif found:
        print_runs(found, settings.timezone)
    else:
        click.echo("No run is written down yet.")
    return ExitCode.OK


def _have_been_heard_of(names: set[str], ledger: "Ledger", folder: Path) -> None:
    """Raise UsageError for a list that is neither in the folder nor in the ledger."""
    if not names:
        return
    from price_assets.operations.known_lists import named_lists

    existing = {path.stem for path in named_lists(folder)} | set(ledger.price_lists())
    for name in sorted(names - existing):
        there_are = f"; there are {', '.join(sorted(existing))}." if existing else "."
        raise UsageError(f"There is no price list {name!r}{did_you_mean(name, existing) or there_are}")


def print_runs(found: "Sequence[ExportRun]", timezone: ZoneInfo) -> None:
    """One row a run; on a terminal an error is cut to what is left of the line."""
    from price_assets.cli.terminal import natural_width, show, width

    whole = _table(found, timezone, None)
    show(_table(found, timezone, max(width() - natural_width(whole) - 2, LEAST)) if any(run.error for run in found) else whole)


def _table(found: "Sequence[ExportRun]", timezone: ZoneInfo, error_width: int | None) -> "Table":
    from rich.filesize import decimal
    from rich.text import Text

    from price_assets.cli.terminal import plain_table

    table = plain_table()
    for name in ("list", "date", "status", "trigger"):
        table.add_column(name, no_wrap=True)
    began = f"started, {timezone}"
    table.add_column(began, no_wrap=True, min_width=max(len(began), len("2026-11-24 06:00:00")))
    for name in ("seconds", "rows", "size"):
        table.add_column(name, justify="right", no_wrap=True)
    if error_width:
        table.add_column("error", no_wrap=True, min_width=min(error_width, LEAST))
    for run in found:
        seconds = (run.finished - run.started).total_seconds() if run.finished else None
        table.add_row(
            run.price_list,
            str(run.export_date),
            f"[{COLOURS.get(run.status, 'red')}]{run.status}[/]",
            str(run.trigger),
            f"{run.started.astimezone(timezone):%Y-%m-%d %H:%M:%S}",
            "" if seconds is None else f"{seconds:,.1f}",
            "" if run.rows is None else f"{run.rows:,}",
            "" if run.bytes is None else decimal(run.bytes),
            *([Text(_cut(run.error or "", error_width))] if error_width else []),
        )
    return table


def _cut(text: str, to: int) -> str:
    return text if len(text) <= to else f"{text[: to - 1]}…"


def _as_json(run: "ExportRun") -> dict[str, object]:
    times = {"started": run.started.isoformat(), "finished": run.finished and run.finished.isoformat()}
    return {**asdict(run), **times}
