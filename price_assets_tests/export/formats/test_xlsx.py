# ruff: noqa: DTZ001 - what a clock on the wall shows has no time zone
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import fastexcel
import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from price_assets.errors import Refused
from price_assets.export.contract import Column, ColumnType, Contract
from price_assets.export.formats import verify_xlsx
from price_assets.export.price_list import XlsxOptions
from price_assets_tests.export.formats.xlsx_files import MOSCOW, OPTIONS, by_libreoffice, by_openpyxl, cells, needs_libreoffice, parts, rendered
from price_assets_tests.export.snapshots import contract, snapshot_of

NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

HARD_TEXT = [
    *(
        "007",
        "4601234567890123456",
        "",
        None,
        "=1+1",
        "+7 495 123-45-67",
        "@x",
        "-1",
        "https://example.com",
        "internal:Sheet2!A1",
        "mailto:a@b.c",
        "file://z",
    ),
    *(
        " edges ",
        "a\tb\nc",
        "a & b <c> \"d\" 'e' ]]>",
        "\x01\x1f\x0b",
        "\x7f\x85\u2028",
        "😀 Ёлка",
        "שלום\u200f",
        "1e5",
        "TRUE",
        "24.11.2026",
        "'quoted",
    ),
    *("_x0041_", "_x0041_x0042_x0043_x0044_", "__x00e4__x00E4_", "_x005F_", "_x00_", "size_xl", "_x000D_\r", "\r\n\n\r", "&amp;", "\ufeff"),
]

EVERY_TYPE: Contract = tuple(
    Column(name=name, header=header, type=ColumnType.parse(kind), description=f"About {name}")
    for name, header, kind in (
        ("sku", "Артикул", "text"),
        ("stock", "Stock", "integer"),
        ("price", "Price", "decimal(12,2)"),
        ("weight", "Weight", "decimal(18,9)"),
        ("units", "Units", "decimal(15,0)"),
        ("active", "Active", "boolean"),
        ("valid", "Valid from", "date"),
        ("changed", "Changed", "timestamp"),
        ("seen", "Seen", "timestamptz"),
    )
)
ROWS: list[list[object]] = [
    [
        "0001",
        2**53,
        "1234567.80",
        "0.123456789",
        "123456789012345",
        True,
        date(2026, 11, 24),
        datetime(2026, 11, 24, 6),
        datetime(2026, 11, 24, 3, tzinfo=UTC),
    ],
    [
        "0002",
        -(2**53),
        "-0.01",
        "-0.000000001",
        "-1",
        False,
        date(1900, 3, 1),
        datetime(1900, 3, 1, 0, 0, 0, 1999),
        datetime(2026, 11, 24, 21, tzinfo=UTC),
    ],
    ["0003", None, None, None, None, None, None, None, None],
    ["0004", 0, "0.00", "100.5", "0", True, date(9999, 12, 31), datetime(9999, 12, 31, 23, 59, 59, 999999), datetime(1950, 1, 1, 20, 59, tzinfo=UTC)],
]


def test_every_type_reads_back_as_it_was(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, EVERY_TYPE, typed(ROWS))
    path = rendered(tmp_path, snapshot)
    assert verify_xlsx.verify(path, snapshot, OPTIONS, MOSCOW) == snapshot.control_sums
    rows = [list(row) for row in by_openpyxl(path)["wholesale"].iter_rows(values_only=True)]
    assert rows[0] == ["Артикул", "Stock", "Price", "Weight", "Units", "Active", "Valid from", "Changed", "Seen"]
    assert rows[1] == ["0001", 2**53, 1234567.8, 0.123456789, 123456789012345, True, *(datetime(2026, 11, 24, hour) for hour in (0, 6, 6))]
    assert rows[2][-3:] == [datetime(1900, 3, 1), datetime(1900, 3, 1, 0, 0, 0, 1000), datetime(2026, 11, 25)]
    assert rows[3] == ["0003"] + [None] * 8
    assert rows[4][-2:] == [datetime(9999, 12, 31, 23, 59, 59, 999000), datetime(1950, 1, 1, 23, 59)], "cut to the millisecond: no other day"


def test_decimals_are_written_as_the_digits_they_are(tmp_path: Path) -> None:
    digits = ["1234567890123.45", "0.10", "-0.01", "100.00", "8.70"]
    path = rendered(
        tmp_path, snapshot_of(tmp_path, contract(price="decimal(15,2)"), pl.DataFrame({"price": pl.Series(digits).cast(pl.Decimal(15, 2))}))
    )
    written = [cell for address, cell in cells(parts(path)["xl/worksheets/sheet1.xml"]) if address != "A1"]
    assert [cell.partition("<v>")[2].removesuffix("</v></c>") for cell in written] == digits


def test_hard_text_survives_and_is_nothing_but_text(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, contract(key="integer", text="text"), list(enumerate(HARD_TEXT)))
    path = rendered(tmp_path, snapshot)
    verify_xlsx.verify(path, snapshot, OPTIONS, MOSCOW)
    assert [row[1] for row in fastexcel.read_excel(path).load_sheet(0).to_polars().rows()] == [
        text and text.replace("\r\n", "\n").replace("\r", "\n") for text in HARD_TEXT
    ]
    sheet = by_openpyxl(path)["wholesale"]
    assert [cell.data_type for cell in sheet["B"][1:]] == ["n" if text is None else "s" for text in HARD_TEXT]
    xml = parts(path)["xl/worksheets/sheet1.xml"]
    assert b"<f>" not in xml
    assert b"hyperlink" not in xml


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff") | st.sampled_from("_x0041F\r\n&<")),
        max_size=20,
    )
)
def test_any_text_reads_back_as_it_was(tmp_path: Path, texts: list[str | None]) -> None:
    snapshot = snapshot_of(tmp_path, contract(key="integer", text="text"), list(enumerate(texts)))
    verify_xlsx.verify(rendered(tmp_path, snapshot), snapshot, OPTIONS, MOSCOW)


def test_null_is_no_cell_and_an_empty_text_is_one(tmp_path: Path) -> None:
    path = rendered(tmp_path, snapshot_of(tmp_path, contract(a="text", b="text", c="integer"), [["", None, None], [None, "", 1]]))
    assert [address for address, _ in cells(parts(path)["xl/worksheets/sheet1.xml"])] == ["A1", "B1", "C1", "A2", "B3", "C3"]


def test_every_row_and_every_cell_has_its_address(tmp_path: Path) -> None:
    """[XL7]: without, POI's streaming reader shifts columns in silence; and past Z comes AA."""
    columns = contract(**{f"c{number}": "integer" for number in range(30)})
    path = rendered(tmp_path, snapshot_of(tmp_path, columns, [[None] * 29 + [7]] * 20_000))
    sheet = ET.fromstring(parts(path)["xl/worksheets/sheet1.xml"])
    found = [(row.get("r"), [cell.get("r") for cell in row]) for row in sheet.iter(f"{NAMESPACE}row")]
    assert found[1:] == [(str(number), [f"AD{number}"]) for number in range(2, 20_002)]


def test_it_looks_like_a_price_list(tmp_path: Path) -> None:
    columns = (EVERY_TYPE[0].model_copy(update={"width": 33}), *EVERY_TYPE[1:])
    sheet = by_openpyxl(rendered(tmp_path, snapshot_of(tmp_path, columns, typed(ROWS))))["wholesale"]
    assert {cell.font.b for cell in sheet["A1":"I1"][0]} == {True}
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.dimensions) == ("A2", "A1:I5", "A1:I5")
    assert [cell.number_format for cell in sheet[2]] == [
        *("@", "0", "#,##0.00", "#,##0.000000000", "#,##0", "General", "mm-dd-yy", "m/d/yy h:mm", "m/d/yy h:mm")  # 14 and 22 by openpyxl's names
    ]
    widths = [int(sheet.column_dimensions[letter].width) for letter in "ABCDEFGHI"]
    assert widths[0] == 33, "the contract's, and Excel's padding of 5 pixels"
    assert min(widths) >= 8
    assert max(widths) <= 61
    assert widths[2] > len("1,234,567.80")


def test_barcodes_get_no_green_triangle(tmp_path: Path) -> None:
    sheet = ET.fromstring(parts(rendered(tmp_path, snapshot_of(tmp_path, contract(code="text"), [["007"]] * 5)))["xl/worksheets/sheet1.xml"])
    (ignored,) = sheet.iter(f"{NAMESPACE}ignoredError")
    assert (ignored.get("sqref"), ignored.get("numberStoredAsText")) == ("A2:A6", "1")


def test_about_is_the_last_sheet_and_says_what_each_column_means(tmp_path: Path) -> None:
    workbook = by_openpyxl(rendered(tmp_path, snapshot_of(tmp_path, EVERY_TYPE, typed(ROWS))))
    assert workbook.sheetnames == ["wholesale", "About"]
    rows = list(workbook["About"].iter_rows(values_only=True))
    assert [row[:2] for row in rows[:5]] == [
        ("Price list", "wholesale"),
        ("Description", "Wholesale prices for partners"),
        ("Export date", datetime(2026, 11, 24)),
        ("Rows", 4),
        ("Content", "a07be4419c20"),
    ]
    assert rows[6:9] == [
        ("Column", "Name", "Type", "Meaning"),
        ("Артикул", "sku", "text", "About sku"),
        ("Stock", "stock", "integer", "About stock"),
    ]
    assert len(rows) == 7 + len(EVERY_TYPE)


def test_no_clock_is_in_the_file(tmp_path: Path) -> None:
    path = rendered(tmp_path, snapshot_of(tmp_path, EVERY_TYPE, typed(ROWS)))
    first = path.read_bytes()
    assert rendered(tmp_path, snapshot_of(tmp_path, EVERY_TYPE, typed(ROWS))).read_bytes() == first
    assert {entry.date_time for entry in ZipFile(path).infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert by_openpyxl(path).properties.created == datetime(2026, 11, 24)


def test_headers_that_collide_keep_their_rows(tmp_path: Path) -> None:
    """[XL1]: by way of an Excel table the sheet would be empty."""
    columns = tuple(
        Column(name=name, header=header, type=ColumnType.parse("integer")) for name, header in (("a", "Price"), ("b", "PRICE"), ("c", "Price"))
    )
    snapshot = snapshot_of(tmp_path, columns, [[1, 2, 3]])
    path = rendered(tmp_path, snapshot)
    verify_xlsx.verify(path, snapshot, OPTIONS, MOSCOW)
    assert list(by_openpyxl(path)["wholesale"].iter_rows(values_only=True)) == [("Price", "PRICE", "Price"), (1, 2, 3)]


def test_no_rows_make_a_sheet_with_its_header(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, EVERY_TYPE, [])
    path = rendered(tmp_path, snapshot)
    assert verify_xlsx.verify(path, snapshot, OPTIONS, MOSCOW) == snapshot.control_sums
    assert by_openpyxl(path)["wholesale"].dimensions == "A1:I1"


def test_too_many_columns_are_a_clear_error(tmp_path: Path) -> None:
    """[XL1]: polars.write_excel writes an empty sheet."""
    columns = contract(**{f"c{number}": "integer" for number in range(16_385)})
    with pytest.raises(Refused, match="wholesale has 16,385 columns and a sheet holds 16,384"):
        rendered(tmp_path, snapshot_of(tmp_path, columns, []))


def test_the_package_is_as_xlsxwriter_makes_it(tmp_path: Path) -> None:
    """Parts, their order, and the sheet's elements in theirs; every part is well-formed."""
    ours = parts(rendered(tmp_path, snapshot_of(tmp_path, EVERY_TYPE, typed(ROWS))))
    with xlsxwriter.Workbook(tmp_path / "reference.xlsx") as reference:
        for name in ("wholesale", "About"):
            sheet = reference.add_worksheet(name)
            sheet.write_string(0, 0, "x")
            sheet.set_column(0, 0, 20)
            sheet.autofilter(0, 0, 1, 1)
            sheet.ignore_errors({"number_stored_as_text": "A2:A3"})
    theirs = parts(tmp_path / "reference.xlsx")
    assert list(ours) == list(theirs)
    for xml in ours.values():
        ET.fromstring(xml)
    first = "xl/worksheets/sheet1.xml"
    assert [element.tag for element in ET.fromstring(ours[first])] == [element.tag for element in ET.fromstring(theirs[first])]


def test_summer_time_shows_as_the_clock_on_the_wall(tmp_path: Path) -> None:
    """Moscow's clocks went back on 2010-10-31 at 03:00: two moments, one wall time."""
    moments = [datetime(2010, 10, 30, 22, 30, tzinfo=UTC) + timedelta(hours=hours) for hours in range(3)]
    path = rendered(tmp_path, snapshot_of(tmp_path, contract(seen="timestamptz"), [[moment] for moment in moments]))
    assert [row[0] for row in by_openpyxl(path)["wholesale"].iter_rows(min_row=2, values_only=True)] == [
        datetime(2010, 10, 31, 2, 30),
        datetime(2010, 10, 31, 2, 30),
        datetime(2010, 10, 31, 3, 30),
    ]


@needs_libreoffice
def test_libreoffice_shows_what_a_buyer_expects(tmp_path: Path) -> None:
    sheets = by_libreoffice(rendered(tmp_path, snapshot_of(tmp_path, EVERY_TYPE, typed(ROWS))), tmp_path)
    assert set(sheets) == {"wholesale", "About"}
    assert sheets["wholesale"][1:4] == [
        [
            "0001",
            "9007199254740990",
            "1,234,567.80",
            "0.123456789",
            "123,456,789,012,345",
            "TRUE",
            "11/24/2026",
            "11/24/2026 6:00",
            "11/24/2026 6:00",
        ],
        ["0002", "-9007199254740990", "-0.01", "-0.000000001", "-1", "FALSE", "3/1/1900", "3/1/1900 0:00", "11/25/2026 0:00"],
        ["0003", "", "", "", "", "", "", "", ""],
    ]


@needs_libreoffice
def test_libreoffice_reads_hard_text(tmp_path: Path) -> None:
    shorter = "_x00_"  # Excel's escape has four digits, LibreOffice takes any number
    texts = [text for text in HARD_TEXT if text and text != shorter and not set(text) & set("\x01\x1f\x0b\x7f\x85\u2028\ufeff\r")]
    sheets = by_libreoffice(rendered(tmp_path, snapshot_of(tmp_path, contract(key="integer", text="text"), list(enumerate(texts)))), tmp_path)
    assert [row[1] for row in sheets["wholesale"][1:]] == texts


def test_the_sheet_may_have_a_name_of_its_own(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, contract(sku="text"), [["1"]])
    options = XlsxOptions(sheet="Опт & Co")
    path = rendered(tmp_path, snapshot, options)
    verify_xlsx.verify(path, snapshot, options, MOSCOW)
    assert by_openpyxl(path).sheetnames == ["Опт & Co", "About"]


def typed(rows: list[list[object]]) -> pl.DataFrame:
    """Decimals are given as text: a literal would be a float."""
    schema = {column.name: pl.String() if str(column.type).startswith("decimal") else column.type.polars for column in EVERY_TYPE}
    return pl.DataFrame(rows, schema=schema, orient="row").cast({column.name: column.type.polars for column in EVERY_TYPE})
