"""What is wrong with values, as far as anything but a cluster can tell."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg
import kubernetes_validate
import psycopg
import yaml
from dagster._config import validate_config
from psycopg.conninfo import make_conninfo

from price_assets_tests.deployment.helm.chart import Installed, Object
from price_assets_tests.deployment.helm.jobs import job_of
from price_assets_tests.deployment.helm.mirror import mirrored
from price_assets_tests.deployment.helm.values import Values, unknown_keys
from price_assets_tests.deployment.instance_settings import configured_class, instance_settings
from price_assets_tests.deployment.kubernetes.pod_security import violations

OLDEST = "1.29.0"
"""Of Kubernetes: of its schemas, that is [KU14]."""
BOUNDS = {"cpu", "memory", "ephemeral-storage"}


def problems(values: Values, instance: dg.DagsterInstance) -> list[str]:
    """What the chart would ignore; else what Dagster or Kubernetes would refuse of what it makes. The instance gets the runs that are tried."""
    if unknown := unknown_keys(values):
        return [f"the chart does not read {key}" for key in unknown]
    installed = mirrored(values)
    if refused := list(of_the_instance(installed.instance)):
        return refused
    return list(of_the_objects(installed, instance))


def of_the_instance(instance: Object) -> Iterator[str]:
    """What Dagster refuses of a dagster.yaml: of its sections, and of the configuration of each class that it names."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "dagster.yaml")
        path.write_text(yaml.safe_dump(dict(instance)))
        try:
            instance_settings(path)
        except dg.DagsterInvalidConfigError as error:
            yield str(error)
            return
    for name, section in instance.items():
        if "class" in section and name != "instance_class":
            read: Any = validate_config(configured_class(section).config_type() or {}, section.get("config", {}))
            yield from (f"{name}: {error.message}" for error in read.errors or ())
    try:
        make_conninfo(**instance["run_storage"]["config"]["postgres_db"].get("params", {}))
    except psycopg.ProgrammingError as error:
        yield f"libpq: {error}"


def of_the_objects(installed: Installed, instance: dg.DagsterInstance) -> Iterator[str]:
    """What Kubernetes refuses of the pods, and of the Job that dagster-k8s makes."""
    for name, deployment in installed.deployments.items():
        yield from of_an_object(name, deployment)
    try:
        job = job_of(installed, instance)
    except Exception as error:  # noqa: BLE001 (dagster-k8s raises whatever comes up)
        yield f"run: {error}"
        return
    yield from of_an_object("run", job)


def of_an_object(name: str, made: Object, version: str = OLDEST) -> Iterator[str]:
    """What Kubernetes refuses of a Deployment or Job by its schema, by the level `restricted`, or for what it does not know to bound."""
    return iter(_refused(name, json.dumps(made, sort_keys=True), version))


@cache
def _refused(name: str, text: str, version: str) -> list[str]:
    """By its text: of values that differ in one key nearly all objects are the same, and a schema is slow."""
    made = json.loads(text)
    try:
        kubernetes_validate.validate(made, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{name}: {'.'.join(map(str, error.path))}: {error.message}"]
    found = [f"{name}: {each}" for each in violations(made["spec"]["template"]["spec"])]
    return found + [f"{name}: {each}" for each in _unknown_bounds(made)]


def _unknown_bounds(made: Object) -> Iterator[str]:
    pod = made["spec"]["template"]["spec"]
    for each in (*pod.get("initContainers", ()), *pod["containers"]):
        for kind, bounds in each.get("resources", {}).items():
            yield from (f"{kind}: {bound}" for bound in bounds.keys() - BOUNDS)
