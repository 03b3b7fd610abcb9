"""A workbook read in a stream, for those too large to load [XL10]: the checksum of each part, the rows of each sheet, the sums of decimals."""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from zipfile import BadZipFile

import polars as pl
from xlsxwriter.utility import xl_col_to_name

from price_assets.export.ahead import ahead
from price_assets.export.contract import Column, Contract, Kind
from price_assets.export.control_sums import ControlSums
from price_assets.export.formats.xlsx_unzip import Growth, entries

_ROW_END = b"</row>"


@dataclass(frozen=True)
class Totals:
    """Data rows by sheet, and over all sheets the exact sum of each decimal column."""

    rows: list[int]
    sums: dict[str, Decimal]


class ReadBehind:
    """Reads a workbook in a thread of its own while it is written; what `read_through` finds is there once the writer has ended."""

    def __init__(self, columns: Contract) -> None:
        self._columns = columns
        self._reading: Future[Totals] | None = None

    @contextmanager
    def following(self, path: Path, sheets: int) -> Generator[Growth]:
        """While the block runs the file is written, and its growth is told; where it ends with an error the reading does, too."""
        growth = Growth()
        with ThreadPoolExecutor(1, "read-behind") as thread:
            self._reading = thread.submit(read_through, path, sheets, self._columns, growth)
            try:
                yield growth
            except BaseException:
                growth.abandon()
                raise
            growth.end()

    @property
    def totals(self) -> Totals:
        """Raises what `read_through` raises."""
        assert self._reading  # noqa: S101 - nobody asks before it is written
        return self._reading.result()


def read_through(path: Path, sheets: int, columns: Contract, growth: Growth | None = None) -> Totals:
    """Inflate every entry, compare sizes and checksums, and add up the first `sheets` sheets; columns that are no decimals are not looked at.

    With a growth a file that is being written. Raises BadZipFile for a damaged file, and Polars' InvalidOperationError for a decimal that is not
    written as its column's type says.
    """
    if growth is None:
        growth = Growth()
        growth.end()
    rows = {f"xl/worksheets/sheet{number}.xml": -1 for number in range(1, sheets + 1)}  # the header is no data row
    missing = set(rows)
    sums = ControlSums(columns)
    wanted = [pl.col("xml").str.count_matches(_ROW_END.decode()).alias("rows"), *sums.parts(_numbers(columns))]
    for name, chunks in entries(path, growth):
        if name not in rows:
            deque(chunks, maxlen=0)
            continue
        missing.discard(name)
        before = sums.rows
        for found in ahead(partial(_added_up, wanted=wanted), _whole_rows(chunks)):
            sums.add_parts(found)
        rows[name] += sums.rows - before
    if missing:
        raise BadZipFile(f"{min(missing)} is missing")
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


def _whole_rows(chunks: Iterator[bytes]) -> Iterator[pl.DataFrame]:
    """The same XML in one-cell frames, each of which ends where a row ends."""
    rest = b""
    for chunk in chunks:
        xml = rest + chunk
        end = xml.rfind(_ROW_END) + len(_ROW_END) if _ROW_END in xml else 0
        whole, rest = xml[:end], xml[end:]
        yield pl.Series("xml", [whole], dtype=pl.Binary).cast(pl.String).to_frame()
