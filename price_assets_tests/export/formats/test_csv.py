import csv as reference
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import LiteralString, cast
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from psycopg import sql

from price_assets.errors import Refused
from price_assets.export.contract import Column, ColumnType, Contract
from price_assets.export.formats import csv
from price_assets.export.price_list import CsvOptions
from price_assets_tests.export.snapshots import contract, snapshot_of
from price_assets_tests.servers.postgres import Database

PLAIN = CsvOptions()
EXCEL = CsvOptions(dialect="excel-semicolon")
ONE_C = CsvOptions(dialect="1c")

HARD_TEXT = [
    *("plain", "", None, "a,b", "a;b", 'he said "no"', '"', "\r", "\n", "two\r\nlines", "\\.", "\\N", "\\"),
    *(" lead", "trail ", "\t", "#1", "'", "NULL", "=1+1", "+7 (495) 123-45-67", "@x", "007", "1,5", "é", "Ёлка 😀"),
    *("\u2028", "\u00a0", "\x01", "\x0b", "\x7f", "\ufeff", "\u05be\u200fx"),
]


def naive(text: str) -> datetime:
    return datetime.fromisoformat(text)


def rendered(folder: Path, columns: Contract, rows: list[list[object]], options: CsvOptions = PLAIN, timezone: str = "UTC") -> bytes:
    path = folder / "file.csv"
    csv.render(snapshot_of(folder, columns, rows), options, ZoneInfo(timezone), path)
    return path.read_bytes()


def copied(database: Database, columns: Contract, rows: list[list[object]], timezone: str = "UTC") -> bytes:
    r"""What COPY, and so psql's `\copy`, writes of the same rows, given back by the server from a table of the contract's types."""
    types = [str(column.type).replace("decimal", "numeric").replace("integer", "bigint") for column in columns]
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
    table = sql.SQL(", ").join(
        sql.Identifier(column.name) + sql.SQL(cast("LiteralString", f" {type_}")) for column, type_ in zip(columns, types, strict=True)
    )
    with database.connect() as connection:
        connection.execute(sql.SQL("SET timezone = {}").format(sql.Literal(timezone)))
        connection.execute(sql.SQL("CREATE TEMP TABLE rows (position serial, {})").format(table))
        insert = sql.SQL("INSERT INTO rows ({}) VALUES ({})").format(names, sql.SQL(", ").join(sql.Placeholder() * len(columns)))
        connection.cursor().executemany(insert, rows)
        with connection.cursor().copy(sql.SQL("COPY (SELECT {} FROM rows ORDER BY position) TO STDOUT (FORMAT csv, HEADER)").format(names)) as copy:
            return b"".join(bytes(block) for block in copy)


def test_plain_is_what_copy_writes_of_hard_text(database: Database, tmp_path: Path) -> None:
    columns = contract(**{"sku": "text", 'a "name", with all': "text", " last": "text"})
    rows: list[list[object]] = [[text, "x", text] for text in HARD_TEXT]
    assert rendered(tmp_path, columns, rows) == copied(database, columns, rows)


@pytest.mark.parametrize("name", ["sku", "\\.", "a,b"])
def test_plain_is_what_copy_writes_of_one_column(database: Database, tmp_path: Path, name: str) -> None:
    """A NULL alone is a blank line [CS1]; a `\\.` alone is quoted."""
    columns = contract(**{name: "text"})
    rows: list[list[object]] = [[text] for text in HARD_TEXT]
    assert rendered(tmp_path, columns, rows) == copied(database, columns, rows)


def test_plain_is_what_copy_writes_of_numbers_and_dates(database: Database, tmp_path: Path) -> None:
    columns = contract(
        whole="integer", price="decimal(12,2)", tiny="decimal(38,38)", wide="decimal(38,0)", sold="boolean", day="date", at="timestamp"
    )
    rows: list[list[object]] = [
        [2**63 - 1, Decimal("10.50"), Decimal("1E-38"), Decimal(10**38 - 1), True, date(1, 1, 1), naive("0001-01-01T00:00:00.500000")],
        [-(2**63), Decimal("-0.05"), Decimal(f"-{10**38 - 1}E-38"), Decimal(1 - 10**38), False, date(9999, 12, 31), naive("2026-11-24T06:00:00")],
        [0, Decimal("0.00"), Decimal("0E-38"), Decimal(0), None, date(2024, 2, 29), naive("9999-12-31T23:59:59.999999")],
        [-1, Decimal("-10.00"), Decimal("0.1").quantize(Decimal("1E-28")), Decimal(-1), True, date(1999, 9, 9), naive("2026-01-01T10:20:30.000120")],
        [None] * 7,
    ]
    assert rendered(tmp_path, columns, rows) == copied(database, columns, rows)


MOMENTS = [
    *(datetime(1850, 1, 1, tzinfo=UTC), datetime(1900, 6, 1, 0, 0, 0, 1, tzinfo=UTC), datetime(2026, 3, 8, 6, 59, 59, tzinfo=UTC)),
    *(datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
    *(datetime(2037, 7, 1, tzinfo=UTC), datetime(2038, 7, 1, tzinfo=UTC), datetime(2099, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    *(
        datetime(2150, 7, 1, 6, tzinfo=UTC),
        datetime(2150, 12, 1, 6, 0, 0, 100, tzinfo=UTC),
        datetime(9999, 7, 1, 12, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
    ),
]


@pytest.mark.parametrize("timezone", ["UTC", "Europe/Moscow", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "America/St_Johns"])
def test_plain_is_what_copy_writes_of_moments(database: Database, tmp_path: Path, timezone: str) -> None:
    """Folds, offsets with seconds, and summer time after 2099, where Polars' own table ends."""
    columns = contract(at="timestamptz", sku="text")
    rows: list[list[object]] = [*([moment, "x"] for moment in MOMENTS), [None, "x"]]
    assert rendered(tmp_path, columns, rows, timezone=timezone) == copied(database, columns, rows, timezone)


def test_excel_semicolon_of_every_kind(tmp_path: Path) -> None:
    columns = (
        Column(name="sku", type=ColumnType.parse("text"), header="Артикул"),
        Column(name="price", type=ColumnType.parse("decimal(12,2)"), header="Цена; руб."),
        *contract(stock="integer", sold="boolean", day="date", at="timestamp", seen="timestamptz"),
    )
    six = datetime.fromisoformat("2026-11-24T06:00:00")
    rows: list[list[object]] = [
        ["a;b", Decimal("-1234.50"), 1000, True, date(2026, 11, 24), six, datetime(2026, 11, 24, 3, tzinfo=UTC)],
        ["a,b", None, None, False, None, six.replace(microsecond=500_000), datetime(2150, 1, 1, 21, 0, 0, 1, tzinfo=UTC)],
        ["", None, None, None, None, None, None],
        [None, None, None, None, None, None, None],
    ]
    lines = rendered(tmp_path, columns, rows, EXCEL, "Europe/Moscow").decode().split("\r\n")
    assert lines == [
        '\ufeffАртикул;"Цена; руб.";stock;sold;day;at;seen',
        '"a;b";-1234,50;1000;1;24.11.2026;24.11.2026 06:00:00;24.11.2026 06:00:00',
        "a,b;;;0;;24.11.2026 06:00:00,5;02.01.2150 00:00:00,000001",
        '"";;;;;;',
        ";;;;;;",
        "",
    ]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "=1+1",
            "@SUM(A1)",
            "\tx",
            "\rx",
            "\nx",
            "＝1+1",
            "＠x",
            "+x",
            "-x",
            "+7 (495) x",
            "-1+cmd|' /C calc'!A0",
            "＋1а",
            "－x",
            "-2\n=1",
            "+7\u00a0495",
            "-１",
        ),
    ],
)
def test_excel_semicolon_guards_text_that_looks_like_a_formula(tmp_path: Path, text: str) -> None:
    lines = rendered(tmp_path, contract(sku="text", name="text"), [[text, "x"]], EXCEL).decode()
    assert next(reference.reader(io.StringIO(lines.split("\r\n", 1)[1], newline=""), delimiter=";")) == ["'" + text, "x"]


@pytest.mark.parametrize("text", ["+7 (495) 123-45-67", "-1.50", "-1,50", "+", "-", "- ", "＋7", "a=b", " =1", "'=1", "−1", "#1"])
def test_excel_semicolon_leaves_phones_and_numbers_as_they_are(tmp_path: Path, text: str) -> None:
    lines = rendered(tmp_path, contract(sku="text", name="text"), [[text, "x"]], EXCEL).decode()
    assert lines.split("\r\n")[1] == f"{text};x"


def test_plain_leaves_formulas_as_they_are(tmp_path: Path) -> None:
    assert rendered(tmp_path, contract(sku="text"), [["=1+1"]]) == b"sku\n=1+1\n"


def test_a_header_that_looks_like_a_formula_is_guarded_too(tmp_path: Path) -> None:
    columns = (Column(name="sku", type=ColumnType.parse("text"), header="=1+1"),)
    assert rendered(tmp_path, columns, [], EXCEL).decode() == "\ufeff'=1+1\r\n"


def test_1c_of_every_kind(tmp_path: Path) -> None:
    columns = (
        Column(name="sku", type=ColumnType.parse("text"), header="Артикул"),
        *contract(name="text", price="decimal(12,2)", stock="integer", sold="boolean", day="date", at="timestamp", seen="timestamptz"),
    )
    six = datetime.fromisoformat("2026-11-24T06:00:00")
    rows: list[list[object]] = [
        ["a;b", 'Труба "3×1½″" ≤ 5 м²', Decimal("-1234.50"), 1000, True, date(2026, 11, 24), six, datetime(2026, 11, 24, 3, tzinfo=UTC)],
        ["a,b", "=1+1", None, None, False, None, six.replace(microsecond=500_000), datetime(2150, 1, 1, 21, 0, 0, 1, tzinfo=UTC)],
        ["", "＂；", None, None, None, None, None, None],
        [None, "\u200b", None, None, None, None, None, None],
    ]
    assert rendered(tmp_path, columns, rows, ONE_C, "Europe/Moscow").decode("cp1251").split("\r\n") == [
        "sku;name;price;stock;sold;day;at;seen",
        '"a;b";"Труба ""3x1 1/2"""" <= 5 м2";-1234.50;1000;1;24.11.2026;24.11.2026 06:00:00;24.11.2026 06:00:00',
        "a,b;=1+1;;;0;;24.11.2026 06:00:00.5;02.01.2150 00:00:00.000001",
        '"";""";";;;;;;',
        ';"";;;;;;',
        "",
    ]


def test_1c_of_one_column(tmp_path: Path) -> None:
    """A NULL alone is a blank line [CS1]."""
    assert rendered(
        tmp_path, contract(sku="text"), [["Ёлка"], [None], [""], ["\\."], ["½"]], ONE_C
    ) == 'sku\r\nЁлка\r\n\r\n""\r\n"\\."\r\n1/2\r\n'.encode("cp1251")


def test_the_header_of_1c_is_written_by_the_table_too(tmp_path: Path) -> None:
    columns = (Column(name="sku", type=ColumnType.parse("text"), header="Объём, м³; ₽"),)
    assert rendered(tmp_path, columns, [], CsvOptions(dialect="1c", headers="labels")) == '"Объём, м3; руб."\r\n'.encode("cp1251")


def test_a_header_that_1c_can_not_write_is_refused(tmp_path: Path) -> None:
    """A price list's own is found when it is loaded; a stored snapshot's contract may be older than the dialect."""
    columns = (Column(name="sku", type=ColumnType.parse("text"), header="Ø"),)
    with pytest.raises(Refused, match=r"^Column sku: its header 'Ø' holds 'Ø' \(U\+00D8\), which the dialect 1c can't write: choose another dialect"):
        rendered(tmp_path, columns, [], CsvOptions(dialect="1c", headers="labels"))


def test_headers_overrides_the_dialects_choice(tmp_path: Path) -> None:
    columns = (Column(name="sku", type=ColumnType.parse("text"), header="Артикул"),)
    assert rendered(tmp_path, columns, [], CsvOptions(headers="labels")).decode() == "Артикул\n"
    assert rendered(tmp_path, columns, [], CsvOptions(dialect="excel-semicolon", headers="names")).decode() == "\ufeffsku\r\n"


def test_rows_keep_their_order_over_many_batches(tmp_path: Path) -> None:
    columns = contract(number="integer", at="timestamptz")
    frame = pl.select(number=pl.int_range(200_000).reverse(), at=pl.lit(datetime(2026, 1, 1, tzinfo=UTC)).cast(pl.Datetime("us", "UTC")))
    path = tmp_path / "file.csv"
    csv.render(snapshot_of(tmp_path, columns, frame), PLAIN, ZoneInfo("UTC"), path)
    assert path.read_text() == "number,at\n" + "".join(f"{number},2026-01-01 00:00:00+00\n" for number in reversed(range(200_000)))


def test_1c_carries_its_table_and_leaves_a_key_alone() -> None:
    frame = pl.DataFrame({"sku": ["M8x40", "M8×40", "Ø", None], "name": ["×", "Ø", "", None]})
    limits = csv.cannot_carry(contract(sku="text", name="text", price="decimal(12,2)"), ONE_C, ["sku"])
    assert [(limit.column, frame.select(limit.broken).to_series().to_list()) for limit in limits] == [
        ("sku", [False, True, True, None]),
        ("name", [False, True, False, None]),
    ]


def test_these_dialects_carry_everything() -> None:
    assert csv.cannot_carry(contract(sku="text"), PLAIN, ["sku"]) == csv.cannot_carry(contract(sku="text"), EXCEL, ["sku"]) == []
