"""The dagster.yaml that the values come to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from price_assets.demo.server import Server
from price_assets.orchestration.instance import Instance
from price_assets.orchestration.run_queue import RunQueue
from price_assets.orchestration.schedules import CODE_LOCATION
from price_assets_tests.deployment.helm.chart import Installed
from price_assets_tests.deployment.helm.opened import opened
from price_assets_tests.deployment.helm.values import values
from price_assets_tests.deployment.instance_settings import instance_settings
from price_assets_tests.deployment.running_dagster import CLONE

TOP = CLONE / "dagster.yaml"
CHARTS_OWN = {
    *("scheduler", "schedule_storage", "run_launcher", "run_storage", "event_log_storage", "run_coordinator", "compute_logs", "python_logs"),
    *("run_monitoring", "run_retries", "sensors", "schedules", "backfills", "telemetry", "retention", "concurrency"),
    *("defs_state_storage", "ui"),  # in later versions
}
"""The sections that the chart writes itself."""


def written(instance: Mapping[str, Any], folder: Path) -> Path:
    path = folder / "dagster.yaml"
    path.write_text(yaml.safe_dump(dict(instance)))
    return path


def test_it_means_what_the_file_for_a_deployment_without_helm_means(installed: Installed, tmp_path: Path) -> None:
    assert instance_settings(written(installed.instance, tmp_path)) == instance_settings(TOP)


@pytest.mark.parametrize(
    ("section", "key", "other"),
    [
        ("concurrency", "runs", {"max_concurrent_runs": 11}),
        ("run_retries", "max_retries", 3),
        ("run_monitoring", "max_runtime_seconds", 0),
        ("python_logs", "managed_python_loggers", []),
        ("run_coordinator", "config", {"max_concurrent_runs": 3}),
        ("retention", "schedule", {"purge_after_days": 3}),
    ],
)
def test_a_value_that_says_something_else_is_noticed(section: str, key: str, other: object, installed: Installed, tmp_path: Path) -> None:
    changed = dict(installed.instance) | {section: {**installed.instance[section], key: other}}
    assert instance_settings(written(changed, tmp_path)) != instance_settings(TOP)


def test_output_of_runs_goes_where_it_goes_without_helm_and_the_instance_is_ours(installed: Installed) -> None:
    top = yaml.safe_load(TOP.read_text())
    for section in ("compute_logs", "instance_class"):
        assert installed.instance[section] == top[section]


def test_no_section_of_ours_is_one_that_the_chart_writes_too() -> None:
    assert not values()["additionalInstanceConfig"].keys() & CHARTS_OWN  # the later one would count, and the chart's own say nothing [KU6]


def test_it_opens_on_a_postgres_with_our_classes(installed: Installed, postgres_server: Server, tmp_path: Path) -> None:
    with opened(installed, postgres_server, tmp_path) as instance:
        assert type(instance) is Instance
        assert type(instance.run_coordinator) is RunQueue
        assert type(instance.run_storage).__name__ == "PostgresRunStorage"
        assert type(instance.compute_log_manager).__name__ == "S3ComputeLogManager"
        queue = instance.get_concurrency_config()
        assert queue.run_queue_config
        assert (queue.run_queue_config.max_concurrent_runs, queue.pool_config.default_pool_limit) == (10, 1)


def test_the_code_location_has_the_name_by_which_schedules_remember_whether_they_are_on(installed: Installed) -> None:
    (server,) = [each["grpc_server"] for each in installed.workspace["load_from"]]
    assert server["location_name"] == CODE_LOCATION  # [DG36]
    (code,) = values()["dagster-user-deployments"]["deployments"]
    assert (server["host"], server["port"]) == (code["name"], code["port"])
