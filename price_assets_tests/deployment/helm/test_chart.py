"""The chart itself: that our mirror of it is right, and that it reads what we say. Only with PRICE_ASSETS_CHART, and helm on the PATH."""

import subprocess
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import kubernetes_validate
import pytest

from price_assets_tests.deployment.helm.chart import Object, container, rendered, rendered_objects
from price_assets_tests.deployment.helm.mirror import mirrored
from price_assets_tests.deployment.helm.problems import OLDEST
from price_assets_tests.deployment.helm.values import Values, at, leaves, values, written
from price_assets_tests.deployment.kubernetes.pod_security import violations

pytestmark = pytest.mark.timeout(900)

BUSYBOX = "docker.io/library/busybox:1.36"


def with_ingress() -> Values:
    """Ours, and the example of an ingress switched on."""
    said = values()
    said["ingress"]["enabled"] = True
    return said


def lacking(here: Any, there: Any, way: str = "") -> list[str]:
    """What is here and not there; an item of a list may stand anywhere in the other."""
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        inner, other = cast("Object", here), cast("Object", there)
        return [each for key, value in inner.items() for each in lacking(value, other.get(key), f"{way}.{key}")]
    if isinstance(here, list) and isinstance(there, list):
        items, others = cast("list[Any]", here), cast("list[Any]", there)
        return [f"{way}[{place}]" for place, item in enumerate(items) if all(lacking(item, other) for other in others)]
    return [] if here == there else [f"{way}: {here!r}, not {there!r}"]


def test_the_mirror_says_what_the_chart_says(chart: Path) -> None:
    ours, its = mirrored(values()), rendered(values(), chart)
    for name, section in ours.instance.items():
        if name != "scheduler":  # by Dagster's old name of the module in some versions
            assert lacking(section, its.instance[name]) == [], name
    assert ours.instance.keys() == its.instance.keys()
    assert ours.workspace == its.workspace
    assert lacking(ours.context, its.context) == []
    for name, deployment in ours.deployments.items():
        pod, of_the_chart = deployment["spec"]["template"]["spec"], its.deployments[name]["spec"]["template"]["spec"]
        named = {"initContainers": pod.pop("initContainers", []), "containers": pod.pop("containers")}
        assert lacking(pod, of_the_chart) == [], name
        for kind, (own, *_) in ((kind, each) for kind, each in named.items() if each):
            own.pop("image")
            of_its = of_the_chart[kind][0]
            assert lacking({key: value for key, value in own.items() if key != "name"}, of_its) == [], (name, kind)


def test_a_mirror_that_says_something_else_is_noticed(chart: Path) -> None:
    changed = deepcopy(values())
    changed["dagsterDaemon"]["runRetries"]["maxRetries"] = 7
    assert ".run_retries.max_retries: 7, not 2" in lacking(mirrored(changed).instance, rendered(values(), chart).instance)


def test_the_chart_reads_every_value(chart: Path) -> None:
    """Another value, and it makes something else or refuses; what it does not read changes nothing."""
    said = with_ingress()
    before = rendered_objects(said, chart, "--skip-schema-validation")
    unread: list[str] = []
    for way in leaves(said):
        changed = deepcopy(said)
        at(changed, way[:-1])[way[-1]] = _another(at(said, way))
        try:
            if rendered_objects(changed, chart, "--skip-schema-validation") == before:
                unread.append(written(way))
        except subprocess.CalledProcessError:
            continue
    assert unread == []


def test_kubernetes_takes_all_of_it_at_the_level_restricted(chart: Path) -> None:
    objects = rendered_objects(with_ingress(), chart)
    for each in objects:
        kubernetes_validate.validate(each, OLDEST, strict=True)
    kinds = [each["kind"] for each in objects]
    assert {"Deployment", "Service", "ConfigMap", "ServiceAccount", "Role", "RoleBinding", "Ingress"} == set(kinds)  # and no Secret [KU2]
    pods = [each["spec"]["template"]["spec"] for each in objects if each["kind"] == "Deployment"]
    assert len(pods) == 3
    assert [said for pod in pods for said in violations(pod)] == []


def test_no_image_is_pulled_but_ours_and_the_one_that_waits(chart: Path) -> None:
    deployments = rendered(values(), chart).deployments
    ours = {container(each)["image"] for each in deployments.values()}
    pods = [each["spec"]["template"]["spec"] for each in deployments.values()]
    waiting = {own["image"] for pod in pods for own in pod.get("initContainers", [])}
    assert (waiting, {image.split(":")[0] for image in ours}) == (
        {BUSYBOX},
        {"registry.example.com/price-assets", "registry.example.com/price-assets-dagster"},
    )


def test_other_price_lists_are_another_code_server_and_its_runs_have_the_same(chart: Path) -> None:
    options = ("--set", "dagster-user-deployments.deployments[0].volumes[0].configMap.name=price-lists-5f1c2a8e")
    before, after = rendered(values(), chart), rendered(values(), chart, *options)
    assert after.context["k8s"]["volumes"][0] == {"name": "price-lists", "configMap": {"name": "price-lists-5f1c2a8e"}}
    templates = [each.deployments["user-deployments"]["spec"]["template"] for each in (before, after)]
    assert templates[1]["spec"]["volumes"][0] == after.context["k8s"]["volumes"][0]
    assert templates[0]["metadata"]["annotations"] != templates[1]["metadata"]["annotations"]
    assert after.deployments["dagster-daemon"] == before.deployments["dagster-daemon"]


def _another(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return f"{value}x" if isinstance(value, str) else {"another": "value"}
