import os
import shutil
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.cloud_storage_compute_log_manager import CloudStorageComputeLogManager
from dagster._core.storage.compute_log_manager import ComputeIOType, ComputeLogManager
from dagster._serdes import ConfigurableClassData

from price_assets_tests.servers.gcs import GCSServer
from price_assets_tests.servers.s3 import S3Server

KEY = ["some-run", "compute_logs", "abcdefgh"]
RUN = """
import sys
from price_assets.orchestration import compute_logs
compute_logs.UPLOAD_SECONDS = 1
with compute_logs.ComputeLogs.from_config_value(None, {"to": sys.argv[1]}).capture_logs(sys.argv[2:]):
    print("Цены", flush=True)
    print("a warning", file=sys.stderr, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(params=["s3", "gs", "file"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What DAGSTER_COMPUTE_LOGS says, of each kind."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    match request.param:
        case "file":
            return (tmp_path / "far away, в папке").as_uri()
        case "s3":
            server: S3Server | GCSServer = request.getfixturevalue("s3")
        case _:
            server = request.getfixturevalue("gcs")
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return f"{request.param}://{server.bucket}/logs/of dagster/{tmp_path.name}"


def manager(place: str) -> ComputeLogManager[Any]:
    """As Dagster makes it from dagster.yaml."""
    said = ConfigurableClassData("price_assets.orchestration.compute_logs", "ComputeLogs", f"to: '{place}'\n")
    return said.rehydrate(as_type=ComputeLogManager)


@contextmanager
def a_run(place: str, folder: Path) -> Generator[subprocess.Popen[bytes]]:
    """A process that says something, and lives until its stdin ends; all that it keeps on its machine is in this folder."""
    folder.mkdir()
    environment = os.environ | {"TMPDIR": str(folder)}
    with subprocess.Popen([sys.executable, "-c", RUN, place, *KEY], env=environment, stdin=PIPE, stdout=PIPE, stderr=PIPE) as run:
        assert run.stderr
        assert run.stderr.readline() == b"a warning\n"  # it goes where it went before, too
        yield run


def test_what_a_run_said_on_its_machine_is_read_on_another(place: str, tmp_path: Path) -> None:
    with a_run(place, tmp_path / "there") as run:
        assert run.communicate() == ("Цены\n".encode(), b"")
    shutil.rmtree(tmp_path / "there")

    webserver = manager(place)
    assert webserver.is_capture_complete(KEY)
    read = webserver.get_log_data(KEY)
    assert (read.stdout, read.stderr) == ("Цены\n".encode(), b"a warning\n")
    assert webserver.get_log_data(KEY, cursor=read.cursor).stdout == b""
    location = webserver.get_log_metadata(KEY).stderr_location
    assert location
    assert location.endswith("some-run/compute_logs/abcdefgh.err")
    webserver.dispose()


@pytest.mark.parametrize("place", ["s3", "gs"], indirect=True)
def test_of_a_run_that_was_killed_what_it_had_said_so_far_is_read(place: str, tmp_path: Path) -> None:
    webserver = manager(place)
    assert isinstance(webserver, CloudStorageComputeLogManager)
    with a_run(place, tmp_path / "there") as run:
        deadline = time.monotonic() + 60
        while not webserver.cloud_storage_has_logs(KEY, ComputeIOType.STDERR, partial=True):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        run.kill()
    shutil.rmtree(tmp_path / "there")

    seen: list[bytes | None] = []
    webserver.subscribe(KEY)(lambda data: seen.append(data.stderr))
    assert seen == [b"a warning\n"]
    assert not webserver.is_capture_complete(KEY)
    webserver.dispose()


@pytest.mark.parametrize("said", ["", "logs", "s3://", "gs:///prefix", "file://folder/logs", "file:///", "https://example.com/logs"])
def test_a_place_that_is_none_is_refused_with_those_that_are(said: str) -> None:
    with pytest.raises(
        dg.DagsterInvariantViolationError, match="set DAGSTER_COMPUTE_LOGS to s3://bucket/prefix, gs://bucket/prefix or file:///folder"
    ):
        manager(said)


def test_a_folder_costs_no_client_of_any_cloud(tmp_path: Path) -> None:
    making = f"ComputeLogs.from_config_value(None, {{'to': {tmp_path.as_uri()!r}}})"
    clouds = "[name for name in ('boto3', 'dagster_aws', 'google', 'obstore') if name in sys.modules]"
    script = f"import sys; from price_assets.orchestration.compute_logs import ComputeLogs; {making}; print({clouds})"
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")
