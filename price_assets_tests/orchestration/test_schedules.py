"""The 06:00 schedule: one a list, one run a tick, in the export time zone; and that a day is due when Dagster fires."""

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import cron_string_iterator

from price_assets.definitions import definitions
from price_assets.operations import due
from price_assets_tests.orchestration.lists import write_list

BERLIN = ZoneInfo("Europe/Berlin")


def schedule(folder: Path, **environment: str) -> dg.ScheduleDefinition:
    write_list(folder)
    (found,) = [*(definitions({"PRICE_LISTS_DIR": str(folder)} | environment).schedules or ())]
    assert isinstance(found, dg.ScheduleDefinition)
    return found


def test_it_runs_at_six_from_deployment_on(tmp_path: Path) -> None:
    found = schedule(tmp_path, EXPORT_TIMEZONE="Europe/Berlin")
    assert (found.cron_schedule, found.execution_timezone) == ("0 6 * * *", "Europe/Berlin")
    assert found.default_status is dg.DefaultScheduleStatus.RUNNING


def test_automation_can_start_switched_off(tmp_path: Path) -> None:
    assert schedule(tmp_path, EXPORT_AUTOMATION="off").default_status is dg.DefaultScheduleStatus.STOPPED


def evaluated(found: dg.ScheduleDefinition, tick: datetime) -> dg.RunRequest | dg.SkipReason:
    """What the schedule asks for at a time."""
    with dg.DagsterInstance.ephemeral() as instance, dg.build_schedule_context(instance=instance, scheduled_execution_time=tick) as context:
        asked = found(context)
    assert isinstance(asked, dg.RunRequest | dg.SkipReason)
    return asked


@pytest.mark.parametrize(
    ("tick", "day", "run_key"),
    [
        (datetime(2026, 11, 24, 5, tzinfo=UTC), "2026-11-24", "2026-11-24T06:00+01:00"),
        (datetime(2026, 11, 24, 23, 30, tzinfo=UTC), "2026-11-25", "2026-11-25T00:30+01:00"),  # half past midnight in Berlin
        (datetime(2027, 3, 28, 4, tzinfo=UTC), "2027-03-28", "2027-03-28T06:00+02:00"),  # clocks go forward at 02:00
        (datetime(2027, 10, 31, 5, tzinfo=UTC), "2027-10-31", "2027-10-31T06:00+01:00"),  # and back at 03:00
    ],
)
def test_a_tick_asks_for_the_day_that_begins_before_all_backfills(tmp_path: Path, tick: datetime, day: str, run_key: str) -> None:
    request = evaluated(schedule(tmp_path, EXPORT_TIMEZONE="Europe/Berlin"), tick)
    assert isinstance(request, dg.RunRequest)
    assert (request.partition_key, request.run_key) == (day, run_key)
    assert request.tags["dagster/priority"] == "1"
    assert request.tags["trigger"] == "schedule"


@pytest.mark.parametrize(
    ("eve", "hours"),
    [
        (datetime(2027, 3, 27, tzinfo=BERLIN), ["2027-03-27T05:00:00+00:00", "2027-03-28T04:00:00+00:00", "2027-03-29T04:00:00+00:00"]),
        (datetime(2027, 10, 30, tzinfo=BERLIN), ["2027-10-30T04:00:00+00:00", "2027-10-31T05:00:00+00:00", "2027-11-01T05:00:00+00:00"]),
    ],
)
def test_on_both_days_that_a_clock_changes_it_is_six_by_that_clock_once(tmp_path: Path, eve: datetime, hours: list[str]) -> None:
    found = schedule(tmp_path, EXPORT_TIMEZONE="Europe/Berlin")
    coming = islice(cron_string_iterator(eve.timestamp(), str(found.cron_schedule), found.execution_timezone), 3)
    ticks = list(coming)
    assert [tick.astimezone(UTC).isoformat() for tick in ticks] == hours
    days = [request.partition_key for tick in ticks if isinstance(request := evaluated(found, tick), dg.RunRequest)]
    assert days == [str((eve + timedelta(days=number)).date()) for number in range(3)]


def test_twice_a_day_is_two_runs_of_one_day(tmp_path: Path) -> None:
    found = schedule(tmp_path, EXPORT_CRON="0 6,14 * * *", EXPORT_TIMEZONE="Europe/Berlin")
    assert found.cron_schedule == "0 6,14 * * *"
    requests = [evaluated(found, datetime(2026, 11, 24, hour, tzinfo=UTC)) for hour in (5, 13)]
    keys = {request.run_key for request in requests if isinstance(request, dg.RunRequest)}
    assert keys == {"2026-11-24T06:00+01:00", "2026-11-24T14:00+01:00"}
    assert {request.partition_key for request in requests if isinstance(request, dg.RunRequest)} == {"2026-11-24"}


CRONS = (
    "0 6 * * *",
    "0 6,14 * * *",
    "30 5 * * 1-5",
    "*/15 7-9 * * *",
    "0 0 * * *",
    "59 23 * * *",
    "0 1 * * *",
    "0 3 * * *",
    "0 6 1 * *",
    "15 10 * * SUN",
)
IN_THE_GAP = ("0 2 * * *", "30 2 * * *", "5,35 2 * * *")
"""In spring there is no such time, in autumn there are two."""
CHANGES = (datetime(2027, 3, 28, tzinfo=BERLIN), datetime(2027, 10, 31, tzinfo=BERLIN))


def of_dagster(cron: str, begins: datetime, ends: datetime) -> list[datetime]:
    """The times at which Dagster's scheduler fires, in UTC."""
    coming = cron_string_iterator(begins.timestamp() + 1, cron, str(BERLIN))
    return [tick.astimezone(UTC) for tick in takewhile(lambda tick: tick.timestamp() <= ends.timestamp(), coming)]


def of_ours(cron: str, begins: datetime, ends: datetime) -> list[datetime]:
    """Those at which a day is due."""
    return [tick.at.astimezone(UTC) for tick in due.ticks(cron, BERLIN, begins, ends)]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("cron", CRONS)
def test_a_day_is_due_when_dagster_fires(cron: str, change: datetime) -> None:
    begins, ends = change - timedelta(days=9), change + timedelta(days=9)
    assert of_ours(cron, begins, ends) == of_dagster(cron, begins, ends)


@pytest.mark.parametrize("cron", IN_THE_GAP)
def test_within_the_hour_that_a_clock_skips_or_repeats_they_are_an_hour_apart_at_most(cron: str) -> None:
    """[DG61]: in autumn Dagster fires when the hour passes for the second time, and a day is due when it passes for the first."""
    spring, autumn = ((change - timedelta(days=2), change + timedelta(days=2)) for change in CHANGES)
    assert of_ours(cron, *spring) == of_dagster(cron, *spring)
    ours, theirs = of_ours(cron, *autumn), of_dagster(cron, *autumn)
    apart = [fires - is_due for is_due, fires in zip(ours, theirs, strict=True)]
    repeated = [fires.astimezone(BERLIN).date() == CHANGES[1].date() for fires in theirs]
    assert apart == [timedelta(hours=1) if is_repeated else timedelta(0) for is_repeated in repeated]


def test_a_day_before_the_lists_start_is_skipped_and_no_failed_tick(tmp_path: Path) -> None:
    skipped = evaluated(schedule(tmp_path), datetime(2026, 11, 19, 6, tzinfo=UTC))
    assert isinstance(skipped, dg.SkipReason)
    assert skipped.skip_message == "shop starts on 2026-11-20."
