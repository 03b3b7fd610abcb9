"""The plain exporter tells people itself: no daemon runs beside it.

It is at its end, so nothing waits for others of its cause; what it told is remembered in the storage (`alert_object`), so that the next try of
its pod with the same failure is no second message, and the first success says so. Where the storage does not answer it tells all the same.
"""

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from price_assets.errors import PriceAssetsError
from price_assets.export.commit import read_register
from price_assets.export.register import Register
from price_assets.export.storage import Store
from price_assets.operations.alerts.alert_object import SECONDS, AlertObject, Alerts
from price_assets.operations.alerts.exporter_day import DayTelling, Today
from price_assets.operations.alerts.incidents import Incidents, Outgoing
from price_assets.operations.alerts.message_text import CAUSE, NAMES, one_line
from price_assets.operations.alerts.notifications import Channels, accepted
from price_assets.operations.alerts.problem import Problem
from price_assets.operations.alerts.problem_of import partners_have
from price_assets.operations.day_state import day_state
from price_assets.operations.recorded_channels import RecordedChannels
from price_assets.operations.registers import side_by_side
from price_assets.settings import NotifySettings

log = logging.getLogger(__name__)

BEGUN = 20.0
"""After so many seconds nothing more is begun; a message takes up to 20 more."""
LOOKED_AT = 50
"""Lists whose days are looked after, which failed in an earlier process."""


@dataclass(frozen=True)
class Ended:
    """What an export came to. `published`: the lists and days that are, since when; the times are in EXPORT_TIMEZONE."""

    problems: list[Problem] = field(default_factory=list[Problem])
    published: list[tuple[str, date, datetime]] = field(default_factory=list[tuple[str, date, datetime]])


def tell(ended: Ended, today: Today, store: Store | None, environment: Mapping[str, str], now: datetime) -> None:
    """Send what is due: of problems, of days that are published after all, and once all lists of today are there, of that.

    `store` is None where it can't be reached. Takes some seconds, and a minute at worst; what goes wrong is a line of the log.
    """
    try:
        settings = NotifySettings.from_environment(environment)
        if "DAGSTER_HOME" not in environment:
            settings = replace(settings, dagster_ui_url=None)  # the runs are gone with this process
        until = time.monotonic() + BEGUN
        alerts, channels = AlertObject(store), RecordedChannels.from_environment(settings, environment)
        _Telling(ended, alerts, channels, store, settings, now, until).tell()
        if ended.published and store:
            DayTelling(alerts, channels, store, settings).tell(today, now, until)
    except PriceAssetsError as error:
        log.error("Not everything was told: %s", error)  # noqa: TRY400 - its line says all


@dataclass
class _Telling:
    """Of problems and recoveries. What was sent is noted in whatever state the object has by then: another exporter may write it meanwhile."""

    ended: Ended
    alerts: AlertObject
    channels: Channels
    store: Store | None
    settings: NotifySettings
    now: datetime
    until: float

    def tell(self) -> None:
        """Read the state, send, write the state."""
        try:
            incidents = self.alerts.read().incidents
        except PriceAssetsError as error:
            log.warning("What was told before is not known: %s", error)
            self.alerts, incidents = AlertObject(None), Incidents()
        problems, published = self._looked_up(incidents)
        sent: list[Outgoing] = []
        waiting = problems
        while True:
            waiting = self._take(incidents, waiting, published)
            told = [outgoing for outgoing in incidents.due(self.now, self.settings, final=True) if self._send(outgoing)]
            for outgoing in told:
                incidents.told(outgoing, self.now)
            sent += told
            if not (waiting and told):
                break
        _log_held(incidents, waiting)

        def note(state: Alerts) -> None:
            left = self._take(state.incidents, problems, published)
            for outgoing in sent:
                state.incidents.told(outgoing, self.now)
                left = self._take(state.incidents, left, published)
            state.incidents.forget(self.now)

        try:
            self.alerts.change(note)
        except PriceAssetsError as error:
            log.warning("What was told can't be remembered, and may be told again: %s", error)

    def _take(self, incidents: Incidents, problems: Iterable[Problem], published: Iterable[tuple[str, date, datetime]]) -> list[Problem]:
        """Take in what happened; what there is no room for comes back."""
        left = [problem for problem in problems if incidents.add(problem, self.now) == "full"]
        for name, day, at in published:
            incidents.published(name, day, at)
        return left

    def _send(self, outgoing: Outgoing) -> bool:
        if time.monotonic() < self.until:
            return accepted(self.channels.send(outgoing.message))
        log.error("There was no time to tell: %s", " | ".join((outgoing.message.title, *outgoing.message.lines)))
        return False

    def _looked_up(self, incidents: Incidents) -> tuple[list[Problem], list[tuple[str, date, datetime]]]:
        """With what partners have meanwhile, and with the days that somebody else has published since they failed."""
        problems, published = self.ended.problems, self.ended.published
        failed = list(dict.fromkeys(problem.price_list for problem in problems))[:NAMES]
        still_open = [key for key in incidents.open() if key not in {(name, day) for name, day, _ in published}]
        store = self.store
        if store is None or not (failed or still_open):
            return problems, published
        wanted = [*failed, *[name for name, _ in still_open][:LOOKED_AT]]
        found = side_by_side(wanted, lambda name: read_register(store, name), SECONDS)
        registers = {name: register for name, register in found.items() if isinstance(register, Register)}
        problems = [_with_partners(problem, registers.get(problem.price_list)) for problem in problems]
        states = [(name, day, day_state(registers[name], day)) for name, day in still_open if name in registers]
        return problems, [*published, *((name, day, state.published_at) for name, day, state in states if state.published_at)]


def _log_held(incidents: Incidents, full: Iterable[Problem]) -> None:
    """A line a cause. `full`: what there was no room for."""
    held = {fingerprint: [each.problem for each in incident.waiting.values()] for fingerprint, incident in incidents.incidents.items()}
    for problem in full:
        held.setdefault(problem.fingerprint, []).append(problem)
    for problems in filter(None, held.values()):
        days = ", ".join(f"{problem.price_list} {problem.export_date}" for problem in problems)
        cause = one_line(next((problem.cause for problem in problems if problem.cause), "its cause is told above"), CAUSE)
        log.warning("Told of by a later export, since too many messages went out or none was accepted: %s: %s", days, cause)


def _with_partners(problem: Problem, register: Register | None) -> Problem:
    if register is None:
        return problem
    return problem.model_copy(update={"details": (*problem.details, partners_have(register, problem.export_date))})
