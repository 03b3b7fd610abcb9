"""The 06:00 schedule: one a list, one run a day, in the export time zone."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from price_assets.definitions import definitions
from price_assets_tests.orchestration.lists import write_list


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


@pytest.mark.parametrize(
    ("tick", "day"),
    [
        (datetime(2026, 11, 24, 5, tzinfo=UTC), "2026-11-24"),
        (datetime(2026, 11, 24, 23, 30, tzinfo=UTC), "2026-11-25"),  # half past midnight in Berlin
        (datetime(2027, 3, 28, 4, tzinfo=UTC), "2027-03-28"),  # clocks go forward at 02:00
        (datetime(2027, 10, 31, 5, tzinfo=UTC), "2027-10-31"),  # and back at 03:00
    ],
)
def test_a_tick_asks_for_the_day_that_begins_before_all_backfills(tmp_path: Path, tick: datetime, day: str) -> None:
    found = schedule(tmp_path, EXPORT_TIMEZONE="Europe/Berlin")
    with dg.DagsterInstance.ephemeral() as instance, dg.build_schedule_context(instance=instance, scheduled_execution_time=tick) as context:
        request = found(context)
    assert isinstance(request, dg.RunRequest)
    assert (request.partition_key, request.run_key) == (day, day)
    assert request.tags["dagster/priority"] == "1"
    assert request.tags["trigger"] == "schedule"


def test_a_day_before_the_lists_start_is_skipped_and_no_failed_tick(tmp_path: Path) -> None:
    found = schedule(tmp_path)
    tick = datetime(2026, 11, 19, 6, tzinfo=UTC)
    with dg.DagsterInstance.ephemeral() as instance, dg.build_schedule_context(instance=instance, scheduled_execution_time=tick) as context:
        skipped = found(context)
    assert isinstance(skipped, dg.SkipReason)
    assert skipped.skip_message == "shop starts on 2026-11-20."
