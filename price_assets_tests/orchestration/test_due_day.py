"""How a day stands, as a table: what Dagster's runs and the register say, and what follows."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from price_assets.export.register import Day, Register
from price_assets.operations.day_state import day_state
from price_assets.operations.due import Tick
from price_assets.orchestration.due_day import Answer, Expected, due_day
from price_assets.orchestration.runs import SeenRun
from price_assets_tests.orchestration.morning import blocked, event, published, withdrawn

BERLIN = ZoneInfo("Europe/Berlin")
TICK = Tick(datetime(2026, 11, 24, 6, 0, tzinfo=BERLIN))
DAY = TICK.export_date
BEFORE, AFTER = TICK.at - timedelta(minutes=5), TICK.at + timedelta(minutes=5)
NEVER = Answer(day_state(Register(price_list="shop"), DAY))
SILENT = Answer(error="no answer")


def says(day: Day, *, began: bool = True) -> Answer:
    """The storage's answer, where this is the day's entry in the register."""
    return Answer(day_state(Register(price_list="shop", days={DAY: day}), DAY), began)


def run(state: str, at: datetime = AFTER, **more: Any) -> SeenRun:
    return SeenRun(f"run-{state}", frozenset(["shop"]), DAY, state, more.pop("created", at), at, **more)  # type: ignore[arg-type]


PUBLISHED_THEN_BLOCKED = published(BEFORE).model_copy(update={"events": (event("published", BEFORE), event("blocked", AFTER))})


@pytest.mark.parametrize(
    ("runs", "answer", "state"),
    [
        ([], None, "absent"),
        ([], NEVER, "absent"),
        ([], SILENT, "unknown"),
        ([], says(published(AFTER)), "published"),
        ([], says(published(TICK.at)), "published"),
        ([], says(published(BEFORE)), "absent"),  # a second tick of the day asks for newer rows
        ([], says(blocked(AFTER)), "blocked"),
        ([], says(blocked(BEFORE)), "absent"),
        ([], says(PUBLISHED_THEN_BLOCKED), "blocked"),
        ([], says(withdrawn(AFTER)), "withdrawn"),
        ([], says(withdrawn(BEFORE)), "absent"),
        ([run("queued")], None, "queued"),
        ([run("running")], NEVER, "running"),
        ([run("running", BEFORE)], NEVER, "running"),  # launched just before the tick: it will tell
        ([run("queued")], SILENT, "queued"),
        ([run("running")], says(published(AFTER)), "published"),  # by a CronJob
        ([run("queued")], says(blocked(AFTER)), "queued"),
        ([run("retrying")], NEVER, "retrying"),
        ([run("failed")], None, "failed"),
        ([run("failed")], NEVER, "failed"),
        ([run("failed")], SILENT, "unknown"),
        ([run("failed", BEFORE)], NEVER, "absent"),
        ([run("queued"), run("failed")], NEVER, "queued"),
        ([run("failed"), run("running")], NEVER, "running"),
        ([run("failed")], says(blocked(AFTER)), "blocked"),
        ([run("failed")], says(blocked(BEFORE)), "blocked"),  # by the same checks: that leaves no other event
        ([run("failed")], says(withdrawn(BEFORE)), "withdrawn"),
        ([run("failed", BEFORE)], says(blocked(BEFORE)), "absent"),
        ([run("failed")], says(published(AFTER)), "published"),
        ([run("failed")], says(published(BEFORE)), "failed"),
        ([run("succeeded")], None, "published"),
        ([run("succeeded")], says(withdrawn(AFTER)), "published"),  # what became of it is a person's affair
        ([run("running"), run("succeeded")], None, "published"),
        ([run("failed"), run("succeeded")], None, "published"),
        ([run("succeeded", BEFORE)], None, "absent"),
        ([run("failed"), run("succeeded", BEFORE)], None, "failed"),
    ],
)
def test_today(runs: list[SeenRun], answer: Answer | None, state: str) -> None:
    found = due_day(Expected("shop", DAY, past_dates=False), TICK, DAY, runs, answer)
    assert found
    assert found.state == state


@pytest.mark.parametrize(
    ("past_dates", "runs", "answer", "state"),
    [
        (True, [], NEVER, "absent"),
        (True, [run("failed")], NEVER, "failed"),
        (True, [run("failed", BEFORE)], NEVER, "failed"),  # of a day that is over every failure counts
        (True, [], SILENT, "unknown"),
        (True, [], says(published(BEFORE)), "published"),  # whenever it was published
        (True, [], says(blocked(BEFORE)), "blocked"),
        (True, [], says(withdrawn(BEFORE)), "withdrawn"),
        (True, [], says(PUBLISHED_THEN_BLOCKED), "published"),
        (False, [], says(Day()), "missed"),
        (False, [run("failed")], says(Day()), "missed"),
        (False, [], says(Day(), began=False), None),  # the list had not begun
        (False, [run("queued")], says(Day()), "queued"),
        (False, [run("succeeded", BEFORE)], None, "published"),
        (False, [], says(blocked(AFTER)), "blocked"),  # its rows are stored: a person may accept them
        (False, [], says(withdrawn(AFTER)), "withdrawn"),
        (False, [], SILENT, "unknown"),
        (None, [], says(Day()), None),  # a list that does not load: whether it has past dates shows when it is mended
        (None, [], says(published(BEFORE)), "published"),
        (None, [run("running")], says(Day()), "running"),
    ],
)
def test_a_day_that_is_over(*, past_dates: bool | None, runs: list[SeenRun], answer: Answer, state: str | None) -> None:
    found = due_day(Expected("shop", date(2026, 1, 1), past_dates), TICK, DAY + timedelta(days=1), runs, answer)
    assert (found and found.state) == state


def test_it_says_which_run_since_when_and_why() -> None:
    expected = Expected("shop", DAY, past_dates=True)
    running = due_day(expected, TICK, DAY, [run("running")], None)
    assert running
    assert (running.run_id, running.since, running.subject) == ("run-running", AFTER, "shop 2026-11-24")
    stopped = due_day(expected, TICK, DAY, [run("failed")], says(blocked(AFTER)))
    assert stopped
    assert (stopped.run_id, stopped.cause) == ("run-failed", "price_change")
    canceled = due_day(expected, TICK, DAY, [run("failed", canceled=True)], NEVER)
    assert canceled
    assert canceled.cause == "canceled"
    silent = due_day(expected, TICK, DAY, [], SILENT)
    assert silent
    assert silent.cause == "no answer"


def test_tries_are_what_catch_up_launched_since_the_tick() -> None:
    runs = [run("failed", is_try=True), run("failed"), run("failed", is_try=True), run("failed", created=BEFORE, is_try=True)]
    found = due_day(Expected("shop", DAY, past_dates=True), TICK, DAY, runs, NEVER)
    assert found
    assert found.tries == 2
