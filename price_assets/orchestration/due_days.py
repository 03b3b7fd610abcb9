"""Every list at every tick of the last days: how it stands, read from Dagster first and from the register where Dagster does not know.

What was once published is remembered, so that a steady state asks nobody anything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from pydantic import BaseModel, Field

from price_assets.errors import PriceAssetsError
from price_assets.export.exporter import Exporter
from price_assets.export.register import Register
from price_assets.operations.day_state import day_state
from price_assets.operations.due import Tick, due_ticks
from price_assets.orchestration.due_day import Answer, DueDay, Expected, State, due_day
from price_assets.orchestration.register_reader import RegisterReader
from price_assets.orchestration.runs import SeenRun, runs_of
from price_assets.orchestration.schedules import switched_off
from price_assets.settings import ExportSettings, WatchSettings

LEAST_DAYS = 2
"""Yesterday is looked at even where it is not caught up on: it may have been missed, or its deadline be today."""
GRACE = timedelta(minutes=10)
"""So long after a tick what stands is the schedule's own affair; only then is the storage asked, and catch-up begins."""
JUDGED = timedelta(hours=1)
"""So long after its deadline a day is still awaited, be it over: the sensor that tells of it may just have been down."""


def publication(price_list: str) -> dg.AssetKey:
    """The asset that stands for what partners have."""
    return dg.AssetKey([price_list, "publication"])


class Remembered(BaseModel):
    """Of each tick (ISO) the lists that stand for good: those published at it, and those that missed it."""

    published: dict[str, list[str]] = Field(default_factory=dict[str, list[str]])
    missed: dict[str, list[str]] = Field(default_factory=dict[str, list[str]])

    def state(self, price_list: str, tick: Tick) -> State | None:
        """Published, missed, or not remembered."""
        key = tick.at.isoformat()
        if price_list in self.published.get(key, ()):
            return State.PUBLISHED
        return State.MISSED if price_list in self.missed.get(key, ()) else None

    def remember(self, days: Iterable[DueDay], ticks: Iterable[Tick]) -> None:
        """Add what now stands for good, and forget the ticks that are no longer looked at."""
        found = list(days)
        for state, kept in ((State.PUBLISHED, self.published), (State.MISSED, self.missed)):
            standing = {tick.at.isoformat(): [day.price_list for day in found if day.tick == tick and day.state is state] for tick in ticks}
            kept.clear()
            kept.update({key: names for key, names in standing.items() if names})


class DueDays:
    """The lists that days are expected of, and where to ask about them."""

    def __init__(self, expected: Sequence[Expected], settings: ExportSettings, watch: WatchSettings, exporter: Exporter) -> None:
        self.expected = expected
        self.settings = settings
        self.watch = watch
        self.exporter = exporter

    def watched(self, instance: dg.DagsterInstance) -> list[Expected]:
        """The lists that days are expected of as long as nobody switches their schedule off."""
        off = self.switched_off(instance)
        return [each for each in self.expected if each.name not in off]

    def switched_off(self, instance: dg.DagsterInstance) -> set[str]:
        """The lists that nothing is expected of, since somebody has switched their schedule off."""
        return switched_off(instance, (each.name for each in self.expected), self.settings)

    def ticks(self, now: datetime) -> list[Tick]:
        """Those that are looked at, the oldest first: the last one of each day."""
        least = LEAST_DAYS + (self.watch.deadline + JUDGED).days
        return due_ticks(self.settings.cron, self.settings.timezone, now, max(self.watch.catch_up_days, least))

    def look(self, instance: dg.DagsterInstance, now: datetime, remembered: Remembered, registers: RegisterReader | None = None) -> list[DueDay]:
        """How each list stands at each tick, the oldest first; what is new and stands for good is remembered.

        Of a day that is not caught up on any more, nor awaited, it is only told whether it was missed.
        """
        ticks = self.ticks(now)
        watched = self.watched(instance)
        found: list[DueDay] = []
        asked: list[tuple[Expected, Tick]] = []
        for tick in ticks:
            for each in watched:
                if tick.export_date < each.start:
                    continue
                if state := remembered.state(each.name, tick):
                    found.append(DueDay(each.name, tick, state))
                else:
                    asked.append((each, tick))
        if asked:
            found += self._ask(instance, now, asked, registers or RegisterReader(self.exporter))
        first = self._first(now)
        found = [
            day for day in found if day.tick.export_date >= first or day.state in (State.PUBLISHED, State.MISSED) or self._is_awaited(day.tick, now)
        ]
        found.sort(key=lambda day: (day.tick.at.astimezone(UTC), day.price_list))
        remembered.remember(found, ticks)
        return found

    def _first(self, now: datetime) -> date:
        """The first day that is caught up on."""
        return now.astimezone(self.settings.timezone).date() - timedelta(days=self.watch.catch_up_days - 1)

    def _is_awaited(self, tick: Tick, now: datetime) -> bool:
        return now.astimezone(UTC) < tick.at.astimezone(UTC) + self.watch.deadline + JUDGED

    def _ask(self, instance: dg.DagsterInstance, now: datetime, asked: list[tuple[Expected, Tick]], registers: RegisterReader) -> list[DueDay]:
        today = now.astimezone(self.settings.timezone).date()
        runs: dict[tuple[str, date], list[SeenRun]] = {}
        for run in runs_of(instance, {tick.export_date for _, tick in asked}, now):
            for name in run.price_lists:
                runs.setdefault((name, run.export_date), []).append(run)
        made = newest_materialisations(instance, {each.name for each, _ in asked})

        def stands(each: Expected, tick: Tick, answer: Answer | None) -> DueDay | None:
            day, at = made.get(each.name, (None, now))
            if day == tick.export_date and (tick.export_date < today or at >= tick.at):
                return DueDay(each.name, tick, State.PUBLISHED, since=at)
            seen = runs.get((each.name, tick.export_date), [])
            found = due_day(each, tick, today, seen, answer, is_awaited=self._is_awaited(tick, now))
            can_be_made = tick.export_date >= self._first(now) if each.past_dates else tick.export_date == today
            return found and replace(found, is_caught_up_on=can_be_made)

        found = {(each, tick): stands(each, tick, None) for each, tick in asked}
        matters = min(GRACE, self.watch.deadline)
        lacking = [
            (each, tick)
            for (each, tick), day in found.items()
            if (day is None or day.state is not State.PUBLISHED) and now >= tick.at.astimezone(UTC) + matters
        ]
        told = registers.read(each.name for each, _ in lacking)
        found |= {(each, tick): stands(each, tick, _answer(told[each.name], tick.export_date)) for each, tick in lacking}
        return [day for day in found.values() if day]


def newest_materialisations(instance: dg.DagsterInstance, price_lists: Iterable[str]) -> dict[str, tuple[date | None, datetime]]:
    """Of which day each list's publication was last materialised, and when: one query. It knows what a run left that failed in another list."""
    found: dict[str, tuple[date | None, datetime]] = {}
    for record in instance.get_asset_records([publication(name) for name in sorted(price_lists)]):
        if (last := record.asset_entry.last_materialization) and last.asset_materialization:
            day = last.asset_materialization.partition
            found[record.asset_entry.asset_key.path[0]] = (date.fromisoformat(day) if day else None, datetime.fromtimestamp(last.timestamp, UTC))
    return found


def _answer(register: Register | PriceAssetsError, day: date) -> Answer:
    if isinstance(register, PriceAssetsError):
        return Answer(error=str(register))
    return Answer(day_state(register, day), any(entry.published for earlier, entry in register.days.items() if earlier < day))
