"""Strict casts: what a reader delivered becomes what the contract says, exactly, or an error that names column, row key and value.

A cast of Polars rounds without a word (1.005 becomes 1.00 under `decimal(12,2)`), and its parsers are more generous than Postgres' own output [PJ5].
So a number is looked at as text first: it passes when nothing but zeros stands after its last decimal place, and only then it is cast.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from price_assets.errors import ValueDoesNotFit
from price_assets.export.contract import MAX_PRECISION, Column, ColumnType, Contract, Kind
from price_assets.export.projection import quoted

LAST_MOMENT = datetime.max  # noqa: DTZ901 - of the years 1 to 9999, in whatever zone
NO_NUMBERS = ("NaN", "Infinity", "-Infinity")
INFINITE = ("infinity", "-infinity")


@dataclass(frozen=True)
class Misfit:
    """A value that does not fit: as Postgres prints it, and the key of its row by the key columns' names."""

    key: Mapping[str, str | None]
    value: str


TrueMisfit = Callable[[Column], Misfit | None]
"""Asks the source for the first value of a date or time column outside the years 1 to 9999: what was read in its place is a stand-in [PJ3]."""


class _UnfitError(Exception):
    """The first row, counted from 0, whose value does not fit."""

    def __init__(self, row: int) -> None:
        super().__init__(row)
        self.row = row


def cast(raw: pl.DataFrame, columns: Contract, key: Sequence[str], true_misfit: TrueMisfit) -> pl.DataFrame:
    """A frame typed by `contract.schema(columns)`.

    `raw` has the contract's columns as `projection` lets them travel: numbers as Int64 or as Postgres prints them, timestamptz as UTC without a zone.
    NULL passes everywhere: the `nulls` check judges it. Raises ValueDoesNotFit.
    """
    typed: list[pl.Series] = []
    for column in columns:
        values = raw[column.name]
        try:
            typed.append(_cast(values, column.type))
        except _UnfitError as unfit:
            misfit = Misfit({name: _shown(raw[name], unfit.row) for name in key}, str(_shown(values, unfit.row)))
            if column.type.kind in (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ):
                misfit = true_misfit(column) or Misfit(misfit.key, "a value outside the years 1 to 9999")
            raise ValueDoesNotFit(_message(column, misfit)) from None
    return pl.DataFrame(typed)


def _cast(values: pl.Series, wanted: ColumnType) -> pl.Series:
    match wanted.kind:
        case Kind.TEXT | Kind.BOOLEAN:
            return values.cast(wanted.polars)
        case Kind.INTEGER | Kind.DECIMAL:
            return _number(values, wanted)
        case Kind.DATE:
            return _within_years(values, date.max)
        case Kind.TIMESTAMP:
            return _within_years(values, LAST_MOMENT)
        case Kind.TIMESTAMPTZ:
            return _within_years(values, LAST_MOMENT).dt.replace_time_zone("UTC")


def _number(values: pl.Series, wanted: ColumnType) -> pl.Series:
    texts = _without_spare_zeros(values, wanted.scale) if values.dtype == pl.String else values
    numbers = texts.cast(wanted.polars, strict=False)
    if numbers.null_count() != values.null_count():
        raise _UnfitError(_first(numbers.is_null() & values.is_not_null()))
    return numbers


def _without_spare_zeros(texts: pl.Series, scale: int) -> pl.Series:
    """The same numbers with at most `scale` decimals; raises for one that has more."""
    point = texts.str.slice(-(scale + 1), 1) == "."  # always so for a numeric(p,s), and cheap to see
    if point.all() if scale else not texts.str.contains(".", literal=True).any():
        return texts
    fits = texts.str.contains(rf"^-?[0-9]+(\.[0-9]{{0,{scale}}}0*)?$")
    if not fits.all():
        raise _UnfitError(_first(~fits))
    spare = r"\.0*$" if scale == 0 else rf"(\.[0-9]{{{scale}}})0+$"
    return texts.str.replace(spare, "" if scale == 0 else "$1")


def _within_years(values: pl.Series, last: date) -> pl.Series:
    """The values; raises where one is past the last: the stand-in of `projection` for all that lies outside the years 1 to 9999."""
    beyond = values > last
    if beyond.any():
        raise _UnfitError(_first(beyond))
    return values


def _first(rows: pl.Series) -> int:
    found = rows.fill_null(value=False).arg_max()
    assert found is not None  # noqa: S101 - only called where there is one
    return found


def _shown(values: pl.Series, row: int) -> str | None:
    return values.slice(row, 1).cast(pl.String).item()  # as text: Python has no date for a stand-in


def _message(column: Column, misfit: Misfit) -> str:
    row = ", ".join(f"{name} {'NULL' if value is None else repr(value)}" for name, value in misfit.key.items())
    return f"Column {column.name}, row with {row}: {misfit.value} does not fit {column.type}: {_why(column, misfit.value)}"


def _why(column: Column, value: str) -> str:
    """What the type holds, and what to write where the value is right."""
    wanted, name = column.type, quoted(column.name)
    if wanted.kind not in (Kind.INTEGER, Kind.DECIMAL):
        as_null = f"write NULLIF({name}, '{value}') in the SQL" if value in INFINITE else "correct it"
        return f"a price list holds the years 1 to 9999; {as_null}, or declare the column as text"
    if value in NO_NUMBERS:
        return f"it is no number; correct it, or write NULLIF({name}, '{value}') in the SQL"
    if len(value.partition(".")[2].rstrip("0")) > wanted.scale:
        allowed = f"at most {wanted.scale} decimals" if wanted.scale else "whole numbers only"
        return f"that type holds {allowed}; write round({name}, {wanted.scale}) in the SQL, or widen the type in the price list"
    if wanted.kind is Kind.INTEGER:
        return "an integer has 64 bits; declare the column as decimal(p,0) or text"
    wider = f"widen the type in the price list, beyond {MAX_PRECISION} digits to text"
    return f"that type holds at most {wanted.precision - wanted.scale} digits before the point; correct the value, or {wider}"
