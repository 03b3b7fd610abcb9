import json
import os
import re
import signal
from typing import Any

import dagster as dg
import pytest

from price_assets_tests.deployment.catalogue import days_ago, today
from price_assets_tests.deployment.deployed import Deployment

pytestmark = [pytest.mark.xdist_group("dagster"), pytest.mark.timeout(600)]

ALERT = "price_assets/alert"


@pytest.fixture(scope="module")
def failed(deployment: Deployment) -> Deployment:
    """A day is blocked; another's run is killed, and its retry blocked by another check. Both at once, since alerts wait a minute."""
    dagster, database = deployment.dagster, deployment.catalogue.database
    database.execute("UPDATE brushes SET price = -1 WHERE sku = '002'; UPDATE screws_pace SET seconds = 120")
    brushes, screws = dagster.launch("brushes", today()), dagster.launch("screws", days_ago(3))
    pid = dagster.wait_until(lambda: _process_that_queries(dagster.instance, screws), "the query runs")
    database.execute("UPDATE screws_pace SET seconds = 0; UPDATE screws SET sku = '001'")
    os.kill(pid, signal.SIGKILL)
    dagster.ended(brushes)
    dagster.ended(screws)
    return deployment


def _process_that_queries(instance: dg.DagsterInstance, run_id: str) -> int | None:
    said = [event.message for event in instance.all_logs(run_id)] + [event.user_message for event in instance.all_logs(run_id)]
    pids = [int(found[1]) for each in said if (found := re.search(r"pid: (\d+)", each))]
    started = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_START).records
    return pids[0] if pids and started else None


def test_a_killed_run_is_retried_and_only_how_that_ends_is_told(failed: Deployment) -> None:
    dagster = failed.dagster

    def told() -> list[dg.DagsterRun] | None:
        runs = dagster.runs("screws")
        return runs if runs[-1].tags.get(ALERT) == "told" else None

    first, second = dagster.wait_until(told, "the failure of the retry is told")
    assert (first.status, second.status) == (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.FAILURE)
    assert (first.tags["dagster/will_retry"], second.tags["dagster/will_retry"]) == ("true", "false")
    assert second.tags["dagster/parent_run_id"] == first.run_id
    assert ALERT not in first.tags
    (message,) = failed.slack.about("screws")
    assert "key" in message
    assert f"{dagster.url}/runs/{second.run_id}" in message


def test_the_ledger_has_the_run_that_was_killed_its_retry_and_the_blocked_day(failed: Deployment) -> None:
    dagster, day = failed.dagster, str(days_ago(3))

    def written() -> list[dict[str, Any]] | None:
        found = json.loads(failed.catalogue.run("runs", "brushes", "screws", "--json").stdout or "[]")
        return found if {row["status"] for row in found} >= {"failed", "blocked"} and len(found) >= 3 else None

    dagster.wait_until(lambda: len(dagster.runs("screws", day)) == 2 and dagster.runs("screws", day)[-1].is_finished, "the retry has ended")
    rows = dagster.wait_until(written, "all are written down")
    told = {(row["price_list"], row["trigger"]): row for row in rows if row["status"] != "success"}
    killed, retried, blocked = told["screws", "ui"], told["screws", "retry"], told["brushes", "ui"]
    first, second = dagster.runs("screws", day)
    assert (killed["run_id"], killed["status"], killed["reason"], killed["export_date"]) == (first.run_id, "failed", "killed", day)
    assert killed["started"] < killed["finished"]
    assert killed["error"]
    assert (retried["run_id"], retried["status"], retried["reason"]) == (second.run_id, "blocked", "rows")
    assert (blocked["export_date"], blocked["status"], blocked["reason"]) == (str(today()), "blocked", "rows")
    assert "-1.00" in blocked["error"]


def test_a_blocked_day_is_told_once_with_the_way_out_and_so_is_its_recovery(failed: Deployment) -> None:
    dagster = failed.dagster
    dagster.wait_until(lambda: failed.slack.about("brushes"), "the blocked day is told")
    (message,) = failed.slack.about("brushes")
    assert f"price-assets accept brushes --date {today()}" in message
    assert "ranges" in message
    assert "-1.00" in message

    failed.catalogue.database.execute("UPDATE brushes SET price = 1.10 WHERE sku = '002'")
    assert dagster.ended(dagster.launch("brushes", today())).is_success
    dagster.wait_until(lambda: len(failed.slack.about("brushes")) == 2, "the recovery is told")
    assert "published" in failed.slack.about("brushes")[1]
