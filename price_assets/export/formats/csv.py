"""A snapshot → a CSV file, streamed: memory does not grow with rows [CS2]."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from price_assets.export.contract import Contract, Kind
from price_assets.export.formats import cp1251
from price_assets.export.formats.csv_dialects import DIALECTS, cell, header, quoted_alone
from price_assets.export.formats.limits import Limit
from price_assets.export.price_list import CsvOptions
from price_assets.export.snapshot import Snapshot


def render(snapshot: Snapshot, options: CsvOptions, timezone: ZoneInfo, path: Path) -> None:
    """Write the snapshot's rows, in their order, to a new file. A timestamptz is shown in the time zone.

    Expects rows that the dialect can hold (`cannot_carry`). Raises Refused for a header that it can't.
    """
    dialect = DIALECTS[options.dialect]
    cells = [cell(column, dialect, timezone) for column in snapshot.columns]
    only = snapshot.columns[0] if len(snapshot.columns) == 1 and snapshot.columns[0].type.kind is Kind.TEXT else None
    with path.open("wb") as file:
        file.write(header(snapshot.columns, options))
        for block in snapshot.blocks():  # `sink_csv` of the whole [CS2] is little faster, reads ahead and takes twice the memory
            rows = block.select(cells)
            if only:
                rows = rows.select(quoted_alone(only.name, dialect))
            text = BytesIO() if dialect.encoding == cp1251.ENCODING else file  # Polars writes UTF-8 only [CS1]
            rows.collect().write_csv(
                text,
                include_header=False,
                separator=dialect.separator,
                line_terminator=dialect.newline,
                decimal_comma=dialect.decimal_sign == ",",
                date_format=dialect.date_format,
                quote_style="never" if only else "necessary",  # which is COPY's own way: separator, quote, CR, LF, and ""
            )
            if isinstance(text, BytesIO):
                file.write(cp1251.encoded(text.getbuffer()))


def cannot_carry(columns: Contract, options: CsvOptions, key: Sequence[str]) -> list[Limit]:
    """Return what this dialect can't hold: of `1c` what cp1251 can't, and a key that would have to be written with other characters."""
    if DIALECTS[options.dialect].encoding != cp1251.ENCODING:
        return []
    return [_limit(column.name, is_key=column.name in key) for column in columns if column.type.kind is Kind.TEXT]


def _limit(name: str, *, is_key: bool) -> Limit:
    value = pl.col(name)
    if is_key:  # M8×40 and M8x40 may be two products
        why = "a key with characters that cp1251 lacks: replace them in the SQL, or choose another dialect"
        return Limit(name, value.str.contains(cp1251.OUTSIDE), why)
    why = "characters that are neither in cp1251 nor in the table of docs/formats.md: replace them in the SQL, or choose another dialect"
    broken = value.map_batches(cp1251.not_carried, return_dtype=pl.Boolean, is_elementwise=True)
    return Limit(name, broken, why, value.map_batches(cp1251.named, return_dtype=pl.String, is_elementwise=True))
