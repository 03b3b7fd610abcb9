"""Our XLSX of a snapshot, not read again, to others' of the same Parquet file, and to deflating the same XML alone; and how large it is."""

from pathlib import Path
from zipfile import ZipFile

from benchmarks.entrants import PYTHON, SHEET
from benchmarks.figures import Figure
from benchmarks.goals.part import all_right, part, taken_snapshot
from benchmarks.measured import Measured
from benchmarks.rounds import Pair, in_turn, ratio
from benchmarks.stage import Stage

SLOW = 100_000
"""Rows that XlsxWriter and Polars write; what they take grows with them, and so does ours."""


def figures(stage: Stage, rows: int, rounds: int) -> list[Figure]:
    """Of one sheet at most."""
    rows = min(rows, SHEET)
    fewer = min(rows, SLOW)
    snapshot, small = taken_snapshot(stage, rows), taken_snapshot(stage, fewer)
    to_deflate = Figure("XLSX alone, to deflating its XML alone", ratio(*pair(stage, rows, rounds)), 2.5, 1.7)
    duckdb = in_turn({"DuckDB": lambda: _other(stage, "duckdb", snapshot), "our XLSX": lambda: _ours(stage, snapshot)}, rounds)
    polars = in_turn({"Polars, write_excel": lambda: _other(stage, "polars", small), "our XLSX": lambda: _ours(stage, small)}, 1)
    _other(stage, "xlsxwriter", small)
    all_right(stage, rows, {way: _out(stage, way, snapshot) for way in ("ours", "duckdb")})
    all_right(stage, fewer, {way: _out(stage, way, small) for way in ("ours", "polars", "xlsxwriter")})
    size = _out(stage, "ours", small).stat().st_size / _out(stage, "xlsxwriter", small).stat().st_size
    return [
        Figure("DuckDB's XLSX from the same Parquet, to ours", ratio(duckdb["DuckDB"], duckdb["our XLSX"]), 8, 10, at_least=True),
        Figure(f"Polars' write_excel to ours, {fewer:,} rows", ratio(polars["Polars, write_excel"], polars["our XLSX"]), 40, at_least=True),
        to_deflate,
        Figure(f"size, to XlsxWriter's of the same {fewer:,} rows", size, 1.2, 1.0),
    ]


def pair(stage: Stage, rows: int, rounds: int) -> Pair:
    """Ours, and deflating the XML that it is made of."""
    rows = min(rows, SHEET)
    snapshot, xml = taken_snapshot(stage, rows), stage.folder / "sheet.xml"
    _ours(stage, snapshot)  # not counted
    with ZipFile(_out(stage, "ours", snapshot)) as archive, archive.open("xl/worksheets/sheet1.xml") as sheet, xml.open("wb") as file:
        while chunk := sheet.read(1 << 20):
            file.write(chunk)
    taken = in_turn(
        {"deflating alone": lambda: part(stage, "deflate", xml, stage.folder / "deflated"), "our XLSX": lambda: _ours(stage, snapshot)}, rounds
    )
    return taken["our XLSX"], taken["deflating alone"]


def _ours(stage: Stage, snapshot: Path) -> Measured:
    return part(stage, "render", "xlsx", snapshot, _out(stage, "ours", snapshot))


def _other(stage: Stage, way: str, snapshot: Path) -> Measured:
    return part(stage, "benchmarks.contestants.from_parquet", snapshot, _out(stage, way, snapshot), way, python=[PYTHON])


def _out(stage: Stage, way: str, snapshot: Path) -> Path:
    return stage.folder / f"{snapshot.stem} {way}.xlsx"
