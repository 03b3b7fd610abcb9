"""The chart ignores what it does not know, and Kubernetes and Dagster see only what it hands on [KU1]."""

from copy import deepcopy
from typing import Any

import dagster as dg
import pytest
import yaml

from price_assets_tests.deployment.helm.problems import problems
from price_assets_tests.deployment.helm.values import VALUES, Key, Once, at, leaves, unknown_keys, values, written

OURS_TO_NAME = {"annotations", "labels"}
"""Their keys may be any."""


def keys() -> list[Key]:
    """The way to each key of the values, once."""
    ways = {way[: length + 1]: None for way in leaves(values()) for length in range(len(way))}
    return [way for way in ways if isinstance(way[-1], str) and not OURS_TO_NAME & set(way[:-1])]


def renamed(said: Any, way: Key, name: str) -> Any:
    """The values with another name of the key at the end of the way."""
    changed = deepcopy(said)
    place = at(changed, way[:-1])
    place[name] = place.pop(way[-1])
    return changed


def test_nothing_is_wrong_with_the_values(instance: dg.DagsterInstance) -> None:
    assert problems(values(), instance) == []


def test_every_mistyped_key_is_noticed(instance: dg.DagsterInstance) -> None:
    said = values()
    unnoticed = [written(way) for way in keys() if not problems(renamed(said, way, f"{way[-1]}s"), instance)]
    assert unnoticed == []


@pytest.mark.parametrize(
    ("way", "name"),
    [
        (("concurrency", "pools"), "pool"),
        (("dagsterDaemon", "runMonitoring", "startTimeoutSeconds"), "startTimeout"),
        (("dagsterDaemon", "livenessProbe", "exec"), "execute"),
        (("dagster-user-deployments", "deployments", 0, "readinessProbe", "exec"), "grpc"),
        (("dagster-user-deployments", "deployments", 0, "envConfigMaps"), "envConfigMap"),
        (("runLauncher", "config", "k8sRunLauncher", "runK8sConfig", "podSpecConfig", "terminationGracePeriodSeconds"), "gracePeriodSeconds"),
        (("additionalInstanceConfig", "nux"), "nuxx"),
    ],
)
def test_a_mistyped_key_is_named(way: Key, name: str, instance: dg.DagsterInstance) -> None:
    (found, *_) = problems(renamed(values(), way, name), instance)
    assert name in found


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (("dagster-user-deployments", "deployments", 0, "resources", "limits", "memory"), {"Gi": 1}),
        (("dagsterWebserver", "livenessProbe", "periodSeconds"), "30s"),
        (("dagsterDaemon", "runMonitoring", "pollIntervalSeconds"), "often"),
        (("dagsterDaemon", "securityContext", "allowPrivilegeEscalation"), True),
        (("runLauncher", "config", "k8sRunLauncher", "securityContext"), {}),
        (("runLauncher", "config", "k8sRunLauncher", "runK8sConfig", "podSpecConfig", "securityContext"), {}),
        (("computeLogManager", "config", "customComputeLogManager", "config"), {"bucket": "logs"}),
        (("postgresql", "postgresqlParams"), {"ssl": "true"}),
    ],
)
def test_a_value_that_dagster_or_kubernetes_refuses_is_noticed(way: Key, value: Any, instance: dg.DagsterInstance) -> None:
    changed = deepcopy(values())
    at(changed, way[:-1])[way[-1]] = value
    assert problems(changed, instance)


def test_a_key_that_stands_twice_is_noticed() -> None:
    text = VALUES.read_text()
    with pytest.raises(AssertionError, match="telemetry"):
        yaml.load(text + "telemetry: { enabled: true }\n", Once)


def test_every_key_says_why_it_is_there() -> None:
    """A comment in its line, or one above it or above what it is in: none is far from one."""
    commented, silent = 0, 0
    for line in VALUES.read_text().splitlines():
        commented, silent = (commented + 1, 0) if "#" in line else (commented, silent + 1)
        assert silent <= 8, line
    assert commented > 80


def test_the_list_of_keys_knows_what_the_chart_does_not_read() -> None:
    assert unknown_keys({"nux": {"enabled": False}, "telemetry": {"enabled": False}}) == ["nux.enabled"]
    assert unknown_keys({"dagster-user-deployments": {"deployments": [{"port": 1, "replicaCount": 2}]}}) == [
        "dagster-user-deployments.deployments[].replicaCount"
    ]
