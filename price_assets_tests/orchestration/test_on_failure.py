"""The failure sensor's one line, from real failed runs."""

import re
from collections.abc import Iterator

import dagster as dg
import pytest

from price_assets.definitions import definitions
from price_assets.orchestration.sensors import failure_line
from price_assets_tests.shop import DAY, PRICE_LIST, Shop


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def line_of_a_failed_run(shop: Shop, instance: dg.DagsterInstance, job: str = "export_shop") -> str:
    ran = definitions(shop.environment).resolve_job_def(job)
    result = ran.execute_in_process(instance=instance, partition_key=DAY, raise_on_error=False)
    assert not result.success
    context = dg.build_run_status_sensor_context(
        sensor_name="on_failure",
        dagster_event=next(event for event in result.all_events if event.event_type is dg.DagsterEventType.RUN_FAILURE),
        dagster_instance=instance,
        dagster_run=result.dagster_run,
        partition_key=DAY,
    ).for_run_failure()
    return failure_line(context)


def test_rows_that_broke_a_check_are_named(shop: Shop, instance: dg.DagsterInstance) -> None:
    shop.database.execute("UPDATE prices SET price = -1 WHERE sku = '002'")
    line = line_of_a_failed_run(shop, instance)
    assert re.match(rf"shop {DAY} failed, run [0-9a-f]{{8}} \| shop__snapshot: Snapshot ", line)
    assert "is blocked by ranges: 1 of 3 rows has price below 0.01" in line
    assert "(002 has price -1.00)" in line
    assert "\n" not in line


def test_the_cause_is_told_and_not_only_which_step_failed(shop: Shop, instance: dg.DagsterInstance) -> None:
    shop.environment["DB_PASSWORD"] = "wrong"
    line = line_of_a_failed_run(shop, instance)
    assert " | shop__snapshot: Postgres at " in line
    assert "password authentication failed" in line


def test_a_broken_list_tells_its_file_and_line(shop: Shop, instance: dg.DagsterInstance) -> None:
    shop.write_list(PRICE_LIST.replace("key:", "keys:"))
    assert "shop.yaml:8:1: unknown key 'keys'; did you mean 'key'?" in line_of_a_failed_run(shop, instance)


def test_it_is_on_unless_automation_starts_switched_off(shop: Shop) -> None:
    for automation, status in (("on", dg.DefaultSensorStatus.RUNNING), ("off", dg.DefaultSensorStatus.STOPPED)):
        (sensor,) = [*(definitions(shop.environment | {"EXPORT_AUTOMATION": automation}).sensors or ())]
        assert isinstance(sensor, dg.SensorDefinition)
        assert (sensor.name, sensor.default_status) == ("on_failure", status)
