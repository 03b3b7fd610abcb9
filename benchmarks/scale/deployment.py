"""Dagster as Helm deploys it, without Kubernetes: a code server, a webserver and a daemon on a real Postgres, with the repository's own dagster.yaml.

Each part is under a guard, which takes it along however the benchmark ends.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch
from urllib.error import URLError
from urllib.request import Request, urlopen

import dagster as dg
import psycopg
import yaml
from dagster._grpc.client import DagsterGrpcClient

from benchmarks.dagster_environment import dagster_environment
from benchmarks.scale import processes
from benchmarks.scale.price_lists import write_price_lists
from price_assets.demo.guard import Guard, ended, guarded
from price_assets.demo.server import Server, free_port

CLONE = Path(__file__).parents[2]
CODE_SERVER, DAEMON, WEBSERVER = "code server", "daemon", "webserver"
PATIENCE = 300.0
BACKFILL = """
mutation Backfill($parameters: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $parameters) { __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } }
}
"""
Value = TypeVar("Value")


@dataclass
class Deployment:
    """A running one. `ready` is the seconds that each part took until it served; `names` are its lists."""

    server: Server
    home: Path
    environment: dict[str, str]
    instance: dg.DagsterInstance
    names: list[str]
    database: str
    ports: dict[str, int]
    ready: dict[str, float] = field(default_factory=dict[str, float])
    _guards: dict[str, Guard] = field(default_factory=dict[str, Guard])

    def start(self, part: str, *command: str | Path) -> float:
        """Start a part; when that was."""
        program, *arguments = command
        log = self.home / f"{part.replace(' ', '-')}.log"
        argv = [Path(sys.executable).with_name(str(program)), *arguments]
        self._guards[part] = guarded(argv, environment=self.environment, folder=self.home, output=log)
        return time.monotonic()

    def start_all(self) -> None:
        """Start the code server, then the webserver, then the daemon, and wait for each."""
        port = str(self.ports[CODE_SERVER])
        began = self.start(CODE_SERVER, "dagster", "api", "grpc", "-h", "127.0.0.1", "-p", port, "-m", "price_assets.definitions")
        self.wait_until(lambda: self._pings(int(port)), "the code server answers")
        self.ready[CODE_SERVER] = time.monotonic() - began
        port = str(self.ports[WEBSERVER])
        began = self.start(WEBSERVER, "dagster-webserver", "-h", "127.0.0.1", "-p", port, "-w", self.home / "workspace.yaml")
        self.wait_until(self._answers, "the webserver answers")
        self.ready[WEBSERVER] = time.monotonic() - began
        at = datetime.now(UTC).timestamp()
        began = self.start(DAEMON, "dagster-daemon", "run", "-w", self.home / "workspace.yaml")
        self.wait_until(lambda: self._beats(at), "the daemon is at work")
        self.ready[DAEMON] = time.monotonic() - began

    def stop_all(self) -> None:
        """End all parts, the last one first."""
        for part in reversed(list(self._guards)):
            ended(self._guards.pop(part))

    def pid(self, part: str) -> int:
        """The process of a part: the guard's only child."""
        (pid,) = processes.children(self._guards[part].pid)
        return pid

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        """What the webserver's GraphQL answers."""
        said = json.loads(self.post(query, **variables))
        assert "errors" not in said, said["errors"]  # noqa: S101
        return said["data"]

    def post(self, query: str, **variables: Any) -> bytes:
        """The same, as it comes."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        address = f"http://127.0.0.1:{self.ports[WEBSERVER]}/graphql"
        with urlopen(Request(address, body, {"Content-Type": "application/json"}), timeout=PATIENCE) as answer:
            return answer.read()

    def backfill(self, name: str, days: list[date]) -> str:
        """Launch a backfill of a list's assets, as the page of its assets does. The backfill."""
        assets = [{"path": [name, asset]} for asset in ("snapshot", "csv", "xlsx", "publication")]
        parameters = {"assetSelection": assets, "partitionNames": [str(day) for day in days]}
        said = self.graphql(BACKFILL, parameters=parameters)["launchPartitionBackfill"]
        assert said["__typename"] == "LaunchBackfillSuccess", said  # noqa: S101
        return said["backfillId"]

    def connect(self, database: str | None = None) -> psycopg.Connection:
        """A connection to Dagster's database, or another."""
        server = self.server
        return psycopg.connect(
            host=server.host, port=server.port, user=server.user, password=server.password, dbname=database or self.database, autocommit=True
        )

    def wait_until(self, condition: Callable[[], Value | None], what: str, seconds: float = PATIENCE) -> Value:
        """Wait until the condition gives something true, and give it; else fail with the last words of every part."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            gone = [part for part, guard in self._guards.items() if guard.poll() is not None]
            if gone or time.monotonic() > deadline:
                words = "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in self.home.glob("*.log"))
                raise RuntimeError(f"{f'{gone} ended' if gone else f'{seconds:.0f} s were over'} while waiting until {what}\n{words}")
            time.sleep(0.25)
        return found

    def _pings(self, port: int) -> bool:
        try:
            DagsterGrpcClient(host="127.0.0.1", port=port).ping("")
        except Exception:  # noqa: BLE001 - not yet
            return False
        return True

    def _answers(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.ports[WEBSERVER]}/server_info", timeout=10):
                return True
        except (URLError, TimeoutError, ConnectionError):
            return False

    def _beats(self, since: float) -> bool:
        found = self.instance.get_daemon_statuses()
        beating = {kind for kind, status in found.items() if status.last_heartbeat and status.last_heartbeat.timestamp >= since}
        return {"SENSOR", "SCHEDULER", "QUEUED_RUN_COORDINATOR", "BACKFILL"} <= beating


@contextmanager
def deployment(server: Server, folder: Path, lists: int, start: date, *, slots: int, pods: bool, **settings: str) -> Generator[Deployment]:
    """One of that many lists, within this block. `slots` is max_concurrent_runs; with `pods` runs are not executed here, but by `Pods`."""
    home = folder / "home"
    home.mkdir(parents=True)
    names = write_price_lists(folder / "lists", lists, start)
    ports = {CODE_SERVER: free_port(), WEBSERVER: free_port()}
    (home / "dagster.yaml").write_text(yaml.safe_dump(_instance(slots, pods=pods)))
    location = {"host": "127.0.0.1", "port": ports[CODE_SERVER], "location_name": "price_assets"}
    (home / "workspace.yaml").write_text(yaml.safe_dump({"load_from": [{"grpc_server": location}]}))
    database = f"dagster_{folder.name}"
    environment = _environment(server, folder, database) | settings
    with ExitStack() as stack:
        with psycopg.connect(
            host=server.host, port=server.port, user=server.user, password=server.password, dbname=server.database, autocommit=True
        ) as connection:
            for each in (database, f"ledger_{folder.name}"):
                connection.execute(f"CREATE DATABASE {each}".encode())
        stack.enter_context(patch.dict(os.environ, environment, clear=True))
        instance = stack.enter_context(dg.DagsterInstance.from_config(str(home)))
        instance.optimize_for_webserver(0, 300, 4)  # so that the benchmark's own connections are not among those that are counted
        running = Deployment(server, home, environment, instance, names, database, ports)
        stack.callback(running.stop_all)
        running.start_all()
        yield running


def _instance(slots: int, *, pods: bool) -> dict[str, Any]:
    """The repository's dagster.yaml, but for these two."""
    instance: dict[str, Any] = yaml.safe_load((CLONE / "dagster.yaml").read_text())
    instance["concurrency"]["runs"]["max_concurrent_runs"] = slots
    if pods:
        instance["run_launcher"] = {"module": "benchmarks.scale.launcher", "class": "NoPods"}
    return instance


def _environment(server: Server, folder: Path, database: str) -> dict[str, str]:
    found = dagster_environment(server, folder, database, f"ledger_{folder.name}")
    return found | {"PYTHONPATH": str(CLONE)}  # where the launcher is found
