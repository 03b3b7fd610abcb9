"""The sensor that marks the runs that failed for good, and says so in the log; `alerts` tells people of them."""

import os

import dagster as dg

from price_assets.orchestration.failed_runs import FailedRun, failed_run
from price_assets.orchestration.runs import PARTITION, price_lists_of, will_be_retried
from price_assets.settings import ExportSettings

ALERT = "price_assets/alert"
"""The tag of a run that failed: whether somebody was told of it."""
WAITING = "waiting"
TOLD = "told"

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
        run = context.dagster_run
        if will_be_retried(run):
            return
        try:
            context.instance.add_run_tags(run.run_id, {ALERT: WAITING})
            context.log.error(failure_line(run, failed_run(context.instance, run.run_id)))
        except Exception:
            context.log.exception("Run %s failed, and could not be marked for an alert.", run.run_id)

    return on_failure


def failure_line(run: dg.DagsterRun, failed: FailedRun) -> str:
    """One line: list, date, step, cause, and the rows that broke a check."""
    causes = [f"{each.price_list}__{each.step}: {each.error}" for each in failed.steps] or [failed.cause]
    subject = f"{', '.join(price_lists_of(run))} {run.tags.get(PARTITION, '')}".strip()
    return " | ".join([f"{subject} failed, run {run.run_id[:8]}", *causes])
