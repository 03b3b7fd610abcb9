"""Which export dates are due: the times at which EXPORT_CRON has come true. Nothing here does any I/O or looks at a clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim


@dataclass(frozen=True, order=True)
class Tick:
    """A time at which the day's export is due. `at` is in EXPORT_TIMEZONE, and the export date is its date there."""

    at: datetime

    @property
    def export_date(self) -> date:
        """The business day that is exported at this time."""
        return self.at.date()

    def is_later_than(self, last: datetime | None, now: datetime) -> bool:
        """Whether it comes after the last one that something was done for; one more than a day ahead is of a clock that was wrong."""
        return last is None or last < self.at.astimezone(UTC) or last - now > timedelta(days=1)


def ticks(cron: str, timezone: ZoneInfo, after: datetime, until: datetime) -> Iterator[Tick]:
    """The ticks after a time, up to another one and with it, in order; of a clock that goes forward or back as Dagster does [DG61]."""
    coming = (Tick(at) for at in CronSim(cron, after.astimezone(timezone)))
    return takewhile(lambda tick: tick.at <= until, coming)


def due_ticks(cron: str, timezone: ZoneInfo, now: datetime, days: int) -> list[Tick]:
    """The last tick that has passed on each of the last `days` days up to today, in order.

    A day's earlier ticks are done with: what is exported now holds what they would have.
    """
    today = now.astimezone(timezone).date()
    midnight = datetime.combine(today - timedelta(days=days - 1), datetime.min.time(), timezone)
    newest = {tick.export_date: tick for tick in ticks(cron, timezone, midnight - timedelta(seconds=1), now)}
    return list(newest.values())
