"""Dagster's run queue with one thing more: a run that Dagster's own asset job makes gets the memory of its price lists too.

The job of a list carries its memory in a tag [KU10]. What the asset page launches, backfills among it, is another job, which has no tags of
ours [DG11]: without this a large list would be killed for lack of memory whenever a person materialises it there. Kubernetes alone needs it, so
helm-values.yaml names it; elsewhere Dagster's own queue does.
"""

import json
from typing import Any

import dagster as dg
from dagster._core.run_coordinator import QueuedRunCoordinator, SubmitRunContext

from price_assets.orchestration.runs import PRICE_LIST, price_lists_of
from price_assets.orchestration.schedules import POD, job_name

UNITS = {"": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


class RunQueue(QueuedRunCoordinator[Any]):
    """Tags a run of assets before it is queued, and is QueuedRunCoordinator otherwise."""

    def submit_run(self, context: SubmitRunContext) -> dg.DagsterRun:
        """Queue the run, with the most memory that any of its lists asks for: its steps run one after the other."""
        run = context.dagster_run
        if not {PRICE_LIST, POD} & run.tags.keys() and (pods := _pods(context)):
            self._instance.add_run_tags(run.run_id, {POD: max(pods, key=_memory)})
        return super().submit_run(context)


def _pods(context: SubmitRunContext) -> list[str]:
    """What the jobs of the run's lists say of their pods, where they say anything."""
    run = context.dagster_run
    if run.remote_job_origin is None:
        return []
    origin = run.remote_job_origin.repository_origin
    location = context.workspace.get_code_location(origin.code_location_origin.location_name)
    repository = location.get_repository(origin.repository_name)
    names = [name for name in map(job_name, price_lists_of(run)) if repository.has_job(name)]
    return [tags[POD] for name in names if POD in (tags := repository.get_full_job(name).run_tags)]


def _memory(pod: str) -> int:
    """The bytes of the limit, as `memory:` of a price list writes it."""
    amount = str(json.loads(pod)["container_config"]["resources"]["limits"]["memory"])
    number = amount.rstrip("KMGTi")
    return int(number) * UNITS[amount.removeprefix(number)]
