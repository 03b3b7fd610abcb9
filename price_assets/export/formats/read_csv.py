"""A CSV file → its rows, typed by the contract.

They are what the file says, which is the snapshot's rows but for what the dialect does not say: the moment of a timestamptz where no offset is
written (it loads as the wall time), what `1c` writes in the place of a character, and whether the `'` in front of a formula was there before.
"""

import shutil
from pathlib import Path

import polars as pl

from price_assets.errors import Failed
from price_assets.export.contract import Column, Contract, Kind
from price_assets.export.formats.csv_dialects import DIALECTS, FORMULA, Dialect, written_by

_LIKE_ZLIB = (b"x^", b"x\xda")
"""A header that begins so makes Polars take the file for a compressed one [PJ16]. No other magic number is text."""


def read(path: Path, columns: Contract) -> pl.LazyFrame:
    """Scan a file that one of our dialects wrote of this contract; its header row says which one. One in cp1251 is written anew beside it.

    Columns have the contract's names and types (`contract.schema`); a timestamptz without an offset is `Datetime("us")`. Raises Failed where the
    header is no dialect's; what is not written as the dialect writes it raises Polars' own error when the frame is collected.
    """
    with path.open("rb") as file:
        first = file.readline()
    options = written_by(first, columns)
    if options is None:
        raise Failed(
            f"{path.name} begins with {first.decode(errors='replace')!r}, which is no header of its contract's columns. Materialise it again."
        )
    dialect = DIALECTS[options.dialect]
    if dialect.encoding == "cp1251" or first.startswith(_LIKE_ZLIB):
        path = _rewritten(path, dialect.encoding)
    texts = pl.scan_csv(
        path,
        glob=False,
        has_header=False,
        skip_lines=1,  # a header holds no line end
        separator=dialect.separator,
        schema={column.name: pl.String() for column in columns},
    )
    return texts.select(_typed(column, dialect) for column in columns)


def _rewritten(path: Path, encoding: str) -> Path:
    """The same text in a file beside it, as UTF-8 with a byte order mark: what Polars takes for nothing else."""
    rewritten = path.with_suffix(".utf8.csv")
    with path.open(encoding=encoding, newline="") as source, rewritten.open("w", encoding="utf-8-sig", newline="") as target:
        shutil.copyfileobj(source, target)
    return rewritten


def _typed(column: Column, dialect: Dialect) -> pl.Expr:
    text = pl.col(column.name)
    number = text.str.replace(dialect.decimal_sign, ".", literal=True)
    match column.type.kind:
        case Kind.TEXT if dialect.guards_formulas:
            bare = text.str.strip_prefix("'")
            return pl.when(bare.str.contains(FORMULA)).then(bare).otherwise(text).alias(column.name)
        case Kind.TEXT:
            return text
        case Kind.INTEGER:
            return text.cast(pl.Int64)
        case Kind.DECIMAL:
            return number.cast(column.type.polars)
        case Kind.BOOLEAN:
            return text.replace_strict({dialect.true: True, dialect.false: False}, return_dtype=pl.Boolean)
        case Kind.DATE:
            return text.str.to_date(dialect.date_format)
        case Kind.TIMESTAMPTZ if dialect.zone_offset:
            return _moment(text, dialect)
        case Kind.TIMESTAMP | Kind.TIMESTAMPTZ:
            return _wall_time(number, dialect)


def _wall_time(text: pl.Expr, dialect: Dialect) -> pl.Expr:
    return text.str.to_datetime(f"{dialect.date_format} %H:%M:%S%.f", time_unit="us")


def _moment(text: pl.Expr, dialect: Dialect) -> pl.Expr:
    """`2026-11-24 06:00:00.5+05:30`, its offset as short as Postgres prints it, seconds too where there are any."""
    offset = text.str.extract(r"([+-][0-9:]+)$")
    hours, minutes, seconds = (offset.str.extract(rf"^[+-]{pattern}").fill_null("0").cast(pl.Int64) for pattern in _OFFSET)
    size = pl.duration(hours=hours, minutes=minutes, seconds=seconds)
    wall = _wall_time(text.str.replace(r"[+-][0-9:]+$", ""), dialect)
    return pl.when(offset.str.starts_with("-")).then(wall + size).otherwise(wall - size).dt.replace_time_zone("UTC")


_OFFSET = (r"(\d{2})", r"\d{2}:(\d{2})", r"\d{2}:\d{2}:(\d{2})")
