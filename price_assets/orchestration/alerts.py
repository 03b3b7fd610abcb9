"""The sensor that tells people: of runs that failed, of days that are overdue, missed or given up, and of their recovery.

Its state is the cursor, which Dagster writes when the tick has ended. So a run's tag says `waiting` until a channel has accepted a message of
it: whatever dies meanwhile, it is told twice at worst.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import dagster as dg

from price_assets.errors import PriceAssetsError, SettingError
from price_assets.operations.alerts.heartbeat import ping
from price_assets.operations.alerts.notifications import Channels, accepted
from price_assets.operations.alerts.problem import Message
from price_assets.operations.alerts.summary import summary
from price_assets.operations.due import Tick
from price_assets.operations.recorded_channels import RecordedChannels
from price_assets.operations.registers import side_by_side
from price_assets.orchestration.alert_sources import take_due_days, take_failed_runs, take_recoveries
from price_assets.orchestration.alert_state import AlertState
from price_assets.orchestration.due_day import DueDay, Expected, State
from price_assets.orchestration.due_days import DueDays
from price_assets.orchestration.on_failure import ALERT, TOLD
from price_assets.orchestration.register_reader import RegisterReader
from price_assets.settings import NotifySettings

INTERVAL = 30
SECONDS = 30.0
"""After so long in a tick nothing more is sent: one message takes up to 20 seconds."""
GATHERING = 6
"""Ticks, at most."""
SUMMARY_BEFORE, SUMMARY = 10.0, 20.0
"""The summary is begun in the first seconds of a tick, or at the next; and it may take so long."""
PING_BEFORE = 38.0
"""A ping takes up to 12 seconds."""
MARK_UNTIL = 52.0


def alerts_sensor(due: DueDays, environment: Mapping[str, str], clock: Callable[[], datetime]) -> dg.SensorDefinition:
    """Tell of problems and recoveries, send the day's summary and the heartbeat. `clock` tells the time.

    The settings of the channels are read here, and not when the definitions load: one that is wrong is a log line, and the messages wait.
    """

    @dg.sensor(
        name="alerts",  # on or off is remembered by this name and the code location's [DG36]
        description="Tells the channels which list failed, is overdue or was missed, and when it is published after all.",
        minimum_interval_seconds=INTERVAL,
        default_status=dg.DefaultSensorStatus.RUNNING if due.settings.automation else dg.DefaultSensorStatus.STOPPED,
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        tick = _AlertTick(context, due, AlertState.read(context.cursor), clock().astimezone(due.settings.timezone), RegisterReader(due.exporter))
        tick.attempt("take the runs that failed", tick.take_runs)
        tick.attempt("look at the days that are due", tick.take_days)
        tick.attempt("look for recoveries", tick.take_recoveries)
        tick.attempt("tell anybody", lambda: tick.tell(environment))
        tick.attempt("mark the runs that were told of", tick.mark)
        return dg.SensorResult(skip_reason=" ".join(tick.said) or tick.calm(), cursor=tick.state.model_dump_json())

    return alerts


@dataclass
class _AlertTick:
    """One tick at work; `now` is in EXPORT_TIMEZONE. What goes wrong in one part does not keep the others from being done.

    Each part is bounded in time: a tick that Dagster cuts off loses all that it has done [DG64].
    """

    context: dg.SensorEvaluationContext
    due: DueDays
    state: AlertState
    now: datetime
    registers: RegisterReader
    began: float = field(default_factory=time.monotonic)
    said: list[str] = field(default_factory=list[str])
    watched: list[Expected] = field(default_factory=list[Expected])
    days: list[DueDay] = field(default_factory=list[DueDay])

    def attempt(self, what: str, part: Callable[[], None]) -> None:
        """Do one part."""
        try:
            part()
        except Exception as error:  # noqa: BLE001 - the sensor's body never raises: the other alerts must get through
            self.complain(f"Could not {what}: {type(error).__name__}: {error}", exc_info=True)

    def complain(self, text: str, *, exc_info: bool = False) -> None:
        """Say what an operator must mend."""
        self.context.log.error(text, exc_info=exc_info)
        self.said.append(text)

    def has_time(self, seconds: float = SECONDS) -> bool:
        """Whether less than that has gone by."""
        return time.monotonic() - self.began < seconds

    def take_runs(self) -> None:
        """What on_failure has marked."""
        if left := take_failed_runs(self.context.instance, self.registers, self.state, self.now):
            self.said.append(f"{left} more runs that failed are taken in at the next tick.")
        self.state.gathering = self.state.gathering + 1 if left else 0

    def take_days(self) -> None:
        """What is overdue, missed or given up."""
        self.watched = self.due.watched(self.context.instance)
        self.state.see([each.name for each in self.watched], f"{self.due.settings.cron} {self.due.settings.timezone}", self.now)
        self.days = self.due.look(self.context.instance, self.now, self.state.remembered, self.registers)
        take_due_days(self.context.instance, self.due, self.state, self.now, self.days)
        self.state.forget(self.due.ticks(self.now), self.now)

    def take_recoveries(self) -> None:
        """What is published after all."""
        take_recoveries(self.context.instance, self.registers, self.state, self.now)

    def tell(self, environment: Mapping[str, str]) -> None:
        """All that goes out, unless it did not work lately."""
        try:
            settings = NotifySettings.from_environment(environment)
        except SettingError as error:
            self.said.append(f"Nobody can be told: {error}")
            if self.state.sending.is_over(self.now):
                self.context.log.error(self.said[-1])  # noqa: TRY400 - its line says all
                self.state.sending.grows(self.now)
            return
        if self.state.sending.is_over(self.now):
            channels = RecordedChannels.from_environment(settings, environment)
            self.attempt("send the messages", lambda: self.send(settings, channels))
            self.attempt("send the summary", lambda: self.summarise(settings, channels))
        elif self.state.sending.until:
            self.said.append(
                f"No channel accepted the last message; the next try is at {self.state.sending.until.astimezone(self.now.tzinfo):%H:%M:%S}."
            )
        self.attempt("ask for HEARTBEAT_URL", lambda: self.beat(settings))

    def send(self, settings: NotifySettings, channels: Channels) -> None:
        """Send the messages that are due; what belongs into one message is waited for, where there was more than one tick takes in."""
        if 0 < self.state.gathering <= GATHERING:
            return
        failed = False
        for number, outgoing in enumerate(self.state.incidents.due(self.now, settings)):
            if number and not self.has_time():
                break
            if self._send(channels, outgoing.message):
                self.state.incidents.told(outgoing, self.now)
                self.state.told += outgoing.run_ids
            else:
                failed = True
        if failed:
            self.state.sending.grows(self.now)
        else:
            self.state.sending.ends()

    def summarise(self, settings: NotifySettings, channels: Channels) -> None:
        """Once a tick, when all lists are published or the deadline is over."""
        tick, names, over = self._newest()
        if tick is None or not settings.summary or not tick.is_later_than(self.state.summary, self.now) or not self.has_time(SUMMARY_BEFORE):
            return
        if tick.at.astimezone(UTC) < min(self.state.first_seen.values()):
            return  # a deployment that has just begun does not tell of yesterday
        if over or self.now.astimezone(UTC) >= tick.at.astimezone(UTC) + self.due.watch.deadline:
            message = side_by_side([""], lambda _: summary(self.due.exporter.store, names, tick.export_date), SUMMARY)[""]
            if isinstance(message, PriceAssetsError):
                self.complain(f"There is no summary yet: {message}")
            elif self._send(channels, message):
                self.state.summary = tick.at.astimezone(UTC)
            else:
                self.state.sending.grows(self.now)

    def beat(self, settings: NotifySettings) -> None:
        """Once a tick, when all lists are published."""
        tick, _, over = self._newest()
        if tick is None or not over or not settings.heartbeat_url or not tick.is_later_than(self.state.heartbeat, self.now):
            return
        if not self.has_time(PING_BEFORE) or not self.state.beating.is_over(self.now):
            return
        if said := ping(settings.heartbeat_url):
            self.complain(said)
            self.state.beating.grows(self.now)
        else:
            self.state.heartbeat = tick.at.astimezone(UTC)
            self.state.beating.ends()

    def mark(self) -> None:
        """Tag the runs that were told of."""
        for run_id in self.state.told[:]:
            if not self.has_time(MARK_UNTIL):
                break
            with suppress(dg.DagsterRunNotFoundError):  # somebody deleted it
                self.context.instance.add_run_tags(run_id, {ALERT: TOLD})
            self.state.told.remove(run_id)
            if run_id in self.state.taken:
                self.state.taken.remove(run_id)

    def _send(self, channels: Channels, message: Message) -> bool:
        if accepted(channels.send(message)):
            self.said.append(f"Told: {message.title}.")
            return True
        self.said.append(f"No channel accepted: {message.title}.")  # Channels has logged it
        return False

    def calm(self) -> str:
        """What there is to say where nothing was told and nothing is wrong."""
        waiting = self.state.incidents.open()
        return f"{len(waiting)} days had a problem and are not published since." if waiting else "All is well."

    def _newest(self) -> tuple[Tick | None, list[str], bool]:
        """The newest tick that lists are expected at, these lists, and whether all of them are published.

        A day counts that nothing is expected of any more, too: it was not published.
        """
        for tick in reversed(self.due.ticks(self.now)):
            if names := sorted(each.name for each in self.watched if each.start <= tick.export_date):
                published = {day.price_list for day in self.days if day.tick == tick and day.state is State.PUBLISHED}
                return tick, names, published.issuperset(names)
        return None, [], False
