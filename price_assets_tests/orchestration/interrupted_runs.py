"""Two runs of `export_shop` in processes of their own, one ended by SIGTERM and one by its launcher; how, goes into a file as JSON.

A program, for Dagster leaves a process of its code server unwaited for, which is an error within the tests.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import dagster as dg
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.workspace.context import BaseWorkspaceRequestContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster._grpc.types import ExecuteRunArgs

from price_assets.export.postgres import connect
from price_assets.settings import SourceSettings

READING = "SELECT FROM pg_stat_activity WHERE application_name LIKE 'price_assets%' AND wait_event = 'PgSleep'"


def main(day: str, told: Path) -> None:
    """Start them one after the other, in the instance of DAGSTER_HOME, and end each while its query sleeps."""
    target = ModuleTarget(module_name="price_assets.definitions", attribute=None, working_directory=None, location_name="price_assets")
    with dg.DagsterInstance.get() as instance, create_test_daemon_workspace_context(target, instance=instance) as context:
        workspace = context.create_request_context()
        told.write_text(json.dumps([_signalled(instance, workspace, day), _terminated(instance, workspace, day)]))


def _signalled(instance: dg.DagsterInstance, workspace: BaseWorkspaceRequestContext, day: str) -> dict[str, object]:
    run = _new_run(instance, workspace, day)
    assert run.job_code_origin
    arguments = ExecuteRunArgs(run.job_code_origin, run.run_id, instance.get_ref()).get_command_args()
    with subprocess.Popen([sys.executable, "-m", "dagster", *arguments[arguments.index("api") :]], stdout=subprocess.DEVNULL) as process:
        _until(_is_reading)
        seconds = _ended(process.terminate)
    return {"seconds": seconds, "status": _status(instance, run)}


def _terminated(instance: dg.DagsterInstance, workspace: BaseWorkspaceRequestContext, day: str) -> dict[str, object]:
    run = _new_run(instance, workspace, day)
    instance.launch_run(run.run_id, workspace)
    _until(_is_reading)
    seconds = _ended(lambda: instance.run_launcher.terminate(run.run_id))
    _until(lambda: _status(instance, run) != "CANCELING")
    return {"seconds": seconds, "status": _status(instance, run)}


def _ended(end: Callable[[], object]) -> float:
    """End the run; how long its query lived on, in seconds."""
    began = time.monotonic()
    end()
    _until(lambda: not _is_reading())
    return time.monotonic() - began


def _is_reading() -> bool:
    with closing(connect(SourceSettings.from_environment())) as connection:
        return bool(connection.execute(READING).rowcount)


def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _status(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    found = instance.get_run_by_id(run.run_id)
    assert found
    return found.status.value


def _new_run(instance: dg.DagsterInstance, workspace: BaseWorkspaceRequestContext, day: str) -> dg.DagsterRun:
    """A run that is not started, as the UI makes it."""
    location = workspace.get_code_location("price_assets")
    job = next(iter(location.get_repositories().values())).get_full_job("export_shop")
    plan = location.get_execution_plan(job, {}, step_keys_to_execute=None, known_state=None, instance=instance)
    return instance.create_run(
        job_name=job.name,
        run_id=None,
        run_config={},
        status=None,
        tags={**job.tags, "dagster/partition": day},
        root_run_id=None,
        parent_run_id=None,
        step_keys_to_execute=None,
        execution_plan_snapshot=plan.execution_plan_snapshot,
        job_snapshot=job.job_snapshot,
        parent_job_snapshot=None,
        remote_job_origin=job.get_remote_origin(),
        job_code_origin=job.get_python_origin(),
        asset_selection=None,
        asset_check_selection=None,
        resolved_op_selection=None,
        op_selection=None,
        asset_graph=workspace.asset_graph,
    )


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
