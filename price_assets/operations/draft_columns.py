"""A query's columns as a contract: what the server knows of each, and what is guessed where it does not know."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from price_assets.export.contract import MAX_PRECISION, ColumnType, Kind
from price_assets.export.projection import BOOL, DATE, INTEGERS, NUMERIC, TIMESTAMP, TIMESTAMPTZ, SourceColumn, quoted
from price_assets.operations.query_plan import QueryPlan
from price_assets.operations.source_catalogue import Origin, Table

USUAL = ColumnType(Kind.DECIMAL, 12, 2)
"""What a price is guessed to be, where its numeric has no precision and scale of its own."""

_KINDS = {
    **dict.fromkeys(INTEGERS, Kind.INTEGER),
    BOOL: Kind.BOOLEAN,
    DATE: Kind.DATE,
    TIMESTAMP: Kind.TIMESTAMP,
    TIMESTAMPTZ: Kind.TIMESTAMPTZ,
}
_TEXTS = ("S", "E", "X", "Z")
"""Of pg_type's typcategory: strings, enums, what is not known yet, names of the system."""
_JSON, _JSONB, _UUID, _BYTEA = 114, 3802, 2950, 17
_CATEGORIES = "SELECT oid, typcategory::text FROM pg_type WHERE oid = ANY(%s)"


@dataclass(frozen=True)
class DraftColumn:
    """A column of the contract as it is drafted; `header` is empty where the name does. The guesses say in words what the server did not."""

    name: str
    type: ColumnType
    nullable: bool = False
    header: str = ""
    null_guess: str = ""
    other_guesses: tuple[str, ...] = ()

    @property
    def guesses(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.other_guesses, *filter(None, (self.null_guess,)))


def draft_columns(
    connection: psycopg.Connection[Any], found: Sequence[SourceColumn], origins: Sequence[Origin | None], tables: dict[int, Table], plan: QueryPlan
) -> list[DraftColumn]:
    """The contract of a described query. `origins` are its columns', `tables` those that they come from."""
    categories = dict(connection.execute(_CATEGORIES, ([column.oid for column in found],)).fetchall())
    columns: list[DraftColumn] = []
    labels: set[str] = set()
    for column, origin in zip(found, origins, strict=True):
        type_, type_guess = _type(column, categories.get(column.oid, ""))
        nullable, null_guess = _nullable(column, origin, tables, plan)
        header = _unlike(column.name, labels)
        header_guess = "the header, for Excel tells no capitals from small letters" if header else ""
        labels.add((header or column.name).casefold())
        columns.append(DraftColumn(column.name, type_, nullable, header, null_guess, tuple(filter(None, (type_guess, header_guess)))))
    return columns


def _type(column: SourceColumn, category: str) -> tuple[ColumnType, str]:
    """The contract's type, and what is guessed of it."""
    if column.oid == NUMERIC:
        return _decimal(column)
    if kind := _KINDS.get(column.oid):
        return ColumnType(kind), ""
    text = ColumnType(Kind.TEXT)
    if category in _TEXTS or column.oid == _UUID:
        return text, ""
    cast = _number(column, category)
    return text, f"text, as Postgres writes {column.type_name}{f'; for a number write {cast} in the SQL' if cast else ''}"


def _decimal(column: SourceColumn) -> tuple[ColumnType, str]:
    """Precision and scale as numeric's modifier holds them (numeric.c: 4 is added, the scale has 11 bits and a sign)."""
    if column.modifier < 0:
        return USUAL, f"{USUAL}, as the server knows no scale: a value with more decimals is refused"
    precision, scale = (column.modifier - 4) >> 16, (((column.modifier - 4) & 0x7FF) ^ 0x400) - 0x400
    precision, scale = max(precision - min(scale, 0), scale), max(scale, 0)
    if precision <= MAX_PRECISION:
        return ColumnType(Kind.DECIMAL, precision, scale), ""
    cut = ColumnType(Kind.DECIMAL, MAX_PRECISION, min(scale, MAX_PRECISION))
    return cut, f"{cut}, for {column.type_name} has more digits than a decimal holds; text holds all"


def _number(column: SourceColumn, category: str) -> str:
    """The cast that makes a number of it; nothing where no cast does."""
    name, numeric = quoted(column.name), f"numeric({USUAL.precision},{USUAL.scale})"
    match category:
        case "N":
            return f"{name}::{numeric}"
        case "A":
            return f"{name}[1]::{numeric}"
        case "T" | "D":
            return f"extract(epoch FROM {name})::{numeric}"
        case _:
            return {_JSON: f"({name} #>> '{{}}')::{numeric}", _JSONB: f"{name}::{numeric}"}.get(column.oid, "")


def _nullable(column: SourceColumn, origin: Origin | None, tables: dict[int, Table], plan: QueryPlan) -> tuple[bool, str]:
    """Whether it may be null, and what is guessed of that. A wrong guess of "never null" is told by the check `nulls`; the other would be silent."""
    if origin is None:
        return False, "never null (an expression)" if not column.table else "never null (an expression in a view)"
    if origin.not_null is None:
        return False, "never null"
    if not origin.not_null:
        return True, ""
    empty = plan.may_leave_empty(tables[origin.table].names)
    return (True, "nullable (an outer join or a total may leave it empty)") if empty is None else (empty, "")


def _unlike(name: str, labels: set[str]) -> str:
    """A header, where the name alone could not be told from another column's [XL1]."""
    header, number = name, 2
    while header.casefold() in labels:
        header, number = f"{name} ({number})", number + 1
    return "" if header == name else header
