"""A CSV file, read again: it is whole, and it says what its snapshot says."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import polars as pl
import pyarrow as pa
from pyarrow import csv as arrow_csv

from price_assets.errors import Failed
from price_assets.export.contract import Contract, Kind
from price_assets.export.control_sums import ControlSums
from price_assets.export.formats.csv_dialects import DIALECTS, Dialect, header
from price_assets.export.price_list import CsvOptions
from price_assets.export.snapshot import Snapshot

_BLOCK_BYTES = 1 << 20
_LARGEST_BLOCK_BYTES = 1 << 30
"""A row must fit into a block, and a small block is what keeps memory flat; the largest is tried only for a row that wants it."""


def verify(path: Path, snapshot: Snapshot, options: CsvOptions) -> dict[str, Decimal]:
    """Read the whole file and return its control sums: by column, the exact sum of each decimal one.

    Raises Failed that names the first thing that differs: header, end, a row, the number of rows, or a sum.
    """
    found = control_sums(path, snapshot.columns, options)
    if found.rows != snapshot.rows:
        raise Failed(f"{path.name} has {found.rows:,} rows where its snapshot has {snapshot.rows:,}; run it again.")
    for name, total in found.totals.items():
        if total != snapshot.control_sums[name]:
            raise Failed(
                f"Column {name} of {path.name} adds up to {total:f} where its snapshot's adds up to {snapshot.control_sums[name]:f}; run it again."
            )
    return found.totals


def control_sums(path: Path, columns: Contract, options: CsvOptions) -> ControlSums:
    """Of the whole file, whose header and end are looked at too. Raises Failed."""
    dialect = DIALECTS[options.dialect]
    first = header(columns, options)
    _verify_ends(path, first, dialect)
    return _control_sums(path, len(first), columns, dialect)


def _verify_ends(path: Path, first: bytes, dialect: Dialect) -> None:
    last = dialect.newline.encode()
    with path.open("rb") as file:
        if (found := file.read(len(first))) != first:
            begins, due = (text.decode(dialect.encoding, errors="replace") for text in (found, first))
            raise Failed(f"{path.name} begins with {begins!r} where {due!r} is due; run it again.")
        file.seek(-len(last), 2)
        if file.read() != last:
            raise Failed(f"{path.name} ends in the middle of a row; run it again.")


def _control_sums(path: Path, start: int, columns: Contract, dialect: Dialect) -> ControlSums:
    """Of the rows from this byte on, by a reader that is not the writer's kin, and that takes neither a field nor a decimal's digit too many."""
    if path.stat().st_size == start:
        return ControlSums(columns)
    try:
        return _add_up(path, start, columns, dialect, _BLOCK_BYTES)  # Arrow's own errors are ValueErrors
    except ValueError as error:
        if "straddling object" not in str(error):
            raise _unreadable(path, error) from error
    try:
        return _add_up(path, start, columns, dialect, _LARGEST_BLOCK_BYTES)
    except ValueError as error:
        raise _unreadable(path, error) from error


def _add_up(path: Path, start: int, columns: Contract, dialect: Dialect, block_bytes: int) -> ControlSums:
    sums = ControlSums(columns)
    decimals = [column for column in columns if column.type.kind is Kind.DECIMAL]
    types: dict[str, Any] = {column.name: pa.binary() for column in columns}  # so that cp1251 needs no decoding: all that is looked at is ASCII
    types |= {column.name: pa.decimal128(column.type.precision, column.type.scale) for column in decimals}
    wanted = [column.name for column in decimals or columns[:1]]  # the first stands for the rows where nothing is to be summed
    with path.open("rb") as file:
        file.seek(start)
        batches = cast(
            "Iterator[Any]",
            arrow_csv.open_csv(
                file,
                arrow_csv.ReadOptions(use_threads=False, block_size=block_bytes, column_names=list(types)),
                arrow_csv.ParseOptions(delimiter=dialect.separator, newlines_in_values=True, ignore_empty_lines=False),
                arrow_csv.ConvertOptions(column_types=types, include_columns=wanted, decimal_point=dialect.decimal_sign),
            ),
        )
        for batch in batches:
            sums.add(pl.DataFrame(batch))
    return sums


def _unreadable(path: Path, error: Exception) -> Failed:
    return Failed(f"{path.name} does not read back as CSV: {error}; run it again.")
