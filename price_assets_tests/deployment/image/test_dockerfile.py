"""The Dockerfile by itself, without an engine that builds it."""

import json
import re
import shutil
import subprocess
import tomllib
from typing import Any

import pytest

from price_assets_tests.deployment.image.dockerfile import CLONE, DOCKERFILE, copied_from_context, stage, stages

PROJECT: dict[str, Any] = tomllib.loads((CLONE / "pyproject.toml").read_text())["project"]


def test_the_last_stage_is_the_exporter_and_the_target_dagster_has_a_webserver_more() -> None:
    assert stage(None).base == stage("dagster").base == "runtime"
    own = stage(None).all("COPY")
    assert own == ["--from=package /package /"]
    assert stage("dagster").all("COPY") == ["--from=webserver /webserver /", *own]


def test_a_pod_gets_neither_what_was_compiled_with_nor_the_webserver() -> None:
    assert {stage.base for stage in stages()} == {"python:3.12-slim", "dependencies", "runtime"}
    assert not [rest for rest in stage("runtime").all("RUN") if re.search(r"\b(apt-get|pip) ", rest)]
    assert [rest for rest in stage("runtime").all("COPY") if rest.startswith("--from")] == ["--from=dependencies /opt/price_assets /opt/price_assets"]


def test_each_installation_is_of_a_hashed_lock_and_compiles_nothing() -> None:
    installs = [command for stage in stages() for rest in stage.all("RUN") for command in rest.split(" && ") if " install " in command]
    fetched = [command for command in installs if command.startswith("pip ") and " /wheel/" not in command]
    assert len(fetched) == 3
    for command in fetched:
        assert "--only-binary :all: --require-hashes --requirement requirements" in command
    assert "PIP_NO_DEPS=1" in stage("dependencies").all("ENV")[0]


def test_the_process_is_a_fixed_number_that_is_not_root() -> None:
    assert stage("runtime").all("USER") == ["10001:10001"]
    assert not stage(None).all("USER")
    assert not stage("dagster").all("USER")


def test_the_whole_command_line_is_the_pods() -> None:
    assert [rest for stage in stages() for rest in stage.all("ENTRYPOINT")] == []
    assert json.loads(stage("runtime").all("CMD")[0]) == ["price-assets", "--help"]


def test_labels_say_what_pyproject_says_and_nothing_that_was_not_given() -> None:
    (labels,) = stage("runtime").all("LABEL")
    said = dict(re.findall(r'org\.opencontainers\.image\.([a-z.]+)="([^"]*)"', labels))
    assert said["title"] == PROJECT["name"]
    assert said["description"] == PROJECT["description"]
    assert said["licenses"] == PROJECT["license"]
    assert said["base.name"] == f"docker.io/library/{stage('runtime').base}"
    assert {name: said[name] for name in ("version", "revision", "source")} == {"version": "$VERSION", "revision": "$REVISION", "source": "$SOURCE"}
    assert stage("runtime").all("ARG") == ["VERSION", "REVISION", "SOURCE"]


def test_what_changes_with_every_commit_comes_after_what_does_not() -> None:
    words = [word for word, _ in stage("runtime").instructions]
    assert words.index("ARG") > max(index for index, word in enumerate(words) if word in ("RUN", "COPY"))
    copies = [rest for word, rest in stage("package").instructions if word == "COPY"]
    assert copies[0] == "requirements-build.lock ."
    assert stage("dependencies").all("COPY") == ["requirements.lock .", "deploy/image/slim.py ."]


def test_all_that_is_copied_is_there() -> None:
    assert [path for path in copied_from_context() if not (CLONE / path).exists()] == []


def test_hadolint_has_nothing_to_say() -> None:
    program = shutil.which("hadolint", path=str(CLONE / ".venv" / "bin")) or shutil.which("hadolint")
    if program is None:
        pytest.skip("LOUD: the Dockerfile is not held by hadolint, which is not here")
    done = subprocess.run([program, "--no-color", str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
