"""Arbitrary rows of every type through every format, read by readers that are not ours: Postgres' COPY, Python's csv, fastexcel, openpyxl."""

import csv as reference
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

import polars as pl
import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from price_assets.demo.server import Server
from price_assets.export.contract import Contract, Kind
from price_assets.export.formats import cp1251, csv, verify_xlsx, xlsx_limits
from price_assets.export.formats.csv_dialects import DIALECTS
from price_assets.export.formats.limits import Limit
from price_assets.export.price_list import CsvOptions
from price_assets_tests.export.formats.xlsx_files import MOSCOW, OPTIONS, by_openpyxl, rendered
from price_assets_tests.export.snapshots import contract, snapshot_of
from price_assets_tests.servers.postgres import connect

Connection = psycopg.Connection[tuple[Any, ...]]
Row = tuple[object, ...]
TYPES: dict[str, str] = {"integer": "bigint"}
ESCAPED = r"[\x00-\x08\x0b-\x1f]|_x[0-9A-Fa-f]{4}_"
COLUMNS = contract(
    sku="text",
    name="text",
    whole="integer",
    price="decimal(12,2)",
    fine="decimal(20,9)",
    wide="decimal(38,0)",
    tiny="decimal(38,38)",
    sold="boolean",
    day="date",
    at="timestamp",
    seen="timestamptz",
)
HARD = [
    *(
        "",
        " ",
        ",",
        ";",
        '"',
        '""',
        "'",
        "\r\n",
        "\r",
        "\n",
        "\t",
        "\\.",
        "\\N",
        "=1+1",
        "+7 (495) 123-45-67",
        "-1",
        "@x",
        "＝１",
        "＠",
        "007",
        "1,5",
        "NULL",
    ),
    *(
        "_x0041_",
        "_x0041_x0042_",
        "_x005F_",
        "&amp;<b>",
        "]]>",
        "\x01",
        "\x7f",
        "\x85",
        "\u2028",
        "\u200f",
        "\u05d0",
        "\ufeff",
        "internal:A!1",
        "mailto:a@b.c",
    ),
    *("₽", "≤", "−", "×", "м²", "10²", "1½", "é", "й", "и\u0306", "«Ёлка»", "№ 5", "\u00a0", "\u202f", "https://example.com/?a=1&b=2"),
]
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")  # neither is text for Postgres
of_cp1251 = st.sampled_from(sorted({*(each for each in map(chr, range(1, 0x500)) if each.encode("cp1251", "ignore")), *"×²½ё≤éØ"}))
pieces = st.sampled_from(HARD) | st.text(characters, max_size=4) | st.text(of_cp1251, max_size=8)
texts = st.none() | st.sampled_from(HARD) | st.lists(pieces, max_size=4).map("".join)
old = st.datetimes(datetime(1, 1, 2), datetime(1900, 3, 1))  # noqa: DTZ001 - what a clock on the wall shows
moments = st.datetimes(datetime(1900, 3, 2), datetime(9999, 12, 30))  # noqa: DTZ001


def mostly(usual: st.SearchStrategy[Any], rare: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What every format holds, and now and then what not all do."""
    return st.integers(0, 9).flatmap(lambda die: usual if die else rare)


def decimals(precision: int, scale: int) -> st.SearchStrategy[Decimal]:
    """Up to 15 digits wherever they stand, and now and then as many as the type holds."""
    most = 10**precision - 1
    digits = min(precision, 15)
    few = st.tuples(st.integers(-(10**digits) + 1, 10**digits - 1), st.integers(0, precision - digits)).map(lambda drawn: drawn[0] * 10 ** drawn[1])
    return mostly(few, st.integers(-most, most) | st.sampled_from([0, most, -most, min(10**16 - 1, most)])).map(
        lambda units: Decimal(f"{units}E-{scale}")
    )


values: dict[str, st.SearchStrategy[Any]] = {
    "sku": texts,
    "name": texts,
    "whole": mostly(st.integers(-(2**53), 2**53), st.integers(-(2**63), 2**63 - 1) | st.sampled_from([2**53 + 1, -(2**53) - 1])),
    **{column.name: decimals(column.type.precision, column.type.scale) for column in COLUMNS if column.type.kind is Kind.DECIMAL},
    "sold": st.booleans(),
    "day": mostly(moments, old).map(datetime.date),
    "at": mostly(moments, old),
    "seen": mostly(moments, old).map(lambda each: each.replace(tzinfo=UTC)),
}
rows = st.lists(st.tuples(*(st.none() | values[column.name] for column in COLUMNS)), max_size=8)
many = settings(max_examples=120, phases=[Phase.generate, Phase.shrink], suppress_health_check=[HealthCheck.function_scoped_fixture])


def frame(columns: Contract, some: Sequence[Sequence[object]]) -> pl.DataFrame:
    """Decimals by their text, and not by way of a float."""
    series = {
        column.name: pl.Series([_plain(row[position]) for row in some], dtype=pl.String if column.type.kind is Kind.DECIMAL else column.type.polars)
        for position, column in enumerate(columns)
    }
    return pl.DataFrame(series).cast({column.name: column.type.polars for column in columns})


def _plain(value: object) -> object:
    return f"{value:f}" if isinstance(value, Decimal) else value


def carried(whole: pl.DataFrame, limits: Sequence[Limit]) -> pl.DataFrame:
    """The rows that break no limit."""
    return whole.filter(~limit.broken.fill_null(value=False) for limit in limits) if limits else whole


def wall(moment: datetime) -> datetime:
    return moment.astimezone(MOSCOW).replace(tzinfo=None)


@pytest.fixture(scope="module")
def postgres(postgres_server: Server) -> Iterator[Connection]:
    """With tables of the contract's types, and of text."""
    with connect(postgres_server, postgres_server.database) as connection:
        connection.execute("SET datestyle = 'ISO, DMY'; SET timezone = 'UTC'")
        types = {"plain": TYPES, "1c": TYPES | {"timestamptz": "timestamp"}, "excel-semicolon": dict.fromkeys(Kind, "text")}
        for dialect, names in types.items():
            columns = ", ".join(f"{column.name} {names.get(column.type.kind, str(column.type).replace('decimal', 'numeric'))}" for column in COLUMNS)
            connection.execute(f'CREATE TEMPORARY TABLE "{dialect}" (row serial, {columns})'.encode())
        yield connection


def loaded(postgres: Connection, folder: Path, whole: pl.DataFrame, dialect: Literal["plain", "1c", "excel-semicolon"]) -> list[tuple[Any, ...]]:
    """The rows, rendered, as Postgres' COPY FROM reads the file."""
    csv.render(snapshot_of(folder, COLUMNS, whole), CsvOptions(dialect=dialect), MOSCOW, folder / "file.csv")
    names = ", ".join(column.name for column in COLUMNS)
    options = f"FORMAT csv, HEADER, DELIMITER '{DIALECTS[dialect].separator}', ENCODING '{'WIN1251' if dialect == '1c' else 'UTF8'}'"
    postgres.execute(f'TRUNCATE "{dialect}"'.encode())
    with postgres.cursor().copy(f'COPY "{dialect}" ({names}) FROM STDIN ({options})'.encode()) as copy:
        copy.write((folder / "file.csv").read_bytes())
    return postgres.execute(f'SELECT {names} FROM "{dialect}" ORDER BY row'.encode()).fetchall()


@many
@given(some=rows)
def test_postgres_loads_plain_as_it_was(postgres: Connection, tmp_path: Path, some: list[Row]) -> None:
    whole = frame(COLUMNS, some)
    assert frame(COLUMNS, loaded(postgres, tmp_path, whole, "plain")).equals(whole)


@many
@given(some=rows)
def test_postgres_loads_1c_as_its_table_says(postgres: Connection, tmp_path: Path, some: list[Row]) -> None:
    """By Postgres' own table of WIN1251; a timestamptz is its wall time."""
    whole = carried(frame(COLUMNS, some), csv.cannot_carry(COLUMNS, CsvOptions(dialect="1c"), []))
    expected = whole.with_columns(pl.col("sku", "name").map_batches(cp1251.written, return_dtype=pl.String))
    due = [(*row[:-1], row[-1] and wall(row[-1])) for row in expected.rows()]
    assert loaded(postgres, tmp_path, whole, "1c") == due


def guarded(text: str) -> str:
    """The design's rule, a character at a time."""
    signed = text[:1] in set("+-＋－") and any(each not in "0123456789 ().,-" for each in text[1:])
    return "'" + text if signed or (text and text[0] in "=@\t\r\n＝＠") else text


def shown(value: object) -> str | None:
    """As `excel-semicolon` writes it."""
    match value:
        case None:
            return None
        case str():
            return guarded(value)
        case bool():
            return "01"[value]
        case Decimal():
            return f"{value:f}".replace(".", ",")
        case datetime():
            local = wall(value) if value.tzinfo else value
            fraction = f",{local.microsecond:06}".rstrip("0") if local.microsecond else ""
            return f"{shown(local.date())} {local:%H:%M:%S}{fraction}"
        case date():
            return f"{value.day:02}.{value.month:02}.{value.year:04}"
        case _:
            return str(value)


@many
@given(some=rows)
def test_two_readers_read_excel_semicolon_as_it_is_meant(postgres: Connection, tmp_path: Path, some: list[Row]) -> None:
    whole = frame(COLUMNS, some)
    due = [tuple(map(shown, row)) for row in whole.rows()]
    assert loaded(postgres, tmp_path, whole, "excel-semicolon") == due
    with (tmp_path / "file.csv").open(newline="", encoding="utf-8-sig") as file:
        _, *read = reference.reader(file, delimiter=";")
    assert read == [[value or "" for value in row] for row in due]


def seen(value: object) -> object:
    """What a workbook shows of a snapshot's value."""
    match value:
        case str():
            return value.replace("\r\n", "\n").replace("\r", "\n")
        case datetime():
            local = wall(value) if value.tzinfo else value
            return local.replace(microsecond=local.microsecond // 1000 * 1000)
        case _:
            return value


def by_cell(value: object, kind: Kind) -> object:
    """What openpyxl gives, as the contract has it: to it all numbers are of one type, and all days are moments."""
    if kind is Kind.DECIMAL and isinstance(value, int | float):
        return Decimal(repr(value))
    return value.date() if kind is Kind.DATE and isinstance(value, datetime) else value


@many
@given(some=rows)
def test_two_readers_read_a_workbook_as_it_was(tmp_path: Path, some: list[Row]) -> None:
    snapshot = snapshot_of(tmp_path, COLUMNS, carried(frame(COLUMNS, some), xlsx_limits.cannot_carry(COLUMNS, OPTIONS)))
    path = rendered(tmp_path, snapshot)
    assert verify_xlsx.verify(path, snapshot, OPTIONS, MOSCOW) == snapshot.control_sums  # every value, by fastexcel
    kinds = [column.type.kind for column in COLUMNS]
    due = [[seen(value) for value in row] for row in snapshot.scan().collect().rows()]
    _, *found = by_openpyxl(path)["wholesale"].iter_rows(values_only=True)
    read = [[by_cell(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in found]
    for row, wanted in zip_longest(read, due, fillvalue=[None] * len(COLUMNS)):  # rows of nothing at the end are not there
        for value, want in zip(row, wanted, strict=True):
            assert value == want or (isinstance(want, str) and re.search(ESCAPED, want))  # which openpyxl leaves in inline strings [XL5]
