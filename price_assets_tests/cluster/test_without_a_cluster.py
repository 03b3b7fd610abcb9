"""What the cluster tests are made of, as far as it shows without a cluster."""

import subprocess
from pathlib import Path

import kubernetes_validate
import pytest

from price_assets_tests.cluster import dagster_in_pods, kit
from price_assets_tests.cluster.helm import manifests, put
from price_assets_tests.cluster.images import CLONE, PACKAGES, dagster, locked
from price_assets_tests.cluster.merged import merged
from price_assets_tests.cluster.reader import commands
from price_assets_tests.deployment.helm.values import values


def test_what_stands_in_for_the_chart_makes_objects_that_kubernetes_takes() -> None:
    made = manifests(values(), "somewhere")
    for each in made:
        kubernetes_validate.validate(each, "1.31.0", strict=True)
    assert [each["metadata"]["labels"]["component"] for each in made if each["kind"] == "Deployment"] == [
        *("user-deployments", "dagster-webserver", "dagster-daemon"),
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_servers_packages_are_locked_with_their_hashes(package: str) -> None:
    assert locked((package,)).startswith(f"{package}==")
    assert "--hash=sha256:" in locked((package,))


@pytest.mark.skipif(not (CLONE / ".git").exists(), reason="git knows what belongs to a clone")
def test_the_context_of_an_image_has_what_git_knows_and_its_last_stage_is_dagsters(tmp_path: Path) -> None:
    dagster(tmp_path)
    assert (tmp_path / "Dockerfile").read_text().splitlines()[-1] == "FROM dagster AS chosen"
    assert (tmp_path / "price_assets" / "definitions.py").exists()
    assert not (tmp_path / ".git").exists()
    assert not list(tmp_path.rglob("__pycache__"))


def test_a_change_of_a_named_entry_leaves_the_others_alone() -> None:
    pod = {"volumes": [{"name": "lists", "configMap": {"name": "a"}}, {"name": "tmp", "emptyDir": {"sizeLimit": "4Gi"}}]}
    changed = merged(pod, {"volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "4Ki"}}, {"name": "more"}]})
    assert changed["volumes"] == [pod["volumes"][0], {"name": "tmp", "emptyDir": {"sizeLimit": "4Ki"}}, {"name": "more"}]


def test_values_are_put_as_helm_puts_them() -> None:
    found = {"deployments": [{"image": {"tag": "1"}}]}
    put(found, "deployments[0].image.tag=2")
    assert found == {"deployments": [{"image": {"tag": "2"}}]}


@pytest.mark.parametrize(
    ("section", "beginnings"), [("A CronJob", (kit.OF_A_CHANGE,)), ("Dagster", dagster_in_pods.OF_A_CHANGE), ("What both want", ("psql",))]
)
def test_the_document_has_the_commands_that_are_repeated(section: str, beginnings: tuple[str, ...]) -> None:
    found = commands(section, *beginnings)
    assert all(each in found for each in beginnings)
    assert subprocess.run(["bash", "-n", "-c", found], check=False).returncode == 0
