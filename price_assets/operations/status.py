"""Whether each price list is where it must be by now, told by its register alone. Nothing here does any I/O or looks at a clock."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from price_assets.errors import ExitCode, PriceAssetsError
from price_assets.export.register import Register
from price_assets.operations.day_state import DayState, State, day_state
from price_assets.operations.deadlines import Deadlines


class Condition(StrEnum):
    """How a list stands on the day that is looked at. `missing` is a day that is due and of which the register knows nothing."""

    PUBLISHED = "published"
    WAITING = "waiting"
    MISSING = "missing"
    BLOCKED = "blocked"
    WITHDRAWN = "withdrawn"
    NOT_BEGUN = "not begun"
    NOT_DUE = "not due"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Watched:
    """A price list that somebody watches. Without a `start` it begins with the first day that its register knows.

    `error` is why its definition does not load; `listed`: it is among the price lists that this machine knows.
    """

    name: str
    start: date | None = None
    past_dates: bool = False
    error: PriceAssetsError | None = None
    listed: bool = True


@dataclass(frozen=True)
class ListStatus:
    """How a list stands on `export_date`, which must be published at `due_at` (EXPORT_TIMEZONE), and so is due or is not yet.

    `shown`, `revision` and `published_at` are of the day whose publication is shown: the newest one, or the one that was asked for.
    `advice` says in one line what is wrong and what to do; it is empty where nothing is. `errors` are those that a person met while looking.
    """

    price_list: str
    condition: Condition
    export_date: date | None = None
    due_at: datetime | None = None
    is_due: bool = False
    shown: date | None = None
    revision: str | None = None
    published_at: datetime | None = None
    checks: tuple[str, ...] = ()
    advice: str = ""
    errors: tuple[PriceAssetsError, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """1 where a day that is due is not there, else that of the first error."""
        if self.is_due and self.condition is not Condition.PUBLISHED:
            return ExitCode.FAILED
        return self.errors[0].exit_code if self.errors else ExitCode.OK


def list_status(watched: Watched, register: Register | PriceAssetsError, deadlines: Deadlines, day: date | None = None) -> ListStatus:
    """How the list stands on a day; without one on the newest day that has begun, or on the one before, while that is due and not there."""
    errors = (watched.error,) if watched.error else ()
    if isinstance(register, PriceAssetsError):
        return ListStatus(watched.name, Condition.UNREADABLE, day, errors=(register, *errors))
    start = _start(watched, register, deadlines)
    wanted = day or _day_to_look_at(register, start, deadlines)
    state, due_at = day_state(register, wanted), deadlines.of(wanted)
    is_due = wanted >= start and deadlines.have_passed(due_at)
    condition = _condition(state, wanted, start, due_at, deadlines)
    shown = day or register.latest
    standing = day_state(register, shown) if shown else state
    if day is None and condition is Condition.PUBLISHED:
        following = deadlines.next_day(wanted + timedelta(days=1))
        due_at = following and deadlines.of(following)
    return ListStatus(
        watched.name,
        condition,
        wanted,
        due_at,
        is_due,
        shown,
        standing.revision,
        standing.published_at,
        state.checks,
        _advice(watched, wanted, state, condition, deadlines),
        errors,
    )


def _start(watched: Watched, register: Register, deadlines: Deadlines) -> date:
    """Of a list that knows today's prices only, no day was to be had before the first that it came to."""
    start = watched.start or min(register.days, default=date.min)
    if watched.listed and not watched.past_dates and not watched.error:
        return max(start, min(register.days, default=deadlines.today))
    return start


def _day_to_look_at(register: Register, start: date, deadlines: Deadlines) -> date:
    """A day that is published early is looked at already, one that still may come only where the one before it is there."""
    begun, due = (day if day and day >= start else None for day in (deadlines.begun, deadlines.due))
    if register.latest and register.latest >= (begun or start):
        return register.latest
    if due and day_state(register, due).state is not State.PUBLISHED:
        return due
    return begun or deadlines.next_day(max(start, deadlines.today)) or start


def _condition(state: DayState, day: date, start: date, due_at: datetime | None, deadlines: Deadlines) -> Condition:
    if state.state is not State.NOTHING:
        return Condition(state.state.value)
    if day < start or start > deadlines.today:
        return Condition.NOT_BEGUN
    if due_at is None:
        return Condition.NOT_DUE
    return Condition.MISSING if deadlines.have_passed(due_at) else Condition.WAITING


def _advice(watched: Watched, day: date, state: DayState, condition: Condition, deadlines: Deadlines) -> str:
    """One line: what is wrong, since when, and what to do."""

    def at(time: datetime | None) -> str:
        return f"{time.astimezone(deadlines.timezone):%Y-%m-%d %H:%M}" if time else "an unknown time"

    subject = f"{watched.name} {day}"
    history = f"price-assets history {watched.name} --date {day}"
    if condition is Condition.MISSING:
        return f"{subject} is missing, and was due at {at(deadlines.of(day))}. {_mend_missing(watched, day, deadlines)}"
    if condition is Condition.WITHDRAWN:
        said = f"{subject} was withdrawn at {at(state.withdrawn_at)} by {state.by}: {state.reason}."
        return f"{said} It stays back until the source gives other rows, or somebody accepts a snapshot that `{history}` names."
    if state.blocked_since:
        rows = "is published, but newer rows of it are" if condition is Condition.PUBLISHED else "is"
        said = f"{subject} {rows} blocked by {', '.join(state.checks)} since {at(state.blocked_since)}. Mend the rows in the source and export again"
        if "formats" in state.checks:  # what a file can't hold, nobody can accept
            return f"{said}."
        where = f"{watched.name} --date {day} --snapshot {state.blocked_snapshot}"
        checks = " ".join(f"--check {check}" for check in state.checks)
        return f'{said}; or, if they are right: price-assets accept {where} {checks} --reason "…"'
    return ""


def _mend_missing(watched: Watched, day: date, deadlines: Deadlines) -> str:
    export = f"price-assets export {watched.name} --date {day}"
    if watched.error:
        return f"Its definition does not load; mend it, then: {export}"
    if not watched.listed:
        return "PRICE_LISTS_DIR has no such list: look where it is exported, or do not name it any more."
    if day < deadlines.today and not watched.past_dates:
        return "Its source knows today's prices only (it has no `past_dates`), so that day can't be made any more; see that the next one comes."
    return f"Look at its run in Dagster, or export it here: {export}"
