"""`price-assets preview`: a price list as it would be exported, looked at before anything of it is stored."""

import json
import logging
import os
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from price_assets.cli.arguments import Day, can_write_temporary_files, complete_names, ends_honestly
from price_assets.cli.catalogue import whole_price_list
from price_assets.cli.signals import stopped_by_signals
from price_assets.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from price_assets.export.comparing_checks import Past
    from price_assets.export.contract import Column
    from price_assets.export.preview import Preview
    from price_assets.export.price_list import PriceList
    from price_assets.settings import ExportSettings

log = logging.getLogger(__name__)


@click.command()
@click.argument("name", metavar="NAME", shell_complete=complete_names)
@click.option("--date", "day", type=Day(), metavar="D", help="The export date, YYYY-MM-DD.  [default: RUN_DATE, else today in EXPORT_TIMEZONE]")
@click.option("--rows", "number", type=click.IntRange(min=0), metavar="N", default=20, show_default=True, help="So many of the first rows are shown.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON instead of tables.")
@ends_honestly
def preview(name: str, *, day: date | None, number: int, as_json: bool) -> ExitCode:
    """Show what an export would give: rows, checks, changes. Nothing is published, and nothing stored.

    All rows of the day are read from the source, typed, checked, and compared with the newest published day before. Only the files are not made.

    \b
    A new price list, or one whose SQL was changed:
        price-assets preview wholesale
    Another day, the first five rows:
        price-assets preview wholesale --date 2026-11-20 --rows 5
    In a pipeline, before a change of a list is deployed:
        price-assets preview wholesale --json || echo "would not be published"

    Without STORAGE_BUCKET it is shown as a first day. Ends with 3 where a check would block the day.
    """
    from price_assets import logs
    from price_assets.cli.terminal import width
    from price_assets.export.exporter import Exporter
    from price_assets.export.preview import preview as preview_day
    from price_assets.settings import ExportSettings, log_format, run_date

    logs.configure(log_format(os.environ))
    settings = ExportSettings.from_environment()
    price_list = whole_price_list(name, settings)
    day = _due(price_list, day or run_date(os.environ), datetime.now(settings.timezone).date())
    can_write_temporary_files()
    with stopped_by_signals(), TemporaryDirectory(prefix="price-assets-") as nothing:
        stored = "STORAGE_BUCKET" in os.environ
        exporter = Exporter(os.environ if stored else {**os.environ, "STORAGE_BUCKET": Path(nothing).as_uri()})
        exporter.source  # noqa: B018 - the settings are read here, before anything is connected to
        exporter.store.preflight(writes=False)
        with logs.about(name, day, ""):
            found = preview_day(exporter, price_list, day)
        if as_json:
            _print_json(found, settings, number)
        else:
            _print(found, price_list, settings, number, width(), stored=stored)
    return ExitCode.ROWS_REFUSED if found.outcome == "blocked" else ExitCode.OK


def _due(price_list: "PriceList", day: date | None, today: date) -> date:
    """The export date. Raises UsageError where nothing can be due on it."""
    day = day or today
    if day > today:
        raise UsageError(f"{day} lies in the future; the newest day is {today}.")
    if day < price_list.start:
        raise UsageError(f"{price_list.name} starts on {price_list.start}; {day} lies before it.")
    return day


def _print(found: "Preview", price_list: "PriceList", settings: "ExportSettings", number: int, width: int, *, stored: bool) -> None:
    from rich.text import Text

    from price_assets.cli.checks_table import print_checks
    from price_assets.cli.rows_table import first_rows, rows_tables
    from price_assets.cli.terminal import show

    snapshot = found.verdict.snapshot
    rows = first_rows(snapshot, number, settings.timezone)
    told = "" if not rows else ":" if len(rows) == snapshot.rows else ", the first:" if len(rows) == 1 else f", the first {len(rows):,}:"
    asked = snapshot.source_time.astimezone(settings.timezone)
    show(
        f"{price_list.name} {snapshot.export_date}: {snapshot.rows:,} row{'s' if snapshot.rows != 1 else ''} as of {asked:%Y-%m-%d %H:%M:%S %Z}{told}"
    )
    for table in rows_tables(snapshot, rows, price_list.key, width) if rows else ():
        show()
        show(table)
    show()
    print_checks(found.verdict)
    show()
    _print_changes(found.verdict.past, snapshot.export_date)
    show()
    show(Text(_end(found, price_list, stored=stored), "bold"))


def _print_changes(past: "Past", day: date) -> None:
    from price_assets.cli.comparison_table import print_comparison
    from price_assets.cli.terminal import show

    if past.comparison:
        show(f"Against {past.comparison.against}, the published day before:")
        print_comparison(past.comparison)
    elif past.before:
        show(f"The rows of {past.before.export_date}, the published day before, are no longer stored: there is nothing to compare with.")
    elif past.expired:
        show(f"The days before {day} have expired: there is nothing to compare with.")
    else:
        show(f"No day before {day} is published: there is nothing to compare with.")


def _end(found: "Preview", price_list: "PriceList", *, stored: bool) -> str:
    """How an export would end, and what to do now."""
    snapshot, checks = found.verdict.snapshot, ", ".join(result.check for result in found.verdict.blocking)
    day = f"{price_list.name} --date {snapshot.export_date}"
    match found.outcome:
        case "published" if not stored:
            return "STORAGE_BUCKET is not set, so this was shown as a first day. Once it is set, an export would publish it."
        case "published":
            return f"An export would publish this: price-assets export {day}"
        case "unchanged":
            return "An export would change nothing: this is what the day has published."
        case "superseded":
            return "An export would change nothing: the day has published newer rows."
        case "blocked" if any(result.check == "formats" for result in found.verdict.blocking):
            return f"An export would be blocked by {checks}. Mend the rows in the source, or the list's rules."
        case "blocked":
            return (
                f"An export would be blocked by {checks}. Mend the rows in the source, or the list's rules; "
                "or, if they are right, export them: that stores them and says how to accept them."
            )


def _print_json(found: "Preview", settings: "ExportSettings", number: int) -> None:
    from price_assets.cli import checks_table, comparison_table
    from price_assets.cli.rows_table import first_rows

    snapshot, comparison = found.verdict.snapshot, found.verdict.past.comparison
    rows = first_rows(snapshot, number, settings.timezone)
    told = {
        "price_list": snapshot.price_list,
        "export_date": snapshot.export_date,
        "outcome": found.outcome,
        "snapshot": snapshot.name,
        "source_time": f"{snapshot.source_time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        "rows": snapshot.rows,
        "columns": [{"name": column.name, "type": str(column.type), "header": column.label} for column in snapshot.columns],
        "first_rows": [{column.name: _typed(column, value) for column, value in zip(snapshot.columns, row, strict=True)} for row in rows],
        "checks": checks_table.as_dicts(found.verdict),
        "changes": comparison and comparison_table.as_dict(comparison),
    }
    click.echo(json.dumps(told, ensure_ascii=False, default=str, indent=2))


def _typed(column: "Column", text: str | None) -> object:
    """What JSON holds as exactly as text does: a decimal stays text."""
    if text is None or column.type.kind not in ("integer", "boolean"):
        return text
    return int(text) if column.type.kind == "integer" else text == "true"
