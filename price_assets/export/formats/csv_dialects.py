"""The dialects of CSV: who each is for, and how it writes a header and a value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Literal
from zoneinfo import ZoneInfo

import polars as pl

from price_assets.errors import Refused
from price_assets.export.contract import Column, Contract, Kind
from price_assets.export.formats import cp1251
from price_assets.export.formats.wall_time import wall_time, with_offset
from price_assets.export.price_list import CsvOptions

FORMULA = r"\A(?:[=@\t\r\n＝＠]|[+\-＋－].*[^0-9 ().,\-])"
"""What a spreadsheet takes for a formula, though it is text. A sign with nothing but digits and `().,-` behind it is a phone or a number."""


@dataclass(frozen=True)
class Dialect:
    """A way to write CSV. Quoting, NULL and "" are those of Postgres' COPY in all of them."""

    encoding: Literal["utf-8", "utf-8-sig", "cp1251"]
    """`utf-8-sig` begins with a byte order mark; for `cp1251` the text is written as `cp1251.written` says."""
    newline: str
    separator: str
    decimal_sign: Literal[".", ","]
    headers: Literal["names", "labels"]
    date_format: str
    zone_offset: bool
    """Whether a timestamptz carries its offset from UTC; without it it is the wall time alone."""
    true: str
    false: str
    guards_formulas: bool
    """Whether text that looks like a formula gets an apostrophe in front."""


DIALECTS: Mapping[str, Dialect] = {
    "plain": Dialect(
        encoding="utf-8",
        newline="\n",
        separator=",",
        decimal_sign=".",
        headers="names",
        date_format="%Y-%m-%d",
        zone_offset=True,
        true="t",
        false="f",
        guards_formulas=False,
    ),
    "excel-semicolon": Dialect(
        encoding="utf-8-sig",
        newline="\r\n",
        separator=";",
        decimal_sign=",",
        headers="labels",
        date_format="%d.%m.%Y",
        zone_offset=False,
        true="1",
        false="0",
        guards_formulas=True,
    ),
    "1c": Dialect(
        encoding="cp1251",
        newline="\r\n",
        separator=";",
        decimal_sign=".",
        headers="names",
        date_format="%d.%m.%Y",
        zone_offset=False,
        true="1",
        false="0",
        guards_formulas=False,
    ),
}
"""For programs, byte for byte what `psql \\copy … csv header` writes; for a double click in Excel where the decimal sign is a comma; and for 1C and
old loaders, which read cp1251 [CS3]."""


def header_field(options: CsvOptions) -> Literal["name", "label"]:
    """Which of a column's names stands in the header row."""
    return "label" if (options.headers or DIALECTS[options.dialect].headers) == "labels" else "name"


def header_cells(columns: Contract, options: CsvOptions) -> list[str]:
    """The header row's texts as they are written. Of cp1251 they may hold characters that it lacks."""
    dialect = DIALECTS[options.dialect]
    cells: list[str] = [getattr(column, header_field(options)) for column in columns]
    if dialect.encoding == cp1251.ENCODING:
        return cp1251.written(pl.Series(cells, dtype=pl.String)).to_list()
    return ["'" + cell if dialect.guards_formulas and re.search(FORMULA, cell) else cell for cell in cells]


def header_lacks(cell: str, options: CsvOptions) -> str | None:
    """The first character of a header that the dialect's encoding lacks."""
    try:
        cell.encode(DIALECTS[options.dialect].encoding)
    except UnicodeEncodeError as error:
        return cell[error.start]
    return None


def header(columns: Contract, options: CsvOptions) -> bytes:
    """The file's first bytes: the byte order mark where the dialect has one, and the header row.

    Raises Refused for a header that the encoding lacks: the price list's own were looked at when it was loaded, a stored snapshot's may be older.
    """
    dialect = DIALECTS[options.dialect]
    cells = header_cells(columns, options)
    quoted = re.compile(_wants_quotes(dialect, alone=len(cells) == 1))
    for column, cell in zip(columns, cells, strict=True):
        if lacking := header_lacks(cell, options):
            raise Refused(
                f"Column {column.name}: its header {cell!r} holds {lacking!r} (U+{ord(lacking):04X}), "
                f"which the dialect {options.dialect} can't write: choose another dialect of CSV."
            )
    row = dialect.separator.join('"' + cell.replace('"', '""') + '"' if quoted.search(cell) else cell for cell in cells)
    return (row + dialect.newline).encode(dialect.encoding)


def written_by(first: bytes, columns: Contract) -> CsvOptions | None:
    """How a CSV with this first line was written, whatever the price list says today; None where the line is no dialect's header.

    No two dialects write the same header row: plain ends it with LF, excel-semicolon begins it with a byte order mark.
    """
    for dialect, headers in product(DIALECTS, ("names", "labels")):
        options = CsvOptions.model_validate({"dialect": dialect, "headers": headers})
        try:
            if header(columns, options) == first:
                return options
        except Refused:
            continue  # a header that this dialect can't hold
    return None


def cell(column: Column, dialect: Dialect, timezone: ZoneInfo) -> pl.Expr:
    """A column → what Polars' CSV writer turns into the dialect's text; decimals, whole numbers and dates it writes by itself."""
    value = pl.col(column.name)
    match column.type.kind:
        case Kind.TEXT if dialect.guards_formulas:
            return pl.when(value.str.contains(FORMULA)).then("'" + value).otherwise(value).alias(column.name)
        case Kind.TEXT if dialect.encoding == cp1251.ENCODING:
            return value.map_batches(cp1251.written, return_dtype=pl.String, is_elementwise=True)
        case Kind.BOOLEAN:
            return pl.when(value).then(pl.lit(dialect.true)).when(value.not_()).then(pl.lit(dialect.false)).alias(column.name)
        case Kind.TIMESTAMP:
            return _timestamp(value, dialect)
        case Kind.TIMESTAMPTZ if dialect.zone_offset:
            zoned = partial(_zoned_timestamp, dialect=dialect, timezone=timezone)
            return value.map_batches(zoned, return_dtype=pl.String, is_elementwise=True)
        case Kind.TIMESTAMPTZ:
            return _timestamp(wall_time(column.name, timezone), dialect)
        case _:
            return value


def quoted_alone(name: str, dialect: Dialect) -> pl.Expr:
    r"""The only column of a file, text, quoted as COPY does it: `\.` too, which alone on a line would end the data for Postgres."""
    value = pl.col(name)
    inside = value.str.replace_all('"', '""', literal=True)
    return pl.when(value.str.contains(_wants_quotes(dialect, alone=True))).then('"' + inside + '"').otherwise(value).alias(name)


def _wants_quotes(dialect: Dialect, *, alone: bool) -> str:
    always = rf'[{dialect.separator}"\r\n]|^$'
    return always + r"|^\\\.$" if alone else always


def _timestamp(wall: pl.Expr, dialect: Dialect) -> pl.Expr:
    """To the microsecond, without a fraction's trailing zeros, nor a fraction that is 0: as Postgres prints it."""
    text = wall.dt.to_string(f"{dialect.date_format} %H:%M:%S{dialect.decimal_sign}%6f")
    return text.str.strip_chars_end("0").str.strip_suffix(dialect.decimal_sign)


def _zoned_timestamp(moments: pl.Series, dialect: Dialect, timezone: ZoneInfo) -> pl.Series:
    def text(wall: pl.Series) -> pl.Series:
        return pl.select(_timestamp(pl.lit(wall), dialect)).to_series()

    return with_offset(moments, timezone, text, _offset)


def _offset(seconds: int) -> str:
    """`+03`, `+05:30`, `-04:56:02`: as short as Postgres prints it under ISO."""
    minutes, second = divmod(abs(seconds), 60)
    hour, minute = divmod(minutes, 60)
    sign = "-" if seconds < 0 else "+"
    return f"{sign}{hour:02}" + (f":{minute:02}" if minute or second else "") + (f":{second:02}" if second else "")
