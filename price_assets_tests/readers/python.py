"""What the readers at hand in Python, and LibreOffice, find in a workbook: sheet → address → value, as `workbook.Sheets`."""

import subprocess
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from pathlib import Path

import fastexcel
import openpyxl
from openpyxl.cell.cell import Cell, MergedCell
from xlsxwriter.utility import xl_rowcol_to_cell

from price_assets_tests.readers.workbook import Sheets, Value


def by_openpyxl(path: Path) -> Sheets:
    """The whole workbook in memory."""
    sheets = openpyxl.load_workbook(path).worksheets
    return {sheet.title: {cell.coordinate: _of_cell(cell) for row in sheet.iter_rows() for cell in row if cell.value is not None} for sheet in sheets}


def by_openpyxl_in_a_stream(path: Path) -> Sheets:
    """Row by row, as big files are read."""
    workbook = openpyxl.load_workbook(path, read_only=True)
    found = {sheet.title: _of_table(sheet.iter_rows(values_only=True)) for sheet in workbook.worksheets}
    workbook.close()
    return found


def by_fastexcel(path: Path) -> Sheets:
    """Without being told types; it gives a column's values one, which it finds by itself."""
    workbook = fastexcel.read_excel(path)
    found: Sheets = {}
    for name in workbook.sheet_names[:-1]:
        table = workbook.load_sheet(name).to_polars()
        found[name] = _of_table([table.columns, *table.rows()])
    about = workbook.load_sheet(workbook.sheet_names[-1], header_row=None, skip_whitespace_tail_rows=False).to_polars()
    return found | {workbook.sheet_names[-1]: _of_table(about.rows())}


def by_libreoffice(path: Path, folder: Path) -> Sheets:
    """LibreOffice opens the file and saves it anew; openpyxl tells what it has saved."""
    again = folder / "again"
    profile = f"-env:UserInstallation=file://{folder}/profile"
    subprocess.run(["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", again, path], check=True, capture_output=True, timeout=120)
    return by_openpyxl(again / path.name)


_BOOLEANS: Mapping[object, bool] = {"=TRUE()": True, "=FALSE()": False}
"""LibreOffice saves a boolean as a formula."""


def _of_cell(cell: Cell | MergedCell) -> Value:
    return _BOOLEANS[cell.value] if cell.data_type == "f" else _value(cell.value)


def _of_table(table: Iterable[Iterable[object]]) -> dict[str, Value]:
    return {
        xl_rowcol_to_cell(row, column): _value(value) for row, values in enumerate(table) for column, value in enumerate(values) if value is not None
    }


def _value(value: object) -> Value:
    match value:
        case bool() | str() | datetime():
            return value
        case int() | float():
            return float(value)
        case date():
            return datetime.combine(value, time.min)
        case _:
            raise TypeError(value)
