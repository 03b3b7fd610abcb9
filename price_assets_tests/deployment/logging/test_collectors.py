"""The collectors' configurations.

Where Fluent Bit is on this machine it runs with ours, to an Elasticsearch that is a double. Vector's program in its language is run by the library of
that language, where it is installed. Else both are only parsed, and the summary says so.
"""

import json
import os
import re
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from price_assets.demo.guard import ended, guarded
from price_assets_tests.deployment.logging.lines import LOGGING, SCHEMA
from price_assets_tests.servers.http import Answer, Request, served

FLUENT_BIT = shutil.which(os.environ.get("PRICE_ASSETS_FLUENT_BIT", "fluent-bit"))
LINE: dict[str, Any] = {
    "@timestamp": "2026-11-24T06:00:05.293Z",
    "log.level": "error",
    "message": 'Execution of step "retail__snapshot" failed. Гайка 🔩',
    "ecs.version": "1.6.0",
    "error": {"type": "Failure", "message": "Snapshot is blocked", "stack_trace": "  File …\n" * 3000},
    "log": {"logger": "dagster"},
    "price_assets": {"price_list": "retail", "export_date": "2026-11-24", "run_id": "8ef9ab53-ff6d-4cc1-98ac-cb0cca45af7f"},
    "service": {"name": "price_assets"},
}
"""One that is longer than the 16 KiB at which a container runtime splits lines."""
TRACE = "Traceback (most recent call last):"
ENVIRONMENT = {"ELASTICSEARCH_URL", "ELASTICSEARCH_HOST", "ELASTICSEARCH_PORT", "ELASTICSEARCH_USER", "ELASTICSEARCH_PASSWORD"}


def configuration(name: str) -> dict[str, Any]:
    return yaml.safe_load((LOGGING / name).read_text())


@pytest.mark.parametrize("name", ["vector.yaml", "fluent-bit.yaml"])
def test_a_configuration_holds_no_secret_and_asks_for_documented_variables(name: str) -> None:
    text = (LOGGING / name).read_text()
    asked = set(re.findall(r"\$\{(\w+)\}", text))
    assert asked
    assert asked <= ENVIRONMENT
    assert all(variable in (LOGGING / "README.md").read_text() for variable in asked)
    assert re.search(r"(password|http_passwd): '?\$\{ELASTICSEARCH_PASSWORD\}", text)


def test_both_collectors_write_to_the_data_stream_that_the_template_is_for() -> None:
    stream = configuration("vector.yaml")["sinks"]["elasticsearch"]["data_stream"]
    name = f"{stream['type']}-{stream['dataset']}-{stream['namespace']}"
    (output,) = configuration("fluent-bit.yaml")["pipeline"]["outputs"]
    assert output["index"] == name
    (pattern,) = json.loads((LOGGING / "index-template.json").read_text())["index_patterns"]
    assert name.startswith(pattern.removesuffix("*"))


def test_every_field_of_a_line_is_mapped_in_the_template() -> None:
    mapped = _leaves(json.loads((LOGGING / "index-template.json").read_text())["template"]["mappings"])
    assert _leaves(SCHEMA) <= mapped
    assert {"price_assets.price_list", "price_assets.export_date", "price_assets.run_id"} <= mapped


def test_vector_makes_a_document_of_each_line() -> None:
    vrl = pytest.importorskip("pyvrl", reason="LOUD: Vector's program was not run: pip install pyvrl, which is there for Python 3.11")
    source = configuration("vector.yaml")["transforms"]["lines"]["source"]
    program = vrl.Transform(f"{source}\n.")  # Vector takes what the event is at the end, the library what the last expression says
    about = {"pod_namespace": "prices", "pod_node_name": "node-1", "pod_name": "run-8ef9", "container_name": "dagster"}
    pod = {"namespace": "prices", "node": {"name": "node-1"}, "pod": {"name": "run-8ef9"}, "container": {"name": "dagster"}}
    at = "2026-11-24T06:00:06Z"

    def made(message: str) -> dict[str, Any]:
        return program.remap({"message": message, "timestamp": at, "stream": "stderr", "kubernetes": about})

    assert made(json.dumps(LINE)) == LINE | {"kubernetes": pod}
    wrapped = {"@timestamp": at, "ecs.version": "1.6.0", "service": {"name": "price_assets"}, "kubernetes": pod}
    for other in (TRACE, "", '{"a": 1}', "[1]", "null"):
        assert made(other) == wrapped | {"message": other}


@pytest.mark.skipif(not FLUENT_BIT, reason="LOUD: Fluent Bit did not run with ours: it is not on this machine, nor named by PRICE_ASSETS_FLUENT_BIT")
def test_fluent_bit_makes_a_document_of_each_line(tmp_path: Path) -> None:
    documents: list[dict[str, Any]] = []
    asked: list[tuple[str, Mapping[str, str]]] = []
    complete = threading.Event()

    def bulk(request: Request) -> Answer:
        asked.append((request.path, request.headers))
        actions = [json.loads(line) for line in request.body.decode().splitlines()]
        assert all(set(action) == {"create"} for action in actions[::2])
        assert all(action["create"] == {"_index": "logs-price_assets-default"} for action in actions[::2])
        documents.extend(actions[1::2])
        if len(documents) >= 2:
            complete.set()
        items = [{"create": {"status": 201}} for _ in actions[1::2]]
        return Answer(200, json.dumps({"errors": False, "items": items}).encode(), {"Content-Type": "application/json"})

    (tmp_path / "run-8ef9_prices_dagster-0123.log").write_text(
        "\n".join(_as_the_runtime_splits(json.dumps(LINE)) + _as_the_runtime_splits(TRACE)) + "\n"
    )
    with served(bulk) as url:
        changed = configuration("fluent-bit.yaml")
        changed["service"] |= {"flush": 1, "storage.path": str(tmp_path / "storage")}
        (source,) = changed["pipeline"]["inputs"]
        source |= {"path": str(tmp_path / "*_prices_*.log"), "db": str(tmp_path / "containers.db")}
        changed["pipeline"]["filters"][0]["dummy_meta"] = "on"  # there is no Kubernetes to ask
        changed["pipeline"]["outputs"][0]["tls"] = "off"
        (tmp_path / "fluent-bit.yaml").write_text(yaml.safe_dump(changed))
        environment = {
            "PATH": os.environ["PATH"],
            "ELASTICSEARCH_HOST": "127.0.0.1",
            "ELASTICSEARCH_PORT": url.rpartition(":")[2],
            "ELASTICSEARCH_USER": "prices",
            "ELASTICSEARCH_PASSWORD": "secret",
        }
        assert FLUENT_BIT
        collector = guarded([FLUENT_BIT, "-c", tmp_path / "fluent-bit.yaml"], environment=environment, output=tmp_path / "said")
        try:
            assert complete.wait(60), (tmp_path / "said").read_text()
        finally:
            ended(collector)

    assert {path for path, _ in asked} == {"/_bulk"}
    assert all(headers["authorization"].startswith("Basic ") for _, headers in asked)
    ours, other = documents
    assert ours.pop("kubernetes")
    at = ours.pop("@timestamp")
    assert at.startswith("2026-11-24T06:00:05.293")
    assert ours == {name: value for name, value in LINE.items() if name != "@timestamp"}
    assert other.pop("kubernetes")
    assert other.pop("@timestamp").startswith("2026-11-24T06:00:06")
    assert other == {"message": TRACE, "ecs.version": "1.6.0", "service.name": "price_assets"}


def _as_the_runtime_splits(line: str) -> list[str]:
    """A line as containerd and CRI-O write it: in parts of 16 KiB, all but the last marked P."""
    parts = [line[at : at + 16384] for at in range(0, len(line), 16384)]
    return [f"2026-11-24T06:00:06.123456789Z stderr {'F' if part is parts[-1] else 'P'} {part}" for part in parts]


def _leaves(schema: Mapping[str, Any], before: str = "") -> set[str]:
    properties: Mapping[str, Any] = schema.get("properties", {})
    if not properties:
        return {before.removesuffix(".")}
    return {leaf for name, each in properties.items() for leaf in _leaves(each, f"{before}{name}.")}
