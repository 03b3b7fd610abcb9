"""The sensor that tells people, with a real HTTP server for a channel: what it tells, when, and that it tells it once."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._core.scheduler.instigation import InstigatorStatus

from price_assets.operations.alerts import notifications
from price_assets.operations.due import Tick
from price_assets.orchestration import alert_sources
from price_assets.orchestration.alert_state import Pause
from price_assets_tests.orchestration.morning import DAY, SIX, TODAY_ONLY, Morning, OnCall, blocked, made, on_call, published, withdrawn
from price_assets_tests.servers.http import Answer, Request, served
from price_assets_tests.shop import PRICE_LIST

YESTERDAY = DAY - timedelta(days=1)
REFUSED = "Postgres at db:5432 does not answer: connection refused."


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifications, "PAUSE", 0.0)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)


@pytest.fixture
def morning(tmp_path: Path) -> Iterator[Morning]:
    """One list, `shop`, which published yesterday and has been watched since; it is six o'clock."""
    with made(tmp_path) as morning:
        morning.has_list("shop")
        morning.at(6, day=YESTERDAY)
        morning.materialised("shop", YESTERDAY)
        morning.tick("alerts")
        morning.at(6)
        yield morning


@pytest.fixture
def somebody(morning: Morning) -> Iterator[OnCall]:
    with on_call(morning) as somebody:
        yield somebody


def waiting(morning: Morning, run: dg.DagsterRun) -> str:
    found = morning.instance.get_run_by_id(run.run_id)
    assert found
    return found.tags.get("price_assets/alert", "")


def test_a_list_that_is_published_in_time_is_no_news(morning: Morning, somebody: OnCall) -> None:
    morning.materialised("shop")
    assert somebody.after(45, every=60) == []
    assert morning.tick("alerts").skip_message == "All is well."


def test_a_list_that_is_not_published_half_an_hour_after_its_tick_is_told_once_and_its_recovery_too(morning: Morning, somebody: OnCall) -> None:
    assert somebody.after(30) == []
    assert somebody.after(1.5) == ["shop 2026-11-24 is overdue: no run was started"]
    assert somebody.after(60, every=120) == []
    morning.materialised("shop")
    assert somebody.after(1) == ["shop 2026-11-24 is published after all"]
    assert somebody.after(60, every=120) == []


def test_what_a_cronjob_publishes_recovers_too(morning: Morning, somebody: OnCall) -> None:
    assert len(somebody.after(32)) == 1
    morning.register("shop", d2026_11_24=published(morning.now))
    assert somebody.after(1) == ["shop 2026-11-24 is published after all"]


def test_it_names_the_reason_that_it_can_see(morning: Morning, somebody: OnCall) -> None:
    for name in ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta"):
        morning.has_list(name)
    morning.tick("alerts")
    morning.at(6, 2)
    morning.materialised("shop")
    morning.run("alpha")
    morning.starts(morning.run("beta"))
    morning.fails(morning.run("gamma"), REFUSED)
    morning.register("delta", d2026_11_24=blocked(SIX))
    morning.register("epsilon", d2026_11_24=withdrawn(SIX))
    morning.register("zeta")
    (morning.storage / "zeta" / "publications.json").write_text("{")
    morning.at(6, 25)
    morning.failed("eta", dagster__will_retry="true")
    morning.at(6, 30)
    somebody.after(7)
    assert sorted(title for title in somebody.titles if "zeta" not in title) == [
        "alpha 2026-11-24 is overdue: queued since 06:02",
        "beta 2026-11-24 is overdue: running since 06:02",
        "delta 2026-11-24 is overdue: blocked by price_change",
        "eta 2026-11-24 is overdue: failed at 06:25, and Dagster tries again",
        "gamma 2026-11-24 is overdue: failed: Postgres at db:5432 does not answer: connection refused",
    ]
    (unreadable,) = [title for title in somebody.titles if "zeta" in title]
    assert unreadable.startswith("zeta 2026-11-24 is overdue: the storage does not answer: ")


def test_a_clock_that_was_ahead_for_a_tick_holds_up_nothing(tmp_path: Path) -> None:
    with made(tmp_path) as morning, on_call(morning) as somebody:
        morning.has_list("shop")
        morning.at(5, 56, day=DAY + timedelta(days=365))
        somebody.status = 503
        morning.ticks("alerts", 3_600, 600)
        morning.at(5, 57)
        somebody.status = 200
        assert "shop 2026-11-24 is overdue: no run was started" in somebody.after(40, every=60)


def test_a_pause_is_as_long_as_it_says_in_the_night_when_the_clock_goes_back() -> None:
    now = datetime(2026, 10, 25, 0, 58, tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin"))
    pause = Pause(times=4)
    pause.grows(now)
    assert Pause.model_validate_json(pause.model_dump_json()).until == datetime(2026, 10, 25, 1, 3, tzinfo=UTC)


def test_of_a_time_before_the_one_that_was_told_nothing_is_told_unless_a_clock_was_wrong() -> None:
    at = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    first, second = Tick(at), Tick(at.replace(fold=1))
    now = at.replace(hour=6)
    assert second.is_later_than(first.at.astimezone(UTC), now)
    assert not first.is_later_than(second.at.astimezone(UTC), now)
    assert first.is_later_than(first.at.astimezone(UTC) + timedelta(days=365), now)


def test_all_lists_late_at_once_are_one_message(morning: Morning, somebody: OnCall) -> None:
    for number in range(20):
        morning.has_list(f"list_{number:02}")
    morning.at(5)
    morning.tick("alerts")
    morning.at(6, 29)
    assert somebody.after(4) == ["21 price lists are overdue: no run was started"]


def test_a_new_deployment_is_late_with_nothing(tmp_path: Path) -> None:
    with made(tmp_path, CATCH_UP_DAYS="3") as morning, on_call(morning) as somebody:
        morning.has_list("shop")
        morning.at(15)
        assert somebody.after(29, every=60) == []
        for day in range(3):
            morning.materialised("shop", DAY - timedelta(days=day))
        assert somebody.after(30, every=60) == []


def test_another_time_of_day_is_late_with_nothing_either(morning: Morning, somebody: OnCall) -> None:
    morning.materialised("shop")
    morning.at(12)
    morning.tick("alerts")
    morning.environment["EXPORT_CRON"] = "0 11 * * *"
    assert somebody.after(29, every=60) == []
    morning.materialised("shop")
    assert somebody.after(30, every=60) == []


def test_what_a_person_took_back_is_not_overdue(morning: Morning, somebody: OnCall) -> None:
    morning.register("shop", d2026_11_24=withdrawn(SIX + timedelta(minutes=1)))
    assert somebody.after(40, every=60) == []


def test_a_list_whose_day_passes_is_missed_and_told_the_next_morning(morning: Morning, somebody: OnCall) -> None:
    morning.has_list("shop", TODAY_ONLY)
    morning.register("shop", d2026_11_23=published(SIX - timedelta(days=1)))
    assert len(somebody.after(32)) == 1
    morning.at(0, day=DAY + timedelta(days=1))
    assert somebody.after(30, every=300) == []  # nobody can do anything about it at midnight
    morning.at(6, day=DAY + timedelta(days=1))
    morning.materialised("shop", DAY + timedelta(days=1))
    title = "shop 2026-11-24 was missed: nothing was published on that day, and the source knows today's prices only"
    assert somebody.after(30, every=60) == [title]


@pytest.mark.parametrize(("cron", "deadline", "hours"), [("50 23 * * *", "30m", 18.25), ("0 22 * * *", "2h30m", 18.5), ("50 23 * * *", "25h", 42.75)])
@pytest.mark.parametrize("past_dates", [False, True])
def test_a_deadline_after_midnight_is_told_when_it_is_over(morning: Morning, cron: str, deadline: str, hours: float, *, past_dates: bool) -> None:
    morning.environment |= {"EXPORT_CRON": cron, "EXPORT_DEADLINE": deadline}
    morning.has_list("shop", PRICE_LIST if past_dates else TODAY_ONLY)
    with on_call(morning) as somebody:
        assert [title for title in somebody.after(hours * 60, every=900) if "11-24 is overdue" in title] == []
        assert "shop 2026-11-24 is overdue: no run was started" in somebody.after(30, every=300)


def test_what_was_missed_is_not_told_again_after_other_times_a_lost_cursor_or_by_a_new_deployment(morning: Morning, somebody: OnCall) -> None:
    morning.has_list("shop", TODAY_ONLY)
    morning.environment["CATCH_UP_DAYS"] = "3"
    tomorrow = DAY + timedelta(days=1)
    morning.at(6, 1, day=tomorrow)
    morning.register("shop", d2026_11_23=published(SIX - timedelta(days=1)), d2026_11_25=published(morning.now))
    title = "shop 2026-11-24 was missed: nothing was published on that day, and the source knows today's prices only"
    assert somebody.after(10, every=60) == [title]
    for variable, other in (("EXPORT_CRON", "30 5 * * *"), ("EXPORT_TIMEZONE", "Europe/Moscow")):
        morning.environment[variable] = other
        assert somebody.after(10, every=60) == []
    morning.cursors.clear()
    assert somebody.after(10, every=60) == []


@pytest.mark.parametrize("yaml", [PRICE_LIST, TODAY_ONLY], ids=["past_dates", "today_only"])
def test_a_schedule_that_is_switched_on_again_is_late_with_nothing(tmp_path: Path, yaml: str) -> None:
    with dg.instance_for_test() as instance:
        morning = Morning(tmp_path, instance, {"CATCH_UP_DAYS": "3"})
        with on_call(morning) as somebody:
            morning.has_list("shop", yaml)
            first = DAY - timedelta(days=4)
            morning.register("shop", d2026_11_20=published(SIX - timedelta(days=4)))
            morning.at(6, 1, day=first)
            morning.tick("alerts")
            morning.switches("shop", InstigatorStatus.STOPPED)
            morning.at(12, day=first)
            morning.tick("alerts")
            morning.at(12)
            morning.switches("shop", InstigatorStatus.RUNNING)
            assert somebody.after(29, every=60) == []
            assert somebody.after(3) == ["shop 2026-11-24 is overdue: no run was started"]


def test_what_catch_up_gave_up_is_told_once(morning: Morning, somebody: OnCall) -> None:
    for number in range(3):
        morning.at(6, 5 + number)
        morning.fails(morning.run("shop", trigger="catch-up"), REFUSED)
    morning.at(6, 10)
    assert somebody.after(5) == ["shop 2026-11-24 was given up: Postgres at db:5432 does not answer: connection refused"]
    assert "3 tries since 06:00" in somebody.heard[0]
    assert somebody.after(10, every=60) == []


def test_a_run_that_failed_is_told_with_its_link_and_marked_when_it_is_told(morning: Morning, somebody: OnCall) -> None:
    run = morning.fails(morning.run("shop"), REFUSED, price_assets__alert="waiting")
    assert somebody.after(0.5) == []
    assert waiting(morning, run) == "waiting"  # it waits a minute for the others of its kind
    assert somebody.after(1) == ["shop 2026-11-24 failed: Postgres at db:5432 does not answer: connection refused"]
    assert waiting(morning, run) == "told"
    assert f"https://dagster.example.com/runs/{run.run_id}" in somebody.heard[0]
    assert somebody.after(10, every=60) == []


def test_what_no_channel_accepts_is_sent_again_and_its_run_is_not_marked(morning: Morning, somebody: OnCall) -> None:
    run = morning.fails(morning.run("shop"), REFUSED, price_assets__alert="waiting")
    somebody.status = 500
    told = morning.ticks("alerts", 60, 30)[-1]
    assert (told.skip_message or "").startswith("No channel accepted: shop 2026-11-24 failed: ")
    assert waiting(morning, run) == "waiting"
    morning.ticks("alerts", 1200, 30)
    assert somebody.asked == 3 * 7  # three requests a try: after 30 s, 1, 2 and 4 minutes, then every five
    assert "the next try is at 06:" in (morning.tick("alerts").skip_message or "")
    somebody.status = 200
    assert len(somebody.after(5)) == 1
    assert waiting(morning, run) == "told"


def test_wrong_settings_are_said_and_the_messages_wait(morning: Morning, somebody: OnCall) -> None:
    run = morning.fails(morning.run("shop"), REFUSED, price_assets__alert="waiting")
    morning.environment["SMTP_HOST"] = "mail.example.com"
    (*_, told) = morning.ticks("alerts", 90, 30)
    said = "Nobody can be told: Not set: SMTP_FROM, SMTP_TO. SMTP_HOST wants an address that mail comes from, and whom it goes to."
    assert told.skip_message == said
    assert waiting(morning, run) == "waiting"
    del morning.environment["SMTP_HOST"]
    assert len(somebody.after(5)) == 1


def test_an_unreadable_cursor_loses_no_run(morning: Morning, somebody: OnCall) -> None:
    morning.fails(morning.run("shop"), REFUSED, price_assets__alert="waiting")
    morning.tick("alerts")
    morning.cursors["alerts"] = '{"incidents": 7}'
    assert len(somebody.after(2)) == 1


def test_a_run_made_from_one_that_waited_is_told_of_when_it_failed_for_good(morning: Morning, somebody: OnCall) -> None:
    queued = morning.run("shop", price_assets__alert="waiting")
    retried = morning.fails(morning.run("shop", price_assets__alert="waiting"), REFUSED, dagster__will_retry="true")
    assert somebody.after(3) == []
    assert waiting(morning, retried) == "told"
    morning.fails(queued, REFUSED)
    assert len(somebody.after(1.5)) == 1


def test_what_breaks_one_part_does_not_keep_the_others_from_being_told(morning: Morning, somebody: OnCall, monkeypatch: pytest.MonkeyPatch) -> None:
    morning.fails(morning.run("shop"), REFUSED, price_assets__alert="waiting")

    def broken(*_: object) -> None:
        raise RuntimeError("the database went away")

    monkeypatch.setattr(morning.instance, "get_asset_records", broken)
    told = morning.tick("alerts")
    assert told.skip_message
    assert "Could not look at the days that are due: RuntimeError: the database went away" in told.skip_message
    assert len(somebody.after(1)) == 1


def test_the_heartbeat_is_one_a_tick_and_only_when_all_are_published(morning: Morning) -> None:
    asked: list[Request] = []
    answers = [Answer(500), Answer(500), Answer(500), Answer(200)]

    def answer(request: Request) -> Answer:
        asked.append(request)
        return answers.pop(0) if len(answers) > 1 else answers[0]

    with served(answer) as address:
        morning.environment["HEARTBEAT_URL"] = f"{address}/beat"
        morning.has_list("other")
        morning.materialised("shop")
        morning.ticks("alerts", 300, 60)
        assert not asked
        morning.materialised("other")
        (failed,) = morning.ticks("alerts", 30, 30)
        assert failed.skip_message == "HEARTBEAT_URL was not pinged in 3 tries: HTTP 500"
        morning.ticks("alerts", 600, 60)
    assert [request.path for request in asked] == ["/beat"] * 4


@pytest.mark.parametrize("days", ["1", "3"])
@pytest.mark.parametrize("lacking", ["torn", "began", "begins", "blocked", "failed"])
def test_the_heartbeat_of_a_day_with_a_list_that_was_not_published_does_not_come_at_midnight_either(
    morning: Morning, lacking: str, days: str
) -> None:
    yaml = {"torn": PRICE_LIST.replace("columns:", "colums:"), "began": TODAY_ONLY, "begins": TODAY_ONLY.replace("11-20", "11-24")}
    morning.has_list("other", yaml.get(lacking, PRICE_LIST))
    if lacking == "began":
        morning.register("other", d2026_11_23=published(SIX - timedelta(days=1)))
    if lacking == "blocked":
        morning.register("other", d2026_11_24=blocked())
    if lacking == "failed":
        morning.failed("other")
    morning.materialised("shop")
    asked: list[Request] = []
    with served(lambda request: (asked.append(request), Answer(200))[1]) as address:
        morning.environment |= {"HEARTBEAT_URL": f"{address}/beat", "CATCH_UP_DAYS": days}
        morning.ticks("alerts", 2 * 3_600, 3_600)
        morning.at(23, 59, 30)
        morning.ticks("alerts", 120, 30)
    assert not asked


def test_the_heartbeat_does_not_wait_for_a_list_that_starts_later(morning: Morning) -> None:
    morning.has_list("other", PRICE_LIST.replace("2026-11-20", "2026-11-25"))
    morning.materialised("shop")
    asked: list[Request] = []
    with served(lambda request: (asked.append(request), Answer(200))[1]) as address:
        morning.environment["HEARTBEAT_URL"] = f"{address}/beat"
        morning.ticks("alerts", 60, 30)
    assert len(asked) == 1


def test_the_summary_comes_when_all_are_published_or_at_the_deadline(morning: Morning, somebody: OnCall) -> None:
    morning.environment["NOTIFY_SUMMARY"] = "true"
    morning.has_list("other")
    morning.cursors["alerts"] = None
    morning.at(5, 59)
    assert somebody.after(1) == []
    morning.register("shop", d2026_11_24=published(SIX))
    morning.materialised("shop")
    assert somebody.after(29, every=60) == []
    assert [title for title in somebody.after(2) if "Price lists" in title] == ["Price lists of 2026-11-24: 0 of 2 published"]
    morning.at(6, day=DAY + timedelta(days=1))
    for name in ("shop", "other"):
        morning.materialised(name, DAY + timedelta(days=1))
    assert [title for title in somebody.after(10, every=60) if "Price lists" in title] == ["Price lists of 2026-11-25: 0 of 2 published"]


def test_a_storm_is_one_message_and_no_tick_is_long(morning: Morning, somebody: OnCall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_sources, "MOST_RUNS", 400)  # more than one tick takes in
    monkeypatch.setattr(alert_sources, "SECONDS", 50.0)  # however busy this machine is
    for number in range(200):
        morning.has_list(f"list_{number:03}")
    morning.at(6, 2)
    runs: list[dg.DagsterRun] = []
    for number in range(1_000):
        day = DAY - timedelta(days=number % 5)
        runs.append(morning.fails(morning.run(f"list_{number // 5:03}", day, price_assets__alert="waiting"), REFUSED))
    morning.at(6, 4)
    longest = 0.0
    for _ in range(12):
        began = time.monotonic()
        morning.ticks("alerts", 30, 30)
        longest = max(longest, time.monotonic() - began)
    assert longest < 60
    assert somebody.titles == ["1,000 days of 200 price lists failed: Postgres at db:5432 does not answer: connection refused"]
    assert {waiting(morning, run) for run in runs} == {"told"}
