"""`make demo` and `make ui`, run as they are, but into a folder of the test's own."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fastexcel
import pytest

from price_assets.demo.company import environment
from price_assets.demo.server import Server
from price_assets_tests.demo.processes import descendants, runs, until

pytestmark = pytest.mark.xdist_group("demo")

FORMATS = {"dealers": ("csv",), "retail": ("csv", "xlsx"), "wholesale": ("csv", "xlsx")}
COMMAND = """
import sys
from importlib import import_module
from pathlib import Path
from price_assets.demo import company
company.OUTPUT = Path(sys.argv[2])
sys.exit(company.run(import_module(sys.argv[1]).main))
"""
STATE = """{
    schedulesOrError(repositorySelector: {repositoryName: "__repository__", repositoryLocationName: "price_assets"}) {
        ... on Schedules { results { scheduleState { status } } } }
    sensorsOrError(repositorySelector: {repositoryName: "__repository__", repositoryLocationName: "price_assets"}) {
        ... on Sensors { results { sensorState { status } } } }
    assetNodes { assetKey { path } assetMaterializations { partition } }
}"""


@contextmanager
def started(module: str, output: Path, **settings: str) -> Generator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", COMMAND, module, str(output)]
    process = subprocess.Popen(command, env=os.environ | settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    with process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What it says on stderr, up to the line with these words."""
    assert process.stderr
    said = ""
    for line in process.stderr:
        said += line
        if words in line:
            return line
    raise AssertionError(said)


def test_it_publishes_three_lists_for_two_days_and_the_second_time_nothing_new(tmp_path: Path) -> None:
    # What the caller has set must not lead it to a real source or bucket.
    elsewhere = {
        "STORAGE_BUCKET": "s3://real",
        "DB_HOST": "real.example.com",
        "OUTPUT_FORMATS": "csv",
        "RUN_DATE": "2020-01-01",
        "DAGSTER_HOME": "/nowhere",
    }
    outcomes = []
    for _ in range(2):
        with started("price_assets.demo.__main__", tmp_path, **elsewhere) as process:
            said, talked = process.communicate()
        assert process.returncode == 0, talked
        assert "What to try next" in said
        outcomes.append([line.split()[:3:2] for line in said.splitlines() if line.startswith(tuple(FORMATS))])
    assert outcomes == [[[name, outcome] for name in FORMATS for _ in range(2 * len(FORMATS[name]))] for outcome in ("published", "unchanged")]
    for name, formats in FORMATS.items():
        assert len([day for day in (tmp_path / name).glob("20*") if len(list(day.iterdir())) == len(formats) + 1]) == 2
        assert (tmp_path / name / "latest" / f"{name}.csv").stat().st_size > 5_000_000
    for name in ("retail", "wholesale"):
        assert fastexcel.read_excel(tmp_path / name / "latest" / f"{name}.xlsx").sheet_names[-1] == "About"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_while_it_exports_ends_all_of_it(number: signal.Signals, tmp_path: Path) -> None:
    with started("price_assets.demo.__main__", tmp_path) as process:
        read_until(process, "snapshot")
        family = descendants(process.pid)
        assert len(family) > 4
        os.killpg(process.pid, number)
        assert process.wait(timeout=60) == 128 + number
        until(lambda: not any(map(runs, family)))


def test_the_ui_shows_what_the_demo_published_with_its_automation_off_and_dies_with_its_parent(tmp_path: Path) -> None:
    with started("price_assets.demo.ui", tmp_path) as process:
        url = read_until(process, "/assets").split("/assets")[0]
        with urllib.request.urlopen(
            urllib.request.Request(f"{url}/graphql", json.dumps({"query": STATE}).encode(), {"Content-Type": "application/json"}), timeout=60
        ) as answer:
            state: dict[str, Any] = json.load(answer)["data"]
        family = descendants(process.pid)
        process.kill()
        until(lambda: not any(map(runs, family)))
    assert {each["scheduleState"]["status"] for each in state["schedulesOrError"]["results"]} == {"STOPPED"}
    assert {each["sensorState"]["status"] for each in state["sensorsOrError"]["results"]} == {"STOPPED"}
    materialised = {"/".join(node["assetKey"]["path"]): len(node["assetMaterializations"]) for node in state["assetNodes"]}
    assert materialised == {f"{name}/{part}": 2 for name, formats in FORMATS.items() for part in ("snapshot", *formats, "publication")}


def test_its_environment_has_none_of_the_callers_settings(postgres_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DB_SSLROOTCERT", "STORAGE_PREFIX", "RUN_DATE", "PRICE_LISTS_DIR", "DAGSTER_HOME"):
        monkeypatch.setenv(name, "mine")
    monkeypatch.setenv("HTTPS_PROXY", "kept")
    made = environment(postgres_server)
    assert "mine" not in made.values()
    assert made["HTTPS_PROXY"] == "kept"
