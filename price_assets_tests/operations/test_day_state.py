"""Every order of what can happen to a day, and how the day stands after it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from price_assets.export.register import Day, Event, Register
from price_assets.operations.day_state import DayState, State, day_state
from price_assets_tests.export.test_register import published

DAY = date(2026, 11, 24)
SIX = datetime(2026, 11, 24, 6, tzinfo=UTC)


def after(*happened: str) -> DayState:
    """The day's state after these, a minute apart from six on, each as `published A`: what happened, and to which rows."""
    register = Register(price_list="wholesale")
    for minute, each in enumerate(happened):
        what, rows = each.split()
        day = register.day(DAY)
        match what:
            case "published" | "accepted":
                day = day.publishing(published(rows, minute=minute))
            case "withdrawn":
                day = day.withdrawing()
            case _:
                assert what == "blocked"
        said: dict[str, object] = {"checks": ("withdrawn",) if rows in day.withdrawn and what == "blocked" else (f"check of {rows}",)}
        if what != "blocked":
            said = {"revision": f"revision of content of {rows}", "by": "Anna", "reason": f"for {rows}"}
        event = {"nonce": each, "time": SIX + timedelta(minutes=minute), "event": what, "snapshot": rows, **said}
        register = register.committed(DAY, day, Event.model_validate(event))
    return day_state(register, DAY)


def minute(minutes: int) -> datetime:
    return SIX + timedelta(minutes=minutes)


def test_of_a_day_without_events_nothing_is_known() -> None:
    assert day_state(Register(price_list="wholesale"), DAY) == DayState(State.NOTHING)
    assert day_state(Register(price_list="wholesale", days={DAY: Day()}), DAY) == DayState(State.NOTHING)


def test_a_published_day_tells_what_stands_and_since_when() -> None:
    assert after("published A", "published B") == DayState(
        State.PUBLISHED, revision="revision of content of B", published_at=minute(1), published_since=minute(0)
    )


def test_a_day_that_was_published_again_after_its_withdrawal_stands_since_then() -> None:
    state = after("published A", "withdrawn A", "blocked A", "accepted A", "published B")
    assert (state.published_at, state.published_since) == (minute(4), minute(3))


def test_a_blocked_day_names_the_last_checks_and_when_the_blocks_began() -> None:
    state = after("blocked A", "blocked B")
    assert (state.state, state.checks, state.blocked_snapshot, state.blocked_since) == (State.BLOCKED, ("check of B",), "B", minute(0))
    assert state.revision is None


def test_newer_rows_that_are_blocked_leave_the_day_published() -> None:
    state = after("published A", "blocked B", "blocked C")
    assert (state.state, state.published_at) == (State.PUBLISHED, minute(0))
    assert (state.checks, state.blocked_snapshot, state.blocked_since) == (("check of C",), "C", minute(1))


@pytest.mark.parametrize("happened", [("blocked A", "accepted A"), ("published A", "blocked B", "published C")])
def test_what_is_published_after_a_block_leaves_nothing_blocked(happened: tuple[str, ...]) -> None:
    state = after(*happened)
    assert (state.state, state.checks, state.blocked_since) == (State.PUBLISHED, (), None)


@pytest.mark.parametrize("happened", [("published A", "withdrawn A"), ("published A", "withdrawn A", "blocked A")])
def test_rows_that_were_taken_back_leave_the_day_withdrawn_and_say_by_whom(happened: tuple[str, ...]) -> None:
    assert after(*happened) == DayState(State.WITHDRAWN, withdrawn_at=minute(1), by="Anna", reason="for A")


def test_other_rows_that_are_blocked_after_a_withdrawal_are_what_a_person_decides_on() -> None:
    state = after("published A", "withdrawn A", "blocked B")
    assert (state.state, state.blocked_snapshot) == (State.BLOCKED, "B")


def test_other_days_are_not_looked_at() -> None:
    register = Register(price_list="wholesale", days={DAY: Day().publishing(published("A"))})
    assert day_state(register, DAY + timedelta(days=1)).state is State.NOTHING
