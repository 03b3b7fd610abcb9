"""A dagster.yaml by its meaning: two that say the same in other words are equal [KU16]."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from dagster._config import validate_config
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.instance.config import dagster_instance_config, get_default_tick_retention_settings, get_tick_retention_settings
from dagster._core.run_coordinator import QueuedRunCoordinator
from dagster._serdes import ConfigurableClassData

ELSEWHERE = {
    *("storage", "run_storage", "event_log_storage", "schedule_storage", "local_artifact_storage", "compute_logs"),
    "run_launcher",  # processes or pods
}
"""What differs between places: where things are kept, and what starts a run."""
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "run_monitoring": {
        "start_timeout_seconds": 180,
        "cancel_timeout_seconds": 180,
        "max_runtime_seconds": 0,
        "max_resume_run_attempts": 0,
        "poll_interval_seconds": 120,
        "free_slots_after_run_end_seconds": 0,
    },
}
"""What Dagster takes where nothing is said and its schema does not tell; a test holds them."""


def instance_settings(path: Path) -> dict[str, Any]:
    """What a dagster.yaml settles, read and completed by Dagster's own schema, but for what lies elsewhere. Raises DagsterInvalidConfigError."""
    read, _ = dagster_instance_config(str(path.parent), path.name)
    settings = {section: value for section, value in read.items() if section not in ELSEWHERE and value is not None}
    settings["run_queue"] = _queue(settings.pop("run_coordinator", None), settings.get("run_queue"))
    scheduler = settings.pop("scheduler", {"class": "DagsterDaemonScheduler"})
    assert scheduler["class"] == "DagsterDaemonScheduler", scheduler
    settings["retention"] = _retention(settings.get("retention", {}))
    for section, values in DEFAULTS.items():
        settings[section] = {**values, **settings.get(section, {})}
    return settings


def configured_class(said: Mapping[str, Any]) -> Any:
    """The class that a section names by `module` and `class`; `dagster.core`, as the chart has it, is Dagster's old name for `dagster._core`."""
    return getattr(import_module(ConfigurableClassData(said["module"], said["class"], "").module_name), said["class"])


def _queue(coordinator: Mapping[str, Any] | None, queue: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The chart says of the coordinator what a file of our own says of its queue; one that only adds to Dagster's queue is the same."""
    kind = configured_class(coordinator) if coordinator else QueuedRunCoordinator
    assert issubclass(kind, QueuedRunCoordinator), coordinator
    said = coordinator.get("config") if coordinator else queue
    return validate_config(kind.config_type(), said or {}).value or {}


def _retention(said: Mapping[str, Any]) -> dict[str, Any]:
    """Days by kind of tick; automation conditions have none here."""
    kinds = {"schedule": InstigatorType.SCHEDULE, "sensor": InstigatorType.SENSOR}
    return {name: get_tick_retention_settings(said.get(name), get_default_tick_retention_settings(kind)) for name, kind in kinds.items()}
