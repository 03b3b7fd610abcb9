"""The sensor that marks the runs that failed for good, and says so in the log; `alerts` tells people of them."""

import os
import time

import dagster as dg

from price_assets.orchestration.failed_runs import FailedRun, failed_run
from price_assets.orchestration.runs import PARTITION, WILL_RETRY, price_lists_of, will_be_retried
from price_assets.settings import ExportSettings

ALERT = "price_assets/alert"
"""The tag of a run that failed: whether somebody was told of it."""
WAITING = "waiting"
TOLD = "told"
TAGGED_WITHIN = 3.0
"""Seconds that a run is waited for to say whether it is retried; it takes milliseconds."""

# Of the runs that failed, Dagster shows a sensor 5 at a tick, unless these say otherwise [DG62]: of 200 lists that fail together, half would wait for
# ten minutes. Whoever sets them keeps what was set.
os.environ.setdefault("DAGSTER_RUN_STATUS_SENSOR_PROCESS_LIMIT", "100")
os.environ.setdefault("DAGSTER_RUN_STATUS_SENSOR_FETCH_LIMIT", "100")


def failure_sensor(settings: ExportSettings) -> dg.SensorDefinition:
    """Mark every run that failed for good, and log the list, the date, the step and the cause, with the rows that broke a check."""

    @dg.run_failure_sensor(
        name="on_failure",  # on or off is remembered by this name and the code location's [DG36]
        description="Marks the runs that failed for good, for the sensor alerts to tell of, and logs which list, which day, which step, and why.",
        monitor_all_code_locations=False,
        default_status=dg.DefaultSensorStatus.RUNNING if settings.automation else dg.DefaultSensorStatus.STOPPED,
    )
    def on_failure(context: dg.RunFailureSensorContext) -> None:
        run = _as_tagged(context.instance, context.dagster_run)
        if will_be_retried(run):
            return
        try:
            context.instance.add_run_tags(run.run_id, {ALERT: WAITING})
            context.log.error(failure_line(run, failed_run(context.instance, run.run_id)))
        except Exception:
            context.log.exception("Run %s failed, and could not be marked for an alert.", run.run_id)

    return on_failure


def _as_tagged(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRun:
    """The run once it says whether Dagster retries it, which it does a moment after it is seen to have failed [DG70]."""
    until = time.monotonic() + TAGGED_WITHIN
    while instance.run_retries_enabled and WILL_RETRY not in run.tags and time.monotonic() < until:
        time.sleep(0.1)
        run = instance.get_run_by_id(run.run_id) or run
    return run


def failure_line(run: dg.DagsterRun, failed: FailedRun) -> str:
    """One line: list, date, step, cause, and the rows that broke a check."""
    causes = [f"{each.price_list}__{each.step}: {each.error}" for each in failed.steps] or [failed.cause]
    subject = f"{', '.join(price_lists_of(run))} {run.tags.get(PARTITION, '')}".strip()
    return " | ".join([f"{subject} failed, run {run.run_id[:8]}", *causes])
