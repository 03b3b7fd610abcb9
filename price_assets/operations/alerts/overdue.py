"""What `price-assets status` found of a list → the Problem that somebody on call must hear of. Nothing here does any I/O or looks at a clock."""

from price_assets.errors import StorageUnavailable
from price_assets.operations.alerts.problem import Kind, Problem
from price_assets.operations.alerts.problem_of import accept_command
from price_assets.operations.deadlines import Deadlines
from price_assets.operations.status import Condition, ListStatus, Watched


def overdue(watched: Watched, status: ListStatus, deadlines: Deadlines) -> Problem | None:
    """What is wrong with a day that is due and not there; its time is the deadline, so that the same day is told of once however often one looks.

    A day that a person has withdrawn is not told of. Of a register that can't be read the newest day that is due counts: nobody knows of it.
    """
    day = status.export_date or deadlines.due
    due_at = deadlines.of(day) if day else None
    if day is None or due_at is None or not deadlines.have_passed(due_at) or (watched.start and day < watched.start):
        return None
    kind, remedy = Kind.OVERDUE, ""
    match status.condition:
        case Condition.MISSING if watched.error:
            cause = f"its definition does not load: {watched.error}"
        case Condition.MISSING if day < deadlines.today and watched.listed and not watched.past_dates:
            kind, cause = Kind.MISSED, "nothing was published on that day, and the source knows today's prices only"
        case Condition.MISSING:
            cause = f"nothing was published by {due_at:%H:%M}"
        case Condition.BLOCKED:
            cause = f"blocked by {', '.join(status.checks)}"
            command = accept_command(status.advice, watched.name, day)
            remedy = "mend the rows in the source and export again" + (f"; or, if they are right: {command}" if command else ".")
        case Condition.UNREADABLE:
            error = status.errors[0]
            cause = f"the storage does not answer: {error}" if isinstance(error, StorageUnavailable) else str(error)
        case _:
            return None
    return Problem(kind=kind, price_list=watched.name, export_date=day, at=due_at, cause=cause, remedy=remedy)
