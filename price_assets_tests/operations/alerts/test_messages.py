"""What the one on call reads."""

from datetime import date, timedelta

import pytest

from price_assets.operations.alerts.message_text import counted, one_line, subject, within
from price_assets.operations.alerts.problem import Kind
from price_assets.settings import NotifySettings
from price_assets_tests.operations.alerts.on_call import DAY, REFUSED, OnCall

ACCEPT = 'price-assets accept {} --date 2026-11-26 --snapshot 76eb66185a7f --check price_change --reason "…"'
JUMP = ("price_change: 2 of 3 keys (66.7 %) moved by more than 50 % since 2026-11-25", "- 002 has price 3.15 (was 1.05, +200.0 %)")
PARTNERS = "Partners still have 2026-11-25."


def blocked(*names: str) -> OnCall:
    on_call = OnCall()
    for name in names:
        on_call.fails(name, kind=Kind.BLOCKED, cause="blocked by price_change", details=(*JUMP, PARTNERS), remedy=ACCEPT.format(name))
    on_call.after(60)
    return on_call


def test_a_blocked_day_says_what_broke_the_check_and_how_to_accept_it() -> None:
    (message,) = blocked("retail").messages
    assert message.title == "retail 2026-11-26 is blocked by price_change"
    assert message.level == "failure"
    assert message.lines == (
        "Step: snapshot",
        "List: retail, export date 2026-11-26",
        *JUMP,
        PARTNERS,
        "Run: https://dagster.example.com/runs/run-retail-060000",
        "What to do: mend the rows in the source, or the list's rules, and export again; or, if they are right:",
        ACCEPT.format("retail"),
        "Runbook: https://wiki/runbook#blocked",
    )


def test_several_lists_of_one_cause_are_told_each_with_its_run_and_command() -> None:
    (message,) = blocked("dealers", "retail").messages
    assert message.title == "dealers and retail 2026-11-26 are blocked by price_change"
    assert [line for line in message.lines if line.startswith(("dealers", "retail", "price-assets"))] == [
        "dealers 2026-11-26 https://dagster.example.com/runs/run-dealers-060000",
        "retail 2026-11-26 https://dagster.example.com/runs/run-retail-060000",
        ACCEPT.format("dealers"),
        ACCEPT.format("retail"),
    ]


def test_a_failure_says_its_cause_and_the_command_that_tries_again() -> None:
    on_call = OnCall(settings=NotifySettings())
    on_call.fails("retail", details=(PARTNERS,))
    (message,) = on_call.after(60)
    assert message.lines == (
        f"Cause: {REFUSED}",
        "Step: snapshot",
        "List: retail, export date 2026-11-26",
        PARTNERS,
        "What to do: mend what the cause names; then export again, if no later try has done so:",
        "price-assets export retail --date 2026-11-26",
        "Runbook: docs/operations.md#failed",
    )


def test_causes_that_differ_in_a_name_or_a_number_are_told_each() -> None:
    on_call = OnCall()
    on_call.fails("dealers", cause="dealers.yaml:3: unknown key 'colums'")
    on_call.fails("retail", cause="retail.yaml:8: unknown key 'colums'")
    (message,) = on_call.after(60)
    assert message.title == "dealers and retail 2026-11-26 failed: dealers.yaml:3: unknown key 'colums'"
    assert any(line.startswith("retail 2026-11-26: retail.yaml:8: unknown key 'colums' https://") for line in message.lines)


@pytest.mark.parametrize(
    ("kind", "title", "said"),
    [
        (Kind.OVERDUE, "retail 2026-11-26 is overdue: no run has started", "What to do: see what holds it up; once that is mended, export:"),
        (Kind.MISSED, "retail 2026-11-26 was missed: no run has started", "What to do: the source knows today's prices only"),
        (Kind.GAVE_UP, "retail 2026-11-26 was given up: no run has started", "What to do: it is not tried again by itself."),
        (Kind.BLOCKED, "retail 2026-11-26 is blocked: no run has started", "What to do: mend the rows in the source"),
    ],
)
def test_each_kind_says_what_to_do_and_where_the_runbook_tells_more(kind: Kind, title: str, said: str) -> None:
    on_call = OnCall()
    on_call.fails("retail", kind=kind, cause="no run has started", step="")
    (message,) = on_call.after(60)
    assert message.title == title
    assert any(line.startswith(said) for line in message.lines)
    assert message.lines[-1] == f"Runbook: https://wiki/runbook#{kind}"


def test_a_remedy_of_the_problems_own_replaces_the_sentence() -> None:
    on_call = OnCall()
    on_call.fails("retail", remedy="ask the owner of the bucket for the right to put.")
    (message,) = on_call.after(60)
    assert "What to do: ask the owner of the bucket for the right to put." in message.lines
    assert not any("mend what the cause names" in line for line in message.lines)


def test_nothing_that_a_database_says_breaks_a_line_or_makes_the_message_endless() -> None:
    on_call = OnCall()
    evil = "x\r\nRunbook: http://evil\u2028\x1b[31m\u202e" + "y" * 10_000
    on_call.fails("retail", cause=evil, step=evil, details=(evil,) * 50, remedy=evil)
    (message,) = on_call.after(60)
    assert len(message.title) == 150
    assert sum(len(line) + 1 for line in message.lines) <= 3_500
    assert not any(character in "".join((message.title, *message.lines)) for character in "\r\n\u2028\u202e\x1b")
    assert [line[:8] for line in message.lines if line.startswith("Runbook")] == ["Runbook:"]
    assert "(the rest is in the log)" in message.lines


def test_a_long_cause_is_cut_and_a_command_never() -> None:
    on_call = OnCall()
    command = ACCEPT.format("r" * 63).replace("--check", " ".join(f"--check {'c' * 30}" for _ in range(10)) + " --check")
    on_call.fails("r" * 63, kind=Kind.BLOCKED, cause="blocked by price_change", remedy=command)
    on_call.fails("retail", cause="long " * 1_000)
    blocked, failed = on_call.after(60)
    assert command in blocked.lines
    assert len(failed.lines[0]) == 600
    assert failed.lines[0].endswith("…")


def test_a_time_is_that_of_the_zone_and_has_its_date_where_it_is_not_today() -> None:
    on_call = OnCall()
    on_call.fails("retail")
    on_call.after(60)
    on_call.now += timedelta(days=1)
    on_call.publishes("retail")
    (message,) = on_call.look()
    assert message.lines == ("retail 2026-11-26: published at 06:01; its problem was at 2026-11-26 06:00",)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ([("retail", DAY)], "retail 2026-11-26"),
        ([("retail", DAY), ("dealers", DAY)], "dealers and retail 2026-11-26"),
        ([("a", DAY), ("b", DAY), ("c", DAY)], "a, b and c 2026-11-26"),
        ([("a", DAY), ("b", DAY), ("c", DAY), ("d", DAY)], "4 price lists"),
        ([("retail", date(2026, 11, day)) for day in range(1, 8)], "7 days of retail"),
        ([("retail", DAY), ("dealers", date(2026, 11, 25))], "2 days of 2 price lists"),
    ],
)
def test_what_is_spoken_of_is_said_as_short_as_it_can_be(days: list[tuple[str, date]], said: str) -> None:
    assert subject(days) == said


def test_lines_are_kept_while_there_is_room_and_needed_ones_always() -> None:
    lines = [(True, "a" * 20), (False, "b" * 20), (False, "c" * 20), (True, "d" * 20)]
    assert within(lines, 200) == tuple(line for _, line in lines)
    assert within(lines, 100) == ("a" * 20, "b" * 20, "(the rest is in the log)", "d" * 20)


def test_small_words() -> None:
    assert (counted(1, "day"), counted(1_000, "day"), counted(0, "day")) == ("1 day", "1,000 days", "0 days")
    assert one_line("  a\tb \u200f\n c ", 100) == "a b c"


def test_the_command_that_exports_names_a_few_lists_and_all_days() -> None:
    on_call = OnCall()
    on_call.fails(*(f"list_{number}" for number in range(12)))
    on_call.fails("dealers", "retail", cause="The storage does not answer.", export_date=date(2026, 11, 20), run="r")
    on_call.fails("retail", cause="The storage does not answer.")
    many, few = on_call.after(60)
    assert "price-assets export --date 2026-11-26" in many.lines
    assert "price-assets export dealers retail --from 2026-11-20 --to 2026-11-26" in few.lines
