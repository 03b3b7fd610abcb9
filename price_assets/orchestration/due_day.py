"""How a day that is due stands, by what Dagster and the register say of it. Nothing here does any I/O or looks at a clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from price_assets.operations.day_state import DayState
from price_assets.operations.day_state import State as Registered
from price_assets.operations.due import Tick
from price_assets.orchestration.runs import SeenRun


class State(StrEnum):
    """`absent`: no run has been made for it; `unknown`: the storage does not answer. A blocked and a withdrawn day wait for a person.

    `missed` is a past day that can't be made any more: the source of its list knows today's prices only.
    """

    PUBLISHED = "published"
    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    FAILED = "failed"
    ABSENT = "absent"
    BLOCKED = "blocked"
    WITHDRAWN = "withdrawn"
    MISSED = "missed"
    UNKNOWN = "unknown"


IN_FLIGHT = (State.QUEUED, State.RUNNING, State.RETRYING)


@dataclass(frozen=True)
class Expected:
    """A price list that days are expected of. Of one that does not load nobody knows whether it has past dates: None."""

    name: str
    start: date
    past_dates: bool | None


@dataclass(frozen=True)
class Answer:
    """What the storage says of a list's day; `began`: an earlier day was published. `error` is its line where it does not answer."""

    day: DayState | None = None
    began: bool = False
    error: str = ""


@dataclass(frozen=True)
class DueDay:
    """How a list stands at a tick. `run_id`, `since` and `cause` are of its state: what queues, runs or failed, and since when.

    `tries` counts what catch-up has launched for it since the tick; `is_caught_up_on`: it may launch more.
    """

    price_list: str
    tick: Tick
    state: State
    run_id: str = ""
    since: datetime | None = None
    cause: str = ""
    tries: int = 0
    is_caught_up_on: bool = True

    @property
    def subject(self) -> str:
        """List and day."""
        return f"{self.price_list} {self.tick.export_date}"


def due_day(
    expected: Expected, tick: Tick, today: date, runs: Sequence[SeenRun], answer: Answer | None, *, is_awaited: bool = False
) -> DueDay | None:
    """What stands of a day since its tick; None where nothing is to be expected of it.

    `runs` are those of this list and day, the newest first. `answer` is None where the storage was not asked. A day that is over has one tick, its
    last, and whatever was published of it counts. Of today counts what was published, blocked or withdrawn since the tick: a second tick asks for
    newer rows. `is_awaited`: its deadline is not judged yet, so that it is not missed yet either, even where the day is over.
    """
    past = tick.export_date < today
    tries = sum(run.is_try and run.created >= tick.at for run in runs)

    def stands(state: State, run: SeenRun | None = None, since: datetime | None = None, cause: str = "") -> DueDay:
        return DueDay(expected.name, tick, state, run.run_id if run else "", run.since if run else since, cause, tries)

    done = next((run for run in runs if run.state == "succeeded" and _counts(run.since, tick, past=past)), None)
    if done:
        return stands(State.PUBLISHED, done)
    failed = next((run for run in runs if run.state == "failed" and _counts(run.since, tick, past=past)), None)
    day = answer.day if answer else None
    if day and day.state is Registered.PUBLISHED and _counts(day.published_at, tick, past=past):
        return stands(State.PUBLISHED, since=day.published_at)
    if busy := next((run for run in runs if run.state in IN_FLIGHT), None):
        return stands(State(busy.state), busy)
    if answer and answer.error:
        return stands(State.UNKNOWN, cause=answer.error)
    if day and day.blocked_since and (failed or _counts(day.blocked_since, tick, past=past)):
        return stands(State.BLOCKED, failed, day.blocked_since, ", ".join(day.checks))
    if day and day.state is Registered.WITHDRAWN and (failed or _counts(day.withdrawn_at, tick, past=past)):
        return stands(State.WITHDRAWN, failed, day.withdrawn_at, day.reason or "")
    if past and not expected.past_dates and not is_awaited:
        missed = expected.past_dates is False and day is not None
        if missed and answer and answer.began:
            return stands(State.MISSED, failed)
        if missed or expected.past_dates is None:
            return None
    if failed:
        return stands(State.FAILED, failed, cause="canceled" if failed.canceled else "")
    return stands(State.ABSENT)


def _counts(at: datetime | None, tick: Tick, *, past: bool) -> bool:
    return past or (at is not None and at >= tick.at)
