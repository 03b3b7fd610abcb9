from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from price_assets_tests.deployment.kubernetes.pod_security import violations

POD: dict[str, Any] = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [{"name": "c", "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}],
    "volumes": [{"name": "tmp", "emptyDir": {}}],
}


FORBIDDEN: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda pod: pod.update(hostNetwork=True), "hostNetwork"),
    (lambda pod: pod["volumes"].append({"name": "etc", "hostPath": {"path": "/etc"}}), "volume etc"),
    (lambda pod: pod["securityContext"].update(sysctls=[{"name": "x", "value": "1"}]), "sysctls"),
    (lambda pod: pod["securityContext"].pop("runAsNonRoot"), "c: runAsNonRoot"),
    (lambda pod: pod["securityContext"].pop("seccompProfile"), "c: seccompProfile"),
    (lambda pod: pod["securityContext"].update(runAsUser=0), "c: runAsUser"),
    (lambda pod: pod["containers"][0].pop("securityContext"), "c: allowPrivilegeEscalation"),
    (lambda pod: pod["containers"][0]["securityContext"].update(privileged=True), "c: privileged"),
    (lambda pod: pod["containers"][0]["securityContext"]["capabilities"].update(add=["SYS_TIME"]), "c: capabilities"),
    (lambda pod: pod["containers"][0].update(ports=[{"hostPort": 80}]), "c: hostPort"),
    (lambda pod: pod.update(initContainers=[{"name": "i"}]), "i: allowPrivilegeEscalation"),
]


def test_a_pod_that_is_restricted_is() -> None:
    assert violations(POD) == []


@pytest.mark.parametrize(("change", "said"), FORBIDDEN)
def test_what_the_level_forbids_is_found(change: Callable[[dict[str, Any]], object], said: str) -> None:
    pod = deepcopy(POD)
    change(pod)
    assert said in violations(pod)
