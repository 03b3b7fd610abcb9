"""Which problems have been told of, which wait for a message, and which are over: one message a cause, not one a failure.

A state, and what may happen to it; nothing here does any I/O or looks at a clock. Problems of one fingerprint (`Problem.fingerprint`) are an
incident. Its first message waits a minute for the others of its kind; what comes later is held until half an hour after it, and then counted in
one more. When all of an incident's days are published, one message says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

from price_assets.operations.alerts import messages
from price_assets.operations.alerts.incident import KNOWN, WINDOW, Day, Incident, day_name, run_id, run_name
from price_assets.operations.alerts.messages import Recovered, Troubled
from price_assets.operations.alerts.problem import Message, Problem
from price_assets.settings import NotifySettings

BURST = 5
"""So many messages of different causes within `BURST_WINDOW`; what is beyond goes into one that counts, and so does all until `WINDOW` is over."""
BURST_WINDOW = timedelta(minutes=5)
MOST = 2_000
"""So many days may wait, and so many be remembered: a cursor and an object are to stay small."""
KEPT = timedelta(days=35)
"""A day that nobody publishes is forgotten then; a month's catch-up lies below it."""

Added = Literal["waiting", "told", "full"]
Problems = tuple[tuple[str, str, tuple[str, ...]], ...]
"""Fingerprint, day and runs, each as the state names it."""


@dataclass(frozen=True)
class Outgoing:
    """A message that is due. `run_ids` are the runs whose problems it tells of; the rest is for `Incidents.told`.

    `over` names the days that it says are published.
    """

    message: Message
    kind: Literal["trouble", "other troubles", "recovery"]
    problems: Problems
    over: tuple[str, ...]

    @property
    def run_ids(self) -> tuple[str, ...]:
        """Each once."""
        return tuple(dict.fromkeys(run_id(run) for _, _, runs in self.problems for run in runs if run_id(run)))


class Incidents(BaseModel):
    """The whole state, which is part of a cursor (`AlertState`) or of an object (`Alerts`).

    `sent` are the times of the last messages of one cause, `counted` that of the last of many causes, `recovered` that of the last recovery.
    """

    days: dict[str, Day] = Field(default_factory=dict[str, Day])
    incidents: dict[str, Incident] = Field(default_factory=dict[str, Incident])
    sent: list[AwareDatetime] = Field(default_factory=list[AwareDatetime])
    counted: AwareDatetime | None = None
    recovered: AwareDatetime | None = None

    def add(self, problem: Problem, now: datetime) -> Added:
        """Take a problem in; one that is known changes nothing.

        "told": a message told of it, or of the same so lately that it is only counted. "full": too many wait, it was not taken; add it again.
        """
        name, run, fingerprint = day_name(problem), run_name(problem), problem.fingerprint
        day = self.days.get(name)
        if day and run in day.runs:
            return "told" if day.runs[run] else "waiting"
        if day and day.repeats(problem, now):
            day.takes(problem, told=True)
            return "told"
        if sum(len(incident.waiting) for incident in self.incidents.values()) >= MOST:
            return "full"
        self.incidents.setdefault(fingerprint, Incident()).takes(problem, now)
        if day is None or day.over:
            earlier = day.runs if day else {}
            day = self.days[name] = Day(price_list=problem.price_list, export_date=problem.export_date, at=problem.at, runs=earlier)
        day.takes(problem, told=False)
        return "waiting"

    def published(self, price_list: str, export_date: date, at: datetime) -> None:
        """The day is published since then; nothing happens where it had no problem, or a newer one."""
        day = self.days.get(f"{price_list} {export_date}")
        if day and not day.over and day.published is None and at >= day.at:
            day.published = at

    def open(self) -> list[tuple[str, date]]:
        """The lists and days that had a problem and are not published since."""
        return [day.key for day in self.days.values() if not day.over and day.published is None]

    def due(self, now: datetime, settings: NotifySettings, *, final: bool = False) -> list[Outgoing]:
        """The messages that are to be sent now; each is given again until `told` is called with it.

        Their times are in the zone of `now`. `final`: nobody asks again soon, so nothing waits for others of its cause.
        """
        recovery = self._recovery(now, final=final)
        found = list(self._troubles(now, settings, set(recovery.over) if recovery else set(), final=final))
        return [*found, *([recovery] if recovery else [])]

    def told(self, outgoing: Outgoing, now: datetime) -> None:
        """A channel accepted the message."""
        for fingerprint, name, runs in outgoing.problems:
            home = f"{outgoing.problems[0][0]} {now.isoformat()}"
            if incident := self.incidents.get(fingerprint):
                incident.is_told(name, runs, now, home)
                home = incident.home
            if day := self.days.get(name):
                day.runs.update(dict.fromkeys(runs, True))
                day.told[fingerprint] = now
                day.home = day.home or home
        for name in outgoing.over:
            if day := self.days.get(name):
                day.over = True
        match outgoing.kind:
            case "trouble":
                self.sent.append(now)
            case "other troubles":
                self.counted = now
            case "recovery":
                self.recovered = now

    def forget(self, now: datetime) -> None:
        """Drop what no message will need again; the times that a clock which was ahead has left would keep it, and hold up others."""
        self._set_back(now)
        kept = {name: incident for name, incident in self.incidents.items() if incident.waiting or (incident.told and now - incident.told < WINDOW)}
        waits = {name for incident in kept.values() for name in incident.waiting}
        days = {name: day for name, day in self.days.items() if name in waits or now - day.at < (timedelta(days=1) if day.over else KEPT)}
        surplus = sorted((name for name in days if name not in waits), key=lambda name: (not days[name].over, days[name].at))
        gone = set(surplus[: max(0, len(days) - MOST)])
        self.incidents, self.days = kept, {name: day for name, day in days.items() if name not in gone}
        self.sent = [at for at in self.sent if now - at < BURST_WINDOW]

    def _set_back(self, now: datetime) -> None:
        for each in (*self.days.values(), *self.incidents.values()):
            each.set_back(now)
        self.sent = [min(at, now) for at in self.sent]
        self.counted, self.recovered = self.counted and min(self.counted, now), self.recovered and min(self.recovered, now)

    def _troubles(self, now: datetime, settings: NotifySettings, covered: set[str], *, final: bool) -> Iterator[Outgoing]:
        """A message for each incident that is due, and one for all those that would be too many. `covered`: days that another message tells of."""
        waiting = {name: each for name, each in self.incidents.items() if each.waiting.keys() - covered and (final or each.is_ripe(now))}
        ready = sorted(waiting, key=lambda name: waiting[name].since)
        stormy = self.counted is not None and now - self.counted < WINDOW
        room = 0 if stormy else max(0, BURST - sum(now - at < BURST_WINDOW for at in self.sent))
        for fingerprint in ready[:room]:
            yield self._outgoing(messages.trouble(self._troubled(fingerprint, covered), settings, now), "trouble", [fingerprint], covered)
        others = ready[room:]
        if others and (self.counted is None or now - self.counted >= BURST_WINDOW):
            told = [self._troubled(fingerprint, covered) for fingerprint in others]
            message = messages.trouble(told[0], settings, now) if len(told) == 1 else messages.other_troubles(told, settings, now)
            yield self._outgoing(message, "other troubles", others, covered)

    def _troubled(self, fingerprint: str, covered: set[str]) -> Troubled:
        incident = self.incidents[fingerprint]
        # Those with all that is known come first: some that wait may be told of by another message.
        waiting = sorted((each for name, each in incident.waiting.items() if name not in covered), key=lambda each: not each.problem.cause)
        known = [each.problem for each in waiting if each.problem.cause][:KNOWN] or [waiting[0].problem]
        days = [(each.problem.price_list, each.problem.export_date) for each in waiting]
        return Troubled(
            known=known,
            others=days[len(known) :],
            times=sum(len(each.runs) for each in waiting),
            since=incident.told,
            published=frozenset(self.days[name].key for name in incident.waiting if self.days[name].published),
        )

    def _outgoing(self, message: Message, kind: Literal["trouble", "other troubles"], fingerprints: Sequence[str], covered: set[str]) -> Outgoing:
        problems = tuple(
            (fingerprint, name, each.runs)
            for fingerprint in fingerprints
            for name, each in self.incidents[fingerprint].waiting.items()
            if name not in covered
        )
        return Outgoing(message, kind, problems, tuple(dict.fromkeys(name for _, name, _ in problems if self.days[name].published)))

    def _recovery(self, now: datetime, *, final: bool) -> Outgoing | None:
        """One message for all incidents whose days are published, and for those some of whose days are since long enough."""
        if self.recovered and now - self.recovered < BURST_WINDOW and not final:
            return None
        over: dict[str, Day] = {}
        still_open: dict[str, Day] = {}
        for home in {day.home: None for day in self.days.values() if day.home and day.published and not day.over}:
            mine = {name: day for name, day in self.days.items() if day.home == home and not day.over}
            held = {name for incident in self.incidents.values() if incident.home == home for name in incident.waiting}
            published = {name: day for name, day in mine.items() if day.published}
            missing = {name: day for name, day in (mine | {name: self.days[name] for name in held}).items() if not day.published}
            if published and not missing:
                over |= published | {name: self.days[name] for name in held}
            elif published and now - min(day.published for day in published.values() if day.published) >= WINDOW:
                over |= published
                still_open |= missing
        if not over:
            return None
        told = [Recovered(day.price_list, day.export_date, day.times, day.at, day.published or now) for day in over.values()]
        message = messages.recovery(told, [day.key for day in still_open.values()], now)
        # Problems of these days that still wait are told of by this, and need no message of their own.
        problems = [(name, day, each.runs) for name, incident in self.incidents.items() for day, each in incident.waiting.items() if day in over]
        return Outgoing(message, "recovery", tuple(problems), tuple(over))
