"""What is published, looked at: two days compared (`price-assets diff`), and the address of a file (`price-assets link`)."""

import json
import logging
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from price_assets.cli.arguments import Day, Duration, can_write_temporary_files, complete_names, ends_honestly
from price_assets.cli.catalogue import has_happened, whole_price_list
from price_assets.cli.signals import stopped_by_signals
from price_assets.errors import ExitCode, UsageError
from price_assets.export.storage import LONGEST_SIGNED
from price_assets.setting_values import FORMATS, FormatName

if TYPE_CHECKING:
    from price_assets.export.diff import Difference

log = logging.getLogger(__name__)

NAME = click.argument("name", metavar="NAME", shell_complete=complete_names)


@click.command()
@NAME
@click.argument("before", type=Day(), metavar="D1")
@click.argument("after", type=Day(), metavar="D2")
@click.option(
    "--csv",
    "path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write every change into this new file: change, key, column, before, after.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON instead of a table.")
@ends_honestly
def diff(name: str, before: date, after: date, *, path: Path | None, as_json: bool) -> ExitCode:
    """Tell what differs from one published day, D1, to another, D2: added, removed, repriced, the largest moves.

    The stored rows are compared, by the list's key and its prices; the source is not read. The days are compared in the order in which they are
    given.

    \b
        price-assets diff wholesale 2026-11-23 2026-11-24
        price-assets diff wholesale 2026-10-01 2026-11-01 --csv october.csv
    """
    from price_assets import logs
    from price_assets.export.changes_csv import write_changes
    from price_assets.export.diff import diff as diff_days
    from price_assets.export.exporter import Exporter
    from price_assets.settings import ExportSettings, log_format

    logs.configure(log_format(os.environ))
    if path and path.exists():
        raise UsageError(f"{path} exists already: name a new file.")
    price_list = whole_price_list(name, ExportSettings.from_environment())
    can_write_temporary_files()
    with stopped_by_signals():
        exporter = Exporter(os.environ)
        exporter.store.preflight(writes=False)
        found = diff_days(exporter, price_list, before, after)
        written = write_changes(found.before, found.after, price_list.key, price_list.prices, path) if path else None
    if as_json:
        _print_json(found, path, written)
    else:
        _print(found)
    if path:
        log.info("%s: %s changes", path, f"{written:,}")
    return ExitCode.OK


@click.command()
@NAME
@click.option("--date", "day", type=Day(), metavar="D", help="The export date, YYYY-MM-DD.  [default: the newest published day]")
@click.option("--format", "format_name", type=click.Choice(FORMATS), help="Which of its files.  [default: xlsx where the day has one]")
@click.option(
    "--expires",
    "lasts",
    type=Duration(LONGEST_SIGNED),
    default="1h",
    show_default=True,
    metavar="T",
    help="How long it lives: 30s, 5m, 1h30m; 168h at most.",
)
@ends_honestly
def link(name: str, *, day: date | None, format_name: FormatName | None, lasts: timedelta) -> ExitCode:
    """Print an address of a published file for somebody who has no rights to the storage; of a folder its path.

    It leads to the very file of that day, even when another is published meanwhile or the day is withdrawn, until it expires. What is signed by
    temporary credentials (a role, a login) expires with them, if they end sooner.

    \b
        price-assets link wholesale
        price-assets link wholesale --date 2026-11-24 --format csv --expires 24h
        curl -OJ "$(price-assets link wholesale)"
    """
    from price_assets import logs
    from price_assets.export.exporter import Exporter
    from price_assets.export.link import link as link_to
    from price_assets.settings import log_format

    logs.configure(log_format(os.environ))
    with stopped_by_signals():
        exporter = Exporter(os.environ)
        exporter.store.preflight(writes=False)
        has_happened(exporter, name)
        ends = datetime.now(UTC) + lasts
        found = link_to(exporter.store, name, day, format_name, lasts)
    click.echo(found.address)
    until = f", until {ends:%Y-%m-%d %H:%M:%S} UTC" if found.ends else ""
    log.info("%s, %s bytes, sha256 %s%s", found.file.name, f"{found.file.bytes:,}", found.file.sha256, until)
    return ExitCode.OK


def _print(found: "Difference") -> None:
    from price_assets.cli.comparison_table import print_comparison
    from price_assets.cli.terminal import show

    before, after = found.before, found.after
    show(f"{before.price_list} {before.export_date}, {before.rows:,} rows → {after.export_date}, {after.rows:,} rows:")
    print_comparison(found.comparison)
    if not found.columns.passed:
        show()
        show("The columns differ, too: " + "; ".join(f"{row['column']} {row['rule']}" for row in found.columns.offending))


def _print_json(found: "Difference", path: Path | None, written: int | None) -> None:
    from price_assets.cli.comparison_table import as_dict

    told = {
        "price_list": found.before.price_list,
        **{
            day: {"export_date": snapshot.export_date, "snapshot": snapshot.name, "rows": snapshot.rows}
            for day, snapshot in (("before", found.before), ("after", found.after))
        },
        **{name: value for name, value in as_dict(found.comparison).items() if name != "against"},
        "columns": found.columns.offending,
        "csv": path and {"path": path, "changes": written},
    }
    click.echo(json.dumps(told, ensure_ascii=False, default=str, indent=2))
