from datetime import date
from itertools import pairwise

import dagster as dg
import pytest

from price_assets_tests.deployment.catalogue import days_ago
from price_assets_tests.deployment.deployed import Deployment
from price_assets_tests.deployment.running_dagster import RunningDagster

pytestmark = [pytest.mark.xdist_group("dagster"), pytest.mark.timeout(600)]


def test_a_backfill_runs_one_day_after_the_other_in_order_with_another_list_beside(deployment: Deployment) -> None:
    dagster, shop = deployment.dagster, deployment.catalogue
    days = [days_ago(each) for each in (9, 8, 7)]
    dagster.instance.event_log_storage.initialize_concurrency_limit_to_default("tools")  # as after its first run [DG58]
    dagster.backfill("tools", days)
    launched = dagster.wait_until(lambda: _one_a_day(dagster, days), "a run a day is launched")
    beside = dagster.launch("paints", days[0])
    runs = [dagster.ended(each) for each in (*launched, beside)]

    assert all(run.is_success for run in runs), dagster.last_words()
    assert all(shop.published(str(day), "tools") for day in days)
    assert _one_a_day(dagster, days) == launched
    *times, other = [_in_flight(dagster, run.run_id) for run in runs]
    for (_, ended), (launched_at, _) in pairwise(times):
        assert ended <= launched_at
    assert other[0] < times[-1][1]
    assert times[0][0] < other[1]


def _one_a_day(dagster: RunningDagster, days: list[date]) -> list[str] | None:
    found = [dagster.runs("tools", str(day)) for day in days]
    return [run.run_id for (run,) in found] if all(len(each) == 1 for each in found) else None


def _in_flight(dagster: RunningDagster, run_id: str) -> tuple[float, float]:
    """When the run left the queue and was launched, and when it ended."""
    (launched,) = dagster.instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.RUN_STARTING).records
    record = dagster.instance.get_run_record_by_id(run_id)
    assert record
    assert record.end_time
    return launched.timestamp, record.end_time
