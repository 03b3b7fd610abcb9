"""What Dagster knows to be wrong → Problems: runs that failed, days that are overdue, missed or given up."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from price_assets.errors import PriceAssetsError
from price_assets.export.register import Register
from price_assets.operations.alerts.problem import Kind, Problem
from price_assets.operations.alerts.problem_of import partners_have, problem_of_run
from price_assets.orchestration.due_day import DueDay, State
from price_assets.orchestration.failed_runs import FailedRun, FailedStep
from price_assets.orchestration.runs import export_date_of, price_lists_of

MISSED_AFTER = timedelta(days=1)
"""A missed day is told of at the time of its tick the day after: at midnight, when it is certain, nobody can do anything about it."""


def problems_of(run: dg.DagsterRun, ended: datetime, failed: FailedRun, registers: Mapping[str, Register | PriceAssetsError]) -> list[Problem]:
    """One for each list whose step failed; where none did, one for each list of the run. `ended` is in EXPORT_TIMEZONE.

    A run without a day, which none of ours is, counts for the day on which it ended.
    """
    day = export_date_of(run) or ended.date()
    first: dict[str, FailedStep] = {}
    for step in failed.steps:
        first.setdefault(step.price_list, step)
    steps = first or {name: FailedStep(name, "", failed.cause) for name in price_lists_of(run)}
    found: list[Problem] = []
    for name, step in steps.items():
        register = registers.get(name)
        problem = problem_of_run(
            name,
            day,
            ended,
            step.error,
            blocked=step.blocked,
            step=step.step,
            checks=failed.checks.get(name, []),
            partners=partners_have(register, day) if isinstance(register, Register) else "",
            run_id=run.run_id,
        )
        if step.launchpad:
            problem = problem.model_copy(update={"details": (*problem.details, f"In Dagster, paste into Config: {step.launchpad}")})
        found.append(problem)
    return found


@dataclass(frozen=True)
class Watch:
    """How a list's days are watched: since when, how long after a tick one waits, how often catch-up tries, and which kinds are known of a day."""

    since: datetime
    deadline: timedelta
    tries: int
    known: Collection[Kind] = ()


def due_problems(day: DueDay, now: datetime, watch: Watch, cause_of: Callable[[str], str]) -> list[Problem]:
    """What is wrong with a day that is due, once it is time to say so.

    The deadline counts from when the list is watched, where that is later: a new deployment, or a schedule that was off, is late with nothing,
    least of all with days that were over before. A day that a person has withdrawn is not told of. `cause_of` gives the error's line of a run
    that failed.
    """
    tick = day.tick.at.astimezone(UTC)
    late = max(tick, watch.since) + watch.deadline

    def problem(kind: Kind, at: datetime, cause: str, *details: str) -> Problem:
        export_date = day.tick.export_date
        return Problem(kind=kind, price_list=day.price_list, export_date=export_date, at=at, cause=cause, details=details, run_id=day.run_id)

    if day.state in (State.PUBLISHED, State.WITHDRAWN):
        return []
    if day.state is State.MISSED:
        missed = problem(Kind.MISSED, tick + MISSED_AFTER, "nothing was published on that day, and the source knows today's prices only")
        return [missed] if tick >= watch.since and now >= missed.at and Kind.MISSED not in watch.known else []
    found: list[Problem] = []
    watched = tick >= watch.since or day.tick.export_date == now.astimezone(day.tick.at.tzinfo).date()
    if now >= late and watched and Kind.OVERDUE not in watch.known:
        overdue = problem(Kind.OVERDUE, late, reason(day, cause_of))
        if day.state is State.BLOCKED:  # another export would be blocked again
            decide = f"mend the rows in the source, or accept them: `price-assets status {day.price_list}` prints the command."
            overdue = overdue.model_copy(update={"remedy": decide})
        found.append(overdue)
    if day.state is State.FAILED and day.tries >= watch.tries and Kind.GAVE_UP not in watch.known:
        tried = f"{day.tries} {'try' if day.tries == 1 else 'tries'} since {day.tick.at:%H:%M}"
        found.append(problem(Kind.GAVE_UP, day.since or now, day.cause or cause_of(day.run_id), tried))
    return found


def reason(day: DueDay, cause_of: Callable[[str], str]) -> str:
    """Why a day is not published, as far as one can see."""
    since = f"{day.since.astimezone(day.tick.at.tzinfo):%H:%M}" if day.since else "some time"
    match day.state:
        case State.ABSENT:
            return "no run was started"
        case State.QUEUED | State.RUNNING:
            return f"{day.state} since {since}"
        case State.RETRYING:
            return f"failed at {since}, and Dagster tries again"
        case State.BLOCKED:
            return f"blocked by {day.cause}"
        case State.UNKNOWN:
            return f"the storage does not answer: {day.cause}"
        case _:
            return f"failed: {day.cause or cause_of(day.run_id)}"
