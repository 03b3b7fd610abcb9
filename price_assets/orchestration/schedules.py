"""The job of a price list, and the schedule that runs it every morning at 06:00."""

from datetime import date
from typing import Any

import dagster as dg

from price_assets.settings import ExportSettings

CRON = "0 6 * * *"
TODAY_FIRST = "1"
"""The run queue's priority of the morning's runs: before backfills, which have 0 [DG14, DG58]."""

Job = Any  # the type of an unresolved asset job is not public [DG4]


def job_name(price_list: str) -> str:
    """The job that exports this list."""
    return f"export_{price_list}"


def export_job(name: str, memory: str | None = None) -> Job:
    """One job a list, since lists start on different days [DG2]. Steps run in one process: start-up dominates small lists.

    `memory` becomes the request and the limit of the run's pod: a limit alone may lie below the default request, which is invalid [KU10].
    """
    tags: dict[str, Any] = {"price_list": name}
    if memory:
        resources = {"requests": {"memory": memory}, "limits": {"memory": memory}}
        tags["dagster-k8s/config"] = {"container_config": {"resources": resources}}
    return dg.define_asset_job(
        job_name(name),
        dg.AssetSelection.groups(name),
        description=f"Query, check, render and publish {name}.",
        executor_def=dg.in_process_executor,
        tags=tags,
    )


def morning_schedule(name: str, start: date, job: Job, settings: ExportSettings) -> dg.ScheduleDefinition:
    """The day's export at 06:00 in `EXPORT_TIMEZONE`. One schedule a list: a schedule has exactly one job [DG1]."""

    @dg.schedule(
        name=f"morning_{name}",
        cron_schedule=CRON,
        execution_timezone=str(settings.timezone),
        job=job,
        description=f"Exports {name} for the day that begins.",
        default_status=dg.DefaultScheduleStatus.RUNNING if settings.automation else dg.DefaultScheduleStatus.STOPPED,
    )
    def morning(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        day = context.scheduled_execution_time.astimezone(settings.timezone).date()
        if day < start:
            return dg.SkipReason(f"{name} starts on {start}.")  # asked for a day before its start, the tick would fail [DG6]
        return dg.RunRequest(day.isoformat(), partition_key=day.isoformat(), tags={"trigger": "schedule", "dagster/priority": TODAY_FIRST})

    return morning
