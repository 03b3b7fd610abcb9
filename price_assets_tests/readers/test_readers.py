"""Readers that are not ours find in one workbook of all hard types what was put into it [XL5, XL7]."""

from pathlib import Path

import pytest

from price_assets_tests.export.formats.xlsx_files import needs_libreoffice
from price_assets_tests.readers import differences
from price_assets_tests.readers.python import by_fastexcel, by_libreoffice, by_openpyxl, by_openpyxl_in_a_stream
from price_assets_tests.readers.workbook import expected, make


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("workbook"))


def test_openpyxl(workbook: Path) -> None:
    assert by_openpyxl(workbook) == by_openpyxl_in_a_stream(workbook) == expected(differences.escapes_stay)


def test_fastexcel(workbook: Path) -> None:
    assert by_fastexcel(workbook) == expected() | {"About": expected(differences.fastexcel_about)["About"]}


@needs_libreoffice
def test_libreoffice(workbook: Path, tmp_path: Path) -> None:
    assert by_libreoffice(workbook, tmp_path) == expected(differences.libreoffice)
