from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from price_assets.operations.deadlines import Deadlines

BERLIN = ZoneInfo("Europe/Berlin")
HALF_AN_HOUR = timedelta(minutes=30)


def at(time: str, cron: str = "0 6 * * *", deadline: timedelta = HALF_AN_HOUR) -> Deadlines:
    """What is due at a wall time in Berlin, which the process' clock gives in UTC."""
    now = datetime.fromisoformat(time).replace(tzinfo=BERLIN).astimezone(UTC)
    return Deadlines(cron, BERLIN, deadline, now)


@pytest.mark.parametrize(
    ("time", "cron", "begun", "due"),
    [
        ("2026-11-25T00:30", "0 6 * * *", "2026-11-24", "2026-11-24"),
        ("2026-11-25T05:59", "0 6 * * *", "2026-11-24", "2026-11-24"),
        ("2026-11-25T06:00", "0 6 * * *", "2026-11-25", "2026-11-24"),
        ("2026-11-25T06:29", "0 6 * * *", "2026-11-25", "2026-11-24"),
        ("2026-11-25T06:30", "0 6 * * *", "2026-11-25", "2026-11-25"),
        ("2026-11-25T14:10", "0 6,14 * * *", "2026-11-25", "2026-11-25"),
        ("2026-11-29T12:00", "0 6 * * 1-5", "2026-11-27", "2026-11-27"),
        ("2026-11-30T06:10", "0 6 * * 1-5", "2026-11-30", "2026-11-27"),
        ("2026-12-25T12:00", "0 6 1 * *", "2026-12-01", "2026-12-01"),
        ("2026-12-25T12:00", "0 6 1 1 *", "2026-01-01", "2026-01-01"),
        ("2027-12-25T12:00", "0 6 29 2 *", "2024-02-29", "2024-02-29"),
    ],
)
def test_the_newest_day_that_has_begun_and_the_newest_that_is_due(time: str, cron: str, begun: str, due: str) -> None:
    deadlines = at(time, cron)
    assert (deadlines.begun, deadlines.due) == (date.fromisoformat(begun), date.fromisoformat(due))


@pytest.mark.parametrize(("day", "zone"), [("2026-03-29", 2), ("2026-10-25", 1)])
def test_on_both_days_on_which_the_clock_changes_six_is_six(day: str, zone: int) -> None:
    assert at(f"{day}T12:00").of(date.fromisoformat(day)) == datetime.fromisoformat(f"{day}T06:30+0{zone}:00")
    assert at(f"{day}T06:29").due == date.fromisoformat(day) - timedelta(days=1)
    assert at(f"{day}T06:30").due == date.fromisoformat(day)


def test_half_an_hour_is_half_an_hour_while_the_clock_goes_back() -> None:
    due = at("2026-10-25T12:00", "45 2 * * *").of(date(2026, 10, 25))
    assert due
    assert due.astimezone(UTC) == datetime(2026, 10, 25, 1, 15, tzinfo=UTC)


def test_a_deadline_may_lie_on_the_next_day() -> None:
    assert at("2026-11-25T00:10", "50 23 * * *").due == date(2026, 11, 23)
    assert at("2026-11-25T00:20", "50 23 * * *").due == date(2026, 11, 24)


def test_twice_a_day_is_due_from_the_first_time_on() -> None:
    assert at("2026-11-25T10:00", "0 6,14 * * *").of(date(2026, 11, 25)) == datetime(2026, 11, 25, 6, 30, tzinfo=BERLIN)


def test_a_day_without_an_export_has_no_deadline_and_the_next_one_is_found() -> None:
    deadlines = at("2026-11-28T12:00", "0 6 * * 1-5")
    assert deadlines.of(deadlines.today) is None
    assert deadlines.next_day(deadlines.today) == date(2026, 11, 30)
    assert not deadlines.have_passed(deadlines.of(date(2026, 11, 30)))
    assert not deadlines.have_passed(None)
