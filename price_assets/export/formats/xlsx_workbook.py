"""The workbook around the rows: everything that XlsxWriter makes better than we would, in the order that it writes it [XL6]."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from io import BytesIO
from zipfile import ZipFile

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from price_assets.export.contract import Contract
from price_assets.export.formats.xlsx_columns import number_format
from price_assets.export.formats.xlsx_rows import Cell


@dataclass(frozen=True)
class About:
    """What the last sheet tells about the file. No clock time and no run id: the same content is the same file."""

    price_list: str
    description: str
    export_date: date
    content: str


@dataclass(frozen=True)
class Part:
    """A part of the workbook that stands already, e.g. its styles."""

    name: str
    xml: bytes


@dataclass(frozen=True)
class SheetPart:
    """A sheet without its data rows: they go between `head` and `tail`, the first one as row 2, each column as its cell says."""

    name: str
    head: bytes
    tail: bytes
    rows: int
    cells: tuple[Cell, ...]


def workbook_parts(columns: Contract, widths: Sequence[int], sheets: Mapping[str, int], about: About) -> Iterator[Part | SheetPart]:
    """Yield the parts of a workbook with these sheets (name → data rows), in the order of the file, which depends on nothing but the arguments."""
    file = BytesIO()
    workbook = xlsxwriter.Workbook(file, {"in_memory": True})
    workbook.set_properties({"title": about.price_list, "created": _midnight(about.export_date)})
    for name, rows in sheets.items():
        _add_sheet(workbook, name, columns, widths, rows)
    _add_about(workbook, columns, sum(sheets.values()), about)
    workbook.close()
    rows_of = {f"xl/worksheets/sheet{number}.xml": rows for number, rows in enumerate(sheets.values(), start=1)}
    with ZipFile(file) as archive:
        for name in archive.namelist():
            xml = archive.read(name)
            rows = rows_of.get(name, 0)
            yield _split(name, xml, columns, rows) if rows else Part(name, xml)


def _add_sheet(workbook: Workbook, name: str, columns: Contract, widths: Sequence[int], rows: int) -> None:
    """A sheet with its header; where there are data rows, a dummy one stands for them all."""
    sheet = workbook.add_worksheet(name)
    bold = workbook.add_format({"bold": True})
    last = len(columns) - 1
    for position, (column, width) in enumerate(zip(columns, widths, strict=True)):
        sheet.write_string(0, position, column.label, bold)
        sheet.set_column(position, position, width)
        if rows:
            sheet.write_blank(1, position, None, workbook.add_format({"num_format": number_format(column.type)}))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, rows, last)
    if rows:  # digits as text are meant: no green triangle in each barcode's cell
        sheet.ignore_errors({"number_stored_as_text": f"A2:{xl_col_to_name(last)}{rows + 1}"})


def _add_about(workbook: Workbook, columns: Contract, rows: int, about: About) -> None:
    sheet = workbook.add_worksheet("About")
    bold = workbook.add_format({"bold": True, "valign": "top"})
    text = workbook.add_format({"text_wrap": True, "valign": "top"})
    day = workbook.add_format({"num_format": 14, "align": "left"})
    number = workbook.add_format({"num_format": 3, "align": "left"})
    for position, width in enumerate((28, 28, 18, 80)):
        sheet.set_column(position, position, width)
    for row, (label, value) in enumerate((("Price list", about.price_list), ("Description", about.description))):
        sheet.write_string(row, 0, label, bold)
        sheet.write_string(row, 1, value)
    sheet.write_string(2, 0, "Export date", bold)
    sheet.write_datetime(2, 1, _midnight(about.export_date), day)
    sheet.write_string(3, 0, "Rows", bold)
    sheet.write_number(3, 1, rows, number)
    sheet.write_string(4, 0, "Content", bold)
    sheet.write_string(4, 1, about.content)
    _write_row(sheet, 6, ("Column", "Name", "Type", "Meaning"), bold)
    for row, column in enumerate(columns, start=7):
        _write_row(sheet, row, (column.label, column.name, str(column.type), column.description), text)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min)


def _write_row(sheet: Worksheet, row: int, texts: Sequence[str], style: Format) -> None:
    for position, text in enumerate(texts):
        sheet.write_string(row, position, text, style)


def _split(name: str, xml: bytes, columns: Contract, rows: int) -> SheetPart:
    last = xl_col_to_name(len(columns) - 1)
    head, start, rest = xml.decode().partition('<row r="2"')
    dummy, end, tail = rest.partition("</row>")
    before, dimension, after = head.partition(f'<dimension ref="A1:{last}2"/>')
    assert dimension and start and end, name  # noqa: S101, PT018 – XlsxWriter writes what it was told
    head = f'{before}<dimension ref="A1:{last}{rows + 1}"/>{after}'
    styles: list[str] = re.findall(r'<c r="[A-Z]+2"((?: s="\d+")?)/>', dummy)
    cells = (Cell(column, xl_col_to_name(position), style) for position, (column, style) in enumerate(zip(columns, styles, strict=True)))
    return SheetPart(name, head.encode(), tail.encode(), rows, tuple(cells))
