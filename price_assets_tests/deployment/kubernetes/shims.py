"""Programs in the place of those that reach a cluster, a registry or a database."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from price_assets_tests.deployment.kubernetes.kit import kubectl

RECORDED = ("docker", "helm", "psql")
FAKE_KUBECTL = Path(__file__).with_name("fake_kubectl.py")


@dataclass(frozen=True)
class Shims:
    """They are on the PATH of `environment`."""

    folder: Path
    environment: dict[str, str]

    def objects(self, kind: str) -> dict[str, dict[str, Any]]:
        """What was applied or created, by name."""
        found = [json.loads(path.read_text()) for path in (self.folder / "objects").glob(f"{kind}-*.json")]
        return {each["metadata"]["name"]: each for each in found}

    def calls(self, program: str = "kubectl") -> list[list[str]]:
        """The arguments of each call."""
        path = self.folder / ("calls" if program == "kubectl" else program)
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def pods_end_with(self, code: int | None) -> None:
        """The exit code of each pod; None: none ever starts."""
        (self.folder / "exit").write_text("" if code is None else str(code))


@pytest.fixture
def shims(tmp_path: Path) -> Shims:
    """A cluster that takes everything, and in which every pod ends well."""
    folder, programs = tmp_path / "shims", tmp_path / "bin"
    (folder / "objects").mkdir(parents=True)
    programs.mkdir()
    _write(programs / "kubectl", f'exec {sys.executable} {FAKE_KUBECTL} "$@"')
    for name in RECORDED:
        note = "import json, sys; print(json.dumps(sys.argv[1:]))"
        _write(programs / name, f"{sys.executable} -c '{note}' \"$@\" >> {folder / name}")
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "FAKE_KUBECTL": str(folder), "REAL_KUBECTL": kubectl(), "HOME": str(tmp_path)}
    made = Shims(folder, environment)
    made.pods_end_with(0)
    return made


def _write(path: Path, command: str) -> None:
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)
