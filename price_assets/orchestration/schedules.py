"""The job of a price list, and the schedule that runs it at the times of `EXPORT_CRON`, every morning at 06:00 by default."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus

from price_assets.orchestration.runs import PRICE_LIST, PRIORITY, TODAY_FIRST, TRIGGER
from price_assets.settings import ExportSettings

CODE_LOCATION = "price_assets"
"""The name of workspace.yaml and pyproject.toml: what is on or off is remembered by it [DG36]."""
POD = "dagster-k8s/config"
"""The tag that says what a run's pod has of its own."""
JOB_OF_POD = "DAGSTER_RUN_JOB_NAME"
"""Kubernetes' launcher tells the pod of a run what job it runs; the asset page's is none of ours [KU18]."""
Job = Any  # the type of an unresolved asset job is not public [DG4]


def job_name(price_list: str) -> str:
    """The job that exports this list."""
    return f"export_{price_list}"


def price_list_of_pod(environment: Mapping[str, str]) -> str | None:
    """The list that this pod exports, where it is the pod of a list's job: it needs no other, and loading a thousand costs more than the export."""
    job = environment.get(JOB_OF_POD, "")
    name = job.removeprefix(job_name(""))
    return name if name != job else None


def schedule_name(price_list: str) -> str:
    """The schedule of this list."""
    return f"morning_{price_list}"


def switched_off(instance: dg.DagsterInstance, price_lists: Iterable[str], settings: ExportSettings) -> set[str]:
    """The lists whose schedule is off, by a person's hand in the UI, or because all start switched off and nobody has started it."""
    kept: Sequence[InstigatorState] = []
    if instance.schedule_storage:  # an ephemeral instance has none
        kept = instance.all_instigator_state(instigator_type=InstigatorType.SCHEDULE)
    by_hand = {state.instigator_name: state.status for state in kept if state.origin.location_name == CODE_LOCATION}
    declared = InstigatorStatus.RUNNING if settings.automation else InstigatorStatus.STOPPED

    def is_off(name: str) -> bool:
        status = by_hand.get(schedule_name(name), declared)
        return (declared if status is InstigatorStatus.DECLARED_IN_CODE else status) is InstigatorStatus.STOPPED

    return {name for name in price_lists if is_off(name)}


def export_job(name: str, memory: str | None = None) -> Job:
    """One job a list, since lists start on different days [DG2]. Steps run in one process: start-up dominates small lists.

    `memory` becomes the request and the limit of the run's pod: a limit alone may lie below the default request, which is invalid [KU10].
    """
    tags: dict[str, Any] = {PRICE_LIST: name}
    if memory:
        resources = {"requests": {"memory": memory}, "limits": {"memory": memory}}
        tags[POD] = {"container_config": {"resources": resources}}
    return dg.define_asset_job(
        job_name(name),
        dg.AssetSelection.groups(name),
        description=f"Query, check, render and publish {name}.",
        executor_def=dg.in_process_executor,
        tags=tags,
    )


def morning_schedule(name: str, start: date, job: Job, settings: ExportSettings) -> dg.ScheduleDefinition:
    """The day's export at the times of `EXPORT_CRON` in `EXPORT_TIMEZONE`. One schedule a list: a schedule has exactly one job [DG1]."""

    @dg.schedule(
        name=schedule_name(name),
        cron_schedule=settings.cron,
        execution_timezone=str(settings.timezone),
        job=job,
        description=f"Exports {name} for the day that begins.",
        default_status=dg.DefaultScheduleStatus.RUNNING if settings.automation else dg.DefaultScheduleStatus.STOPPED,
    )
    def morning(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        tick = context.scheduled_execution_time.astimezone(settings.timezone)
        day = tick.date()
        if day < start:
            return dg.SkipReason(f"{name} starts on {start}.")  # asked for a day before its start, the tick would fail [DG6]
        # A run key is used once, ever [DG9]: it holds the time of day, so that twice a day is two runs.
        run_key = tick.isoformat(timespec="minutes")
        return dg.RunRequest(run_key, partition_key=day.isoformat(), tags={TRIGGER: "schedule", PRIORITY: TODAY_FIRST})

    return morning
