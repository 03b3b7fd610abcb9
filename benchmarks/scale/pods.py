"""What stands for the pods: it tells Dagster that a launched run has begun, and some seconds later that it has made its assets and ended."""

import threading
import time
from collections import deque
from pathlib import Path
from typing import Self

import dagster as dg
from dagster._core.events import StepMaterializationData

from benchmarks.scale.launcher import LAUNCHED

ASSETS = ("snapshot", "csv", "xlsx", "publication")


class Pods:
    """All of a deployment, for as long as the `with` block runs; each run takes `seconds`."""

    def __init__(self, instance: dg.DagsterInstance, home: Path, seconds: float) -> None:
        self._instance = instance
        self._launched = home / LAUNCHED
        self._seconds = seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.ended = 0
        self.error: Exception | None = None

    def __enter__(self) -> Self:
        self._launched.touch()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        running: deque[tuple[float, dg.DagsterRun]] = deque()
        try:
            with self._launched.open() as lines:
                while not self._over.wait(0.1):
                    while line := lines.readline():
                        running.append((time.monotonic() + self._seconds, self._begun(line.strip())))
                    while running and running[0][0] <= time.monotonic():
                        self._end(running.popleft()[1])
        except Exception as error:  # noqa: BLE001 - whoever waits for the runs looks at it
            self.error = error

    def _begun(self, run_id: str) -> dg.DagsterRun:
        run = self._instance.get_run_by_id(run_id)
        assert run  # noqa: S101 - the daemon has just launched it
        self._instance.report_dagster_event(dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, run.job_name), run_id)
        return run

    def _end(self, run: dg.DagsterRun) -> None:
        name = run.job_name.removeprefix("export_")
        keys = sorted(run.asset_selection or {dg.AssetKey([name, asset]) for asset in ASSETS})
        for key in keys:
            made = StepMaterializationData(dg.AssetMaterialization(key, partition=run.tags["dagster/partition"]))
            event = dg.DagsterEvent(dg.DagsterEventType.ASSET_MATERIALIZATION.value, run.job_name, event_specific_data=made)
            self._instance.report_dagster_event(event, run.run_id)
        self._instance.report_dagster_event(dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, run.job_name), run.run_id)
        self.ended += 1
