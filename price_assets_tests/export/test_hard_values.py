"""Values that try to break a file, from a real Postgres through the checks into every format: carried as they are, or one clear line.

What a cast refuses (NaN, 1.005 under `decimal(12,2)` …) is in test_extraction, what a sheet refuses in formats/test_xlsx_limits.
"""

import csv as reference
from datetime import date
from pathlib import Path

import fastexcel
import openpyxl
import polars as pl
import pytest

from price_assets.errors import SourceRefused, ValueDoesNotFit
from price_assets.export.checks import run_checks
from price_assets.export.contract import MAX_COLUMNS, Column, ColumnType, Contract
from price_assets.export.extraction import extract
from price_assets.export.formats import csv, verify_csv, verify_xlsx
from price_assets.export.formats.csv_dialects import DIALECTS
from price_assets.export.price_list import CsvOptions, Formats, PriceList, XlsxOptions
from price_assets.export.snapshot import Snapshot
from price_assets_tests.export.formats.xlsx_files import MOSCOW, OPTIONS, parts, rendered
from price_assets_tests.export.snapshots import contract
from price_assets_tests.servers.postgres import Database

ALL = tuple(CsvOptions.model_validate({"dialect": dialect}) for dialect in DIALECTS)


def price_list(query: str, columns: Contract, formats: Formats) -> PriceList:
    return PriceList(name="wholesale", sql=query, start=date(2026, 1, 1), key=(columns[0].name,), columns=columns, formats=formats)


def extracted(database: Database, folder: Path, query: str, columns: Contract) -> Snapshot:
    return extract(price_list(query, columns, Formats(csv=CsvOptions())), date(2026, 11, 24), database.source, folder)


def told(snapshot: Snapshot, formats: Formats) -> list[tuple[str, str | None]]:
    """Of the `formats` check: each summary, and the keys of the rows that it shows."""
    results = run_checks(price_list("SELECT 1", snapshot.columns, formats), snapshot)
    return [(result.summary, ",".join(str(row["key"]) for row in result.offending)) for result in results if result.check == "formats"]


def read_csv(snapshot: Snapshot, options: CsvOptions, folder: Path) -> list[list[str]]:
    """The rows of the file, which verifies, by Python's csv."""
    dialect = DIALECTS[options.dialect]
    path = folder / "wholesale.csv"
    csv.render(snapshot, options, MOSCOW, path)
    assert verify_csv.verify(path, snapshot, options) == snapshot.control_sums
    with path.open(encoding=dialect.encoding, newline="") as file:
        return list(reference.reader(file, delimiter=dialect.separator))


LONG_TEXTS = """
SELECT * FROM (VALUES
    ('fits', repeat('ж', 32767)), ('long', repeat('x', 40000)), ('astral', repeat('😀', 20000)), ('astral fits', repeat('😀', 16383))
) AS texts (sku, name)"""


def test_long_text_is_carried_by_csv_and_refused_for_a_cell(database: Database, tmp_path: Path) -> None:
    """A cell holds 32,767 UTF-16 units, of which an emoji is two; longer text would be cut without a word [XL3]."""
    snapshot = extracted(database, tmp_path, LONG_TEXTS, contract(sku="text", name="text"))
    found = read_csv(snapshot, CsvOptions(), tmp_path)[1:]
    assert {key: (text[0], len(text)) for key, text in found} == {
        "fits": ("ж", 32_767),
        "long": ("x", 40_000),
        "astral": ("😀", 20_000),
        "astral fits": ("😀", 16_383),
    }
    assert told(snapshot, Formats(xlsx=XlsxOptions())) == [
        ("2 of 4 rows have name that xlsx can't hold, text over 32,767 UTF-16 units: shorten it", "astral,long")
    ]


@pytest.mark.parametrize("text", [r"U&'\D83D'", r"U&'\DE00x'", r"E'\uD83Dx'"])
def test_a_lone_surrogate_is_no_text_for_postgres(database: Database, tmp_path: Path, text: str) -> None:
    """So none can come from there; a price list's YAML refuses it, too."""
    with pytest.raises(SourceRefused, match=r"^wholesale\.sql:1: Postgres refused the query: invalid Unicode surrogate pair"):
        extracted(database, tmp_path, f"SELECT {text} AS sku", contract(sku="text"))


def test_a_decimal_of_40_digits_does_not_fit_and_is_carried_as_text(database: Database, tmp_path: Path) -> None:
    digits = "1234567890123456789012345678901234567890"
    query = f"SELECT 'A-1' AS sku, {digits} AS value"
    with pytest.raises(
        ValueDoesNotFit, match=rf"^Column value, row with sku 'A-1': {digits} does not fit decimal\(38,0\): that type holds at most 38"
    ):
        extracted(database, tmp_path, query, contract(sku="text", value="decimal(38,0)"))
    snapshot = extracted(database, tmp_path, query.replace(digits, f"{digits}::text"), contract(sku="text", value="text"))
    for options in ALL:
        assert read_csv(snapshot, options, tmp_path)[1:] == [["A-1", digits]]
    assert fastexcel.read_excel(rendered(tmp_path, snapshot)).load_sheet(0).to_polars().rows() == [("A-1", digits)]


def test_a_number_that_excel_would_round_is_refused_and_carried_by_csv(database: Database, tmp_path: Path) -> None:
    query = "SELECT 'A-1' AS sku, 9007199254740993 AS ean, 12345678901234.56::numeric(18,2) AS price, date '1900-01-01' AS day"
    snapshot = extracted(database, tmp_path, query, contract(sku="text", ean="integer", price="decimal(18,2)", day="date"))
    assert read_csv(snapshot, CsvOptions(), tmp_path)[1:] == [["A-1", "9007199254740993", "12345678901234.56", "1900-01-01"]]
    ((summary, keys),) = told(snapshot, Formats(csv=CsvOptions(), xlsx=XlsxOptions()))
    assert keys == "A-1,A-1,A-1"
    assert summary == "; ".join(
        f"1 of 1 rows has {column} that xlsx can't hold, {why}: declare it as text"
        for column, why in [
            ("ean", "over 2^53, which Excel rounds"),
            ("price", "over 15 significant digits, which Excel rounds"),
            ("day", "before 1900-03-01, which Excel shows as another day"),
        ]
    )


def test_as_many_columns_as_postgres_gives_arrive_in_every_format(database: Database, tmp_path: Path) -> None:
    columns = contract(sku="text", **{f"c{number}": "integer" for number in range(1, MAX_COLUMNS)})
    query = f"SELECT 'x' AS sku, {', '.join(f'{number} AS c{number}' for number in range(1, MAX_COLUMNS))} ORDER BY sku"
    snapshot = extracted(database, tmp_path, query, columns)
    due = ["x", *map(str, range(1, MAX_COLUMNS))]
    for options in ALL:
        assert read_csv(snapshot, options, tmp_path)[1:] == [due]
    path = rendered(tmp_path, snapshot)
    assert verify_xlsx.verify(path, snapshot, OPTIONS, MOSCOW) == {}
    sheet = openpyxl.load_workbook(path)["wholesale"]
    assert [str(cell.value) for cell in sheet[2]] == due
    assert sheet.dimensions == "A1:BKZ2"


def test_one_column_more_is_refused_by_postgres_itself(database: Database, tmp_path: Path) -> None:
    """As it is without an ORDER BY, where the list is sorted by its key, which takes one more."""
    columns = contract(sku="text", **{f"c{number}": "integer" for number in range(1, MAX_COLUMNS)})
    query = f"SELECT 'x' AS sku, {', '.join(f'{number} AS c{number}' for number in range(1, MAX_COLUMNS))}"
    with pytest.raises(SourceRefused, match="Postgres refused the query: target lists can have at most 1664 entries"):
        extracted(database, tmp_path, query, columns)


def test_names_that_differ_by_case_alone_are_two_columns(database: Database, tmp_path: Path) -> None:
    """Their headers must differ by more [XL1], and do."""
    headers = {"sku": "Код", "SKU": "Другой код"}
    columns = tuple(Column(name=name, header=header, type=ColumnType.parse("integer")) for name, header in headers.items())
    snapshot = extracted(database, tmp_path, 'SELECT 1 AS sku, 2 AS "SKU"', columns)
    assert read_csv(snapshot, CsvOptions(), tmp_path) == [["sku", "SKU"], ["1", "2"]]
    path = rendered(tmp_path, snapshot)
    assert verify_xlsx.verify(path, snapshot, OPTIONS, MOSCOW) == {}
    assert [cell.value for cell in openpyxl.load_workbook(path)["wholesale"][1]] == ["Код", "Другой код"]


def test_70_000_urls_are_text(database: Database, tmp_path: Path) -> None:
    """As links all past 65,530 would be blank [XL2]."""
    query = "SELECT 'https://example.com/' || g AS url FROM generate_series(1, 70000) AS g ORDER BY g"
    snapshot = extracted(database, tmp_path, query, contract(url="text"))
    path = rendered(tmp_path, snapshot)
    verify_xlsx.verify(path, snapshot, OPTIONS, MOSCOW)
    urls = fastexcel.read_excel(path).load_sheet(0).to_polars()["url"]
    assert urls.equals(pl.Series("url", [f"https://example.com/{number}" for number in range(1, 70_001)]))
    assert not [name for name, xml in parts(path).items() if b"hyperlink" in xml]


@pytest.mark.parametrize("options", ALL, ids=DIALECTS)
def test_no_rows_are_a_header(database: Database, tmp_path: Path, options: CsvOptions) -> None:
    snapshot = extracted(database, tmp_path, "SELECT 'x' AS sku, 1.5 AS price WHERE false", contract(sku="text", price="decimal(3,1)"))
    assert read_csv(snapshot, options, tmp_path) == [["sku", "price"]]
