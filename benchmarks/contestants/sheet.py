"""Rows → a sheet, by XlsxWriter, each value by the method for its type."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from xlsxwriter.workbook import Workbook


def write(workbook: Workbook, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write all of them below a header."""
    sheet = workbook.add_worksheet()
    money, day, moment = (workbook.add_format({"num_format": code}) for code in ("0.00", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"))
    sheet.write_row(0, 0, columns)
    for row, values in enumerate(rows, start=1):
        for column, value in enumerate(values):
            match value:
                case str():
                    sheet.write_string(row, column, value)
                case Decimal():
                    sheet.write_number(row, column, float(value), money)
                case datetime():
                    sheet.write_datetime(row, column, value, moment)
                case date():
                    sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), day)  # noqa: DTZ001 - a day has no zone
                case _:
                    sheet.write(row, column, value)
