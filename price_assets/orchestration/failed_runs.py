"""What a run that failed says of itself, read from its events."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dagster._core.events import JobFailureData

from price_assets.errors import SnapshotBlocked
from price_assets.orchestration.tables import plain

Checks = list[dict[str, Any]]

_KINDS = {
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.ENGINE_EVENT,
    dg.DagsterEventType.RUN_FAILURE,
}
_FROM_OUTSIDE = "marked as failed from outside"
"""What Dagster says of a process that died: the engine's event before it says how."""


@dataclass(frozen=True)
class FailedStep:
    """A step that failed: its list, `snapshot`, `csv`, `xlsx` or `publication`, its error in one line; `launchpad` is what accepts its rows.

    `error_class` names the class of its error.
    """

    price_list: str
    step: str
    error: str
    blocked: bool = False
    launchpad: str = ""
    error_class: str = ""


@dataclass(frozen=True)
class FailedRun:
    """The steps that failed, in order; the results of its checks by list, as `export --json` gives them; `said`, what Dagster says of the whole.

    `raised` names the class of the error that was raised outside of the steps.
    """

    steps: list[FailedStep] = field(default_factory=list[FailedStep])
    checks: dict[str, Checks] = field(default_factory=dict[str, Checks])
    said: str = ""
    raised: str = ""

    @property
    def cause(self) -> str:
        """Why, in one line, where no list has a step that failed: the process died, or never began."""
        return self.said or "the run failed outside of its steps"


def failed_run(instance: dg.DagsterInstance, run_id: str) -> FailedRun:
    """Read it: one query [DG28, DG30]."""
    found, engine, said, raised = FailedRun(), "", "", ""
    for record in instance.get_records_for_run(run_id, of_type=_KINDS).records:
        event = record.event_log_entry.dagster_event
        if event is None:
            continue
        if event.is_step_failure:
            found.steps.append(_step(event))
        elif event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            result = event.asset_check_evaluation_data
            told = {name: plain(value) for name, value in result.metadata.items()}
            found.checks.setdefault(result.asset_key.path[0], []).append({"check": result.check_name, "passed": result.passed} | told)
        elif event.event_type is dg.DagsterEventType.RUN_FAILURE:
            said = _said_of_pod(event.message or "") or first_line(event.message or "")
            said = engine if _FROM_OUTSIDE in said and engine else said
            error = data.error if isinstance(data := event.event_specific_data, JobFailureData) else None
            raised = (error.cause or error).cls_name or "" if error else ""
        elif not said:
            engine = first_line(event.message or "")
    # Without the run's whole id, which would make each cause another.
    return FailedRun(found.steps, found.checks, said.replace(run_id, run_id[:8]), raised)


def first_line(text: str) -> str:
    """The first line that says something."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _said_of_pod(text: str) -> str:
    """Why a run's pod is gone, in one line; nothing where Dagster does not say so: it puts what Kubernetes knows after its own first line [KU12]."""
    if "OOMKilled" in text:
        return "its pod needed more memory than it may have, and was killed (OOMKilled): raise `memory:` in the list's YAML"
    if evicted := re.search(r"^Pod status: Failed: (.+?)\s*$", text, re.MULTILINE):
        return f"its pod was evicted: {evicted[1]}"
    return ""


def _step(event: dg.DagsterEvent) -> FailedStep:
    price_list, _, step = (event.step_key or "").rpartition("__")
    if not price_list:  # not one of ours
        price_list, step = step, ""
    data = event.step_failure_data
    if data.user_failure_data:
        metadata: Mapping[str, Any] = {name: plain(value) for name, value in data.user_failure_data.metadata.items()}
        error = data.user_failure_data.description or ""
        kind = str(metadata.get("error", ""))
        return FailedStep(price_list, step, error, kind == SnapshotBlocked.__name__, str(metadata.get("launchpad", "")), kind)
    error = data.error and (data.error.cause or data.error)
    if error is None:
        return FailedStep(price_list, step, first_line(event.message or ""))
    return FailedStep(price_list, step, first_line(error.message), error_class=error.cls_name or "")
