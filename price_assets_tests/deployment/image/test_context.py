"""What .dockerignore lets into the build, by the rules of Docker's own client."""

from pathlib import Path

import pytest
from docker.utils.build import exclude_paths

from price_assets_tests.deployment.image.dockerfile import CLONE, copied_from_context

WANTED = {"LICENSE", "README.md", "pyproject.toml", "requirements.lock", "requirements-build.lock", "requirements-dagster.lock"}


@pytest.fixture(scope="module")
def context() -> set[str]:
    """The files that the build sees."""
    patterns = (CLONE / ".dockerignore").read_text().splitlines()
    return {path for path in exclude_paths(str(CLONE), patterns) if (CLONE / path).is_file()}


def test_it_is_what_the_dockerfile_copies_and_no_more(context: set[str]) -> None:
    assert {path for path in context if "/" not in path} - {"Dockerfile", ".dockerignore"} == WANTED
    copied = tuple(copied_from_context())
    assert not [path for path in context if "/" in path and not path.startswith(copied) and not path.startswith("deploy/image/")]
    assert not [path for path in copied if not any(found == path or found.startswith(f"{path}/") for found in context)]


def test_the_package_is_whole_but_for_the_demo(context: set[str]) -> None:
    package = {path.relative_to(CLONE).as_posix() for path in (CLONE / "price_assets").rglob("*") if path.is_file()}
    demo = {path for path in package if path.startswith("price_assets/demo/")}
    bytecode = {path for path in package if "__pycache__" in path}
    assert {path for path in context if path.startswith("price_assets/")} == package - demo - bytecode
    assert demo


def test_nothing_but_the_demo_wants_the_demo() -> None:
    modules = (path for path in (CLONE / "price_assets").rglob("*.py") if "demo" not in path.parts)
    assert [path for path in modules if "price_assets.demo" in Path(path).read_text()] == []
