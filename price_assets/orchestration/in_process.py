"""One day of one price list, run by the real assets in this process: what the plain exporter does."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import dagster as dg

from price_assets.errors import ExitCode
from price_assets.orchestration.schedules import job_name
from price_assets.orchestration.tables import plain

OUTCOMES = {ExitCode.FAILED: "failed", ExitCode.REFUSED: "refused", ExitCode.ROWS_REFUSED: "blocked"}


@dataclass(frozen=True)
class ExportedDay:
    """How an export run ended. `outcome` is published, unchanged, superseded, blocked, refused, or failed; `seconds` is the whole run.

    `step` is the one that failed: snapshot, csv, xlsx or publication; `error_class` names the class of its error.
    """

    price_list: str
    export_date: date
    outcome: str
    exit_code: ExitCode = ExitCode.OK
    run_id: str = ""
    revision: str | None = None
    rows: int | None = None
    seconds: float = 0.0
    changes: dict[str, Any] | None = None
    files: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    checks: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    error: str | None = None
    step: str | None = None
    error_class: str | None = None


def export_day(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    name: str,
    day: date,
    *,
    from_snapshots: bool = False,
    accept: Mapping[str, Any] | None = None,
    run_id: str | None = None,
) -> ExportedDay:
    """Run the list's job for this day and say how it ended; nothing is raised but what stops the process.

    `accept` is the configuration of an acceptance: snapshot, checks, reason, by. `run_id` is a UUID; Dagster makes one where there is none.
    """
    began = time.monotonic()
    config: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}  # the core's own lines are enough
    chosen = {"from_snapshots": True} if from_snapshots else {"accept": dict(accept)} if accept else None
    if chosen:
        config["ops"] = {f"{name}__snapshot": {"config": chosen}}
    result = defs.resolve_job_def(job_name(name)).execute_in_process(
        run_config=config, instance=instance, partition_key=day.isoformat(), raise_on_error=False, run_id=run_id, tags={"trigger": "cli"}
    )
    told: dict[str, Any] = {"run_id": result.run_id, "seconds": round(time.monotonic() - began, 2), "checks": _checks(result)}
    if not result.success:
        error, exit_code, step, error_class = _failure(result)
        return ExportedDay(name, day, OUTCOMES[exit_code], exit_code=exit_code, error=error, step=step, error_class=error_class, **told)
    said = _publication(result)
    changes = {kind: said[kind] for kind in ("against", "added", "removed", "repriced")} if "against" in said else None
    return ExportedDay(
        name, day, str(said["outcome"]), revision=said["revision"], rows=said["dagster/row_count"], changes=changes, files=said["files"], **told
    )


def _publication(result: dg.ExecuteInProcessResult) -> Mapping[str, Any]:
    """What the publication asset recorded."""
    for event in result.get_asset_materialization_events():
        if event.asset_key and event.asset_key.path[-1] == "publication":
            return {name: plain(value) for name, value in event.materialization.metadata.items()}
    raise dg.DagsterInvariantViolationError("A run that succeeded has a publication.")


def _failure(result: dg.ExecuteInProcessResult) -> tuple[str, ExitCode, str | None, str | None]:
    """The error's line, its exit code, the step that failed, and the error's class; what we did not foresee is worth a retry."""
    for event in result.filter_events(lambda event: event.is_step_failure):
        data = event.step_failure_data
        step = (event.step_key or "").rpartition("__")[2] or None
        if data.user_failure_data and "exit_code" in (found := data.user_failure_data.metadata):
            return data.user_failure_data.description or "", ExitCode(int(str(found["exit_code"].value))), step, str(found["error"].value)
        if data.error:
            error = data.error.cause or data.error
            return f"{event.step_key}: {error.message.strip().splitlines()[0]}", ExitCode.FAILED, step, error.cls_name
    return "The run failed outside of its steps.", ExitCode.FAILED, None, None


def _checks(result: dg.ExecuteInProcessResult) -> list[dict[str, Any]]:
    """Every check's result, with its numbers and offending rows."""
    return [
        {"check": evaluation.check_name, "passed": evaluation.passed} | {name: plain(value) for name, value in evaluation.metadata.items()}
        for evaluation in result.get_asset_check_evaluations()
    ]
