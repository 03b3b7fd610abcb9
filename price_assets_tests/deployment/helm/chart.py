"""What the chart makes of values, as far as we depend on it: the chart's own templates where PRICE_ASSETS_CHART names it, a mirror of them else.

PRICE_ASSETS_CHART is what `helm template dagster` takes after that name: a folder, an archive, or `dagster --repo https://… --version …`. A test
holds the mirror against it.
"""

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from price_assets_tests.deployment.helm.values import Values

CHART = shlex.split(os.environ.get("PRICE_ASSETS_CHART", ""))
NAMESPACE = "price-assets"
CONTEXT = "DAGSTER_CLI_API_GRPC_CONTAINER_CONTEXT"
"""The variable by which a code server learns what its run pods are to have."""

Object = dict[str, Any]


@dataclass(frozen=True)
class Installed:
    """`instance` and `workspace` are the files, `context` is what the code server gives to run pods, `deployments` are the three, by component."""

    instance: Object
    workspace: Object
    context: Object
    deployments: Mapping[str, Object]


def rendered_objects(values: Values, folder: Path, *options: str) -> list[Object]:
    """All objects that the chart itself makes. Raises CalledProcessError for what helm refuses."""
    helm = shutil.which("helm")
    assert helm, "PRICE_ASSETS_CHART wants helm on the PATH"
    (folder / "values.yaml").write_text(yaml.safe_dump(values))
    command = [helm, "template", "dagster", *CHART, "--namespace", NAMESPACE, "--values", str(folder / "values.yaml"), *options]
    command += ["--api-versions", "networking.k8s.io/v1/Ingress"]  # as a cluster says; without it there is no Ingress
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def rendered(values: Values, folder: Path, *options: str) -> Installed:
    """What the chart itself makes."""
    objects = rendered_objects(values, folder, *options)
    named = {(each["kind"], each["metadata"]["name"]): each for each in objects}
    deployments = {each["metadata"]["labels"]["component"]: each for each in objects if each["kind"] == "Deployment"}
    variables = container(deployments["user-deployments"])["env"]
    (context,) = [each["value"] for each in variables if each["name"] == CONTEXT]
    instance = yaml.safe_load(named["ConfigMap", "dagster-instance"]["data"]["dagster.yaml"])
    workspace = yaml.safe_load(named["ConfigMap", "dagster-workspace-yaml"]["data"]["workspace.yaml"])
    return Installed(instance, workspace, json.loads(context), deployments)


def container(deployment: Object) -> Object:
    """The one container of a Deployment."""
    (only,) = deployment["spec"]["template"]["spec"]["containers"]
    return cast("Object", only)
