import os
from pathlib import Path
from unittest.mock import patch

import dagster as dg
import pytest
import yaml
from dagster._core.errors import DagsterInvalidConfigError

from price_assets_tests.deployment.instance_settings import DEFAULTS, instance_settings
from price_assets_tests.deployment.running_dagster import CLONE

TOP = CLONE / "dagster.yaml"
DEMO = CLONE / "price_assets" / "demo" / "dagster.yaml"


def test_the_demos_instance_is_the_deployments_but_for_where_things_are_kept() -> None:
    assert instance_settings(DEMO) == instance_settings(TOP)
    assert not {"storage", "compute_logs"} & yaml.safe_load(DEMO.read_text()).keys()


@pytest.mark.parametrize(
    ("said", "other"),
    [
        ("default_limit: 1", "default_limit: 2"),
        ("retry_on_asset_or_op_failure: false", "retry_on_asset_or_op_failure: true"),
        ("max_runtime_seconds: 7200", "max_runtime_seconds: 0"),
        ("  max_runtime_seconds: 7200\n", ""),
        ("success: 30", "success: 31"),
        ("nux:\n  enabled: false", ""),
        ("num_workers: 4", "num_workers: 5"),
    ],
)
def test_an_instance_that_says_something_else_is_not_equal(said: str, other: str, tmp_path: Path) -> None:
    text = DEMO.read_text()
    assert said in text
    (tmp_path / "dagster.yaml").write_text(text.replace(said, other))
    assert instance_settings(tmp_path / "dagster.yaml") != instance_settings(TOP)


def test_the_same_in_other_words_is_equal(tmp_path: Path) -> None:
    other = yaml.safe_load(DEMO.read_text()) | {
        "scheduler": {"module": "dagster._core.scheduler", "class": "DagsterDaemonScheduler"},
        "run_coordinator": {"module": "dagster._core.run_coordinator", "class": "QueuedRunCoordinator", "config": {}},
    }
    other["run_monitoring"]["max_resume_run_attempts"] = 0
    other["retention"]["sensor"]["purge_after_days"]["started"] = -1
    other["retention"]["auto_materialize"] = {"purge_after_days": 1}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(other))
    assert instance_settings(tmp_path / "dagster.yaml") == instance_settings(TOP)


def test_what_dagster_does_not_know_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text(DEMO.read_text() + "run_monitorin: {enabled: true}\n")
    with pytest.raises(DagsterInvalidConfigError, match="run_monitorin"):
        instance_settings(tmp_path / "dagster.yaml")


def test_dagsters_own_defaults_are_what_the_comparison_takes(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text("run_monitoring: {enabled: true}\n")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert DEFAULTS["run_monitoring"] == {
            "start_timeout_seconds": instance.run_monitoring_start_timeout_seconds,
            "cancel_timeout_seconds": instance.run_monitoring_cancel_timeout_seconds,
            "max_runtime_seconds": instance.run_monitoring_max_runtime_seconds,
            "max_resume_run_attempts": instance.run_monitoring_max_resume_run_attempts,
            "poll_interval_seconds": instance.run_monitoring_poll_interval_seconds,
            "free_slots_after_run_end_seconds": 0,
        }


def test_the_instance_has_no_telemetry_no_dialog_and_pools_of_one(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text(DEMO.read_text())
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled
        assert instance.run_monitoring_enabled
        pools = instance.get_concurrency_config().pool_config
        assert (pools.default_pool_limit, str(pools.pool_granularity.value)) == (1, "run")  # type: ignore[union-attr]
        assert instance.managed_python_loggers == ["price_assets"]
        assert (instance.run_retries_enabled, instance.run_retries_max_retries, instance.run_retries_retry_on_asset_or_op_failure) == (True, 2, False)


def test_each_variable_of_the_instance_is_dagsters_own_and_a_missing_one_is_named(tmp_path: Path) -> None:
    text = TOP.read_text()
    named = {word.strip(" }") for line in text.splitlines() if "env: " in line for word in line.split("env: ")[1:]}
    assert named == {f"DAGSTER_PG_{part}" for part in ("HOST", "PORT", "DB", "USERNAME", "PASSWORD")} | {"DAGSTER_COMPUTE_LOGS"}
    (tmp_path / "dagster.yaml").write_text(text)
    with patch.dict(os.environ, {"DB_HOST": "localhost", "DB_PASSWORD": "secret"}), pytest.raises(Exception, match="DAGSTER_PG_"):
        dg.DagsterInstance.from_config(str(tmp_path))
