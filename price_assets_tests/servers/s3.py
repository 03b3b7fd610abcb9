"""A real S3 server for a session of tests: versitygw, built outside the clone [ST15]; moto's where there is none, which checks no signatures."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

BUCKET = "prices"
ACCESS_KEY = "testing"
SECRET_KEY = "testing-secret"


@dataclass(frozen=True)
class S3Server:
    """Where it answers; `real` where it takes conditional writes of many at once seriously."""

    endpoint: str
    bucket: str
    access_key: str
    secret_key: str
    real: bool

    def environment(self) -> dict[str, str]:
        """What a process needs to export to it."""
        return {
            "STORAGE_BUCKET": f"s3://{self.bucket}",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": "us-east-1",
        }


def binary() -> str | None:
    """versitygw: as `PRICE_ASSETS_TEST_S3_SERVER` says, where `.ci/run` builds it, or on the path."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "price_assets" / "bin" / "versitygw"
    return os.environ.get("PRICE_ASSETS_TEST_S3_SERVER") or (str(cache) if cache.exists() else shutil.which("versitygw"))


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Generator[S3Server]:
    """A server with one empty bucket; take a prefix of your own in it."""
    with started(tmp_path_factory.mktemp("s3")) as server:
        yield server


@contextmanager
def started(folder: Path) -> Generator[S3Server]:
    """A server for as long as the `with` block runs; versitygw's bucket is `root/prices` in the folder."""
    (folder / "root" / BUCKET).mkdir(parents=True)
    program = binary()
    for _ in range(5):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port: int = free.getsockname()[1]
        if program:
            keys = ["--access", ACCESS_KEY, "--secret", SECRET_KEY]
            command = [program, "--quiet", "--port", f"127.0.0.1:{port}", *keys, "posix", str(folder / "root")]
        else:
            command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT) as server:
            if not _answers(server, port):
                continue  # somebody took the port in between
            try:
                endpoint = f"http://127.0.0.1:{port}"
                if not program:
                    with urlopen(Request(f"{endpoint}/{BUCKET}", method="PUT")):
                        pass
                yield S3Server(endpoint, BUCKET, ACCESS_KEY, SECRET_KEY, real=program is not None)
            finally:
                server.terminate()
            return
    raise RuntimeError(f"The S3 server does not start: {(folder / 'log').read_text()}")


def _answers(server: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return server.poll() is None
    return False
