"""What each format writes of the same hard rows, byte for byte: a change of a single byte shows here, and in the diff of the files.

Where it is meant, `.venv/bin/python -m price_assets_tests.export.formats.test_golden` writes them anew; then read the diff. The files in `golden` are
`<dialect>.csv`, and of the workbook the parts that say something; deflated they could differ from one processor to the next [XL11].
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from price_assets.export.contract import Column, ColumnType
from price_assets.export.formats import csv, verify_csv, verify_xlsx, xlsx_limits
from price_assets.export.formats.csv_dialects import DIALECTS
from price_assets.export.price_list import CsvOptions, XlsxOptions
from price_assets_tests.export.formats.xlsx_files import MOSCOW, parts, rendered
from price_assets_tests.export.snapshots import snapshot_of

GOLDEN = Path(__file__).with_name("golden")
PARTS = {"xl/worksheets/sheet1.xml": "sheet.xml", "xl/workbook.xml": "workbook.xml", "xl/styles.xml": "styles.xml"}
SHEET = XlsxOptions(sheet="Прайс & Co")
COLUMNS = tuple(
    Column(name=name, header=header, type=ColumnType.parse(kind))
    for name, header, kind in (
        ("sku", "Артикул", "text"),
        ("name", "Наименование; м²", "text"),
        ("=note", '=Примечание "№1"', "text"),
        ("stock", "Остаток", "integer"),
        ("price", "Цена, руб.", "decimal(12,2)"),
        ("rate", "Курс", "decimal(18,9)"),
        ("wide", "wide", "decimal(38,0)"),
        ("sold", "Продан", "boolean"),
        ("day", "Дата", "date"),
        ("at", "Изменён", "timestamp"),
        ("seen", "Проверен", "timestamptz"),
    )
)
ROWS: list[list[object]] = [
    [
        "007",
        'Труба "3×1½″"; ≤ 5 м², −25 °C … 1 290 ₽',
        "=1+1",
        2**53,
        Decimal("9999999999.99"),
        Decimal("0.123456789"),
        Decimal("-123456789012345" + "0" * 23),
        True,
        date(1900, 3, 1),
        datetime.fromisoformat("1900-03-01T00:00:00.001999"),
        datetime(2026, 11, 24, 21, 0, 0, 500_000, tzinfo=UTC),
    ],
    [
        "460123456789012345",
        "two\r\nlines, tab\t and edges ",
        "+7 (495) 123-45-67",
        -(2**53),
        Decimal("-0.01"),
        Decimal("-0.000000001"),
        Decimal(0),
        False,
        date(9999, 12, 31),
        datetime.fromisoformat("9999-12-31T23:59:59.999999"),
        datetime(1950, 1, 1, 20, 59, tzinfo=UTC),
    ],
    [
        "_x0041_x0042_",
        "",
        "＝＠\u200fmailto:a@b.c & <i>",
        0,
        Decimal("10.50"),
        Decimal(100),
        Decimal(1),
        None,
        date(2026, 11, 24),
        datetime.fromisoformat("2026-11-24T06:00:00"),
        datetime(2150, 7, 1, tzinfo=UTC),
    ],
    ["\\.", "\x01\x1f", "-x\n\r", *[None] * 8],
    [None] * 11,
]
UNICODE: list[list[object]] = [["😀", "東森 שלום\u200f \U0010ffff", "@Ø\u2028÷", *[None] * 8]]
"""What cp1251 can't hold."""


def written(dialect: str, folder: Path) -> bytes:
    """The CSV; read again, too."""
    options = CsvOptions.model_validate({"dialect": dialect})
    snapshot = snapshot_of(folder, COLUMNS, ROWS if dialect == "1c" else ROWS + UNICODE)
    assert not any(snapshot.scan().select(limit.broken.any()).collect().item() for limit in csv.cannot_carry(COLUMNS, options, []))
    csv.render(snapshot, options, MOSCOW, folder / "wholesale.csv")
    assert verify_csv.verify(folder / "wholesale.csv", snapshot, options) == snapshot.control_sums
    return (folder / "wholesale.csv").read_bytes()


def workbook(folder: Path) -> Mapping[str, bytes]:
    """Name of the golden file → the part; read again, too."""
    snapshot = snapshot_of(folder, COLUMNS, ROWS + UNICODE)
    assert not any(snapshot.scan().select(limit.broken.any()).collect().item() for limit in xlsx_limits.cannot_carry(COLUMNS, SHEET))
    path = rendered(folder, snapshot, SHEET)
    assert verify_xlsx.verify(path, snapshot, SHEET, MOSCOW) == snapshot.control_sums
    found = parts(path)
    return {name: found[part] for part, name in PARTS.items()}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_writes_these_bytes(tmp_path: Path, dialect: str) -> None:
    assert written(dialect, tmp_path) == (GOLDEN / f"{dialect}.csv").read_bytes()


def test_the_workbook_says_these_bytes(tmp_path: Path) -> None:
    for name, xml in workbook(tmp_path).items():
        assert xml == (GOLDEN / name).read_bytes(), name


def main() -> None:
    """Write the golden files."""
    with TemporaryDirectory() as folder:
        files = {f"{dialect}.csv": written(dialect, Path(folder)) for dialect in DIALECTS} | dict(workbook(Path(folder)))
    for name, content in files.items():
        (GOLDEN / name).write_bytes(content)


if __name__ == "__main__":
    main()
