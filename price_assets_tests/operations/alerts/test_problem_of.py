"""An export run that did not end well, as a problem."""

from datetime import UTC, date, datetime

import pytest

from price_assets.export.register import Day, Published, Register
from price_assets.operations.alerts.problem import Kind
from price_assets.operations.alerts.problem_of import accept_command, partners_have, problem_of_run

DAY = date(2026, 11, 26)
NOW = datetime(2026, 11, 26, 6, tzinfo=UTC)
COMMAND = 'price-assets accept retail --date 2026-11-26 --snapshot 76eb66185a7f --check price_change --reason "…"'
BLOCKED = f"Snapshot 76eb66185a7f is blocked by price_change: 7 of 9 keys moved. Mend the rows and export again; or, if they are right: {COMMAND}"
ROW = {"key": "002", "column": "price", "value": "3.15", "rule": "was 1.05, +200.0 %"}
JUMP = {"check": "price_change", "passed": False, "summary": "7 of 9 keys moved", "offending": 7, "offending_rows": [ROW] * 7}


def test_a_blocked_day_has_the_checks_for_a_cause_their_rows_for_details_and_the_command_for_a_remedy() -> None:
    passed, noted = {"check": "key", "passed": True, "summary": "fine"}, {"check": "ranges", "passed": False, "summary": "x", "note": "Accepted."}
    problem = problem_of_run("retail", DAY, NOW, BLOCKED, blocked=True, checks=[JUMP, passed, noted], partners="Partners have it.", run_id="r")
    assert (problem.kind, problem.cause, problem.remedy, problem.run_id) == (Kind.BLOCKED, "blocked by price_change", COMMAND, "r")
    assert problem.details == (
        "price_change: 7 of 9 keys moved",
        *["- 002 has price 3.15 (was 1.05, +200.0 %)"] * 5,
        "- 2 more",
        "Partners have it.",
    )


def test_lists_that_the_same_checks_block_have_one_cause_whatever_their_rows() -> None:
    other = JUMP | {"summary": "1 of 2 keys moved", "offending_rows": []}
    first = problem_of_run("retail", DAY, NOW, BLOCKED, blocked=True, checks=[JUMP])
    second = problem_of_run("dealers", DAY, NOW, BLOCKED.replace("retail", "dealers"), blocked=True, checks=[other])
    assert first.fingerprint == second.fingerprint
    assert first.fingerprint != problem_of_run("retail", DAY, NOW, BLOCKED, blocked=True, checks=[JUMP | {"check": "row_count"}]).fingerprint


def test_a_value_that_does_not_fit_is_a_failure_for_nobody_can_accept_it() -> None:
    problem = problem_of_run("retail", DAY, NOW, "price of 002 is 1.005, which decimal(12,2) can't hold.", blocked=True)
    assert (problem.kind, problem.cause, problem.remedy) == (Kind.FAILED, "price of 002 is 1.005, which decimal(12,2) can't hold.", "")


def test_a_failure_has_its_line_for_a_cause() -> None:
    problem = problem_of_run("retail", DAY, NOW, "Postgres does not answer.", step="snapshot", checks=[JUMP])
    assert (problem.kind, problem.cause, problem.step, problem.details, problem.remedy) == (
        Kind.FAILED,
        "Postgres does not answer.",
        "snapshot",
        (),
        "",
    )


@pytest.mark.parametrize(
    "line",
    [
        "Snapshot 76eb66185a7f is blocked by formats: … Mend the rows in the source, or the list's rules, and export again.",
        f"Snapshot x is blocked by formats (; or, if they are right: {COMMAND} has name x). Mend the rows and export again.",
        BLOCKED.replace("retail", "dealers"),
        BLOCKED.replace("--reason", "; rm -rf / --reason"),
        BLOCKED.replace("76eb66185a7f --", "$(reboot) --"),
    ],
)
def test_what_a_database_says_is_never_taken_for_the_command(line: str) -> None:
    assert accept_command(line, "retail", DAY) == ""


def test_what_partners_have_meanwhile() -> None:
    published = Published(revision="r", snapshot="s", content="c", source_time=NOW, manifest="m")
    register = Register(price_list="retail", latest=date(2026, 11, 25), days={date(2026, 11, 25): Day(published=published)})
    assert partners_have(register, DAY) == "Partners still have 2026-11-25."
    assert partners_have(register, date(2026, 11, 25)) == "Partners still have what was published of 2026-11-25 before."
    assert partners_have(Register(price_list="retail"), DAY) == "Partners have nothing: no day is published."
