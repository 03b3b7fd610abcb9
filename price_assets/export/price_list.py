"""A price list: what its YAML and SQL say, validated. How the files are read is `price_list_files`."""

import json
import re
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from price_assets.errors import did_you_mean
from price_assets.export.contract import MAX_COLUMNS, MAX_DESCRIPTION, Contract, FieldError, Kind
from price_assets.export.formats.xlsx_sheets import sheet_name_problem
from price_assets.settings import FORMATS, FormatName


def _exact(value: object) -> object:
    """A whole number is a number; nothing else becomes one (a float would not be exact)."""
    return Decimal(value) if type(value) is int else value


Number = Annotated[Decimal, BeforeValidator(_exact)]
Share = Annotated[Number, Field(ge=0, le=1)]


def is_list_name(name: str) -> bool:
    """Whether a price list can be called so."""
    return re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name) is not None


def _list_name(name: str) -> str:
    if not is_list_name(name):
        raise ValueError(f"can't be {name!r}: a letter, then letters, digits and _, all small and of ASCII, at most 63")
    return name


def _owner(owner: str) -> str:
    """Dagster refuses all definitions for the sake of one owner that it does not like [DG52]."""
    if not re.fullmatch(r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}\b|team:\S.*", owner):
        raise ValueError(f"can't be {owner!r}: an owner is an address (pricing@example.com) or a team (team:pricing)")
    return owner


def _sheet(name: str) -> str:
    if problem := sheet_name_problem(name):
        raise ValueError(f"can't be {name!r}: {problem}")
    return name


def _memory(amount: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*(Ki|Mi|Gi|Ti)?", amount):
        raise ValueError(f"can't be {amount!r}: it is written as in Kubernetes, 512Mi or 2Gi")
    return amount


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class RowCount(_Part):
    """At least `min` rows, and not more than the share `max_drop` fewer than on the newest published day before."""

    min: int = Field(default=1, ge=0)
    max_drop: Share | None = None


class PriceChange(_Part):
    """Not more than `share` of the keys may move by more than `ratio`; share 0 means none."""

    ratio: Annotated[Number, Field(gt=0)]
    share: Share


class CheckRules(_Part):
    """The checks that take numbers; the keys are the checks' names."""

    row_count: RowCount = RowCount()
    price_change: PriceChange | None = None


class CsvOptions(_Part):
    """How the CSV is written; `headers` overrides the dialect's own choice of header row."""

    dialect: Literal["plain", "excel-semicolon", "1c"] = "plain"
    headers: Literal["names", "labels"] | None = None


class XlsxOptions(_Part):
    """How the workbook is written; `sheet` defaults to the list's name."""

    sheet: Annotated[str, AfterValidator(_sheet)] | None = None


class Formats(_Part):
    """The formats that are made, each with its options; None means that this one is not."""

    csv: CsvOptions | None = None
    xlsx: XlsxOptions | None = None

    @property
    def made(self) -> tuple[FormatName, ...]:
        """The names of the formats that are made."""
        return tuple(name for name in FORMATS if getattr(self, name) is not None)

    def only(self, wanted: tuple[FormatName, ...]) -> "Formats":
        """These formats, cut to the wanted ones (`OUTPUT_FORMATS`)."""
        return Formats(csv=self.csv if "csv" in wanted else None, xlsx=self.xlsx if "xlsx" in wanted else None)


def _names_of_decimals(columns: Contract) -> tuple[str, ...]:
    return tuple(column.name for column in columns if column.type.kind is Kind.DECIMAL)


class PriceList(_Part):
    """The definition of a price list: all the keys there are in its YAML, and the text of its SQL. `prices`: by default every decimal column."""

    name: Annotated[str, AfterValidator(_list_name)]
    description: str = Field(default="", max_length=MAX_DESCRIPTION)
    owners: tuple[Annotated[str, AfterValidator(_owner)], ...] = ()
    sql: str
    start: date
    past_dates: bool = False
    columns: Contract = Field(min_length=1, max_length=MAX_COLUMNS)
    key: tuple[str, ...] = Field(min_length=1)
    prices: tuple[str, ...] = Field(default_factory=lambda fields: _names_of_decimals(fields["columns"]))
    checks: CheckRules = CheckRules()
    formats: Formats = Formats(csv=CsvOptions(), xlsx=XlsxOptions())
    memory: Annotated[str, AfterValidator(_memory)] | None = None
    _sql_file: str = PrivateAttr("")

    @property
    def sql_file(self) -> str:
        """What messages call the file that the SQL is from."""
        return self._sql_file or f"{self.name}.sql"

    def loaded(self, sql: str, sql_file: str, formats: Formats) -> "PriceList":
        """The same with the text of its SQL in the place of the file's name, and with the formats that are made."""
        loaded = self.model_copy(update={"sql": sql, "formats": formats})
        loaded._sql_file = sql_file  # noqa: SLF001 - our own
        return loaded

    @model_validator(mode="after")
    def _columns_are_told_apart(self) -> Self:
        """By case alone they would not be in Excel [XL1]."""
        names: set[str] = set()
        labels: dict[str, str] = {}
        for index, column in enumerate(self.columns):
            if column.name in names:
                raise FieldError(f"hold {column.name!r} twice", "columns")
            if other := labels.get(column.label.casefold()):
                raise FieldError(f"can't be {column.label!r}: column {other!r} has this label, if in other case", "columns", index, "header")
            names.add(column.name)
            labels[column.label.casefold()] = column.name
        return self

    @model_validator(mode="after")
    def _key_and_prices_are_columns(self) -> Self:
        columns = {column.name: column for column in self.columns}
        for field, chosen in (("key", self.key), ("prices", self.prices)):
            for index, name in enumerate(chosen):
                if name not in columns:
                    raise FieldError(f"names {name!r}, which is no column{did_you_mean(name, columns)}", field, index)
                if name in chosen[:index]:
                    raise FieldError(f"names {name!r} twice", field, index)
                if field == "key" and columns[name].nullable:
                    raise FieldError(f"names {name!r}, which is nullable: a key is never null", field, index)
                if field == "prices" and columns[name].type.kind not in (Kind.DECIMAL, Kind.INTEGER):
                    raise FieldError(f"names {name!r}, which is {columns[name].type}: a price is decimal or integer", field, index)
        return self


def contract_of(columns: Contract) -> list[dict[str, object]]:
    """The contract as manifests and snapshots carry it: everything that shows in a file, and no rule of a check."""
    shown = {"name", "type", "header", "width", "description"}
    return [column.model_dump(mode="json", include=shown, exclude_defaults=True) for column in columns]


def content_name(snapshot: str, description: str, columns: Contract, formats: Formats, timezone: str) -> str:
    """What a day says, as 12 hex digits: of the snapshot's name and of everything else that decides what its files show.

    The time zone counts only where a timestamptz is shown in it.
    """
    zoned = any(column.type.kind is Kind.TIMESTAMPTZ for column in columns)
    said = {
        "snapshot": snapshot,
        "description": description,
        "contract": contract_of(columns),
        "formats": formats.model_dump(mode="json", exclude_none=True),
        "timezone": timezone if zoned else None,
    }
    return sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]
