"""A snapshot's name: a hash over its columns' names and types, and its rows' values and order, and nothing else.

It is defined by bytes, not by a library, so that no upgrade renames a snapshot [PJ14]. sha256 over:

1. for each column its name, then its type as the contract writes it, each as UTF-8 behind its length in bytes (uint32);
2. for each 65,536 rows, and in them for each column: the validity, one byte a row (1, or 0 for NULL); then the values, little-endian, NULL as zeros:
   integer int64; decimal int128 in units of the last place; boolean one byte; date int32, days since 1970-01-01; timestamp and timestamptz int64,
   microseconds since 1970-01-01 (timestamptz in UTC); text its lengths in bytes (uint32), then all of its UTF-8.

The name is the first 12 hex digits.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, cast

import polars as pl

from price_assets.export.contract import Contract

BLOCK = 65_536
"""Rows that are hashed, and written to the Parquet, together."""

_VALUES = 1
_TEXT = 2


class SnapshotHash:
    """Takes the rows block by block: each of `BLOCK` rows, the last one of what is left."""

    def __init__(self, columns: Contract) -> None:
        self._sha256 = hashlib.sha256()
        for column in columns:
            for text in (column.name, str(column.type)):
                encoded = text.encode()
                self._sha256.update(len(encoded).to_bytes(4, "little") + encoded)

    def add(self, block: pl.DataFrame) -> None:
        """Add the next block, typed by `contract.schema`."""
        for values in block.iter_columns():
            self._sha256.update(_buffer(values.is_not_null().cast(pl.UInt8), _VALUES))
            match values.dtype:
                case pl.String:
                    text = values.fill_null("")
                    self._sha256.update(_buffer(text.str.len_bytes(), _VALUES))
                    self._sha256.update(_buffer(text, _TEXT))
                case pl.Boolean:
                    self._sha256.update(_buffer(values.fill_null(value=False).cast(pl.UInt8), _VALUES))
                case pl.Decimal():
                    self._sha256.update(_buffer(values.fill_null(0), _VALUES))
                case _:
                    self._sha256.update(_buffer(values.to_physical().fill_null(0), _VALUES))

    @property
    def name(self) -> str:
        """12 hex digits of all that was added so far."""
        return self._sha256.hexdigest()[:12]


def _buffer(values: pl.Series, number: int) -> Any:
    """One of the buffers of a series without NULLs, exactly its part: Arrow's buffers may begin before it and end after it."""
    array = cast("Any", values.rechunk().to_arrow())
    buffer = array.buffers()[number]
    if buffer is None:
        return b""
    first: int = array.offset
    end: int = first + len(array)
    if number == _TEXT:
        offsets = cast("Sequence[int]", memoryview(array.buffers()[_VALUES]).cast("q"))
        return memoryview(buffer)[offsets[first] : offsets[end]]
    width: int = array.type.bit_width // 8
    return memoryview(buffer)[first * width : end * width]
