"""A run launcher that launches nothing: it does in Dagster's database what the one for Kubernetes does, and the benchmark plays the pod.

So the daemon's own rate is seen on a machine that could never run hundreds of pods. What it leaves out is the call to the API of Kubernetes.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.launcher.base import CheckRunHealthResult, LaunchRunContext, RunLauncher, WorkerStatus
from dagster._serdes import ConfigurableClass, ConfigurableClassData

LAUNCHED = "launched"
"""The file of DAGSTER_HOME in which each launched run is a line."""


class NoPods(RunLauncher[Any], ConfigurableClass):
    """Named in the benchmark's dagster.yaml."""

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        self._inst_data = inst_data
        super().__init__()

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        """What Dagster made it from."""
        return self._inst_data

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """It has no settings."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> "NoPods":
        """As Dagster makes it."""
        return cls(inst_data=inst_data, **config_value)

    def launch_run(self, context: LaunchRunContext) -> None:
        """A tag and two events, as for a Job; then the line by which the benchmark knows."""
        run = context.dagster_run
        self._instance.add_run_tags(run.run_id, {"dagster/image": "registry.example.com/price-assets:0.1.0"})
        self._instance.report_engine_event("Creating Kubernetes run worker job", run, cls=self.__class__)
        self._instance.report_engine_event("Kubernetes run worker job created", run, cls=self.__class__)
        with (Path(os.environ["DAGSTER_HOME"]) / LAUNCHED).open("a") as launched:
            launched.write(f"{run.run_id}\n")

    def terminate(self, run_id: str) -> bool:  # noqa: ARG002 - nothing to end
        """There is nothing to end."""
        return False

    @property
    def supports_check_run_worker_health(self) -> bool:
        """As that of Kubernetes."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:  # noqa: ARG002 - all are well
        """Each pod is well."""
        return CheckRunHealthResult(WorkerStatus.RUNNING)
