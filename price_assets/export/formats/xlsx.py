"""A snapshot → a workbook that opens in Excel and LibreOffice with nothing to repair. How it gets fast: [XL6]."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from price_assets.errors import Refused
from price_assets.export.ahead import ahead
from price_assets.export.formats.xlsx_columns import width
from price_assets.export.formats.xlsx_limits import cannot_carry
from price_assets.export.formats.xlsx_rows import rows_xml
from price_assets.export.formats.xlsx_sheets import sheet_names
from price_assets.export.formats.xlsx_stream import ReadBehind
from price_assets.export.formats.xlsx_workbook import About, Part, SheetPart, workbook_parts
from price_assets.export.formats.xlsx_zip import ZipEntry, ZipWriter
from price_assets.export.price_list import XlsxOptions
from price_assets.export.snapshot import Snapshot
from price_assets.export.snapshot_files import batches

__all__ = ["About", "cannot_carry", "render"]

SHEET_ROWS = 1_048_575
"""Data rows of a sheet: Excel's 1,048,576 without the header."""

SHEET_BYTES = 2**32 - 1
"""XML of a sheet: what the classic headers of a zip can tell [XL8]."""

SHEET_COLUMNS = 16_384

BATCH_ROWS = 4_096
"""With two of them at work at once, as fast as larger ones, at less memory [XL6]."""

_WIDTH_ROWS = 1_000
"""The first rows, which a column's width is taken from."""


class _SheetFull(Exception):
    def __init__(self, rows: int) -> None:
        self.rows = rows


def render(snapshot: Snapshot, options: XlsxOptions, about: About, timezone: ZoneInfo, path: Path, *, behind: ReadBehind | None = None) -> None:
    """Write the snapshot's rows, in their order, to a new file; memory does not grow with them. A timestamptz is shown as wall time of the time zone.

    Who is `behind` reads the file meanwhile. Expects rows that a workbook can hold (`cannot_carry`).
    Raises Refused for more columns than a sheet has, and for a file over 4 GiB.
    """
    if len(snapshot.columns) > SHEET_COLUMNS:
        raise Refused(
            f"{snapshot.price_list} has {len(snapshot.columns):,} columns and a sheet holds {SHEET_COLUMNS:,}: "
            "leave some out, or xlsx out of its formats."
        )
    sheet_rows = SHEET_ROWS
    while True:
        try:
            return _write(snapshot, options, about, timezone, path, behind=behind, sheet_rows=sheet_rows)
        except _SheetFull as full:  # very wide rows: once more from the start, with sheets of as many rows as fit
            sheet_rows = full.rows


def _write(
    snapshot: Snapshot, options: XlsxOptions, about: About, timezone: ZoneInfo, path: Path, *, behind: ReadBehind | None, sheet_rows: int
) -> None:
    first_rows = snapshot.scan().head(_WIDTH_ROWS).collect()
    widths = [width(column, first_rows) for column in snapshot.columns]
    starts = range(0, snapshot.rows, sheet_rows) or range(1)
    names = sheet_names(options.sheet or snapshot.price_list, len(starts))
    sheets = {name: min(sheet_rows, snapshot.rows - start) for name, start in zip(names, starts, strict=True)}
    rows = _rows(snapshot, sheet_rows)
    with behind.following(path, len(sheets)) if behind else nullcontext() as growth, ZipWriter(path, growth) as file:
        for part in workbook_parts(snapshot.columns, widths, sheets, about):
            with file.entry(part.name) as entry:
                if isinstance(part, Part):
                    entry.write(part.xml)
                else:
                    _write_sheet(entry, part, rows, timezone)


def _rows(snapshot: Snapshot, sheet_rows: int) -> Iterator[pl.DataFrame]:
    """Return the snapshot's batches, cut where a sheet ends."""
    room = sheet_rows
    for batch in batches(snapshot, BATCH_ROWS):
        rest = batch
        while rest.height:
            piece = rest.head(room)
            yield piece
            rest = rest.slice(piece.height)
            room = (room - piece.height) or sheet_rows


def _write_sheet(entry: ZipEntry, sheet: SheetPart, rows: Iterator[pl.DataFrame], timezone: ZoneInfo) -> None:
    entry.write(sheet.head)
    done, room = 0, SHEET_BYTES - len(sheet.head) - len(sheet.tail)
    for height, xml in ahead(lambda piece: (piece[1].height, rows_xml(piece[1], piece[0], sheet.cells, timezone)), _pieces(rows, sheet.rows)):
        room -= len(xml)
        if room < 0:
            raise _SheetFull(done)
        entry.write(xml)
        done += height
    entry.write(sheet.tail)


def _pieces(rows: Iterator[pl.DataFrame], height: int) -> Iterator[tuple[int, pl.DataFrame]]:
    """The pieces of a sheet of that many rows, each with the number of its first row in it: the header is the first."""
    done = 0
    while done < height:
        piece = next(rows)
        yield done + 2, piece
        done += piece.height
