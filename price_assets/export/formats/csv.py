"""A snapshot → a CSV file, streamed: memory does not grow with rows [CS2]."""

from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from price_assets.export.contract import Contract, Kind
from price_assets.export.formats.csv_dialects import DIALECTS, cell, header, quoted_alone
from price_assets.export.price_list import CsvOptions
from price_assets.export.snapshot import Snapshot


def render(snapshot: Snapshot, options: CsvOptions, timezone: ZoneInfo, path: Path) -> None:
    """Write the snapshot's rows, in their order, to a new file. A timestamptz is shown in the time zone."""
    dialect = DIALECTS[options.dialect]
    cells = [cell(column, dialect, timezone) for column in snapshot.columns]
    only = snapshot.columns[0] if len(snapshot.columns) == 1 and snapshot.columns[0].type.kind is Kind.TEXT else None
    with path.open("wb") as file:
        file.write(header(snapshot.columns, options))
        for block in snapshot.blocks():  # `sink_csv` of the whole [CS2] is little faster, reads ahead and takes twice the memory
            rows = block.select(cells)
            if only:
                rows = rows.select(quoted_alone(only.name, dialect))
            rows.collect().write_csv(
                file,
                include_header=False,
                separator=dialect.separator,
                line_terminator=dialect.newline,
                decimal_comma=dialect.decimal_sign == ",",
                date_format=dialect.date_format,
                quote_style="never" if only else "necessary",  # which is COPY's own way: separator, quote, CR, LF, and ""
            )


def cannot_carry(columns: Contract, options: CsvOptions) -> list[tuple[str, pl.Expr, str]]:  # noqa: ARG001 – every format is asked the same
    """Return what this dialect can't hold (column, an expression true for such rows, why): `plain` and `excel-semicolon` hold everything."""
    return []
