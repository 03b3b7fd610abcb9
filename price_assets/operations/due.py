"""Which export dates are due: the times at which EXPORT_CRON has come true. Nothing here does any I/O or looks at a clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim


@dataclass(frozen=True)
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
    """The ticks after a time, up to another one and with it, in order.

    Where a clock goes forward they are Dagster's; of the hour that it repeats in autumn a day is due at the first passing, and Dagster fires at the
    second [DG61].
    """
    # Compared in UTC: of two times in one zone Python compares what the clock shows, whichever passing of the hour it is.
    end = until.astimezone(UTC)
    coming = (Tick(at) for at in CronSim(cron, after.astimezone(timezone)))
    return takewhile(lambda tick: tick.at.astimezone(UTC) <= end, coming)


def ticks_of(cron: str, timezone: ZoneInfo, day: date) -> Iterator[Tick]:
    """The ticks of one day, in order."""
    return ticks(cron, timezone, eve(day, timezone), eve(day + timedelta(days=1), timezone))


def eve(day: date, timezone: ZoneInfo) -> datetime:
    """The last second before the day, in UTC: where the clock goes back at midnight, 23:59:59 passes twice."""
    return datetime.combine(day, datetime.min.time(), timezone).astimezone(UTC) - timedelta(seconds=1)


def due_ticks(cron: str, timezone: ZoneInfo, now: datetime, days: int) -> list[Tick]:
    """The last tick that has passed on each of the last `days` days up to today, in order.

    A day's earlier ticks are done with: what is exported now holds what they would have.
    """
    first = now.astimezone(timezone).date() - timedelta(days=days - 1)
    newest = {tick.export_date: tick for tick in ticks(cron, timezone, eve(first, timezone), now)}
    return list(newest.values())
