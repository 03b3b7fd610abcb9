"""A workbook read in a stream, for those too large to load [XL10]: the checksum of each part, the rows of each sheet, the sums of decimals."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import BadZipFile, ZipFile, ZipInfo

import polars as pl
from isal import isal_zlib
from xlsxwriter.utility import xl_col_to_name

from price_assets.export.contract import Column, Contract, Kind
from price_assets.export.control_sums import ControlSums

_READ_BYTES = 1 << 18
_ROW_END = b"</row>"
_LOCAL_HEADER = 30
_InflateError = cast("type[Exception]", isal_zlib.error)


@dataclass(frozen=True)
class Totals:
    """Data rows by sheet, and over all sheets the exact sum of each decimal column."""

    rows: list[int]
    sums: dict[str, Decimal]


def read_through(path: Path, sheets: int, columns: Contract) -> Totals:
    """Inflate every entry, compare sizes and checksums, and add up the first `sheets` sheets; columns that are no decimals are not looked at.

    Raises BadZipFile for a damaged file.
    """
    parts = [f"xl/worksheets/sheet{number}.xml" for number in range(1, sheets + 1)]
    rows = dict.fromkeys(parts, 0)
    sums = [_ColumnSum(position, column) for position, column in enumerate(columns) if column.type.kind is Kind.DECIMAL]
    with ZipFile(path) as archive, path.open("rb") as file:
        if missing := set(parts) - set(archive.namelist()):
            raise BadZipFile(f"{min(missing)} is missing")
        for info in archive.infolist():
            chunks = _inflated(file, info)
            if info.filename in rows:
                rows[info.filename] = _add_rows(chunks, sums)
            else:
                deque(chunks, maxlen=0)
    return Totals(list(rows.values()), {name: total for each in sums for name, total in each.sums.totals.items()})


class _ColumnSum:
    def __init__(self, position: int, column: Column) -> None:
        self._column = column
        self._number = re.compile(rb'<c r="%s\d+"(?: s="\d+")?><v>([^<]*)' % xl_col_to_name(position).encode())
        self.sums = ControlSums((column,))

    def add(self, xml: bytes) -> None:
        """Add the numbers of this column that stand in whole rows."""
        numbers = pl.Series(self._column.name, self._number.findall(xml), dtype=pl.Binary)
        self.sums.add(numbers.cast(pl.String).cast(self._column.type.polars).to_frame())


def _inflated(file: BinaryIO, info: ZipInfo) -> Iterator[bytes]:
    """An entry's bytes; isal inflates and checks them faster than zipfile."""
    file.seek(info.header_offset)
    header = file.read(_LOCAL_HEADER)
    file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    inflate = isal_zlib.decompressobj(-15)
    left, size, crc = info.compress_size, 0, 0
    while left:
        deflated = file.read(min(_READ_BYTES, left))
        if not deflated:
            break
        left -= len(deflated)
        try:
            chunk = inflate.decompress(deflated)
        except _InflateError as error:
            raise BadZipFile(f"{info.filename} is damaged: {error}") from error
        size += len(chunk)
        crc = isal_zlib.crc32(chunk, crc)
        yield chunk
    if left or not inflate.eof or size != info.file_size or crc != info.CRC:
        raise BadZipFile(f"{info.filename} is damaged")


def _add_rows(chunks: Iterator[bytes], sums: list[_ColumnSum]) -> int:
    rows, rest = -1, b""  # the header is no data row
    for chunk in chunks:
        whole, end, rest = (rest + chunk).rpartition(_ROW_END)
        rows += whole.count(_ROW_END) + len(end) // len(_ROW_END)
        for each in sums:
            each.add(whole)
    return rows
