"""One bad morning of Dagster in pods: a backfill is on its way, its code server is replaced, and then comes 06:00.

Of the lists that are due then one's pod is out of memory, another's is deleted half way, a third is exported by a CronJob as well.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import dagster as dg
import pytest
import yaml

from price_assets_tests.cluster.asked import e2e
from price_assets_tests.cluster.dagster_in_pods import DagsterInPods, dagster_in_pods
from price_assets_tests.cluster.metrics import served
from price_assets_tests.cluster.published import rows_in, rows_of
from price_assets_tests.cluster.servers_in_pods import servers_in_pods
from price_assets_tests.deployment.catalogue import days_ago, midday, today
from price_assets_tests.shop import PRICE_LIST

pytestmark = [e2e, pytest.mark.xdist_group("cluster-dagster"), pytest.mark.timeout(1200)]

LISTS = ("brushes", "paints", "screws", "tools")
BACKFILLED = [days_ago(each) for each in (9, 8, 7, 6, 5)]
LARGE = """
SELECT sku || '-' || number AS sku, repeat(name, 1500) AS name, price, stock FROM brushes, generate_series(1, 4000) AS number
WHERE valid_on <= :export_date
"""
SMALL_MEMORY, ENOUGH_MEMORY = "400Mi", "1Gi"

CAPTURED = """
query Captured($run: ID!) {
  logsForRun(runId: $run) { ... on EventConnection { events { __typename ... on LogsCapturedEvent { fileKey } } } }
}
"""
READ = "query Read($key: [String!]!) { capturedLogs(logKey: $key) { stderr } }"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagsterInPods]:
    folder = tmp_path_factory.mktemp("dagster")
    with servers_in_pods("price-assets-dagster-servers") as servers, dagster_in_pods("price-assets-dagster", folder, servers, *LISTS) as made:
        made.reader.grant()
        made.change(CATCH_UP_DAYS="1", DAGSTER_UI_URL="https://dagster.example.com", **servers.mailbox())
        yield made


@dataclass(frozen=True)
class Morning:
    """The installation after the tick. `code_server` is the name of the pod that was there when the backfill began."""

    installed: DagsterInPods
    backfill: str
    code_server: str

    def first_run(self, name: str) -> dg.DagsterRun:
        """The run that a list's schedule launched, once it has ended."""
        return self.installed.dagster.ended(launched(self.installed, name)[0].run_id)


@pytest.fixture(scope="module")
def morning(installed: DagsterInPods) -> Morning:
    dagster, space = installed.dagster, installed.namespace
    dagster.instance.event_log_storage.initialize_concurrency_limit_to_default("tools")  # as after its first run [DG58]
    backfill = dagster.backfill("tools", BACKFILLED)
    dagster.wait_until(lambda: any(is_querying(dagster.instance, run) for run in dagster.runs("tools")), "the first day is on its way")
    code_server = installed.pod("code server")["metadata"]["name"]

    installed.catalogue.database.execute("UPDATE screws_pace SET seconds = 600")
    installed.catalogue.write_list(price_list("brushes") + f"memory: {SMALL_MEMORY}\n", LARGE, "brushes")
    tick = (datetime.now(midday()) + timedelta(seconds=100)).replace(second=0, microsecond=0)
    installed.change(EXPORT_CRON=f"{tick.minute} {tick.hour} * * *")
    installed.namespace.apply(*cronjob_of("tools", installed))
    assert datetime.now(midday()) < tick, "a new code server took too long"

    for name in LISTS:
        dagster.wait_until(lambda name=name: launched(installed, name), f"the schedule has launched {name}")
    (screws,) = launched(installed, "screws")
    dagster.wait_until(lambda: is_querying(dagster.instance, screws), "the query of screws runs")
    installed.catalogue.database.execute("UPDATE screws_pace SET seconds = 0")
    (pod,) = installed.pods_of(screws)
    space.kubectl("delete", "pod", pod["metadata"]["name"], "--wait=false")
    return Morning(installed, backfill, code_server)


def cronjob_of(name: str, installed: DagsterInPods) -> list[dict[str, Any]]:
    """The export of the CronJob kit, of one list, by the settings that the schedules have: it fires with them."""
    made = list(yaml.safe_load_all(installed.namespace.kubectl("kustomize", installed.reader.overlay)))
    (cronjob,) = [each for each in made if each["metadata"]["name"] == "price-assets-export"]
    (container,) = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    container["command"] = ["price-assets", "export", name]
    return [cronjob, *(each for each in made if each["kind"] == "ConfigMap")]


def price_list(name: str) -> str:
    return PRICE_LIST.replace("name: shop", f"name: {name}").replace("shop.sql", f"{name}.sql").replace("start: 2026-11-20", f"start: {days_ago(20)}")


def launched(installed: DagsterInPods, name: str) -> list[dg.DagsterRun]:
    """What the schedule launched, and Dagster's retries of it."""
    return installed.dagster.runs(name, str(today()), trigger="schedule")


def is_querying(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    return bool(instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.STEP_START).records)


def test_at_the_tick_each_list_has_a_job_of_its_own_and_the_files_appear(morning: Morning) -> None:
    installed, run = morning.installed, morning.first_run("paints")
    assert run.is_success, installed.dagster.last_words()
    installed.namespace.kubectl("wait", "--for=condition=complete", f"job/dagster-run-{run.run_id}", "--timeout=30s")

    files = installed.bucket.published("paints", today())
    assert files
    assert rows_of(files["xlsx"]) == rows_in(installed.catalogue.database, "paints")
    assert files["csv"].decode().count("\n") == 4
    assert installed.bucket.events("paints", today()) == ["published"]


def test_what_a_run_said_shows_in_the_ui_after_its_pod_is_gone(morning: Morning) -> None:
    installed, run = morning.installed, morning.first_run("paints")
    installed.namespace.kubectl("delete", "job", f"dagster-run-{run.run_id}", "--wait")
    installed.namespace.wait_until(lambda: not installed.pods_of(run), "the pod is gone")

    events = installed.dagster.graphql(CAPTURED, run=run.run_id)["logsForRun"]["events"]
    (key,) = {event["fileKey"] for event in events if event["__typename"] == "LogsCapturedEvent"}
    said = installed.dagster.graphql(READ, key=[run.run_id, "compute_logs", key])["capturedLogs"]["stderr"]
    assert "published" in said


def test_what_prometheus_reads_tells_of_the_runs_and_of_the_daemon(morning: Morning) -> None:
    run, space = morning.first_run("paints"), morning.installed.namespace
    assert run.is_success
    written = re.compile(r'^export_files_total{format="xlsx",price_list="paints"} [1-9]', re.MULTILINE)
    space.wait_until(lambda: written.search(served(space)), "the ledger has the run")
    text = served(space)
    (success,) = re.findall(r'^export_last_success_timestamp_seconds{price_list="paints"} (\S+)$', text, re.MULTILINE)  # of lists that it sees
    assert datetime.now(midday()).timestamp() - float(success) < 1200
    (beat,) = re.findall(r"^export_daemon_heartbeat_timestamp_seconds (\S+)$", text, re.MULTILINE)
    assert datetime.now(midday()).timestamp() - float(beat) < 300  # so long ExportDaemonDead waits


def test_a_backfill_of_five_days_is_five_jobs_one_after_the_other(morning: Morning) -> None:
    dagster, bucket = morning.installed.dagster, morning.installed.bucket
    runs = [dagster.ended(run.run_id) for day in BACKFILLED for run in of_backfill(morning, day)]
    assert len(runs) == len(BACKFILLED)
    assert all(run.is_success for run in runs), dagster.last_words()
    assert all(morning.installed.namespace.find("job", f"dagster-run-{run.run_id}") for run in runs)
    assert [bucket.events("tools", day) for day in BACKFILLED] == [["published"]] * len(BACKFILLED)

    times = sorted(in_flight(dagster.instance, run.run_id) for run in (*runs, morning.first_run("tools")))
    for (_, ended), (begun, _) in pairwise(times):
        assert ended <= begun


def test_a_code_server_that_is_replaced_in_the_middle_of_a_backfill_loses_nothing(morning: Morning) -> None:
    installed = morning.installed
    code_server = installed.pod("code server")
    assert code_server["metadata"]["name"] != morning.code_server
    replaced = datetime.fromisoformat(code_server["metadata"]["creationTimestamp"]).timestamp()
    runs = [installed.dagster.ended(run.run_id) for day in BACKFILLED for run in of_backfill(morning, day)]
    times = [in_flight(installed.dagster.instance, run.run_id) for run in runs]
    assert any(begun < replaced for begun, _ in times)
    assert any(begun > replaced for begun, _ in times)
    assert all(run.is_success for run in runs)


def test_a_pod_that_is_deleted_half_way_is_noticed_and_its_retry_publishes_once(morning: Morning) -> None:
    installed, dagster = morning.installed, morning.installed.dagster
    first = morning.first_run("screws")
    assert first.is_failure
    dagster.wait_until(lambda: len(launched(installed, "screws")) == 2, "it is retried")
    second = dagster.ended(launched(installed, "screws")[1].run_id)
    assert second.is_success, dagster.last_words()
    assert second.tags["dagster/parent_run_id"] == first.run_id
    assert installed.bucket.events("screws", today()) == ["published"]
    files = installed.bucket.published("screws", today())
    assert files
    assert rows_of(files["xlsx"]) == rows_in(installed.catalogue.database, "screws")


def test_a_pod_out_of_memory_is_retried_and_told_once_with_the_cause(morning: Morning) -> None:
    installed, dagster = morning.installed, morning.installed.dagster
    dagster.wait_until(lambda: launched(installed, "brushes")[-1].tags.get("price_assets/alert") == "told", "the last retry is told of")
    runs = launched(installed, "brushes")
    assert len(runs) == 3
    assert all(run.is_failure for run in runs)
    memory = [pod["spec"]["containers"][0]["resources"]["limits"]["memory"] for run in runs for pod in installed.pods_of(run)]
    assert memory == [SMALL_MEMORY] * len(runs)
    assert installed.bucket.events("brushes", today()) == []

    told = installed.servers.taken(f"brushes {today()}")
    assert len([each for each in told if "path" in each]) == 1
    (mail,) = [each for each in told if "subject" in each]
    assert "OOMKilled" in mail["body"]
    assert "memory" in mail["body"]


def test_a_cronjob_and_a_schedule_that_fire_together_publish_the_day_once(morning: Morning) -> None:
    installed = morning.installed
    (job,) = installed.namespace.wait_until(lambda: installed.namespace.all("jobs", "app.kubernetes.io/component=export"), "the CronJob has fired")
    name = job["metadata"]["name"]
    assert job["metadata"]["ownerReferences"][0]["name"] == "price-assets-export"
    installed.namespace.kubectl("wait", "--for=condition=complete", f"job/{name}", "--timeout=120s", seconds=130)
    assert morning.first_run("tools").is_success
    assert installed.bucket.events("tools", today()) == ["published"]
    outcome = re.search(rf"^tools +{today()} +(\w+)", installed.namespace.kubectl("logs", f"job/{name}"), re.MULTILINE)
    assert outcome
    assert outcome[1] in ("published", "unchanged")


def test_what_mended_itself_wakes_nobody(morning: Morning) -> None:
    dagster = morning.installed.dagster
    dagster.wait_until(
        lambda: launched(morning.installed, "brushes")[-1].tags.get("price_assets/alert") == "told", "the alerts of that morning are out"
    )
    assert [each for name in ("paints", "screws", "tools") for each in morning.installed.servers.taken(f"{name} {today()}")] == []


def test_a_day_that_nobody_launched_is_caught_up_on_and_the_list_that_was_mended_is_published(morning: Morning) -> None:
    """The daemon is killed before the time of the exports, and comes back twelve minutes later."""
    installed, dagster = morning.installed, morning.installed.dagster
    dagster.wait_until(lambda: launched(installed, "brushes")[-1].tags.get("price_assets/alert") == "told", "the morning is over")
    installed.scale("daemon", 0)
    installed.catalogue.add("nails", start=days_ago(20))
    installed.reader.grant()
    installed.catalogue.write_list(price_list("brushes") + f"memory: {ENOUGH_MEMORY}\n", LARGE, "brushes")
    tick = datetime.now(midday()) - timedelta(minutes=12)
    installed.change(EXPORT_CRON=f"{tick.minute} {tick.hour} * * *")
    installed.scale("daemon", 1)
    brushes = dagster.launch("brushes", today())

    dagster.wait_until(lambda: installed.bucket.published("nails", today()), "the day is published")
    (run,) = dagster.runs("nails", str(today()))
    assert run.tags["trigger"] == "catch-up"
    assert installed.bucket.events("nails", today()) == ["published"]

    assert dagster.ended(brushes).is_success, dagster.last_words()
    assert installed.bucket.events("brushes", today()) == ["published"]
    recovered = dagster.wait_until(lambda: installed.servers.taken(f"brushes {today()} is published"), "the recovery is told")
    assert len(recovered) == 2, json.dumps(recovered)


def of_backfill(morning: Morning, day: date) -> list[dg.DagsterRun]:
    """The runs of a day that the backfill launched, once there is one."""
    tags = {"dagster/backfill": morning.backfill}
    dagster = morning.installed.dagster
    return dagster.wait_until(lambda: dagster.runs("tools", str(day), **tags), f"the backfill has launched {day}")


def in_flight(instance: dg.DagsterInstance, run_id: str) -> tuple[float, float]:
    """When the run left the queue, and when it ended."""
    (launched,) = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.RUN_STARTING).records
    record = instance.get_run_record_by_id(run_id)
    assert record
    assert record.end_time
    return launched.timestamp, record.end_time
