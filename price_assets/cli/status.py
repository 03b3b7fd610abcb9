"""`price-assets status`: whether each list is where it must be by now, as the storage alone tells."""

import json
import logging
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from price_assets.cli.arguments import Day, complete_names, ends_honestly
from price_assets.cli.catalogue import all_price_lists, not_in_the_future
from price_assets.cli.signals import stopped_by_signals
from price_assets.errors import ExitCode, PriceAssetsError, StorageRefused, StorageUnavailable, UsageError, did_you_mean, worst

if TYPE_CHECKING:
    from price_assets.export.price_list import PriceList
    from price_assets.export.price_list_files import BrokenPriceList
    from price_assets.export.storage import Store
    from price_assets.operations.deadlines import Deadlines
    from price_assets.operations.status import ListStatus, Watched

log = logging.getLogger(__name__)

COLOURS = {"published": "green", "waiting": "cyan", "not begun": "cyan", "not due": "cyan"}
"""Those of the conditions that nobody need do anything about; the others are red."""


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_names)
@click.option("--date", "day", type=Day(), metavar="D", help="How this export date stands.  [default: the newest day that is due]")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON instead of a table.")
@click.option("--notify", is_flag=True, help="Tell the channels of alerts what is due and not there, and what is published after all; each once.")
@ends_honestly
def status(names: tuple[str, ...], *, day: date | None, as_json: bool, notify: bool) -> ExitCode:
    """Tell whether each price list is where it must be by now, of all or of those NAMEd.

    It reads each list's register in the storage, one request a list, and asks neither Dagster nor the source: for a cron on another machine, which
    needs STORAGE_BUCKET, rights to read, EXPORT_CRON, EXPORT_TIMEZONE and EXPORT_DEADLINE as they are set where the exports run, and PRICE_LISTS_DIR
    or the lists' NAMEs.

    \b
        price-assets status
        price-assets status wholesale --date 2026-11-24
    In a crontab, with a mail where it fails:
        45 6 * * *  price-assets status >/dev/null
    In a CronJob, after the deadline (it remembers in the storage what it told, so it needs the right to put, too):
        price-assets status --notify

    \b
    Its states:
        published     the newest day that must be there is; "due" is when the next one must be
        waiting       its time has come, and until "due" it may still be published
        missing       it is due, and not there
        blocked       a check holds its rows back
        withdrawn     somebody took it back
        not begun     the list starts later
        not due       EXPORT_CRON has no export on that day
        unreadable    the register can't be read

    Ends with 1 where a day that is due is not there, and says on stderr why and what to do.
    """
    from price_assets import logs
    from price_assets.export.price_list import is_list_name
    from price_assets.export.register import Register
    from price_assets.export.storage import open_store
    from price_assets.operations.deadlines import Deadlines
    from price_assets.operations.registers import read_registers
    from price_assets.operations.status import list_status
    from price_assets.settings import ExportSettings, StorageSettings, WatchSettings, log_format

    logs.configure(log_format(os.environ))
    with _told(names, day) if notify else nullcontext():
        settings, watch, storage = ExportSettings.from_environment(), WatchSettings.from_environment(), StorageSettings.from_environment()
        if day:
            not_in_the_future(day, settings)
        lists = all_price_lists(settings)
        for name in names:
            if name not in lists and not is_list_name(name):
                raise _no_such_list(name, lists)
    watched = {name: _watched(name, lists, settings.start_date) for name in names or lists}
    deadlines = Deadlines(settings.cron, settings.timezone, watch.deadline, datetime.now(UTC))
    with stopped_by_signals():
        store = open_store(storage)
        try:
            store.preflight(writes=False)
        except (StorageUnavailable, StorageRefused) as error:
            if notify:
                _tell([(each, list_status(each, error, deadlines, day)) for each in watched.values()], deadlines, None)
            raise
        registers = read_registers(store, watched)
        for name, register in registers.items():
            if name not in lists and isinstance(register, Register) and not register.days:
                raise _no_such_list(name, lists)
        found = [list_status(watched[name], register, deadlines, day) for name, register in registers.items()]
        if as_json:
            click.echo(json.dumps([_as_json(each, deadlines.now) for each in found], ensure_ascii=False, default=str, indent=2))
        else:
            _print(found, settings.timezone, deadlines.now, day)
        for each in found:
            for error in each.errors:
                log.error("%s: %s", each.price_list, error)
            if each.advice:
                log.log(logging.ERROR if each.exit_code else logging.WARNING, "%s", each.advice)
        if notify:
            _tell([(watched[each.price_list], each) for each in found], deadlines, store)
    return worst(each.exit_code for each in found)


@contextmanager
def _told(names: tuple[str, ...], day: date | None) -> Generator[None]:
    """Where nothing can be looked at, for a setting or for want of lists, is what an export would tell, and nobody else tells where none ran."""
    from price_assets.cli.telling import Progress

    progress = Progress(names, day)
    try:
        with progress.noting_errors():
            yield
    except PriceAssetsError:
        progress.tell()
        raise


def _no_such_list(name: str, lists: "dict[str, PriceList | BrokenPriceList]") -> UsageError:
    there_are = f", and the storage knows of none; there are {', '.join(lists)}."
    return UsageError(f"There is no price list {name!r}{did_you_mean(name, lists) or there_are}")


def _watched(name: str, lists: "dict[str, PriceList | BrokenPriceList]", start: date) -> "Watched":
    from price_assets.export.price_list import PriceList
    from price_assets.operations.status import Watched

    match lists.get(name):
        case PriceList() as price_list:
            return Watched(name, price_list.start, price_list.past_dates)
        case None:
            return Watched(name, listed=False)
        case broken:
            return Watched(name, start, error=broken.error)


def _tell(found: "Sequence[tuple[Watched, ListStatus]]", deadlines: "Deadlines", store: "Store | None") -> None:
    """Send what is to be told, as an export does at its end. `store` is None where it can't be reached: then nothing is remembered."""
    from price_assets.operations.alerts.exporter_alerts import Ended, tell
    from price_assets.operations.alerts.exporter_day import Today
    from price_assets.operations.alerts.overdue import overdue

    problems = [problem for watched, status in found if (problem := overdue(watched, status, deadlines))]
    today = Today(deadlines.today, tuple(watched.name for watched, _ in found), deadlines.cron, deadlines.timezone)
    tell(Ended(problems), today, store, os.environ, deadlines.now.astimezone(deadlines.timezone))


def _print(found: "Sequence[ListStatus]", timezone: ZoneInfo, now: datetime, day: date | None) -> None:
    """One row a list."""
    from rich.markup import escape

    from price_assets.cli.terminal import plain_table, show

    names = ("list", "date" if day else "newest day", "revision", "age", f"due, {timezone}", "state")
    rows = [
        (
            each.price_list,
            str(each.shown or ""),
            each.revision or "",
            human(now - each.published_at) if each.published_at else "",
            f"{each.due_at:%Y-%m-%d %H:%M}" if each.due_at else "",
            _state(each),
        )
        for each in found
    ]
    table = plain_table()
    for position, name in enumerate(names):
        table.add_column(name, no_wrap=True, min_width=max(len(row[position]) for row in (names, *rows)))
    for each, (*cells, state) in zip(found, rows, strict=True):
        table.add_row(*cells, f"[{COLOURS.get(each.condition, 'red')}]{escape(state)}[/]")
    show(table)


def _state(status: "ListStatus") -> str:
    """The condition, with its checks, and the day that it is about where that is not the one which is shown."""
    other = f" {status.export_date}" if status.export_date and status.export_date != status.shown else ""
    checks = f" by {', '.join(status.checks)}" if status.condition == "blocked" else ""
    return f"{status.condition}{other}{checks}"


def _as_json(status: "ListStatus", now: datetime) -> dict[str, object]:
    return {
        "price_list": status.price_list,
        "state": status.condition,
        "export_date": status.export_date,
        "is_due": status.is_due,
        "due_at": status.due_at and status.due_at.isoformat(),
        "checks": status.checks,
        "shown": status.shown,
        "revision": status.revision,
        "published_at": status.published_at and status.published_at.isoformat(),
        "age_seconds": status.published_at and int((now - status.published_at).total_seconds()),
        "advice": status.advice or None,
        "errors": [str(error) for error in status.errors],
        "exit_code": int(status.exit_code),
    }


def human(age: timedelta) -> str:
    """`45s`, `12m`, `3h 12m`, `2d 4h`."""
    seconds = max(int(age.total_seconds()), 0)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days}d {hours % 24}h"
    if hours:
        return f"{hours}h {minutes % 60}m"
    return f"{minutes}m" if minutes else f"{seconds}s"
