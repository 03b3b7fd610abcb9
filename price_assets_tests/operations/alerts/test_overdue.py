"""What `status --notify` tells of, at every time of a day; the clock is an argument."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from price_assets.errors import PriceListError, StorageRefused, StorageUnavailable
from price_assets.operations.alerts.incidents import Incidents
from price_assets.operations.alerts.overdue import overdue
from price_assets.operations.alerts.problem import Problem
from price_assets.operations.status import Watched, list_status
from price_assets.settings import NotifySettings
from price_assets_tests.operations.test_status import NAME, WATCHED, at, register

TODAYS = Watched(NAME, date(2026, 1, 1))
"""A list whose source knows today's prices only."""


def found(time: str, days: Mapping[str, str], watched: Watched = WATCHED, cron: str = "0 6 * * *") -> Problem | None:
    deadlines = at(time, cron)
    return overdue(watched, list_status(watched, register(**days), deadlines), deadlines)


@pytest.mark.parametrize(
    ("time", "days", "told"),
    [
        ("06:29", {"y": "published"}, ""),
        ("06:30", {"y": "published"}, "overdue 2026-11-25: nothing was published by 06:30"),
        ("06:30", {"y": "published", "t": "published"}, ""),
        ("06:29", {"y": "published", "t": "blocked"}, ""),
        ("06:30", {"y": "published", "t": "blocked"}, "overdue 2026-11-25: blocked by price_change, ranges"),
        ("06:30", {"y": "published", "t": "published, blocked"}, ""),
        ("06:30", {"y": "published", "t": "published, withdrawn"}, ""),
        ("05:00", {"b": "published"}, "overdue 2026-11-24: nothing was published by 06:30"),
    ],
)
def test_a_day_is_told_of_once_its_deadline_has_passed_and_it_is_not_there(time: str, days: dict[str, str], told: str) -> None:
    problem = found(time, days)
    assert (f"{problem.kind} {problem.export_date}: {problem.cause}" if problem else "") == told


def test_a_blocked_day_comes_with_its_command_where_it_can_be_accepted() -> None:
    deadlines = at("06:30")
    blocked = list_status(WATCHED, register(y="published", t="blocked"), deadlines)
    for snapshot, remedy in (
        (
            "550cd0706e3b",
            '; or, if they are right: price-assets accept wholesale --date 2026-11-25 --snapshot 550cd0706e3b --check ranges --reason "…"',
        ),
        ("", "."),
    ):
        accept = f'; or, if they are right: price-assets accept {NAME} --date 2026-11-25 --snapshot {snapshot} --check ranges --reason "…"'
        problem = overdue(WATCHED, replace(blocked, advice=f"It is blocked{accept if snapshot else '.'}"), deadlines)
        assert problem
        assert problem.remedy == f"mend the rows in the source and export again{remedy}"


def test_a_past_day_that_cannot_be_made_any_more_was_missed() -> None:
    problem = found("05:00", {"b": "published"}, TODAYS)
    assert problem
    assert (problem.kind, problem.cause) == ("missed", "nothing was published on that day, and the source knows today's prices only")
    problem = found("06:30", {"y": "published"}, TODAYS)
    assert problem
    assert problem.kind == "overdue"


def test_what_does_not_load_and_what_cannot_be_read_say_so() -> None:
    broken = Watched(NAME, date(2026, 1, 1), error=PriceListError("lists/wholesale.yaml:2:1: unknown key"))
    problem = found("06:30", {"y": "published"}, broken)
    assert problem
    assert problem.cause == "its definition does not load: lists/wholesale.yaml:2:1: unknown key"
    assert found("06:30", {"t": "published"}, broken) is None  # the export that follows fails, and tells of it
    deadlines = at("06:30")
    for error, cause in (
        (StorageUnavailable("No answer."), "the storage does not answer: No answer."),
        (StorageRefused("There is no bucket."), "There is no bucket."),
    ):
        problem = overdue(WATCHED, list_status(WATCHED, error, deadlines), deadlines)
        assert problem
        assert (problem.cause, problem.export_date) == (cause, date(2026, 11, 25))
    later = Watched(NAME, date(2026, 12, 1))
    assert overdue(later, list_status(later, StorageUnavailable("No answer."), deadlines), deadlines) is None


def test_a_cron_without_a_day_that_is_due_tells_nothing() -> None:
    assert found("06:30", {"b": "published"}, cron="0 6 29 2 1") is None


def test_looking_again_is_no_second_message() -> None:
    incidents, settings = Incidents(), NotifySettings()
    for time, messages in (("06:35", 1), ("07:35", 0), ("23:35", 0)):
        now = at(time).now
        problem = found(time, {"y": "published"})
        assert problem
        incidents.add(problem, now)
        due = incidents.due(now, settings, final=True)
        for outgoing in due:
            incidents.told(outgoing, now)
        assert len(due) == messages
