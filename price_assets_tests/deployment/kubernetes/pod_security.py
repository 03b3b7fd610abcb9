"""The level `restricted` of the Pod Security Standards, for pods of Linux: https://kubernetes.io/docs/concepts/security/pod-security-standards/."""

from collections.abc import Iterator, Mapping
from typing import Any

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
PROFILES = ("RuntimeDefault", "Localhost")


def violations(pod: Mapping[str, Any]) -> list[str]:
    """What a cluster that enforces the level would refuse in a pod's spec."""
    return [*_of_the_pod(pod), *(said for container in _containers(pod) for said in _of_a_container(container, pod.get("securityContext", {})))]


def _containers(pod: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [container for kind in ("initContainers", "containers") for container in pod.get(kind, ())]


def _of_the_pod(pod: Mapping[str, Any]) -> Iterator[str]:
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(name):
            yield name
    for volume in pod.get("volumes", ()):
        if not VOLUMES & volume.keys():
            yield f"volume {volume['name']}"
    if pod.get("securityContext", {}).get("sysctls"):
        yield "sysctls"


def _of_a_container(container: Mapping[str, Any], of_the_pod: Mapping[str, Any]) -> Iterator[str]:
    name, own = container["name"], container.get("securityContext", {})
    both = {**of_the_pod, **own}
    if own.get("privileged"):
        yield f"{name}: privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield f"{name}: allowPrivilegeEscalation"
    capabilities = own.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", ()) or set(capabilities.get("add", ())) - {"NET_BIND_SERVICE"}:
        yield f"{name}: capabilities"
    if both.get("runAsNonRoot") is not True:
        yield f"{name}: runAsNonRoot"
    if both.get("runAsUser") == 0:
        yield f"{name}: runAsUser"
    if both.get("seccompProfile", {}).get("type") not in PROFILES:
        yield f"{name}: seccompProfile"
    if any("hostPort" in port for port in container.get("ports", ())):
        yield f"{name}: hostPort"
