"""What `kubectl kustomize` makes of a folder: the objects, their pods, their settings."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from price_assets_tests.deployment.running_dagster import CLONE

KIT = CLONE / "deploy" / "kubernetes"
OVERLAYS = ("aws", "gcp", "minio")
OLDEST = (1, 31)
Object = Mapping[str, Any]


def kubectl() -> str:
    """The path of kubectl. Skips the test where there is none, or an old one, whose Kustomize takes the settings of the base alone."""
    found = shutil.which("kubectl")
    if not found or _version(found) < OLDEST:
        pytest.skip("LOUD: NO KUBECTL OF 1.31 OR NEWER HERE, so nobody has built the kit for Kubernetes")
    return found


@cache
def _version(program: str) -> tuple[int, ...]:
    said = subprocess.run([program, "version", "--client", "--output=json"], capture_output=True, text=True, check=True).stdout
    return tuple(int(number) for number in re.findall(r"\d+", json.loads(said)["clientVersion"]["gitVersion"])[:2])


def built(folder: Path) -> list[Object]:
    """The objects that Kustomize makes of a folder."""
    done = subprocess.run([kubectl(), "kustomize", folder], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return list(yaml.safe_load_all(done.stdout))


def of_kind(objects: Sequence[Object], kind: str, name: str = "") -> Object:
    """The one of a kind whose name begins so."""
    (found,) = [each for each in objects if each["kind"] == kind and each["metadata"]["name"].startswith(name)]
    return found


def templates(objects: Sequence[Object]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The name of each object that makes pods, and its pods' template."""
    for each in objects:
        spec = each.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            yield each["metadata"]["name"], spec["template"]


def settings(objects: Sequence[Object]) -> dict[str, str]:
    """The ConfigMap that the pods have in their environment."""
    return dict(of_kind(objects, "ConfigMap", "price-assets")["data"])


def mebibytes(quantity: str) -> int:
    """Of memory or of a disk, as the kit writes it: `64Mi`, `4Gi`."""
    return int(quantity[:-2]) * {"Mi": 1, "Gi": 1024}[quantity[-2:]]
