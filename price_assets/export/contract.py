"""The contract of a price list: its columns' names, order, types, and what a reader sees of them."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self, cast

import polars as pl
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator
from pydantic_core import PydanticKnownError

from price_assets.errors import did_you_mean

MAX_DESCRIPTION = 2_000
"""Characters: what a person reads, and what a cell of `About` holds many times over."""

MAX_COLUMNS = 1_664
"""What a query of Postgres may give: its `MaxTupleAttributeNumber` (src/include/access/htup_details.h). A sheet and a CSV hold more."""

MAX_PRECISION = 38
"""Digits of a decimal: what Arrow's and Polars' 128 bits hold."""

MAX_IDENTIFIER = 63
"""Bytes of a column's name: Postgres cuts a longer one."""

Bound = Decimal | int | date


class FieldError(ValueError):
    """A rule of a model is broken; `path` leads from where the rule is held to the value at fault."""

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.path = path


class Kind(StrEnum):
    """What a column holds, whatever its type is called in Postgres."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIMESTAMPTZ = "timestamptz"


@dataclass(frozen=True)
class ColumnType:
    """A type of the contract, e.g. `text` or `decimal(12,2)`."""

    kind: Kind
    precision: int = 0
    scale: int = 0

    @classmethod
    def parse(cls, text: "str | ColumnType") -> "ColumnType":
        """`decimal(12,2)` → the type. Raises ValueError with the ways to write one."""
        if isinstance(text, ColumnType):
            return text
        if found := re.fullmatch(r"decimal\((\d{1,3}),\s*(\d{1,3})\)", text):
            precision, scale = int(found[1]), int(found[2])
            if not 1 <= precision <= MAX_PRECISION or scale > precision:
                raise ValueError(f"can't be {text}: precision is 1 to {MAX_PRECISION}, scale 0 to the precision")
            return cls(Kind.DECIMAL, precision, scale)
        if text == "decimal":
            raise ValueError("can't be decimal alone: it wants its precision and scale, decimal(12,2)")
        if text.startswith("decimal("):
            raise ValueError('is to be written as "decimal(12,2)", in quotes where it stands between braces')
        if text not in set(Kind):
            known = ", ".join(kind for kind in Kind if kind is not Kind.DECIMAL)
            raise ValueError(f"can't be {text!r}: there are {known}, decimal(p,s){did_you_mean(text, map(str, Kind))}")
        return cls(Kind(text))

    def __str__(self) -> str:
        return f"decimal({self.precision},{self.scale})" if self.kind is Kind.DECIMAL else str(self.kind)

    @property
    def polars(self) -> pl.DataType:
        """How a snapshot holds it: whole numbers as Int64, times in microseconds, timestamptz in UTC."""
        match self.kind:
            case Kind.TEXT:
                return pl.String()
            case Kind.INTEGER:
                return pl.Int64()
            case Kind.DECIMAL:
                return pl.Decimal(self.precision, self.scale)
            case Kind.BOOLEAN:
                return pl.Boolean()
            case Kind.DATE:
                return pl.Date()
            case Kind.TIMESTAMP:
                return pl.Datetime("us")
            case Kind.TIMESTAMPTZ:
                return pl.Datetime("us", "UTC")


def _column_type(value: object) -> ColumnType:
    if not isinstance(value, str | ColumnType):
        raise PydanticKnownError("string_type")
    return ColumnType.parse(value)


def _visible(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    if found := re.search(r"[\x00-\x1f\x7f-\x9f]", text):
        raise ValueError(f"holds the control character {found[0]!r}")
    return text


def _identifier(name: str) -> str:
    if len(name.encode()) > MAX_IDENTIFIER:
        raise ValueError(f"is longer than the {MAX_IDENTIFIER} bytes of a name in Postgres")
    if name == "*" or (name.startswith("^") and name.endswith("$")):
        raise ValueError(f"can't be {name!r}, which Polars takes for a pattern: give the column another name in the SQL")
    return _visible(name)


def _of_one_kind(values: object) -> object:
    """Of `allowed`: pydantic would try the texts, then the whole numbers, and complain of both."""
    if isinstance(values, tuple):
        items = cast("tuple[object, ...]", values)
        if not items:
            raise ValueError("is empty: no value would pass")
        if odd := [index for index, item in enumerate(items) if type(item) is not type(items[0])]:
            raise FieldError("is to hold texts or whole numbers, not both; what is text goes in quotes", odd[0])
    return cast("object", values)


_BOUNDS: dict[Kind, tuple[type, ...]] = {Kind.INTEGER: (int,), Kind.DECIMAL: (int, Decimal), Kind.DATE: (date,)}
_TAKEN = {Kind.INTEGER: "whole numbers", Kind.DECIMAL: "numbers", Kind.DATE: "dates"}
_ALLOWED: dict[Kind, tuple[type, ...]] = {Kind.TEXT: (str,), Kind.INTEGER: (int,)}


class Column(BaseModel):
    """One column of the contract. `min`, `max` and `allowed` are rules of the `ranges` check; `width` is in Excel's characters."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, AfterValidator(_identifier)]
    type: Annotated[ColumnType, BeforeValidator(_column_type), PlainSerializer(str)]
    header: Annotated[str, AfterValidator(_visible)] = Field(default="", max_length=255)
    description: str = Field(default="", max_length=MAX_DESCRIPTION)
    width: int | None = Field(default=None, ge=1, le=255)
    nullable: bool = False
    min: Bound | None = None
    max: Bound | None = None
    allowed: Annotated[tuple[str, ...] | tuple[int, ...] | None, BeforeValidator(_of_one_kind)] = None

    @model_validator(mode="after")
    def _rules_fit_the_type(self) -> Self:
        for name, bound in (("min", self.min), ("max", self.max)):
            if bound is not None and not isinstance(bound, _BOUNDS.get(self.type.kind, ())):
                raise FieldError(f"can't be {bound}: this column, {self.type}, takes {_TAKEN.get(self.type.kind, 'no min and no max')}", name)
        low, high = cast("tuple[Any, Any]", (self.min, self.max))  # of one kind by now
        if None not in (low, high) and low > high:
            raise FieldError(f"{low} is more than max {high}", "min")
        if self.allowed and not isinstance(self.allowed[0], _ALLOWED.get(self.type.kind, ())):
            raise FieldError(f"goes with text columns (texts) and integer columns (whole numbers); this column is {self.type}", "allowed")
        return self

    @property
    def label(self) -> str:
        """What a person reads above the column: its header, or its name where it has none."""
        return self.header or self.name


Contract = tuple[Column, ...]


def schema(contract: Contract) -> pl.Schema:
    """The Polars schema of a snapshot of this contract."""
    return pl.Schema({column.name: column.type.polars for column in contract})
