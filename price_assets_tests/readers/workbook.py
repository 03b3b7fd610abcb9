"""One workbook of all hard types, on two sheets; and what is in it, cell by cell, in words that every reader has."""

# ruff: noqa: DTZ001 (what a clock on the wall shows has no time zone)

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from xlsxwriter.utility import xl_rowcol_to_cell

from price_assets.export.contract import Column, ColumnType, Contract
from price_assets.export.formats import xlsx
from price_assets.export.formats.wall_time import to_wall_time
from price_assets_tests.export.formats.xlsx_files import MOSCOW, rendered
from price_assets_tests.export.snapshots import snapshot_of

Value = str | float | bool | datetime
"""A text, a number, a boolean, a moment: what a cell can be. Whoever has whole numbers and dates beside these gives them as these."""

Sheets = dict[str, dict[str, Value]]
"""Sheet → address → value, the sheets in order. Where nothing is there is no address."""

COLUMNS: Contract = tuple(
    Column(name=name, header=header, type=ColumnType.parse(kind), description=f"About <{name}> & co")
    for name, header, kind in (
        ("number", "№", "integer"),
        ("text", "Текст & <text>", "text"),
        ("barcode", "Barcode", "text"),
        ("stock", "Stock", "integer"),
        ("price", "Цена, ₽", "decimal(12,2)"),
        ("weight", "Weight", "decimal(18,9)"),
        ("units", "Units", "decimal(15,0)"),
        ("active", "Active", "boolean"),
        ("valid", "Valid from", "date"),
        ("changed", "Changed", "timestamp"),
        ("seen", "Seen", "timestamptz"),
        ("last", "Last", "text"),
    )
)

TEXTS = [
    *("007", "4601234567890123456", "", None, "=1+1", "+7 495 123-45-67", "@x", "-1", "1e5", "TRUE", "24.11.2026", "'quoted", "#N/A"),
    *("https://example.com", "internal:Sheet2!A1", "mailto:a@b.c", " edges ", "  two  spaces  ", " ", "a\tb\nc", "\n", "\r\nx\ry\n"),
    *("a & b <c> \"d\" 'e' ]]> &amp;", "\x01\x1f\x0b", "\x7f\x85\u2028\u00a0", "😀 Ёлка 👩‍👩‍👧", "שלום\u200f", "é e\u0301", "\ufeff"),
    *("_x0041_", "_x0041_x0042_x0043_", "__x00e4__x00E4_", "_x005F_", "_x00_", "size_xl", "_x000D_"),
]

NUMBERS: list[tuple[object, ...]] = [
    (2**53, "9999999999.99", "123456789.123456", "123456789012345", True, date(9999, 12, 31), datetime(9999, 12, 31, 23, 59, 59, 999999)),
    (-(2**53), "-9999999999.99", "-0.000000001", "-123456789012345", False, date(1900, 3, 1), datetime(1900, 3, 1, 0, 0, 0, 1999)),
    (0, "0.00", "0.000000000", "0", None, date(2024, 2, 29), datetime(2026, 11, 24, 6, 0, 0, 500)),
    (-1, "-0.01", "0.1", "1", True, date(2026, 11, 24), datetime(2026, 11, 24, 12, 34, 56, 789000)),
    (123456, "1.10", "0.300000000", "-7", False, date(1999, 12, 31), datetime(1999, 12, 31, 23, 59, 59, 999000)),
    (None,) * 7,
]
"""Stock, price, weight, units, active, valid, changed."""

MOMENTS = [
    *(
        datetime(1900, 3, 2, tzinfo=UTC),
        datetime(2010, 10, 30, 22, 30, tzinfo=UTC),
        datetime(2010, 10, 30, 23, 30, tzinfo=UTC),
    ),  # the clock went back
    *(datetime(2026, 11, 24, 21, 0, 0, 1000, tzinfo=UTC), datetime(9999, 12, 31, 20, 59, 59, 999000, tzinfo=UTC), None),
]


def rows() -> pl.DataFrame:
    """As many rows as there are texts; decimals are given as text, since a literal would be a float."""
    barcodes = ["000000000000000001", "123456789012345678", None]
    table = [
        (number, text, barcodes[number % 3], *NUMBERS[number % 6], MOMENTS[number // 6 % 6], f"last {number}") for number, text in enumerate(TEXTS)
    ]
    schema = {column.name: pl.String() if str(column.type).startswith("decimal") else column.type.polars for column in COLUMNS}
    return pl.DataFrame(table, schema=schema, orient="row").cast({column.name: column.type.polars for column in COLUMNS})


def make(folder: Path) -> Path:
    """The workbook, by the exporter's own renderer; on two sheets, as if a sheet had room for two thirds of the rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xlsx, "SHEET_ROWS", first_sheet())
        return rendered(folder, snapshot_of(folder, COLUMNS, rows()))


def first_sheet() -> int:
    """Rows on the first sheet."""
    return len(TEXTS) * 2 // 3


def expected(seen: Callable[[Value], Value | None] = lambda value: value) -> Sheets:
    """What is in it. `seen` is what a reader makes of a value, where that is something else; None where it takes the cell for an empty one."""
    frame = rows().with_columns(pl.col("seen").map_batches(partial(to_wall_time, timezone=MOSCOW), return_dtype=pl.Datetime("us")))
    sheets = {"wholesale": frame[: first_sheet()], "wholesale (2)": frame[first_sheet() :]}
    cells = {name: _cells([[column.label for column in COLUMNS], *part.rows()]) for name, part in sheets.items()} | {"About": _cells(_about())}
    return {name: {address: found for address, value in sheet.items() if (found := seen(value)) is not None} for name, sheet in cells.items()}


def _cells(table: Iterable[Iterable[object]]) -> dict[str, Value]:
    return {
        xl_rowcol_to_cell(row, column): _value(value) for row, values in enumerate(table) for column, value in enumerate(values) if value is not None
    }


def _value(value: object) -> Value:
    match value:
        case bool():
            return value
        case str():
            return value.replace("\r\n", "\n").replace("\r", "\n")  # [XL7]
        case int() | Decimal():
            return float(value)
        case datetime():
            return value.replace(microsecond=value.microsecond // 1000 * 1000)
        case date():
            return datetime.combine(value, time.min)
        case _:
            raise TypeError(value)


def _about() -> list[tuple[object, ...]]:
    return [
        ("Price list", "wholesale"),
        ("Description", "Wholesale prices for partners"),
        ("Export date", date(2026, 11, 24)),
        ("Rows", len(TEXTS)),
        ("Content", "a07be4419c20"),
        (),
        ("Column", "Name", "Type", "Meaning"),
        *((column.label, column.name, str(column.type), column.description) for column in COLUMNS),
    ]
