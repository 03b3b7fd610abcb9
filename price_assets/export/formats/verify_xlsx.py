"""A workbook, read again: it is whole, and it says what its snapshot says."""

from decimal import Decimal
from pathlib import Path
from zipfile import BadZipFile
from zoneinfo import ZoneInfo

import fastexcel
import polars as pl

from price_assets.errors import Failed
from price_assets.export.contract import Column, Kind
from price_assets.export.control_sums import ControlSums
from price_assets.export.formats.read_xlsx import exact, read_sheet
from price_assets.export.formats.wall_time import to_wall_time
from price_assets.export.formats.xlsx_sheets import sheet_names
from price_assets.export.formats.xlsx_stream import ReadBehind, read_through
from price_assets.export.price_list import XlsxOptions
from price_assets.export.snapshot import Snapshot

WHOLE_ROWS = 100_000
"""Up to so many rows every value is read; a reader loads a whole sheet into memory [XL10]."""


def reader(snapshot: Snapshot) -> ReadBehind:
    """Who reads the file for `verify` while it is written, so that both cores have work."""
    return ReadBehind(() if snapshot.rows <= WHOLE_ROWS else snapshot.columns)


def verify(path: Path, snapshot: Snapshot, options: XlsxOptions, timezone: ZoneInfo, behind: ReadBehind | None = None) -> dict[str, Decimal]:
    """Read the file, but for what has been read by `reader`, and return its control sums: by column, the exact sum of each decimal one.

    Always the checksum of every part, the sheets' names, headers and rows. Up to 100,000 rows every value by a reader that is not the writer's kin,
    beyond that the sums from the XML, in a stream. Raises Failed that names the first thing that differs: part, sheet, row, column.
    """
    try:
        return _verify(path, snapshot, options, timezone, behind)
    except (BadZipFile, fastexcel.FastExcelError) as error:
        raise Failed(f"{path.name} can't be read ({error}); run it again.") from error
    except pl.exceptions.InvalidOperationError:
        raise Failed(f"{path.name} has a number that is not written as its column's type says; run it again.") from None


def _verify(path: Path, snapshot: Snapshot, options: XlsxOptions, timezone: ZoneInfo, behind: ReadBehind | None) -> dict[str, Decimal]:
    workbook = fastexcel.read_excel(path)
    names = sheet_names(options.sheet or snapshot.price_list, len(workbook.sheet_names) - 1)
    if workbook.sheet_names != [*names, "About"]:
        raise Failed(f"{path.name} has the sheets {workbook.sheet_names}; run it again.")
    whole = snapshot.rows <= WHOLE_ROWS
    found = behind.totals if behind else read_through(path, len(names), () if whole else snapshot.columns)
    if (rows := sum(found.rows)) != snapshot.rows:
        by_sheet = ", ".join(f"{rows:,} in {name}" for name, rows in zip(names, found.rows, strict=True))
        raise Failed(f"{path.name} has {rows:,} rows ({by_sheet}) where its snapshot has {snapshot.rows:,}; run it again.")
    sums = _compare(path, workbook, found.rows, snapshot, timezone) if whole else found.sums
    for name, total in snapshot.control_sums.items():
        if sums[name] != total:
            raise Failed(f"Column {name} of {path.name} adds up to {sums[name]:f} where its snapshot's adds up to {total:f}; run it again.")
    return sums


def _compare(path: Path, workbook: fastexcel.ExcelReader, rows: list[int], snapshot: Snapshot, timezone: ZoneInfo) -> dict[str, Decimal]:
    """Every value of every sheet. Returns the sums of what was read."""
    expected = snapshot.scan().collect()
    sums = ControlSums(snapshot.columns)
    start = 0
    for position, height in enumerate(rows):
        sheet = f"{path.name}, sheet {workbook.sheet_names[position]}"
        found = read_sheet(workbook, position, height, snapshot.columns, sheet)
        due = expected.slice(start, height)
        for column in snapshot.columns:
            _compare_column(sheet, column, found[column.name], _shown(due[column.name], column.type.kind, timezone))
        sums.add(found.select(exact(column) for column in snapshot.columns if column.type.kind is Kind.DECIMAL))
        start += height
    return sums.totals


def _shown(values: pl.Series, kind: Kind, timezone: ZoneInfo) -> pl.Series:
    """Return what a reader of the workbook sees of a snapshot's values."""
    match kind:
        case Kind.TEXT:
            return values.str.replace_all("\r\n?", "\n")
        case Kind.INTEGER | Kind.DECIMAL:
            return values.cast(pl.String).cast(pl.Float64)  # by its text, as a reader of the file does
        case Kind.TIMESTAMP:
            return values.dt.truncate("1ms").dt.cast_time_unit("ms")
        case Kind.TIMESTAMPTZ:
            return to_wall_time(values, timezone).dt.truncate("1ms").dt.cast_time_unit("ms")
        case Kind.BOOLEAN | Kind.DATE:
            return values


def _compare_column(sheet: str, column: Column, found: pl.Series, expected: pl.Series) -> None:
    different = found.ne_missing(expected).arg_true()
    if different.len():
        row: int = different[0]
        raise Failed(f"{sheet}, row {row + 2}, column {column.name}: it says {found[row]!r} where the snapshot has {expected[row]!r}; run it again.")
