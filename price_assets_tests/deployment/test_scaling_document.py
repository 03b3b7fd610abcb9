"""docs/scaling.md is held to the values and the bounds that it names."""

import re
from typing import Any

import pytest
import yaml

from price_assets.orchestration import due_days, ledger, runs
from price_assets.variables import EXPORT_DEADLINE
from price_assets_tests.deployment.running_dagster import CLONE

DOCUMENT = (CLONE / "docs" / "scaling.md").read_text()
VALUES: dict[str, Any] = yaml.safe_load((CLONE / "helm-values.yaml").read_text())
NAMED = sorted(set(re.findall(r"`((?:concurrency|dagsterDaemon|dagsterWebserver)\.[\w.]+)`", DOCUMENT)))


def value(path: str) -> Any:
    found: Any = VALUES
    for key in path.split("."):
        found = found[key]
    return found


def test_it_names_values() -> None:
    assert {"concurrency.runs.maxConcurrentRuns", "dagsterDaemon.resources.limits.memory"} <= set(NAMED)


@pytest.mark.parametrize("path", NAMED)
def test_each_value_that_it_names_is_one_of_ours(path: str) -> None:
    assert value(path) is not None


def test_what_it_reckons_with_is_what_is_set() -> None:
    assert (value("concurrency.runs.maxConcurrentRuns"), value("concurrency.pools.defaultLimit")) == (10, 1)
    assert "10 slots in 30 minutes" in DOCUMENT
    assert EXPORT_DEADLINE.default == "30m"
    assert {value(f"{part}.resources.limits.memory") for part in ("dagsterDaemon", "dagsterWebserver")} == {"1Gi"}
    assert "a limit of 1 GiB" in DOCUMENT


def test_the_bounds_of_the_sensors_are_those_of_the_code() -> None:
    assert due_days.GRACE.total_seconds() == 600
    assert "no run ten minutes after 06:00 is launched by `catch_up`" in DOCUMENT
    assert f"look at {runs.MOST:,} runs" in DOCUMENT
    assert f"takes in {ledger.AT_ONCE} runs every {ledger.INTERVAL} s" in DOCUMENT
