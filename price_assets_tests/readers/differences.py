"""Where readers differ, each by its own right; for `workbook.expected` [XL12]. Who is not named here reads what is there."""

import re
from datetime import datetime

from price_assets_tests.readers.workbook import Value


def escapes_stay(value: Value) -> Value:
    """openpyxl undoes `_xHHHH_` in shared strings only, and ExcelJS nowhere [XL5, XL7]: control characters show as they are written."""
    if not isinstance(value, str):
        return value
    value = re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", value)
    return re.sub(r"[\x00-\x08\x0b-\x1f]", lambda found: f"_x{ord(found[0]):04X}_", value)


def exceljs(value: Value) -> Value | None:
    """For ExcelJS a cell with an empty text is an empty one."""
    return escapes_stay(value) or None if isinstance(value, str) else value


def sheetjs(value: Value) -> Value:
    """SheetJS' calendar ends when 9999-12-31 begins: what comes after stays the number that it is in the cell."""
    last = datetime(9999, 12, 31)  # noqa: DTZ001 (a wall clock's)
    return 2_958_465 + (value - last).total_seconds() / 86_400 if isinstance(value, datetime) and value > last else value


def poi_streaming(value: Value) -> Value:
    """POI hands a streaming handler texts, and a boolean is a word among them."""
    return str(value).upper() if isinstance(value, bool) else value


def fastexcel_about(value: Value) -> str:
    """fastexcel gives a column one type: that of `About`'s second one is text."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def libreoffice(value: Value) -> Value | None:
    """LibreOffice saves 15 digits and no empty texts, and takes `_x00_` for an escape; openpyxl, which tells what it saved, undoes `_x005F_` only."""
    if isinstance(value, float):
        return float(f"{value:.15g}")
    texts: dict[Value, str | None] = {"": None, "_x005F_": "_", "_x00_": "_x0000_", "\x01\x1f\x0b": "_x0001__x001f__x000b_"}
    return texts.get(value, value) if isinstance(value, str) else value
