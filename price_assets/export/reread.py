"""Files read again by themselves: how many rows, and the exact sum of each decimal column, as a partner would find them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from zipfile import BadZipFile
from zoneinfo import ZoneInfo

import fastexcel
import polars as pl

from price_assets.errors import Failed
from price_assets.export.contract import Contract
from price_assets.export.formats import verify_csv, verify_xlsx
from price_assets.export.formats.csv_dialects import written_by
from price_assets.export.formats.xlsx_stream import read_through
from price_assets.export.price_list import FormatName, XlsxOptions
from price_assets.export.snapshot import Snapshot


@dataclass(frozen=True)
class Totals:
    """What a file or a snapshot adds up to."""

    rows: int
    sums: Mapping[str, Decimal]

    def expect(self, due: "Totals") -> None:
        """Raise Failed where something else is due."""
        if self != due:
            raise Failed(f"{self} where {due} is due")

    def __str__(self) -> str:
        """As `3 rows, price 111.54`."""
        return ", ".join([f"{self.rows:,} rows", *(f"{name} {total:f}" for name, total in self.sums.items())])


def totals(path: Path, format_name: FormatName, columns: Contract) -> Totals:
    """Read a file of this contract. Raises Failed where it is not one, or can't be read."""
    if format_name == "csv":
        with path.open("rb") as file:
            options = written_by(file.readline(), columns)  # no name and no header holds a line end
        if options is None:
            raise Failed(f"the header of {path.name} is not that of its contract")
        found = verify_csv.control_sums(path, columns, options)
        return Totals(found.rows, found.totals)
    try:
        sheets = len(fastexcel.read_excel(path).sheet_names) - 1  # the last is About
        read = read_through(path, sheets, columns)
    except (BadZipFile, fastexcel.FastExcelError, pl.exceptions.InvalidOperationError) as error:
        raise Failed(f"{path.name} can't be read by this contract ({error})") from None
    return Totals(sum(read.rows), read.sums)


def compare_workbook(path: Path, snapshot: Snapshot, timezone: ZoneInfo) -> None:
    """Hold a workbook against its snapshot, value by value. Of a large one only `totals` can be compared. Raises Failed."""
    if snapshot.rows > verify_xlsx.WHOLE_ROWS:
        return
    first = fastexcel.read_excel(path).sheet_names[0]
    verify_xlsx.verify(path, snapshot, XlsxOptions(sheet=first), timezone)
