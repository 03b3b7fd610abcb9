"""Until when a day must be published: EXPORT_DEADLINE after the first time of EXPORT_CRON on it. Nothing here does any I/O or looks at a clock."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from price_assets.operations.due import due_ticks, eve, ticks, ticks_of

LONGEST = 4 * 366
"""Days between two ticks at most: those of 29 February."""
LOOK_BACK = (2, 9, 40, LONGEST)
"""Days that are looked back on, one after the other, for the last tick: of a daily cron two are enough."""


@dataclass(frozen=True)
class Deadlines:
    """What is due, as it is `now` (with any time zone). The times that are given are in `timezone`, which is EXPORT_TIMEZONE."""

    cron: str
    timezone: ZoneInfo
    deadline: timedelta
    now: datetime

    @property
    def today(self) -> date:
        """The day that it is."""
        return self.now.astimezone(self.timezone).date()

    @cached_property
    def begun(self) -> date | None:
        """The newest day whose export was to begin, which may still go on."""
        return self._newest(self.now)

    @cached_property
    def due(self) -> date | None:
        """The newest day that must be published by now."""
        return self._newest(self.now - self.deadline)

    def of(self, day: date) -> datetime | None:
        """When that day must be published; None where it has no export."""
        tick = next(ticks_of(self.cron, self.timezone, day), None)
        return tick and self._after(tick.at)

    def next_day(self, day: date) -> date | None:
        """The first day that has an export, of this one and those that follow."""
        before = eve(day, self.timezone)
        tick = next(ticks(self.cron, self.timezone, before, before + timedelta(days=LONGEST)), None)
        return tick and tick.export_date

    def have_passed(self, due_at: datetime | None) -> bool:
        """Whether it is later than that."""
        return due_at is not None and due_at.astimezone(UTC) <= self.now.astimezone(UTC)

    def _newest(self, until: datetime) -> date | None:
        for days in LOOK_BACK:
            if found := due_ticks(self.cron, self.timezone, until.astimezone(UTC), days):
                return found[-1].export_date
        return None

    def _after(self, tick: datetime) -> datetime:
        # Added in UTC: on a day whose clock goes forward or back, half an hour is half an hour.
        return (tick.astimezone(UTC) + self.deadline).astimezone(self.timezone)
