"""The sensor that launches what is missing: what it launches, when, how often, and what it leaves alone."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.scheduler.instigation import InstigatorStatus

from price_assets_tests.orchestration.morning import DAY, SIX, TODAY_ONLY, Morning, blocked, made, published, withdrawn
from price_assets_tests.shop import PRICE_LIST

YESTERDAY = DAY - timedelta(days=1)


@pytest.fixture
def morning(tmp_path: Path) -> Iterator[Morning]:
    """One list, `shop`, whose catch-up has been awake since five."""
    with made(tmp_path) as morning:
        morning.has_list("shop")
        awake(morning)
        yield morning


def awake(morning: Morning) -> None:
    """Catch-up ticks since five in the morning."""
    morning.cursors["catch_up"] = json.dumps({"at": f"{morning.now.isoformat()}", "awake_since": "2026-11-24T05:00:00Z"})


def launched(morning: Morning) -> list[str]:
    """What the next tick launches; its cursor may be old."""
    cursor = json.loads(morning.cursors["catch_up"] or "{}") | {"at": morning.now.isoformat()}
    morning.cursors["catch_up"] = json.dumps(cursor)
    return [request.run_key or "" for request in morning.tick("catch_up").run_requests or ()]


def test_what_is_absent_ten_minutes_after_its_tick_is_launched_behind_all_else(morning: Morning) -> None:
    morning.at(6, 9, 59)
    assert launched(morning) == []
    morning.at(6, 10)
    (request,) = morning.tick("catch_up").run_requests or []
    assert (request.job_name, request.partition_key, request.run_key) == ("export_shop", "2026-11-24", "shop:2026-11-24T06:00+00:00:1")
    assert request.tags["trigger"] == "catch-up"
    assert request.tags["dagster/priority"] == "-1"


def test_a_clock_that_was_ahead_for_a_tick_holds_up_nothing(morning: Morning) -> None:
    morning.at(6, 5, day=DAY + timedelta(days=365))
    morning.tick("catch_up")
    morning.at(6, 9)
    assert launched(morning) == []
    morning.at(6, 10)
    assert launched(morning) == ["shop:2026-11-24T06:00+00:00:1"]


def test_nothing_is_launched_at_half_past_midnight(morning: Morning) -> None:
    morning.materialised("shop", YESTERDAY)
    for hour in (0, 3, 5):
        morning.at(hour, 30)
        told = morning.tick("catch_up")
        assert not told.run_requests


@pytest.mark.parametrize("asset", ["publication", "csv"])
def test_what_dagster_has_published_since_the_tick_is_not_launched(morning: Morning, asset: str) -> None:
    morning.at(6, 2)
    morning.materialised("shop", asset=asset)
    morning.at(6, 10)
    assert bool(launched(morning)) is (asset == "csv")


def test_what_was_published_before_the_tick_is_not_enough(morning: Morning) -> None:
    morning.at(5, 50)
    morning.materialised("shop")
    morning.at(6, 10)
    assert launched(morning)


def test_another_days_later_materialisation_does_not_hide_todays(morning: Morning) -> None:
    morning.at(6, 2)
    morning.materialised("shop")
    morning.at(6, 4)
    morning.materialised("shop", YESTERDAY)
    morning.at(6, 10)
    assert launched(morning) == []


def test_what_a_cronjob_published_counts(morning: Morning) -> None:
    morning.register("shop", d2026_11_24=published(SIX + timedelta(minutes=1)))
    morning.at(6, 10)
    assert launched(morning) == []


def test_what_is_published_is_remembered_and_nobody_is_asked_again(morning: Morning) -> None:
    morning.register("shop", d2026_11_24=published(SIX + timedelta(minutes=1)))
    morning.at(6, 10)
    assert launched(morning) == []
    (morning.storage / "shop" / "publications.json").write_text("not read any more")
    morning.at(6, 20)
    told = morning.tick("catch_up")
    assert (told.run_requests, told.skip_message) == ([], "1 published.")


@pytest.mark.parametrize("day", [blocked(SIX + timedelta(minutes=1)), withdrawn(SIX + timedelta(minutes=1))])
def test_a_blocked_or_withdrawn_day_is_left_to_a_person(morning: Morning, day: object) -> None:
    morning.register("shop", d2026_11_24=day)  # type: ignore[arg-type]
    morning.at(8)
    assert launched(morning) == []


def test_a_storage_that_does_not_answer_launches_nothing_and_says_so(morning: Morning) -> None:
    morning.register("shop")
    (morning.storage / "shop" / "publications.json").write_text("{")
    morning.at(6, 10)
    told = morning.tick("catch_up")
    assert not told.run_requests
    assert told.skip_message
    assert told.skip_message.startswith("1 unknown; shop 2026-11-24 is unknown (")
    assert "is no register that this release can read" in told.skip_message


def test_one_list_that_can_t_be_read_does_not_stop_the_others(morning: Morning) -> None:
    morning.has_list("other")
    morning.register("shop")
    (morning.storage / "shop" / "publications.json").write_text("{")
    morning.at(6, 10)
    assert launched(morning) == ["other:2026-11-24T06:00+00:00:1"]


def test_without_a_storage_nothing_is_launched(morning: Morning) -> None:
    del morning.environment["STORAGE_BUCKET"]
    morning.at(6, 10)
    told = morning.tick("catch_up")
    assert not told.run_requests
    assert "STORAGE_BUCKET is not set" in (told.skip_message or "")


@pytest.mark.parametrize(
    ("assets", "in_flight"),
    [
        (None, True),
        ({"shop": ["snapshot", "csv", "xlsx", "publication"]}, True),  # the asset page's [DG11]
        ({"shop": ["publication"], "other": ["publication"]}, True),
        ({"other": ["publication"]}, False),
        ({"shop": ["csv"]}, False),  # publishes nothing
    ],
)
def test_what_is_on_its_way_is_not_launched_however_it_was_launched(
    morning: Morning, *, assets: dict[str, list[str]] | None, in_flight: bool
) -> None:
    run = morning.run("shop", assets=assets)
    morning.at(6, 10)
    assert bool(launched(morning)) is not in_flight
    morning.starts(run)
    assert bool(launched(morning)) is not in_flight


def test_another_days_run_does_not_hold_it_up(morning: Morning) -> None:
    morning.run("shop", YESTERDAY)
    morning.at(6, 10)
    assert launched(morning) == ["shop:2026-11-24T06:00+00:00:1"]


def test_a_run_that_dagster_will_retry_is_waited_for_and_not_for_ever(morning: Morning) -> None:
    morning.at(6, 2)
    morning.failed("shop", dagster__will_retry="true")
    morning.at(6, 11)
    assert launched(morning) == []
    morning.at(6, 12)
    assert launched(morning) == ["shop:2026-11-24T06:00+00:00:1"]


def test_each_failure_is_tried_again_ten_minutes_later_up_to_three_times(morning: Morning) -> None:
    morning.at(6, 5)
    morning.failed("shop", trigger="schedule")
    keys: list[str] = []
    said: str | None = None
    for _ in range(90):
        morning.now += timedelta(minutes=1)
        told = morning.tick("catch_up")
        said = told.skip_message
        for request in told.run_requests or ():
            keys.append(f"{morning.now:%H:%M} {request.run_key}")
            run = morning.run("shop", trigger="catch-up")
            morning.now += timedelta(minutes=2)
            morning.fails(run)
    assert keys == [f"06:{15 + 12 * number} shop:2026-11-24T06:00+00:00:{number + 1}" for number in range(3)]
    assert said == "1 failed; shop 2026-11-24 is failed after 3 of 3 tries: left to a person."


def test_what_dagster_or_a_person_makes_of_a_try_is_no_other_try(morning: Morning) -> None:
    morning.at(6, 12)
    first = morning.failed("shop", trigger="catch-up", dagster__will_retry="true", dagster__auto_retry_run_id="x")
    morning.failed("shop", trigger="catch-up", dagster__parent_run_id=first.run_id)
    morning.at(6, 30)
    assert launched(morning) == ["shop:2026-11-24T06:00+00:00:2"]


def test_the_skip_reason_says_how_all_stand_and_what_comes_next(morning: Morning) -> None:
    for name in ("alpha", "beta", "gamma"):
        morning.has_list(name)
    morning.at(6, 1)
    morning.materialised("alpha")
    morning.starts(morning.run("beta"))
    morning.failed("gamma")
    morning.register("shop", d2026_11_24=blocked(morning.now))
    morning.at(6, 10)
    assert morning.tick("catch_up").skip_message == (
        "1 published, 1 running, 1 failed, 1 blocked; beta 2026-11-24 is running since 06:01; gamma 2026-11-24 is failed, try 1 of 3 at 06:11; "
        "shop 2026-11-24 is blocked (price_change) since 06:01."
    )


def test_after_a_night_with_the_daemon_down_the_schedule_goes_first_and_then_the_oldest_day(morning: Morning) -> None:
    morning.environment["CATCH_UP_DAYS"] = "3"
    morning.at(9)
    assert not morning.tick("catch_up").run_requests  # the first tick after the night
    morning.run("shop", trigger="schedule")  # meanwhile the schedule makes its last tick good
    (told,) = morning.ticks("catch_up", 60, 60)
    assert [request.partition_key for request in told.run_requests or ()] == ["2026-11-22", "2026-11-23"]


def test_two_ticks_a_day_are_caught_up_on_apart(morning: Morning) -> None:
    morning.environment["EXPORT_CRON"] = "0 6,14 * * *"
    morning.at(6, 10)
    assert launched(morning) == ["shop:2026-11-24T06:00+00:00:1"]
    run = morning.run("shop", trigger="catch-up")
    morning.materialised("shop")
    morning.succeeds(run)
    morning.at(14, 9)
    assert launched(morning) == []
    morning.at(14, 10)
    assert launched(morning) == ["shop:2026-11-24T14:00+00:00:1"]


def test_a_past_day_of_a_list_that_knows_todays_prices_only_is_recorded_as_missed_once_and_not_tried(morning: Morning) -> None:
    morning.environment["CATCH_UP_DAYS"] = "3"
    morning.has_list("shop", TODAY_ONLY)
    morning.register("shop", d2026_11_22=published(SIX - timedelta(days=2)), d2026_11_24=published(SIX + timedelta(minutes=1)))
    morning.at(6, 10)
    told = morning.tick("catch_up")
    assert (told.run_requests, told.skip_message) == ([], "2 published, 1 missed; shop 2026-11-23 is missed.")
    morning.cursors["catch_up"] = None
    morning.tick("catch_up")
    records = morning.instance.fetch_observations(dg.AssetKey(["shop", "publication"]), limit=10).records
    (observed,) = [record.event_log_entry.asset_observation for record in records]
    assert observed
    assert observed.partition == "2026-11-23"
    assert observed.description == "shop 2026-11-23 was missed: nothing was published on that day, and the source knows today's prices only."


def test_days_before_such_a_list_began_are_nobodys_loss(morning: Morning) -> None:
    morning.environment["CATCH_UP_DAYS"] = "3"
    morning.has_list("shop", TODAY_ONLY)
    morning.register("shop", d2026_11_24=published(SIX + timedelta(minutes=1)))
    morning.at(6, 10)
    assert morning.tick("catch_up").skip_message == "1 published."


def test_a_list_that_does_not_load_is_due_too(morning: Morning) -> None:
    morning.has_list("torn", PRICE_LIST.replace("columns:", "colums:"))
    morning.materialised("shop")
    morning.at(6, 10)
    assert launched(morning) == ["torn:2026-11-24T06:00+00:00:1"]


def test_days_before_a_lists_start_are_not_due(morning: Morning) -> None:
    morning.has_list("shop", PRICE_LIST.replace("start: 2026-11-20", "start: 2026-11-25"))
    morning.at(8)
    assert morning.tick("catch_up").skip_message == "no day is due."


def test_many_are_launched_a_part_at_a_tick(morning: Morning) -> None:
    for number in range(60):
        morning.has_list(f"list_{number:02}")
    morning.materialised("shop")
    morning.at(6, 10)
    assert len(launched(morning)) == 50


def test_an_unreadable_cursor_is_begun_anew(morning: Morning) -> None:
    morning.cursors["catch_up"] = '{"at": "another release"}'
    morning.at(6, 10)
    assert not morning.tick("catch_up").run_requests
    assert morning.ticks("catch_up", 60, 60)[0].run_requests


@pytest.mark.parametrize(("automation", "status"), [("on", dg.DefaultSensorStatus.RUNNING), ("off", dg.DefaultSensorStatus.STOPPED)])
def test_whether_it_starts_switched_on_is_a_setting(morning: Morning, automation: str, status: dg.DefaultSensorStatus) -> None:
    morning.environment["EXPORT_AUTOMATION"] = automation
    for name in ("catch_up", "settle", "alerts", "on_failure", "ledger"):
        sensor = morning.repository.get_sensor_def(name)
        assert (sensor.default_status, bool(sensor.description)) == (status, True)


def test_a_list_whose_schedule_is_off_is_left_out(tmp_path: Path) -> None:
    with dg.instance_for_test() as instance:
        morning = Morning(tmp_path, instance)
        morning.has_list("shop")
        awake(morning)
        morning.at(6, 10)
        found: list[tuple[str, str, bool]] = []
        for status in (None, InstigatorStatus.STOPPED, InstigatorStatus.RUNNING, InstigatorStatus.DECLARED_IN_CODE):
            if status:
                morning.switches("shop", status)
            for automation in ("on", "off"):
                morning.environment["EXPORT_AUTOMATION"] = automation
                found.append((status.value if status else "", automation, bool(launched(morning))))
        morning.switches("shop", InstigatorStatus.STOPPED)
        assert morning.tick("catch_up").skip_message == "no day is due; schedule off: shop."
    assert [(status, automation) for status, automation, is_launched in found if is_launched] == [
        ("", "on"),
        ("RUNNING", "on"),
        ("RUNNING", "off"),
        ("DECLARED_IN_CODE", "on"),
    ]


def test_a_schedule_that_was_off_under_another_name_of_the_code_location_is_not_off(tmp_path: Path) -> None:
    with dg.instance_for_test() as instance:
        morning = Morning(tmp_path, instance)
        morning.has_list("shop")
        awake(morning)
        morning.switches("shop", InstigatorStatus.STOPPED, "prices")
        morning.at(6, 10)
        assert launched(morning) == ["shop:2026-11-24T06:00+00:00:1"]


@pytest.mark.parametrize("steps", [["shop__csv"], ["shop__csv", "shop__publication"]])
def test_a_run_of_some_steps_publishes_where_publication_is_one_of_them(morning: Morning, steps: list[str]) -> None:
    morning.at(6, 2)
    morning.succeeds(morning.run("shop", steps=steps))
    morning.at(6, 10)
    assert bool(launched(morning)) is ("shop__publication" not in steps)


@pytest.mark.parametrize(("yaml", "days"), [(TODAY_ONLY, "3"), (PRICE_LIST, "1")], ids=["today_only", "past_dates"])
def test_a_day_that_is_only_waited_for_until_its_deadline_is_not_launched(morning: Morning, yaml: str, days: str) -> None:
    morning.environment |= {"EXPORT_CRON": "50 23 * * *", "CATCH_UP_DAYS": days}
    morning.has_list("shop", yaml)
    morning.register("shop", d2026_11_22=published(SIX - timedelta(days=2)))
    morning.materialised("shop", YESTERDAY)
    morning.at(0, 5, day=DAY + timedelta(days=1))
    assert launched(morning) == []
    assert (morning.tick("catch_up").skip_message or "").endswith("1 absent; shop 2026-11-24 is absent.")
