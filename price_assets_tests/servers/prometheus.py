"""Debian's Prometheus and Alertmanager, each with a configuration of its own, on a port of its own; and what Prometheus' API answers."""

import json
import urllib.error
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from price_assets_tests.servers.running import running


@dataclass(frozen=True)
class Prometheus:
    """A Prometheus that runs at this address."""

    url: str

    def ask(self, path: str, **parameters: str) -> Any:
        """The data of `/api/v1/…`."""
        try:
            with urlopen(f"{self.url}/api/v1/{path}?{urlencode(parameters)}", timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from None

    def query(self, expression: str) -> Sequence[Mapping[str, Any]]:
        """What the expression is now: a list of `{"metric": {…}, "value": [time, "number"]}`."""
        return self.ask("query", query=expression)["result"]

    def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        return {alert["labels"]["alertname"] for alert in self.ask("alerts")["alerts"] if alert["state"] == "firing"}


@contextmanager
def prometheus(configuration: str, files: Mapping[str, str]) -> Generator[Prometheus]:
    """Run one within this block; the files lie beside the configuration."""

    def prepare(folder: Path, port: int) -> list[str]:
        _write(folder, {"prometheus.yaml": configuration} | dict(files))
        (folder / "data").mkdir()
        address = f"--web.listen-address=127.0.0.1:{port}"
        return ["prometheus", "--config.file=prometheus.yaml", "--storage.tsdb.path=data", address, "--alertmanager.notification-queue-capacity=1000"]

    with running("prometheus", prepare, _answers) as (_, port):
        yield Prometheus(f"http://127.0.0.1:{port}")


@contextmanager
def alertmanager(configuration: str, files: Mapping[str, str]) -> Generator[str]:
    """Run one within this block; gives its address, `127.0.0.1:PORT`."""

    def prepare(folder: Path, port: int) -> list[str]:
        _write(folder, {"alertmanager.yaml": configuration} | dict(files))
        (folder / "data").mkdir()
        address = f"--web.listen-address=127.0.0.1:{port}"
        return ["prometheus-alertmanager", "--config.file=alertmanager.yaml", "--storage.path=data", address, "--cluster.listen-address="]

    with running("alertmanager", prepare, _answers) as (_, port):
        yield f"127.0.0.1:{port}"


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).write_text(text)


def _answers(_: Path, port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
