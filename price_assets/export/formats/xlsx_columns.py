"""How a column looks in Excel: the number format of its type, and its width."""

from typing import cast

import polars as pl

from price_assets.export.contract import Column, ColumnType, Kind

_NARROWEST, _WIDEST = 8, 60
_FILTER_BUTTON = 3
"""Characters of a header's width that its filter button covers."""

_SHOWN: dict[Kind, int] = {Kind.BOOLEAN: 6, Kind.DATE: 10, Kind.TIMESTAMP: 16, Kind.TIMESTAMPTZ: 16}
"""Characters that the longest value takes on the screen."""


def number_format(column_type: ColumnType) -> str | int:
    """Excel's number format for a type: its code, or the number of a built-in one (ECMA-376, part 1, 18.8.30).

    A decimal shows its scale, and thousands by the reader's own separator. An integer shows none: it is a number of pieces as often as an id.
    Dates and times are the built-in 14 and 22, which Excel and LibreOffice show as their user's country writes them; 22 shows minutes, the cell holds
    milliseconds. Text is `@`, so that a barcode stays text when somebody edits its cell.
    """
    match column_type.kind:
        case Kind.TEXT:
            return 49
        case Kind.INTEGER:
            return 1
        case Kind.DECIMAL:
            return "#,##0" + ("." + "0" * column_type.scale if column_type.scale else "")
        case Kind.BOOLEAN:
            return "General"
        case Kind.DATE:
            return 14
        case Kind.TIMESTAMP | Kind.TIMESTAMPTZ:
            return 22


def width(column: Column, first_rows: pl.DataFrame) -> int:
    """Return the width in characters: the contract's, else what shows the header and the first rows, within 8 to 60."""
    if column.width is not None:
        return column.width
    shown = max(len(column.label) + _FILTER_BUTTON, _longest(column.type.kind, first_rows[column.name]) + 1)
    return min(max(shown, _NARROWEST), _WIDEST)


def _longest(kind: Kind, values: pl.Series) -> int:
    if kind in _SHOWN:
        return _SHOWN[kind]
    shown = values.cast(pl.String)
    if kind is Kind.TEXT:
        shown = shown.str.split("\n").explode(empty_as_null=True)
    longest = cast("int | None", shown.str.len_chars().max()) or 0
    return longest + longest // 3 if kind is Kind.DECIMAL else longest
