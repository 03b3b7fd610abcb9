"""A batch of a snapshot's rows → the XML of a sheet's rows, by one expression, without touching a value in Python [XL6]."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from zoneinfo import ZoneInfo

import polars as pl

from price_assets.export.contract import Column, Kind
from price_assets.export.formats.wall_time import wall_time

_SERIAL_OF_1970 = 25_569
"""Excel counts days from 1899-12-30, as it is seen from 1900-03-01 on [XL3]."""

_DAY = 86_400_000_000
_MILLISECOND = 1_000
_PLACES = 11
"""Decimal places of a time's share of its day; a millisecond is a little more than the 8th."""

_LITERAL_ESCAPE = r"_x[0-9A-Fa-f]{4}_"
_ESCAPED = rf"[&<>\x00-\x08\x0b-\x1f]|{_LITERAL_ESCAPE}"
_MARK = "\uffff"
"""Stands for the `_` of a literal `_xHHHH_` until all are found. It is nobody's text: `cannot_carry` refuses it."""

_ESCAPES = {
    "\r\n": "\n",
    "\r": "\n",
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    _MARK: "_x005F_",
    **{chr(code): f"_x{code:04X}_" for code in range(0x20) if chr(code) not in "\t\n\r"},
}


@dataclass(frozen=True)
class Cell:
    """Where and how a column's values are written: `letters` is Excel's name of the column, `style` the attribute ` s="3"` or nothing."""

    column: Column
    letters: str
    style: str


def rows_xml(rows: pl.DataFrame, first_row: int, cells: Sequence[Cell], timezone: ZoneInfo) -> memoryview:
    """Return `<row>` elements as UTF-8. Rows and cells carry their addresses [XL7], the first row that of `first_row` (1 is a sheet's topmost).

    Expects values that a workbook can hold (`cannot_carry`). Strings are inline; NULL is no cell, "" a cell with an empty string.
    """
    number = pl.lit(pl.int_range(first_row, first_row + rows.height, eager=True).cast(pl.String))
    parts: list[pl.Expr] = []
    literal = '<row r="'

    def add(value: pl.Expr, before: str = "") -> None:
        nonlocal literal
        parts.extend((pl.lit(literal + before), value))
        literal = ""

    add(number)
    literal = '">'
    for cell in cells:
        before, after = _around(cell)
        value = _value(rows, cell.column, timezone)
        address = f'<c r="{cell.letters}'
        if rows[cell.column.name].null_count():
            add(pl.concat_str(pl.lit(address), number, pl.lit(before), value, pl.lit(after)).fill_null(""))
        else:
            add(number, address)
            add(value, before)
            literal = after
    xml = rows.select(pl.concat_str(*parts, pl.lit(literal + "</row>")).alias("xml"))["xml"]
    arrow = cast("Any", xml).to_arrow(compat_level=pl.CompatLevel.oldest())
    return memoryview(arrow.buffers()[2])  # a large_string's: validity, offsets, data


def _around(cell: Cell) -> tuple[str, str]:
    """What stands between a cell's address and its value, and after it."""
    match cell.column.type.kind:
        case Kind.TEXT:  # always preserved: edge spaces need it, and it costs 1 % of size [XL5]
            return f'"{cell.style} t="inlineStr"><is><t xml:space="preserve">', "</t></is></c>"
        case Kind.BOOLEAN:
            return f'"{cell.style} t="b"><v>', "</v></c>"
        case _:
            return f'"{cell.style}><v>', "</v></c>"


def _value(rows: pl.DataFrame, column: Column, timezone: ZoneInfo) -> pl.Expr:
    value = pl.col(column.name)
    match column.type.kind:
        case Kind.TEXT:
            return _text(rows[column.name])
        case Kind.INTEGER | Kind.DECIMAL:
            return value.cast(pl.String)
        case Kind.BOOLEAN:
            return value.cast(pl.Int8).cast(pl.String)
        case Kind.DATE:
            return (value.to_physical() + _SERIAL_OF_1970).cast(pl.String)
        case Kind.TIMESTAMP:
            return _serial(value)
        case Kind.TIMESTAMPTZ:
            return _serial(wall_time(column.name, timezone))


def _text(values: pl.Series) -> pl.Expr:
    """Escape only where a batch needs it [XL5], which one look tells; line ends become a plain newline [XL7]."""
    text = pl.col(values.name)
    if not values.str.contains(_ESCAPED).any():
        return text
    if values.str.contains(_LITERAL_ESCAPE).any():
        # The first pass misses the second of two that share their middle `_`; the next one finds it.
        for _ in range(2):
            text = text.str.replace_all(f"_(x[0-9A-Fa-f]{{4}}[_{_MARK}])", f"{_MARK}$1")
    return text.str.replace_many(_ESCAPES, leftmost=True)


def _serial(moment: pl.Expr) -> pl.Expr:
    """Return Excel's days and their share, in whole numbers all the way. Cut to the millisecond, so that no moment moves into the next day."""
    microseconds = moment.to_physical()
    days = microseconds // _DAY + _SERIAL_OF_1970
    milliseconds = microseconds % _DAY // _MILLISECOND
    share = (milliseconds * (10**_PLACES // 100_000) + 432) // 864  # ms / 86,400,000, rounded
    return pl.concat_str(days.cast(pl.String), pl.lit("."), share.cast(pl.String).str.zfill(_PLACES))
