"""`price-assets export`: the whole export in one process, as a CronJob calls it."""

import logging
import os
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import click

from price_assets.cli.arguments import Day, can_write_temporary_files, complete_names, ends_honestly, known
from price_assets.cli.catalogue import all_price_lists, is_due, not_in_the_future
from price_assets.cli.signals import stopped_by_signals
from price_assets.cli.telling import Progress
from price_assets.errors import ExitCode, UsageError, worst

if TYPE_CHECKING:
    from price_assets.orchestration.in_process import ExportedDay
    from price_assets.settings import ExportSettings

log = logging.getLogger(__name__)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_names)
@click.option("--date", "day", type=Day(), metavar="D", help="The export date, YYYY-MM-DD.  [default: RUN_DATE, else today in EXPORT_TIMEZONE]")
@click.option("--from", "first", type=Day(), metavar="D", help="The first of several export dates.")
@click.option("--to", "last", type=Day(), metavar="D", help="The last of several export dates.  [default: today]")
@click.option("--from-snapshots", is_flag=True, help="Render the rows that each day has published already; the source is left alone.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON instead of a table.")
def export(names: tuple[str, ...], *, day: date | None, first: date | None, last: date | None, from_snapshots: bool, as_json: bool) -> None:
    """Export price lists, all of them or those NAMEd, and publish their files.

    \b
    Today, every list:
        price-assets export
    One list on one past day (its YAML says `past_dates: true`):
        price-assets export wholesale --date 2026-11-20
    A range of days, the result for a program:
        price-assets export retail wholesale --from 2026-11-01 --to 2026-11-07 --json
    Render again after a change of formats, without the source (each day keeps its own headers):
        price-assets export wholesale --from 2026-11-01 --to 2026-11-07 --from-snapshots

    A day whose rows, contract and formats are published already ends as `unchanged`; running this twice is safe.
    """
    progress = Progress(names, last or first or day, of_certain_days=bool(day or first or last))
    try:
        _export(names, progress, day=day, first=first, last=last, from_snapshots=from_snapshots, as_json=as_json)
    finally:
        progress.tell()


@ends_honestly
def _export(
    names: tuple[str, ...], progress: Progress, *, day: date | None, first: date | None, last: date | None, from_snapshots: bool, as_json: bool
) -> ExitCode:
    from price_assets import logs
    from price_assets.cli.output import print_json, print_table
    from price_assets.settings import ExportSettings, WatchSettings, log_format, run_date

    with progress.noting_errors():
        logs.configure(log_format(os.environ))
        settings = ExportSettings.from_environment()
        WatchSettings.from_environment()  # the definitions refuse to load with wrong ones, and they do so later
        if day and (first or last):
            raise UsageError("--date goes without --from and --to.")
        if last and not first:
            raise UsageError("--to wants a --from.")
        days = _days(day or (None if first else run_date(os.environ)), first, last, settings)
        progress.day = days[-1]
        with stopped_by_signals() as raise_if_stopped:
            for each in _exported(names, days, settings, progress, from_snapshots=from_snapshots):
                if each.error:
                    raise_if_stopped()  # Dagster makes a failed step of an interrupt, and carries on
                    with logs.about(each.price_list, each.export_date, each.run_id):
                        log.error("%s: %s", each.outcome, each.error)
                progress.ended(each)
                raise_if_stopped()  # after the last step there is none to fail: the day is published, and is told of so
            (print_json if as_json else print_table)([each for each, _ in progress.exported])
    return worst(each.exit_code for each, _ in progress.exported)


def _days(day: date | None, first: date | None, last: date | None, settings: "ExportSettings") -> list[date]:
    """The export dates that were asked for."""
    today = datetime.now(settings.timezone).date()
    start, end = first or day or today, (last or today) if first else day or today
    if last and start > end:
        raise UsageError(f"--from {start} lies after --to {end}.")
    not_in_the_future(max(start, end), settings)
    return [start + timedelta(days=offset) for offset in range((end - start).days + 1)]


def _exported(
    names: tuple[str, ...], days: list[date], settings: "ExportSettings", progress: Progress, *, from_snapshots: bool
) -> "Iterator[ExportedDay]":
    """Export each list on each day, in order; what can be known without connecting is found before the first connection."""
    from price_assets.export.exporter import Exporter
    from price_assets.export.price_list import PriceList
    from price_assets.operations.own_runs import OwnRuns

    own_runs = OwnRuns.from_environment(os.environ)
    found = all_price_lists(settings)
    wanted = [found[name] for name in known(names, list(found))]
    due = [(each.name, day) for each in wanted for day in days if not isinstance(each, PriceList) or day >= each.start]
    with own_runs.before(due):
        exporter = Exporter(os.environ)
        if not from_snapshots:
            exporter.source  # noqa: B018 - the settings are read here, before anything is connected to
        whole = [each for each in wanted if isinstance(each, PriceList)]
        for price_list in whole if names else ():
            is_due(price_list, days[0], settings)
        if len(whole) == len(wanted) and all(days[-1] < each.start for each in whole):
            raise UsageError(f"No list has begun by {days[-1]}: the first starts on {min(each.start for each in whole)}.")
        if whole:
            can_write_temporary_files()
            exporter.store.preflight()
            progress.store = exporter.store
    progress.expected = due

    from price_assets.definitions import defs
    from price_assets.orchestration.exporter_instance import exporter_instance
    from price_assets.orchestration.in_process import ExportedDay, export_day

    with exporter_instance(os.environ.get("DAGSTER_HOME")) as instance:
        for price_list in wanted:
            for day in days:
                if isinstance(price_list, PriceList) and day < price_list.start:
                    log.info("%s starts on %s: nothing is due on %s", price_list.name, price_list.start, day)
                    continue
                with own_runs.run(price_list.name, day) as run:
                    if isinstance(price_list, PriceList):
                        exported = export_day(defs, instance, price_list.name, day, from_snapshots=from_snapshots, run_id=run.run_id)
                    else:
                        error = price_list.error
                        kind = type(error).__name__
                        exported = ExportedDay(price_list.name, day, "refused", exit_code=error.exit_code, error=str(error), error_class=kind)
                    run.ends(exported)
                yield exported
