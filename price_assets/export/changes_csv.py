"""All that differs between two days, as CSV: one row for each key added or removed, and for each price of a key that is another."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import polars as pl

from price_assets.errors import Failed, UsageError
from price_assets.export.comparison import comparable, compared_prices, joined
from price_assets.export.offending_rows import key_text, whole_text
from price_assets.export.snapshot import Snapshot


def write_changes(before: Snapshot, after: Snapshot, key: Sequence[str], prices: Sequence[str], path: Path) -> int:
    """Write them to a new file and give their number.

    Columns, all text: `change`, `key` (of several columns `sku=A-1, tier=2`), `column`, `before`, `after`.
    Raises UsageError where the days have no key in common columns, or the file exists or can't be made, Failed where the disk is full.
    """
    if len(comparable(before, after, key)) < len(key):
        raise UsageError(
            f"The key {', '.join(key)} is not in both days in one type, so their rows can't be told apart: compare days of one contract."
        )
    columns = compared_prices(before, after, prices)
    rows = 0
    with _new(path) as file:
        for number, frame in enumerate(joined(before, after, key, columns)):
            changes = _changes(frame, key, [column.name for column in columns])
            changes.write_csv(file, include_header=number == 0)
            rows += changes.height
    return rows


@contextmanager
def _new(path: Path) -> Generator[BinaryIO]:
    """A file to write, which goes again where it was not written to its end."""
    try:
        file = path.open("xb")
    except FileExistsError:
        raise UsageError(f"{path} exists already: name a new file.") from None
    except OSError as error:
        raise UsageError(f"{path} can't be made: {error.strerror}. Name a file in a folder that you may write to.") from None
    try:
        with file:
            yield file
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise Failed(f"{path} can't be written: {error.strerror}. Look at the disk, then run again.") from error
        raise


def _changes(frame: pl.DataFrame, key: Sequence[str], names: Sequence[str]) -> pl.DataFrame:
    keys = key_text(key, [pl.col(f"key.{name}") for name in key], whole_text).alias("key")
    of_days = [
        frame.filter(pl.col(there) & ~pl.col(gone)).select(
            pl.lit(change).alias("change"), keys, *(pl.lit(None, pl.String).alias(name) for name in ("column", "before", "after"))
        )
        for change, there, gone in (("added", "after", "before"), ("removed", "before", "after"))
    ]
    of_prices = [
        frame.filter(pl.col("before") & pl.col("after") & pl.col(f"before.{name}").ne_missing(pl.col(f"after.{name}"))).select(
            pl.lit("repriced").alias("change"),
            keys,
            pl.lit(name).alias("column"),
            *(pl.col(f"{day}.{name}").cast(pl.String).alias(day) for day in ("before", "after")),
        )
        for name in names
    ]
    return pl.concat([*of_days, *of_prices]).sort("key", "column")
