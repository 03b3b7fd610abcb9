"""What a workbook can't hold without changing it [XL3], for the `formats` check."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import polars as pl

from price_assets.export.contract import Column, Contract, Kind
from price_assets.export.formats.limits import Limit
from price_assets.export.price_list import XlsxOptions

_DIGITS = 15
_LARGEST_INTEGER = 2**53
_FIRST_DAY = date(1900, 3, 1)
_LONGEST_TEXT = 32_767
_AS_TEXT = "declare it as text"


def cannot_carry(columns: Contract, options: XlsxOptions) -> list[Limit]:  # noqa: ARG001 – every format is asked the same
    """Return what a workbook can't hold. What a column's type rules out already is not asked."""
    return [Limit(column.name, bad, why) for column in columns for bad, why in _limits(column)]


def _limits(column: Column) -> Iterator[tuple[pl.Expr, str]]:
    value = pl.col(column.name)
    match column.type.kind:
        case Kind.DECIMAL if column.type.precision > _DIGITS:
            yield _over_15_digits(value, column.type.precision), f"over {_DIGITS} significant digits, which Excel rounds: {_AS_TEXT}"
        case Kind.INTEGER:
            fits = value.is_between(-_LARGEST_INTEGER, _LARGEST_INTEGER)
            yield ~fits, f"over 2^53, which Excel rounds: {_AS_TEXT}"
        case Kind.DATE | Kind.TIMESTAMP:
            yield value < _FIRST_DAY, f"before {_FIRST_DAY}, which Excel shows as another day: {_AS_TEXT}"
        case Kind.TIMESTAMPTZ:  # a day later in UTC: then it is that day by any wall clock
            yield value < datetime(1900, 3, 2, tzinfo=UTC), f"before {_FIRST_DAY}, which Excel shows as another day: {_AS_TEXT}"
        case Kind.TEXT:
            yield value.map_batches(_too_long, return_dtype=pl.Boolean, is_elementwise=True), f"text over {_LONGEST_TEXT:,} UTF-16 units: shorten it"
            yield value.str.contains("[\ufffe\uffff]"), "text with U+FFFE or U+FFFF, which no XML can hold: take it out"
        case _:
            pass


def _over_15_digits(value: pl.Expr, precision: int) -> pl.Expr:
    """More than 15 digits from the first to the last that is not 0: 12345678901234.500000 has just 15."""
    units = value.to_physical().cast(pl.Int128).abs()  # of the last decimal place
    return pl.any_horizontal(
        (units >= pl.lit(10 ** (_DIGITS + over - 1), dtype=pl.Int128)) & (units % pl.lit(10**over, dtype=pl.Int128) != 0)
        for over in range(1, precision - _DIGITS + 1)
    )


def _too_long(values: pl.Series) -> pl.Series:
    """Bytes are counted for all, which costs nothing; UTF-16 units, never more than bytes, for the few that have so many."""
    bad = values.str.len_bytes() > _LONGEST_TEXT
    if not bad.any():
        return bad
    units = values.str.len_chars() + values.str.count_matches("[\U00010000-\U0010ffff]")
    return units > _LONGEST_TEXT
