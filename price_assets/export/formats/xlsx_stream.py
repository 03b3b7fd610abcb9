"""A workbook read in a stream, for those too large to load [XL10]: the checksum of each part, the rows of each sheet, the sums of decimals."""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import BadZipFile, ZipFile, ZipInfo

import polars as pl
from isal import isal_zlib
from xlsxwriter.utility import xl_col_to_name

from price_assets.export.contract import Column, Contract, Kind
from price_assets.export.control_sums import ControlSums

_READ_BYTES = 1 << 16
_ROW_END = b"</row>"
_LOCAL_HEADER = 30
_AT_WORK = 2
_InflateError = cast("type[Exception]", isal_zlib.error)


@dataclass(frozen=True)
class Totals:
    """Data rows by sheet, and over all sheets the exact sum of each decimal column."""

    rows: list[int]
    sums: dict[str, Decimal]


def read_through(path: Path, sheets: int, columns: Contract) -> Totals:
    """Inflate every entry, compare sizes and checksums, and add up the first `sheets` sheets; columns that are no decimals are not looked at.

    Raises BadZipFile for a damaged file, and Polars' InvalidOperationError for a decimal that is not written as its column's type says.
    """
    parts = [f"xl/worksheets/sheet{number}.xml" for number in range(1, sheets + 1)]
    rows = dict.fromkeys(parts, 0)
    sums = ControlSums(columns)
    wanted = [pl.col("xml").str.count_matches(_ROW_END.decode()).alias("rows"), *sums.parts(_numbers(columns))]
    with ZipFile(path) as archive, path.open("rb") as file:
        if missing := set(parts) - set(archive.namelist()):
            raise BadZipFile(f"{min(missing)} is missing")
        for info in archive.infolist():
            chunks = _inflated(file, info)
            if info.filename not in rows:
                deque(chunks, maxlen=0)
                continue
            before = sums.rows
            for found in _ahead(partial(_added_up, wanted=wanted), _whole_rows(chunks)):
                sums.add_parts(found)
            rows[info.filename] = sums.rows - before - 1  # the header is no data row
    return Totals(list(rows.values()), sums.totals)


def _added_up(xml: pl.DataFrame, wanted: Sequence[pl.Expr]) -> dict[str, int]:
    """All columns at once, each by a regular expression of its own."""
    return xml.select(wanted).row(0, named=True)


def _numbers(columns: Contract) -> dict[str, pl.Expr]:
    """By decimal column: its cells' numbers in `xml`."""
    return {column.name: _number(position, column) for position, column in enumerate(columns) if column.type.kind is Kind.DECIMAL}


def _number(position: int, column: Column) -> pl.Expr:
    """A number with more decimals than its column has, which the cast would round, is as wrong as text: the cell is found, and the cast fails."""
    places = rf"\.[0-9]{{{column.type.scale}}}" if column.type.scale else ""
    cell = rf'<c r="{xl_col_to_name(position)}[0-9]+"(?: s="[0-9]+")?><v>(?:-?[0-9]+{places}</v>)?'
    number = pl.col("xml").str.extract_all(cell).explode().str.splitn("<v>", 2).struct.field("field_1").str.strip_suffix("</v>")
    return number.cast(column.type.polars)


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


def _ahead(work: Callable[[pl.DataFrame], dict[str, int]], items: Iterator[pl.DataFrame]) -> Generator[dict[str, int]]:
    """`map(work, items)`, with two items at work while the next one is made: memory is that of a few, errors show in their order."""
    with ThreadPoolExecutor(_AT_WORK, "ahead") as threads:
        coming = deque(threads.submit(work, item) for item in islice(items, _AT_WORK))
        for item in items:
            yield coming.popleft().result()
            coming.append(threads.submit(work, item))
        while coming:
            yield coming.popleft().result()


def _whole_rows(chunks: Iterator[bytes]) -> Iterator[pl.DataFrame]:
    """The same XML in one-cell frames, each of which ends where a row ends."""
    rest = b""
    for chunk in chunks:
        xml = rest + chunk
        end = xml.rfind(_ROW_END) + len(_ROW_END) if _ROW_END in xml else 0
        whole, rest = xml[:end], xml[end:]
        yield pl.Series("xml", [whole], dtype=pl.Binary).cast(pl.String).to_frame()
