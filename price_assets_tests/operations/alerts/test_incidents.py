"""One message a cause, each problem in exactly one of them, and one more when it is over: by a clock of our own."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from price_assets.operations.alerts.incident import run_name
from price_assets.operations.alerts.incidents import MOST, Incidents
from price_assets.operations.alerts.problem import Kind, Problem
from price_assets_tests.operations.alerts.on_call import DAY, MORNING, REFUSED, SETTINGS, OnCall, problem

LISTS = [f"list_{number:04}" for number in range(1_000)]
JUMP = "blocked by price_change"


def test_a_failure_is_one_message_after_a_minute_and_none_afterwards() -> None:
    on_call = OnCall()
    on_call.fails("retail")
    assert on_call.after(59, step=59) == []
    assert [message.title for message in on_call.after(2)] == [f"retail 2026-11-26 failed: {REFUSED.rstrip('.')}"]
    assert on_call.heard[0].run_ids == ("run-retail-060000",)
    assert on_call.after(86_400, step=600) == []


def test_the_same_problem_is_taken_in_once_however_often_it_is_added() -> None:
    on_call = OnCall()
    assert [on_call.incidents.add(problem(), on_call.now) for _ in range(3)] == ["waiting"] * 3
    on_call.after(60)
    assert on_call.incidents.add(problem(), on_call.now) == "told"
    assert on_call.after(86_400, step=600) == []
    assert len(on_call.heard) == 1


def test_a_storm_of_one_cause_is_one_message_that_names_ten_and_counts_the_others() -> None:
    on_call = OnCall()
    on_call.fails(*LISTS)
    (message,) = on_call.after(3_600)
    assert message.title == f"1,000 price lists failed: {REFUSED.rstrip('.')}"
    assert [line.split()[0] for line in message.lines if line.startswith("list_")] == LISTS[:10]
    assert "990 more" in message.lines
    assert len(on_call.heard[0].run_ids) == 1_000
    assert sum(len(line) for line in message.lines) < 3_500


def test_a_storm_of_many_causes_is_six_messages() -> None:
    on_call = OnCall()
    for number, name in enumerate(LISTS):
        on_call.fails(name, cause=f"column {'x' * number} does not exist")
    messages = on_call.after(60)
    assert len(messages) == 6
    assert [message.title[:24] for message in messages[:5]] == [f"{name} 2026-11-26 fai" for name in LISTS[:5]]
    assert messages[5].title == "995 other problems of 995 causes"
    assert "985 more causes" in messages[5].lines
    assert on_call.after(3_600) == []
    assert Counter(run for outgoing in on_call.heard for run in outgoing.run_ids) == Counter(f"run-{name}-060000" for name in LISTS)


def test_a_storm_that_lasts_is_a_message_in_five_minutes_until_it_is_calm_again() -> None:
    on_call = OnCall()
    for number in range(120):
        on_call.fails(LISTS[number], cause=f"column {'x' * number} does not exist")
        on_call.after(30)
    assert len(on_call.heard) <= 6 + 60 // 5
    assert sum(len(outgoing.problems) for outgoing in on_call.heard) >= 108
    on_call.after(3_600)
    assert sum(len(outgoing.problems) for outgoing in on_call.heard) == 120
    on_call.fails("retail")
    (message,) = on_call.after(60)
    assert message.title.startswith("retail 2026-11-26 failed")


def test_those_that_fail_later_are_counted_half_an_hour_after_the_message() -> None:
    on_call = OnCall()
    on_call.fails(*LISTS[:10])
    on_call.after(60)
    for name in LISTS[10:200]:
        on_call.fails(name)
        on_call.after(3, step=3)
    assert len(on_call.heard) == 1
    (message,) = on_call.after(1_800)
    assert message.title == f"190 more price lists failed since 06:01: {REFUSED.rstrip('.')}"
    assert on_call.heard[1].run_ids[0] == f"run-{LISTS[10]}-060100"


def test_what_catch_up_tries_again_with_the_same_cause_is_counted_and_no_message() -> None:
    on_call = OnCall()
    on_call.fails("retail")
    on_call.after(60)
    for _ in range(3):
        on_call.after(300)
        assert on_call.fails("retail") == ["told"]
    assert on_call.after(3_600) == []
    on_call.publishes("retail")
    (message,) = on_call.look()
    assert message.lines == ("retail 2026-11-26: published at 07:16; 4 problems, the last at 06:16",)


def test_a_try_that_fails_otherwise_or_after_it_was_published_is_another_message() -> None:
    on_call = OnCall()
    on_call.fails("retail")
    on_call.after(60)
    on_call.fails("retail", cause="The storage does not answer.")
    assert [message.title for message in on_call.after(60)] == ["retail 2026-11-26 failed: The storage does not answer"]
    on_call.publishes("retail")
    on_call.after(3_600)
    assert on_call.fails("retail") == ["waiting"]
    assert len(on_call.after(60)) == 1


def test_the_last_of_the_tries_is_no_message_beside_the_one_that_it_was_given_up() -> None:
    on_call = OnCall()
    on_call.fails("retail")
    on_call.after(60)
    on_call.after(2_000)
    assert on_call.fails("retail", run="third") == ["told"]
    on_call.fails("retail", kind=Kind.GAVE_UP)
    assert [message.title.split(":")[0] for message in on_call.after(3_600)] == ["retail 2026-11-26 was given up"]


def test_a_clock_that_was_ahead_holds_up_nothing() -> None:
    on_call = OnCall(now=MORNING + timedelta(days=365))
    for name in LISTS[:7]:
        on_call.fails(name, cause=f"column {name} does not exist")
    on_call.after(60)
    on_call.fails("wholesale")
    on_call.now = MORNING
    on_call.look()
    on_call.fails("retail", "wholesale", cause="The storage does not answer.")
    on_call.after(1_900)
    on_call.publishes("retail", "wholesale", *LISTS[:7])
    on_call.after(600)
    told = {title.split(":")[0] for title in on_call.titles}
    assert {"wholesale 2026-11-26 failed", "retail and wholesale 2026-11-26 failed"} <= told | {title.replace(" too", "") for title in told}
    assert on_call.incidents.open() == []
    assert all(day.over for day in on_call.incidents.days.values())


def test_half_of_a_surrogate_pair_loses_no_alert() -> None:
    on_call = OnCall()
    on_call.fails("retail", cause="no file /tmp/\udcff", details=("row \udcff",))
    (message,) = on_call.after(60)
    assert message.title == "retail 2026-11-26 failed: no file /tmp/?"
    assert "row ?" in message.lines


def test_what_can_not_be_taken_changes_nothing() -> None:
    incidents = Incidents()
    broken = problem().model_copy(update={"cause": "\udcff"})
    with pytest.raises(UnicodeEncodeError):
        incidents.add(broken, MORNING)
    assert incidents == Incidents()


def test_a_long_error_is_kept_as_far_as_it_is_told_and_its_command_whole() -> None:
    command = f'price-assets accept retail --date 2026-11-26 --snapshot {"a" * 12}{" --check price_change" * 9} --reason "…"'
    on_call = OnCall()
    on_call.fails("retail", kind=Kind.BLOCKED, cause=JUMP + ", x" * 100_000, details=("y" * 100_000,) * 100, remedy=command)
    assert len(on_call.incidents.model_dump_json()) < 8_000
    (message,) = on_call.after(60)
    assert command in message.lines
    assert "(the rest is in the log)" in message.lines


def test_a_day_that_the_same_checks_block_again_is_one_message_a_day() -> None:
    on_call = OnCall()
    on_call.fails("retail", kind=Kind.BLOCKED, cause=JUMP)
    on_call.after(60)
    for _ in range(10):
        on_call.after(3_600, step=600)
        assert on_call.fails("retail", kind=Kind.BLOCKED, cause=JUMP) == ["told"]
    assert on_call.fails("retail", kind=Kind.BLOCKED, cause="blocked by row_count", run="other") == ["waiting"]
    assert [message.title for message in on_call.after(60)] == ["retail 2026-11-26 is blocked by row_count"]
    on_call.after(86_400, step=3_600)
    assert on_call.fails("retail", kind=Kind.BLOCKED, cause=JUMP) == ["waiting"]


def test_the_day_of_a_block_is_that_of_the_zone_in_which_one_looks() -> None:
    zone = ZoneInfo("Europe/Berlin")
    on_call = OnCall(now=datetime(2026, 11, 26, 23, 30, tzinfo=zone))
    on_call.fails("retail", kind=Kind.BLOCKED, cause=JUMP)
    on_call.after(60)
    on_call.now = datetime(2026, 11, 27, 0, 30, tzinfo=zone)
    assert on_call.fails("retail", kind=Kind.BLOCKED, cause=JUMP) == ["waiting"]


def test_a_success_after_a_failure_says_so_once() -> None:
    on_call = OnCall()
    on_call.fails("retail")
    on_call.after(60)
    assert on_call.incidents.open() == [("retail", DAY)]
    on_call.after(600)
    on_call.publishes("retail")
    assert on_call.incidents.open() == []
    (message,) = on_call.after(60)
    assert (message.title, message.level) == ("retail 2026-11-26 is published after all", "success")
    on_call.publishes("retail")
    assert on_call.after(3_600) == []
    assert on_call.fails("retail") == ["waiting"]  # and if it fails again, that is news


def test_a_day_that_failed_and_was_overdue_recovers_once() -> None:
    on_call = OnCall()
    on_call.fails("retail")
    on_call.after(1_800)
    on_call.fails("retail", kind=Kind.OVERDUE, cause="its last run failed", run="")
    on_call.after(120)
    assert [title.split(":")[0] for title in on_call.titles] == ["retail 2026-11-26 failed", "retail 2026-11-26 is overdue"]
    on_call.publishes("retail")
    on_call.after(86_400, step=600)
    assert on_call.titles[2:] == ["retail 2026-11-26 is published after all"]


def test_a_day_recovers_with_those_that_it_was_first_told_of_with() -> None:
    on_call = OnCall()
    on_call.fails("dealers", "retail")
    on_call.after(1_800)
    on_call.fails("retail", kind=Kind.OVERDUE, cause="its last run failed")
    on_call.after(120)
    on_call.publishes("retail")
    assert on_call.after(120) == []
    on_call.publishes("dealers")
    assert [message.title for message in on_call.after(120)] == ["dealers and retail 2026-11-26 are published after all"]


def test_what_is_over_before_its_second_message_is_due_has_none() -> None:
    on_call = OnCall()
    on_call.fails("retail")
    on_call.after(1_800)
    on_call.fails("retail", kind=Kind.OVERDUE, cause="its last run failed")
    on_call.now += timedelta(minutes=2)
    on_call.publishes("retail")
    assert [message.title for message in on_call.after(3_600)] == ["retail 2026-11-26 is published after all"]


def test_a_list_is_overdue_once_whatever_reason_is_seen_later_and_again_by_the_next_time_of_the_day() -> None:
    on_call = OnCall()
    for reason in ("no run has started", "its run is queued", "its last run failed"):
        late = problem("retail", MORNING, reason, f"run-{reason}", kind=Kind.OVERDUE)
        on_call.incidents.add(late, on_call.now)
        on_call.after(3_600, step=600)
    assert on_call.titles == ["retail 2026-11-26 is overdue: no run has started"]
    on_call.fails("retail", kind=Kind.OVERDUE, cause="no run has started")
    assert len(on_call.after(60)) == 1


def test_what_was_published_before_it_failed_is_not_mended_by_that() -> None:
    on_call = OnCall()
    on_call.fails("retail")
    on_call.after(60)
    on_call.incidents.published("retail", DAY, MORNING - timedelta(seconds=1))
    assert on_call.incidents.open() == [("retail", DAY)]
    assert on_call.after(3_600) == []


def test_all_days_of_an_incident_recover_in_one_message() -> None:
    on_call = OnCall()
    on_call.fails(*LISTS[:200])
    on_call.after(600)
    for name in LISTS[:200]:
        on_call.publishes(name)
        on_call.after(5, step=5)
    (message,) = on_call.after(60) or on_call.messages[-1:]
    assert on_call.titles[1:] == ["200 price lists are published after all"]
    assert "190 more" in message.lines


def test_after_half_an_hour_it_is_told_what_recovered_and_what_did_not() -> None:
    on_call = OnCall()
    on_call.fails("dealers", "retail", "wholesale")
    on_call.after(600)
    on_call.publishes("dealers", "retail")
    assert on_call.after(1_740) == []
    (message,) = on_call.after(60)
    assert (message.title, message.level) == ("dealers and retail 2026-11-26 are published after all, 1 of 3 not yet", "warning")
    assert "Not published yet: wholesale 2026-11-26" in message.lines
    on_call.publishes("wholesale")
    assert [message.title for message in on_call.after(600)] == ["wholesale 2026-11-26 is published after all"]


def test_those_that_were_held_recover_with_the_others_and_are_no_message_of_their_own() -> None:
    on_call = OnCall()
    on_call.fails("dealers")
    on_call.after(60)
    on_call.fails("retail")
    on_call.after(60)
    on_call.publishes("dealers")
    assert on_call.after(60) == []
    on_call.publishes("retail")
    assert [message.title for message in on_call.after(86_400, step=300)] == ["dealers and retail 2026-11-26 are published after all"]
    assert on_call.heard[-1].run_ids == ("run-retail-060100",)


def test_what_is_published_before_its_message_is_told_as_that() -> None:
    on_call = OnCall()
    on_call.fails("retail")
    on_call.now += timedelta(seconds=30)
    on_call.publishes("retail")
    (message,) = on_call.after(3_600)
    assert (message.title, message.level) == (f"retail 2026-11-26 failed, published since: {REFUSED.rstrip('.')}", "warning")


def test_a_message_counts_as_told_only_once_it_is_accepted_and_takes_in_what_came_since() -> None:
    on_call = OnCall(deaf=True)
    on_call.fails("retail")
    on_call.after(300)
    on_call.fails("wholesale")
    on_call.after(300)
    on_call.deaf = False
    assert [message.title for message in on_call.look()] == [f"retail and wholesale 2026-11-26 failed: {REFUSED.rstrip('.')}"]


def test_what_comes_while_a_message_is_on_its_way_is_not_lost() -> None:
    on_call = OnCall()
    on_call.fails("retail", run="first")
    on_call.now += timedelta(minutes=1)
    (outgoing,) = on_call.incidents.due(on_call.now, SETTINGS)
    on_call.fails("retail", run="second")
    on_call.fails("wholesale")
    on_call.incidents.told(outgoing, on_call.now)
    assert outgoing.run_ids == ("first",)
    on_call.after(1_860)
    assert sorted(on_call.heard[0].run_ids) == ["run-wholesale-060100", "second"]


def test_at_the_end_of_a_process_nothing_waits_for_others_but_repeats_stay_repeats() -> None:
    on_call = OnCall()
    on_call.fails("retail")
    assert len(on_call.look(final=True)) == 1
    on_call.now += timedelta(minutes=5)
    assert on_call.fails("retail") == ["told"]
    on_call.fails("wholesale")
    assert [message.title.split(":")[0] for message in on_call.look(final=True)] == ["wholesale 2026-11-26 failed too"]


def test_the_state_is_bounded_and_what_it_does_not_take_is_asked_for_again() -> None:
    on_call = OnCall()
    names = [f"list_{number:05}" for number in range(MOST + 500)]
    answers = on_call.fails(*names)
    assert Counter(answers) == {"waiting": MOST, "full": 500}
    on_call.after(60)
    assert set(on_call.fails(*names[MOST:], run="later")) == {"waiting"}
    on_call.after(1_860)
    assert len(on_call.incidents.days) == MOST
    assert len(on_call.incidents.model_dump_json()) < 1_000_000
    on_call.after(86_400 * 36, step=86_400)
    assert on_call.incidents.model_dump_json() == Incidents().model_dump_json()


def test_a_day_remembers_a_few_of_its_runs_and_how_many_there_were() -> None:
    on_call = OnCall()
    for number in range(500):
        on_call.fails("retail", run=f"run-{number}")
        on_call.after(30)
    (day,) = on_call.incidents.days.values()
    assert (day.times, len(day.runs)) == (500, 20)


def test_a_newer_states_fields_are_left_aside() -> None:
    on_call = OnCall()
    on_call.fails("retail")
    newer = on_call.incidents.model_dump_json().replace('{"days"', '{"colour": "red", "days"')
    assert Incidents.model_validate_json(newer) == on_call.incidents


PROBLEMS = st.tuples(
    st.sampled_from(["dealers", "retail", "wholesale", "spares"]),
    st.sampled_from([DAY, date(2026, 11, 25)]),
    st.sampled_from([Kind.FAILED, Kind.BLOCKED, Kind.OVERDUE, Kind.GAVE_UP]),
    st.sampled_from([REFUSED, "blocked by price_change", *(f"column {letter} does not exist" for letter in "abcdefgh")]),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("fails"), PROBLEMS),
        st.tuples(st.just("publishes"), PROBLEMS),
        st.tuples(st.just("time"), st.sampled_from([0, 10, 60, 300, 1_800, 90_000])),
        st.tuples(st.just("deaf"), st.booleans()),
        st.tuples(st.just("again"), st.none()),
    ),
    max_size=60,
)


@settings(max_examples=150)
@given(steps=STEPS, final=st.booleans())
def test_every_problem_is_told_in_exactly_one_message_whatever_the_order(steps: list[tuple[str, Any]], *, final: bool) -> None:
    on_call, added = OnCall(), list[Problem]()
    expected, counted = Counter[tuple[str, str]](), set[tuple[str, str]]()
    for number, (step, value) in enumerate(steps):
        match step, value:
            case "fails", (str(name), date() as day, Kind() as kind, str(cause)):
                added.append(problem(name, on_call.now, cause, f"run-{number}", kind=kind, export_date=day))
                earlier = on_call.incidents.model_copy(deep=True)
                answer = on_call.incidents.add(added[-1], on_call.now)
                if (answer, on_call.incidents) != (answer, earlier):  # it was not known
                    run = (f"{name} {day}", run_name(added[-1]))
                    expected.update([run] if answer == "waiting" else [])
                    counted |= {run} if answer == "told" else set()
            case "publishes", (str(name), date() as day, *_):
                on_call.publishes(name, day=day)
            case "time", int(seconds):
                on_call.after(seconds, step=max(30, seconds / 5), final=final)
            case "deaf", bool(deaf):
                on_call.deaf = deaf
            case _:
                for earlier in added:
                    if earlier.kind in (Kind.FAILED, Kind.BLOCKED):
                        on_call.incidents.add(earlier, on_call.now)
    on_call.deaf = False
    on_call.after(7_200, step=60)
    told = Counter((day, run) for outgoing in on_call.heard for _, day, runs in outgoing.problems for run in runs)
    assert told == expected
    assert not counted & told.keys()
    assert not any(incident.waiting for incident in on_call.incidents.incidents.values())
    for outgoing in on_call.heard:
        assert len(outgoing.message.title) <= 150
        assert sum(len(line) + 1 for line in outgoing.message.lines) <= 3_500
