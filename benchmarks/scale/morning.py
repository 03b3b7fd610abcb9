"""06:00 of many lists: every schedule comes due in the same minute, and each makes a run."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.scale.deployment import deployment
from benchmarks.scale.pods import Pods
from benchmarks.scale.runs import Queued, seen, today
from benchmarks.scale.watch import Watch
from price_assets.demo.server import Server

WORKSPACE = """
query Workspace($name: String!) {
  workspaceLocationEntryOrError(name: $name) {
    ... on WorkspaceLocationEntry {
      id loadStatus
      locationOrLoadError {
        ... on RepositoryLocation {
          id
          repositories {
            id name
            pipelines { id name isJob isAssetJob externalJobSource pipelineSnapshotId automationCondition { label } }
            schedules { id cronSchedule executionTimezone mode name pipelineName
                        scheduleState { id selectorId status hasStartPermission hasStopPermission } tags { key value } }
            sensors { id name sensorType tags { key value } targets { mode pipelineName }
                      sensorState { id selectorId status hasStartPermission hasStopPermission } }
            partitionSets { id name pipelineName }
          }
        }
      }
    }
  }
}
"""
ASSETS = """
query Assets($name: String!) {
  workspaceLocationEntryOrError(name: $name) {
    ... on WorkspaceLocationEntry {
      id locationOrLoadError { ... on RepositoryLocation { id repositories { id name assetManifest assetGroups { id groupName } } } }
    }
  }
}
"""
"""Both are what the UI asks at its start, but for a few fields."""
A_LIST = 3.0
"""Seconds at most that the daemon may need for one list's run, from its schedule to its launch."""


def morning(server: Server, folder: Path, lists: int, slots: int, pods: float) -> Queued:
    """All schedules, once, with pods that take so many seconds."""
    at = datetime.now(UTC) + timedelta(seconds=90 + lists / 4)
    at = at.replace(second=0, microsecond=0) + timedelta(minutes=1)
    with deployment(server, folder, lists, today(), slots=slots, pods=True, EXPORT_CRON=f"{at.minute} {at.hour} * * *") as running:
        extra: dict[str, float] = {}
        with Pods(running.instance, running.home, pods) as played, Watch(running) as watch:
            for name, query in (("workspace", WORKSPACE), ("assets", ASSETS)):
                began = time.monotonic()
                answer = running.post(query, name="price_assets")
                extra[f"{name}: s"], extra[f"{name}: MB"] = time.monotonic() - began, len(answer) / 1e6
                if "errors" in (said := json.loads(answer)):
                    raise RuntimeError(said["errors"])
            if datetime.now(UTC) > at - timedelta(seconds=5):
                raise RuntimeError(f"The deployment of {lists} lists was not up in time")
            running.wait_until(lambda: played.error or played.ended >= lists, "all runs have ended", 300 + A_LIST * lists)
        if played.error:
            raise played.error
        found = seen(running, folder, watch, runs=lists, slots=slots, began=at.timestamp())
        found.extra.update(extra)
        return found
