"""`memory:` of a list reaches the pods of its runs, however they are launched [KU10, DG11]."""

import logging
import os
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import dagster as dg
import pytest
from dagster._daemon import backfill as daemon

from price_assets.demo.server import Server
from price_assets.orchestration.schedules import POD
from price_assets_tests.deployment.helm.chart import Installed, container
from price_assets_tests.deployment.helm.code_server import Workspace, workspace
from price_assets_tests.deployment.helm.jobs import launched
from price_assets_tests.deployment.helm.opened import opened
from price_assets_tests.deployment.running_dagster import BACKFILL, LAUNCH
from price_assets_tests.shop import PRICE_LIST, QUERY

pytestmark = [pytest.mark.xdist_group("code-server"), pytest.mark.timeout(600)]

MEMORY = {"large": "3Gi", "small": "256Mi", "usual": None}
DEFAULT = "1Gi"
ASSETS = ("snapshot", "csv", "xlsx", "publication")
YESTERDAY = date.today() - timedelta(days=1)  # noqa: DTZ011 (any day will do)


@pytest.fixture(scope="module")
def code_server(installed: Installed, postgres_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Three lists, of which one says nothing of memory."""
    home, lists = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("lists")
    for name, memory in MEMORY.items():
        text = PRICE_LIST.replace("name: shop", f"name: {name}").replace("shop.sql", f"{name}.sql")
        (lists / f"{name}.yaml").write_text(text + (f"memory: {memory}\n" if memory else ""))
        (lists / f"{name}.sql").write_text(QUERY)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DAGSTER_")}
    environment |= {"PRICE_LISTS_DIR": str(lists), "DAGSTER_PG_PASSWORD": postgres_server.password}
    with opened(installed, postgres_server, home) as instance, workspace(installed, instance, environment, home) as running:
        yield running


def launch(code_server: Workspace, job: str, *lists: str) -> dg.DagsterRun:
    """As the launchpad and the asset page do, of a job, or of lists' assets."""
    selection = [{"path": [name, asset]} for name in lists for asset in ASSETS] or None
    selector = {"pipelineName": job, "repositoryName": "__repository__", "repositoryLocationName": "price_assets", "assetSelection": selection}
    tags = [{"key": "dagster/partition", "value": str(YESTERDAY)}]
    parameters = {"selector": selector, "runConfigData": {}, "mode": "default", "executionMetadata": {"tags": tags}}
    said = code_server.graphql(LAUNCH, parameters=parameters)["launchPipelineExecution"]
    assert said["__typename"] == "LaunchRunSuccess", said
    return _run(code_server, said["run"]["runId"])


def backfill(code_server: Workspace, name: str) -> Sequence[dg.DagsterRun]:
    """As the dialog of the asset page does, and the daemon after it, of two days."""
    parameters: dict[str, Any] = {"assetSelection": [{"path": [name, asset]} for asset in ASSETS]}
    parameters["partitionNames"] = [str(YESTERDAY), str(YESTERDAY - timedelta(days=1))]
    said = code_server.graphql(BACKFILL, parameters=parameters)["launchPartitionBackfill"]
    assert said["__typename"] == "LaunchBackfillSuccess", said
    assert not any(daemon.execute_backfill_iteration(code_server.context, logging.getLogger()))
    return code_server.instance.get_runs(dg.RunsFilter(tags={"dagster/backfill": said["backfillId"]}))


def bounds(installed: Installed, code_server: Workspace, run: dg.DagsterRun) -> tuple[str, str]:
    """Request and limit of the memory of the run's pod."""
    said = container(launched(installed, code_server.instance, run))["resources"]
    return said["requests"]["memory"], said["limits"]["memory"]


@pytest.mark.parametrize("name", ["large", "small"])
def test_of_its_job(name: str, installed: Installed, code_server: Workspace) -> None:
    run = launch(code_server, f"export_{name}")
    assert bounds(installed, code_server, run) == (MEMORY[name], MEMORY[name])


@pytest.mark.parametrize("name", ["large", "small"])
def test_of_its_assets(name: str, installed: Installed, code_server: Workspace) -> None:
    run = launch(code_server, "__ASSET_JOB", name)
    assert run.status is dg.DagsterRunStatus.QUEUED
    assert bounds(installed, code_server, run) == (MEMORY[name], MEMORY[name])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Dagster's, of itself
def test_of_a_backfill_of_its_assets(installed: Installed, code_server: Workspace) -> None:
    runs = backfill(code_server, "large")
    assert [bounds(installed, code_server, run) for run in runs] == [("3Gi", "3Gi")] * 2


def test_of_several_lists_the_most(installed: Installed, code_server: Workspace) -> None:
    run = launch(code_server, "__ASSET_JOB", "small", "large", "usual")
    assert bounds(installed, code_server, run) == ("3Gi", "3Gi")


def test_a_list_that_asks_for_nothing_gets_the_default(installed: Installed, code_server: Workspace) -> None:
    for run in (launch(code_server, "export_usual"), launch(code_server, "__ASSET_JOB", "usual")):
        assert POD not in run.tags
        assert bounds(installed, code_server, run)[1] == DEFAULT


def test_the_run_has_what_the_real_code_server_gives_it(installed: Installed, code_server: Workspace) -> None:
    run = launch(code_server, "__ASSET_JOB", "usual")
    own = container(launched(installed, code_server.instance, run))
    assert own["image"] == container(installed.deployments["user-deployments"])["image"]
    assert [source["secretRef"]["name"] for source in own["envFrom"] if "secretRef" in source] == ["price-assets-postgres", "price-assets-keys"]
    assert '"class_name": "Instance"' in own["args"][-1]


def _run(code_server: Workspace, run_id: str) -> dg.DagsterRun:
    run = code_server.instance.get_run_by_id(run_id)
    assert run
    return run
