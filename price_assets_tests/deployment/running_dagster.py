"""Dagster as a deployment runs it: webserver and daemon from the two files at the top, on a real Postgres, for a shop's price lists."""

import json
import os
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import copy
from typing import Any, TypeVar
from unittest.mock import patch
from urllib.error import URLError
from urllib.request import Request, urlopen

import dagster as dg

from price_assets.demo.guard import Guard, ended, guarded
from price_assets.demo.server import Server, free_port
from price_assets_tests.servers.postgres import Database, new_database
from price_assets_tests.shop import Shop

CLONE = Path(__file__).parents[2]
PATIENCE = 240.0
"""Seconds that anything may take on a busy machine; a daemon alone takes ten to sixty to be up."""
LAST_WORDS = 4000
PASSWORD = "p@ss/word:%41 ?#&='\"\\ñ"
"""Of the role that Dagster logs in as: any character may be in it."""

LOCATIONS = """
{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError { __typename ... on PythonError { message } } } } } }
"""
LAUNCH = """
mutation Launch($parameters: ExecutionParams!) {
  launchPipelineExecution(executionParams: $parameters) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message stack }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""
BACKFILL = """
mutation Backfill($parameters: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $parameters) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message stack }
  }
}
"""

Value = TypeVar("Value")


@dataclass
class RunningDagster:
    """A deployment. `environment` is that of its processes; `instance` is opened with the same dagster.yaml."""

    shop: Shop
    home: Path
    environment: dict[str, str]
    instance: dg.DagsterInstance
    url: str
    _running: dict[str, ExitStack] = field(default_factory=dict[str, ExitStack])
    _guards: dict[str, Guard] = field(default_factory=dict[str, Guard])

    def start(self, part: str, *arguments: str) -> None:
        """Start `webserver` or `daemon` in the background: what a service manager does."""
        command = [Path(sys.executable).with_name(f"dagster-{part}"), *arguments, "-w", CLONE / "workspace.yaml"]
        stack = ExitStack()
        self._guards[part] = guarded(command, environment=self.environment, folder=self.home, output=self.home / f"{part}.log")
        stack.callback(ended, self._guards[part])
        self._running[part] = stack

    def start_webserver(self) -> None:
        """Start the webserver, and wait until it answers."""
        self.start("webserver", "--host", "127.0.0.1", "--port", self.url.rpartition(":")[2])
        self.wait_until(self._answers, "the webserver answers")
        (location,) = self.graphql(LOCATIONS)["workspaceOrError"]["locationEntries"]
        assert location["locationOrLoadError"]["__typename"] == "RepositoryLocation", location

    def start_daemon(self) -> None:
        """Start the daemon, and wait until each of its threads is at work."""
        begin = datetime.now(UTC).timestamp()
        self.start("daemon", "run")

        def beats() -> bool:
            found = self.instance.get_daemon_statuses()
            return {"SENSOR", "SCHEDULER", "QUEUED_RUN_COORDINATOR"} <= {
                kind for kind, status in found.items() if status.last_heartbeat and status.last_heartbeat.timestamp >= begin
            }

        self.wait_until(beats, "the daemon is at work")

    def stop(self, part: str) -> None:
        """End a part and all that it started."""
        self._running.pop(part).close()

    def stop_all(self) -> None:
        """End all of it, the last part first."""
        for part in reversed(list(self._running)):
            self.stop(part)

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        """What the webserver's GraphQL answers."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        with urlopen(Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"}), timeout=60) as answer:
            said = json.loads(answer.read())
        assert "errors" not in said, said["errors"]
        return said["data"]

    def launch(self, name: str, day: date) -> str:
        """Launch a list's job for a day, as the launchpad does. The run."""
        job = {"pipelineName": f"export_{name}", "repositoryName": "__repository__", "repositoryLocationName": "price_assets"}
        tags = [{"key": "dagster/partition", "value": day.isoformat()}]
        parameters = {"selector": job, "runConfigData": {}, "mode": "default", "executionMetadata": {"tags": tags}}
        said = self.graphql(LAUNCH, parameters=parameters)["launchPipelineExecution"]
        assert said["__typename"] == "LaunchRunSuccess", said
        return said["run"]["runId"]

    def backfill(self, name: str, days: Sequence[date]) -> str:
        """Launch a backfill of a list's assets, as the page of its assets does. The backfill."""
        assets = [{"path": [name, asset]} for asset in ("snapshot", "csv", "xlsx", "publication")]
        parameters = {"assetSelection": assets, "partitionNames": [day.isoformat() for day in days]}
        said = self.graphql(BACKFILL, parameters=parameters)["launchPartitionBackfill"]
        assert said["__typename"] == "LaunchBackfillSuccess", said
        return said["backfillId"]

    def ended(self, run_id: str) -> dg.DagsterRun:
        """The run, once it has ended in one way or the other."""

        def has_ended() -> dg.DagsterRun | None:
            run = self.instance.get_run_by_id(run_id)
            return run if run and run.is_finished else None

        return self.wait_until(has_ended, f"run {run_id} has ended")

    def wait_until(self, condition: Callable[[], Value | None], what: str, seconds: float = PATIENCE) -> Value:
        """Wait until the condition gives something true, and give it; else fail with the last words of every part."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            gone = [part for part in self._running if self._guards[part].poll() is not None]
            assert not gone, f"{gone} ended while waiting until {what}\n{self.last_words()}"
            assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}\n{self.last_words()}"
            time.sleep(0.25)
        return found

    def last_words(self) -> str:
        """The ends of the logs of webserver and daemon, and each run's state."""
        logs = [f"--- {path.name}\n{path.read_text(errors='replace')[-LAST_WORDS:]}" for path in self.home.glob("*.log")]
        runs = [f"{run.run_id} {run.job_name} {run.status.value} {dict(run.tags)}" for run in self.instance.get_runs(limit=50)]
        return "\n".join([*logs, "--- runs", *runs])

    def runs(self, name: str = "shop", day: str | None = None, **tags: str) -> list[dg.DagsterRun]:
        """The runs of a list (and of a day), the oldest first, launched from wherever."""
        wanted = tags | ({"dagster/partition": day} if day else {})
        found = self.instance.get_runs(dg.RunsFilter(tags=wanted))
        return [run for run in reversed(found) if run.job_name == f"export_{name}" or any(key.path[0] == name for key in run.asset_selection or ())]

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/server_info", timeout=10):
                return True
        except (URLError, TimeoutError, ConnectionError):
            return False


@contextmanager
def running_dagster(
    shop: Shop, server: Server, *, daemon: bool = True, webserver: bool = True, logs: str | None = None, **changes: str
) -> Generator[RunningDagster]:
    """Run a deployment with the shop's environment and these changes, within this block; its database is made on the server and goes with it.

    `logs` is where the output of runs goes, a folder of its own by default.
    """
    home = shop.folder / "dagster-home"
    (home / "tmp").mkdir(parents=True)
    copy(CLONE / "dagster.yaml", home)
    with ExitStack() as stack:
        database = stack.enter_context(new_database(server))
        environment = shop.process_environment(DAGSTER_HOME=str(home), DAGSTER_COMPUTE_LOGS=logs or (home / "logs").as_uri())
        url = f"http://127.0.0.1:{free_port()}"
        environment |= _login(database) | {"DAGSTER_UI_URL": url, "TMPDIR": str(home / "tmp")} | changes
        instance = stack.enter_context(open_instance(home, environment))
        running = RunningDagster(shop, home, environment, instance, url)
        stack.callback(running.stop_all)
        if webserver:
            running.start_webserver()
        if daemon:
            running.start_daemon()
        yield running


@contextmanager
def open_instance(home: Path, environment: Mapping[str, str]) -> Generator[dg.DagsterInstance]:
    """The instance of a home, as a process with this environment opens it."""
    with patch.dict(os.environ, {**environment, "LOG_FORMAT": "text"}, clear=True):
        instance = dg.DagsterInstance.from_config(str(home))
        _ = instance.compute_log_manager  # made when it is first asked for, from the environment
    with instance:
        yield instance


def _login(database: Database) -> dict[str, str]:
    """Make a role for Dagster that owns the database. Its `DAGSTER_PG_*` variables."""
    role = f"dagster_{database.name}"
    with database.connect() as connection:
        literal = PASSWORD.replace("'", "''")
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{literal}'".encode())
        connection.execute(f"ALTER DATABASE {database.name} OWNER TO {role}".encode())
        connection.execute(f"ALTER SCHEMA public OWNER TO {role}".encode())
    return {
        "DAGSTER_PG_HOST": database.server.host,
        "DAGSTER_PG_PORT": str(database.server.port),
        "DAGSTER_PG_DB": database.name,
        "DAGSTER_PG_USERNAME": role,
        "DAGSTER_PG_PASSWORD": PASSWORD,
    }
