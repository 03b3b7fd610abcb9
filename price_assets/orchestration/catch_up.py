"""The sensor that launches what is due, is not there, and is not on its way [DG7]."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from price_assets.orchestration.due_day import DueDay, State
from price_assets.orchestration.due_days import GRACE, DueDays, Remembered, publication
from price_assets.orchestration.runs import CATCH_UP, LAST, PRIORITY, TRIGGER
from price_assets.orchestration.schedules import Job, job_name

log = logging.getLogger(__name__)

INTERVAL = 60
ASLEEP = timedelta(minutes=5)
"""Without a tick of its own for so long the daemon was down. It has just come up, then, and the schedule's late run goes first."""
AWAKENING = timedelta(seconds=60)
AT_ONCE = 50
"""Runs that one tick launches: the daemon makes them one after the other, and does nothing else meanwhile."""
TOLD = 5
"""Days that a skip reason names."""


class CatchUpCursor(BaseModel):
    """What one tick leaves to the next. `at`: when it was; `awake_since`: the first of an unbroken row of ticks."""

    at: AwareDatetime | None = None
    awake_since: AwareDatetime | None = None
    remembered: Remembered = Field(default_factory=Remembered)

    @classmethod
    def read(cls, text: str | None) -> "CatchUpCursor":
        """Begin anew where there is none, or another release wrote it: all it costs is to look again."""
        try:
            return cls.model_validate_json(text or "{}")
        except ValidationError:
            return cls()

    def woken(self, now: datetime) -> None:
        """Note this tick."""
        if self.at is None or self.awake_since is None or now - self.at > ASLEEP:
            self.awake_since = now
        self.awake_since = min(self.awake_since, now)  # a clock that was ahead has left a later one
        self.at = now


def catch_up_sensor(due: DueDays, jobs: Sequence[Job], clock: Callable[[], datetime]) -> dg.SensorDefinition:
    """Launch the days of `CATCH_UP_DAYS` that are missing, each up to `CATCH_UP_TRIES` times; `clock` tells the time."""
    days, most = due.watch.catch_up_days, due.watch.catch_up_tries

    @dg.sensor(
        name="catch_up",  # on or off is remembered by this name and the code location's [DG36]
        description=f"Launches what is due and not published, of the last {days} days, up to {most} times each.",
        jobs=list(jobs),
        minimum_interval_seconds=INTERVAL,
        default_status=dg.DefaultSensorStatus.RUNNING if due.settings.automation else dg.DefaultSensorStatus.STOPPED,
    )
    def catch_up(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now, cursor = clock(), CatchUpCursor.read(context.cursor)
        cursor.woken(now)
        known = {key: set(names) for key, names in cursor.remembered.missed.items()}
        found = due.look(context.instance, now, cursor.remembered)
        for day in found:
            if day.state is State.MISSED and day.price_list not in known.get(day.tick.at.isoformat(), ()):
                record_missed(context.instance, day)
        wait_for = {day: launch_at(day, cursor.awake_since or now, most) for day in found}
        ripe = [day for day, at in wait_for.items() if at and at <= now][:AT_ONCE]
        text = cursor.model_dump_json()
        if not ripe:
            return dg.SensorResult(skip_reason=skip_reason(found, wait_for, most, due.switched_off(context.instance)), cursor=text)
        for day in ripe:
            context.log.info("%s is %s: try %s of %s", day.subject, day.state, day.tries + 1, most)
        return dg.SensorResult([_request(day) for day in ripe], cursor=text)

    return catch_up


def launch_at(day: DueDay, awake_since: datetime, most: int) -> datetime | None:
    """When the day is launched, if nothing changes; None where it is not for catch-up to launch it (any more)."""
    if not day.is_caught_up_on or day.state not in (State.ABSENT, State.FAILED) or day.tries >= most:
        return None
    after_failure = day.since + GRACE if day.state is State.FAILED and day.since else day.tick.at.astimezone(UTC)
    return max(day.tick.at.astimezone(UTC) + GRACE, awake_since + AWAKENING, after_failure)


def skip_reason(days: Sequence[DueDay], launches: dict[DueDay, datetime | None], most: int, off: set[str]) -> str:
    """What an operator wants to know when nothing is launched: how many days stand how, which do not, what comes next, and what is left out."""
    counts = Counter(day.state for day in days)
    told = [", ".join(f"{counts[state]} {state}" for state in State if counts[state]) or "no day is due"]
    open_days = [day for day in days if day.state is not State.PUBLISHED]
    told += [_told(day, launches.get(day), most) for day in open_days[:TOLD]]
    if len(open_days) > TOLD:
        told.append(f"and {len(open_days) - TOLD} more")
    if off:
        told.append(f"schedule off: {', '.join(sorted(off)[:TOLD])}{f' and {len(off) - TOLD} more' if len(off) > TOLD else ''}")
    return "; ".join(told) + "."


def _told(day: DueDay, at: datetime | None, most: int) -> str:
    zone = day.tick.at.tzinfo
    cause = f" ({day.cause.rstrip('.')})" if day.cause else ""
    if at:
        return f"{day.subject} is {day.state}{cause}, try {day.tries + 1} of {most} at {at.astimezone(zone):%H:%M}"
    if day.is_caught_up_on and day.state in (State.ABSENT, State.FAILED):
        return f"{day.subject} is {day.state}{cause} after {day.tries} of {most} tries: left to a person"
    since = f" since {day.since.astimezone(zone):%H:%M}" if day.since else ""
    return f"{day.subject} is {day.state}{cause}{since}"


def record_missed(instance: dg.DagsterInstance, day: DueDay) -> None:
    """Leave a line on the day's partition, once: its page is where somebody looks who wonders about the gap."""
    key, partition = publication(day.price_list), str(day.tick.export_date)
    wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition])
    if instance.fetch_observations(wanted, limit=1).records:
        return
    description = f"{day.subject} was missed: nothing was published on that day, and the source knows today's prices only."
    instance.report_runless_asset_event(dg.AssetObservation(key, description=description, partition=partition, metadata={"missed": True}))
    log.warning("%s", description)


def _request(day: DueDay) -> dg.RunRequest:
    # A run key is used once, ever [DG9]: it holds the tick, since a day may have two, and the attempt.
    return dg.RunRequest(
        run_key=f"{day.price_list}:{day.tick.at.isoformat(timespec='minutes')}:{day.tries + 1}",
        job_name=job_name(day.price_list),
        partition_key=str(day.tick.export_date),
        tags={TRIGGER: CATCH_UP, PRIORITY: LAST},
    )
