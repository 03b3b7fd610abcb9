"""``helm upgrade --install``, as docs/deploy.md calls it, where Dagster's chart can't be had: the mirror of the chart, and what holds it together."""

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import yaml

from price_assets_tests.cluster.namespaces import Namespace
from price_assets_tests.deployment.helm.chart import CONTEXT, Installed, Object, container
from price_assets_tests.deployment.helm.mirror import mirrored

Values = dict[str, Any]
INSTANCE, WORKSPACE = "dagster-instance", "dagster-workspace-yaml"
SERVICES = ("dagster-webserver", "dagster-daemon")


def manifests(values: Values, namespace: str) -> list[Object]:
    """The objects of an installation."""
    made = mirrored(values)
    made.instance["run_launcher"]["config"]["job_namespace"] = made.context["k8s"]["namespace"] = namespace
    (code,) = values["dagster-user-deployments"]["deployments"]
    web: Mapping[str, Any] = values["dagsterWebserver"]["service"]
    serves = ["dagster", "api", "grpc", "-h", "0.0.0.0", "-p", str(code["port"]), *code["dagsterApiGrpcArgs"]]
    commands = {
        "user-deployments": serves,
        "dagster-webserver": ["dagster-webserver", "-h", "0.0.0.0", "-p", str(web["port"]), "-w", "/dagster-workspace/workspace.yaml"],
        "dagster-daemon": ["dagster-daemon", "run", "-w", "/dagster-workspace/workspace.yaml"],
    }
    files = {INSTANCE: {"dagster.yaml": made.instance}, WORKSPACE: {"workspace.yaml": made.workspace}}
    runs_own = made.context["k8s"]["env_config_maps"][0]  # the chart's, and empty
    return [
        *(_object("v1", "ConfigMap", name, data={key: yaml.safe_dump(each) for key, each in data.items()}) for name, data in files.items()),
        _object("v1", "ConfigMap", runs_own, data={}),
        *(_object("v1", "ServiceAccount", each["serviceAccount"]["name"]) for each in (values, values["dagster-user-deployments"])),
        *_role(values["serviceAccount"]["name"]),
        *(_completed(component, command, made, values) for component, command in commands.items()),
        _service(code["name"], "user-deployments", code["port"]),
        _service("dagster-webserver", "dagster-webserver", web["port"]),
    ]


def _completed(component: str, command: Sequence[str], made: Installed, values: Values) -> Object:
    """A Deployment of the mirror with its command, the files that it reads, and the variables that say where they are."""
    deployment = made.deployments[component]
    pod, own = deployment["spec"]["template"]["spec"], container(deployment)
    password = {"name": values["global"]["postgresqlSecretName"], "key": "postgresql-password"}
    told = {"DAGSTER_HOME": values["global"]["dagsterHome"]}
    if component in SERVICES:
        own["volumeMounts"].append({"name": WORKSPACE, "mountPath": "/dagster-workspace/"})
        pod["volumes"].append({"name": WORKSPACE, "configMap": {"name": WORKSPACE}})
        del pod["initContainers"]  # they wait for the code server's name
    else:
        told |= {"DAGSTER_CURRENT_IMAGE": own["image"], CONTEXT: json.dumps(made.context)}
    own["command"] = list(command)
    own["env"] = [
        *({"name": name, "value": value} for name, value in told.items()),
        {"name": "DAGSTER_PG_PASSWORD", "valueFrom": {"secretKeyRef": password}},
        *own.get("env", []),
    ]
    deployment["metadata"]["name"] = component if component in SERVICES else f"dagster-dagster-{component}-price-assets"
    if component == "dagster-daemon":
        deployment["spec"]["strategy"] = {"type": "Recreate"}  # there is never a second one
    return deployment


def _service(name: str, component: str, port: int) -> Object:
    return _object("v1", "Service", name, spec={"selector": {"component": component}, "ports": [{"port": port, "targetPort": port}]})


def _role(account: str) -> list[Object]:
    """What the daemon needs to launch runs and to look after them, and the webserver to end them."""
    rules = [
        {"apiGroups": ["batch"], "resources": ["jobs", "jobs/status"], "verbs": ["create", "delete", "get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["pods", "pods/log", "pods/status", "events"], "verbs": ["get", "list", "watch"]},
    ]
    of = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "dagster"}
    return [
        _object("rbac.authorization.k8s.io/v1", "Role", "dagster", rules=rules),
        _object("rbac.authorization.k8s.io/v1", "RoleBinding", "dagster", subjects=[{"kind": "ServiceAccount", "name": account}], roleRef=of),
    ]


def _object(version: str, kind: str, name: str, **rest: Any) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **rest}


def merged(first: Values, second: Values) -> Values:
    """As helm does: maps are merged, all else is replaced."""
    both = dict(first)
    for key, value in second.items():
        both[key] = merged(both[key], cast("Values", value)) if isinstance(value, dict) and isinstance(both.get(key), dict) else value
    return both


def put(values: Any, assignment: str) -> None:
    """As `--set` does: `a.b[0].c=text`."""
    path, _, value = assignment.partition("=")
    *parents, last = [int(part) if part.isdigit() else part for part in re.split(r"[.\[\]]+", path)]
    for part in parents:
        values = values[part]
    values[last] = value


def main() -> None:
    """Install, and wait until all of it is ready."""
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="*")
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--values", action="append", type=Path, default=[])
    parser.add_argument("--set", "--set-string", action="append", default=[], dest="assignments")
    for flag in ("--install", "--wait"):
        parser.add_argument(flag, action="store_true", required=True)
    for ignored in ("--repo", "--version", "--timeout"):
        parser.add_argument(ignored)
    said = parser.parse_intermixed_args()
    values: Values = {}
    for file in said.values:
        values = merged(values, yaml.safe_load(file.read_text()))
    for assignment in said.assignments:
        put(values, assignment)
    namespace = Namespace(said.namespace)
    objects = manifests(values, said.namespace)
    namespace.apply(*objects)
    namespace.ready(*(each["metadata"]["name"] for each in objects if each["kind"] == "Deployment"), seconds=300)


if __name__ == "__main__":
    main()
