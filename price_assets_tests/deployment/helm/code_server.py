"""The code server of an installation as a process here, and the workspace by which webserver and daemon know it."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import yaml
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_graphql.schema import create_schema

from price_assets.demo.guard import ended, guarded
from price_assets.demo.server import free_port
from price_assets_tests.deployment.helm.chart import CONTEXT, Installed, container
from price_assets_tests.deployment.helm.values import values
from price_assets_tests.deployment.running_dagster import PATIENCE

_schema = cache(create_schema)


@dataclass(frozen=True)
class Workspace:
    """What webserver and daemon have in common: the instance and the code server."""

    context: WorkspaceProcessContext

    @property
    def instance(self) -> dg.DagsterInstance:
        """Dagster's."""
        return self.context.instance

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        """What the webserver answers to the UI."""
        request = self.context.create_request_context()
        done = asyncio.run(_schema().execute_async(query, context_value=request, variables=variables))
        assert not done.errors, done.errors
        return done.data or {}


@contextmanager
def workspace(installed: Installed, instance: dg.DagsterInstance, environment: Mapping[str, str], folder: Path) -> Generator[Workspace]:
    """Within this block, with the command, the environment and the location's name of the installation; only the port is a free one."""
    (code,) = values()["dagster-user-deployments"]["deployments"]
    port = free_port()
    command = [sys.executable, "-m", "dagster", "api", "grpc", "-h", "127.0.0.1", "-p", str(port), *code["dagsterApiGrpcArgs"]]
    own = container(installed.deployments["user-deployments"])
    said = {CONTEXT: json.dumps(installed.context), "DAGSTER_CURRENT_IMAGE": own["image"]}
    (server,) = installed.workspace["load_from"]
    file = folder / "workspace.yaml"
    file.write_text(yaml.safe_dump({"load_from": [{"grpc_server": server["grpc_server"] | {"host": "127.0.0.1", "port": port}}]}))
    ready = [part.replace(f"/{code['port']}", f"/{port}") for part in own["readinessProbe"]["exec"]["command"]]
    guard = guarded(command, environment={**environment, **said}, folder=folder, output=folder / "code-server.log")
    try:
        _wait_for(ready, folder / "code-server.log")
        with WorkspaceProcessContext(instance, WorkspaceFileTarget([str(file)])) as context:
            yield Workspace(context)
    finally:
        ended(guard)


def _wait_for(command: Sequence[str], log: Path) -> None:
    """Until the code server's own readiness probe succeeds."""
    deadline = time.monotonic() + PATIENCE
    while subprocess.run(command, capture_output=True, check=False).returncode:
        assert time.monotonic() < deadline, log.read_text(errors="replace")
        time.sleep(0.25)
