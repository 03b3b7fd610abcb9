"""What watches the runs: one clear line for every run that failed."""

import dagster as dg

from price_assets.settings import ExportSettings


def failure_sensor(settings: ExportSettings) -> dg.SensorDefinition:
    """Log the list, the date, the step and the cause, with the rows that broke a check, of every run that failed for good."""

    @dg.run_failure_sensor(
        name="on_failure",  # on or off is remembered by this name and the code location's [DG36]
        description="Says which list failed, on which day, in which step, and why.",
        monitor_all_code_locations=False,
        default_status=dg.DefaultSensorStatus.RUNNING if settings.automation else dg.DefaultSensorStatus.STOPPED,
    )
    def on_failure(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        if run.tags.get("dagster/will_retry") == "true":
            return  # a crash: the retry will say how it ends [DG32]
        context.log.error(failure_line(context))

    return on_failure


def price_list_of(run: dg.DagsterRun) -> str:
    """The list that a run is about, by its assets too: the asset page launches a job without our tags [DG11]."""
    names = {key.path[0] for key in run.asset_selection or ()} or {run.tags.get("price_list", run.job_name)}
    return ", ".join(sorted(names))


def failure_line(context: dg.RunFailureSensorContext) -> str:
    """One line: list, date, step, cause, and the rows that broke a check."""
    run = context.dagster_run
    causes = [f"{step}: {cause}" for step, cause in _causes(context)] or [context.failure_event.message or "no step failed; see the run"]
    return " | ".join([f"{price_list_of(run)} {context.partition_key} failed, run {run.run_id[:8]}", *causes])


def _causes(context: dg.RunFailureSensorContext) -> list[tuple[str, str]]:
    """Step → the first line of its error. `failure_event.message` says only which steps failed [DG28]."""
    found: list[tuple[str, str]] = []
    for event in context.get_step_failure_events():
        data = event.step_failure_data
        if data.user_failure_data:
            found.append((event.step_key or "", data.user_failure_data.description or ""))
        elif data.error:
            error = data.error.cause or data.error
            found.append((event.step_key or "", error.message.strip().splitlines()[0]))
    return found
