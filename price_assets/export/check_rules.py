"""The rules that each row must keep by itself: what the checks `key`, `nulls`, `ranges` and `formats` count."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

import polars as pl

from price_assets.export.contract import Bound, Column, Contract, Kind
from price_assets.export.formats import csv, xlsx_limits
from price_assets.export.price_list import Formats

_BEYOND = 10**38
"""More than any value of 38 digits, and still inside 128 bits."""

_VALUES_SHOWN = 5


@dataclass(frozen=True)
class Rule:
    """`text` says what rows that break it have: "price below 0.01". `broken` is true for such rows, over a snapshot's frame.

    `value` is what is shown of such a row, where the column's value by itself would not tell.
    """

    column: str
    text: str
    broken: pl.Expr
    value: pl.Expr | None = None


def null_rules(columns: Iterable[Column]) -> list[Rule]:
    """Each of the columns holds a value."""
    return [Rule(column.name, f"no {column.name}", pl.col(column.name).is_null()) for column in columns]


def range_rules(columns: Contract) -> list[Rule]:
    """`min`, `max` and `allowed`, bounds included; NULL keeps them all."""
    return [rule for column in columns for rule in _ranges(column)]


def format_rules(columns: Contract, formats: Formats, key: Sequence[str]) -> list[Rule]:
    """What the formats that are made can hold."""
    limits = {
        "csv": csv.cannot_carry(columns, formats.csv, key) if formats.csv else [],
        "xlsx": xlsx_limits.cannot_carry(columns, formats.xlsx) if formats.xlsx else [],
    }
    return [
        Rule(limit.column, f"{limit.column} that {name} can't hold, {limit.why}", limit.broken, limit.value)
        for name, found in limits.items()
        for limit in found
    ]


def _ranges(column: Column) -> Iterator[Rule]:
    value = pl.col(column.name)
    if column.type.kind is Kind.DECIMAL:
        value = value.to_physical().cast(pl.Int128)  # in units of the last place, which compare exactly with any bound
    if column.min is not None:
        yield Rule(column.name, f"{column.name} below {_shown(column.min)}", value < _bound(column, column.min, ceil))
    if column.max is not None:
        yield Rule(column.name, f"{column.name} above {_shown(column.max)}", value > _bound(column, column.max, floor))
    if column.allowed is not None:
        yield Rule(column.name, f"{column.name} other than {_listed(column.allowed)}", ~value.is_in(list(column.allowed)))


def _bound(column: Column, bound: Bound, rounded: Callable[[Fraction], int]) -> pl.Expr:
    """A number in units of the column's last place; one between two of them is as good as its neighbour."""
    if isinstance(bound, date):
        return pl.lit(bound)
    units = rounded(Fraction(bound) * 10**column.type.scale)
    return pl.lit(max(-_BEYOND, min(units, _BEYOND)), dtype=pl.Int128)


def _listed(allowed: Sequence[str] | Sequence[int]) -> str:
    shown = ", ".join(str(value) for value in allowed[:_VALUES_SHOWN])
    return shown if len(allowed) <= _VALUES_SHOWN else f"{shown} … ({len(allowed)} values)"


def _shown(bound: Bound) -> str:
    return f"{bound:f}" if isinstance(bound, Decimal) else str(bound)
