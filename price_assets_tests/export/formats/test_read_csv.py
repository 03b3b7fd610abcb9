# ruff: noqa: DTZ001 - what a clock on the wall shows has no time zone
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from price_assets.errors import Failed
from price_assets.export.contract import Column, ColumnType, Contract
from price_assets.export.formats import csv, read_csv
from price_assets.export.formats.csv_dialects import DIALECTS, FORMULA
from price_assets.export.formats.wall_time import to_wall_time
from price_assets.export.price_list import CsvOptions
from price_assets.export.snapshot import Snapshot
from price_assets_tests.export.formats.test_csv import HARD_TEXT, MOMENTS
from price_assets_tests.export.snapshots import contract, snapshot_of

EVERY_KIND = contract(
    number="integer", text="text", price="decimal(12,2)", wide="decimal(38,10)", active="boolean", day="date", at="timestamp", seen="timestamptz"
)
ALL_OPTIONS = [CsvOptions.model_validate({"dialect": dialect, "headers": headers}) for dialect in DIALECTS for headers in ("names", "labels")]


def back(folder: Path, snapshot: Snapshot, options: CsvOptions, timezone: str = "UTC", columns: Contract = ()) -> pl.DataFrame:
    path = folder / "file.csv"
    csv.render(snapshot, options, ZoneInfo(timezone), path)
    return read_csv.read(path, columns or snapshot.columns).collect()


@pytest.mark.parametrize("timezone", ["UTC", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("options", ALL_OPTIONS, ids=lambda options: f"{options.dialect}, {options.headers}")
def test_every_kind_comes_back_as_the_contract_types_it(tmp_path: Path, options: CsvOptions, timezone: str) -> None:
    """Of a timestamptz a dialect without offsets tells the wall time, and nothing more."""
    texts = [text for text in HARD_TEXT if text is None or options.dialect != "1c" or text.isascii()]
    texts = [text for text in texts if text is None or not text.startswith("'=")]
    small = [Decimal("-0.05"), -1, True, date(1, 1, 1), datetime(1, 1, 1, 0, 0, 0, 1)]
    large = [Decimal("9999999999.99"), 2**63 - 1, False, date(9999, 12, 31), datetime(9999, 12, 31, 23, 59, 59, 999999)]
    rows: list[list[object]] = []
    for place, text in enumerate(texts):
        price, number, active, day, at = (small, large, [None] * 5)[place % 3]
        rows.append([number, text, price, Decimal("1234567890123456789012345678.0000000001"), active, day, at, MOMENTS[place % len(MOMENTS)]])
    snapshot = snapshot_of(tmp_path, EVERY_KIND, rows)
    expected = snapshot.scan().collect()
    if options.dialect != "plain":
        expected = expected.with_columns(to_wall_time(expected["seen"], ZoneInfo(timezone)))
    assert_frame_equal(back(tmp_path, snapshot, options, timezone), expected)


characters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00") | st.sampled_from("\",;\r\n\\.=+-@'")
texts = st.none() | st.text(characters, max_size=12)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(texts, texts), max_size=8), dialect=st.sampled_from(["plain", "excel-semicolon"]))
def test_any_text_comes_back(tmp_path: Path, rows: list[tuple[str | None, str | None]], dialect: str) -> None:
    found = back(tmp_path, snapshot_of(tmp_path, contract(a="text", b="text"), rows), CsvOptions.model_validate({"dialect": dialect}))
    guarded = dialect == "excel-semicolon"
    assert found.rows() == [tuple(_bare(text) if guarded else text for text in row) for row in rows]


def _bare(text: str | None) -> str | None:
    """An apostrophe in front of what looks like a formula is taken for the dialect's own."""
    return text[1:] if text and re.search(FORMULA, text.removeprefix("'")) and text.startswith("'") else text


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.none() | st.text(st.characters(codec="cp1251", exclude_characters="\x00"), max_size=12), max_size=8))
def test_any_text_of_cp1251_comes_back_from_1c(tmp_path: Path, rows: list[str | None]) -> None:
    snapshot = snapshot_of(tmp_path, contract(a="text", b="integer"), [[text, number] for number, text in enumerate(rows)])
    assert back(tmp_path, snapshot, CsvOptions(dialect="1c"))["a"].to_list() == rows


@pytest.mark.parametrize("options", ALL_OPTIONS, ids=lambda options: f"{options.dialect}, {options.headers}")
def test_of_a_single_column_null_and_empty_text_come_back(tmp_path: Path, options: CsvOptions) -> None:
    """[CS1]: a NULL alone is a blank line."""
    rows = [[None], [""], [None], ["x"], ["\\."], [None], [None]]
    assert back(tmp_path, snapshot_of(tmp_path, contract(a="text"), rows), options).rows() == [tuple(row) for row in rows]
    assert back(tmp_path, snapshot_of(tmp_path, contract(a="text"), []), options).rows() == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_line_ends_in_texts_are_no_ends_of_rows_in_a_long_file(tmp_path: Path, dialect: str) -> None:
    """It is read in pieces by several threads."""
    number = pl.int_range(60_000, dtype=pl.Int64)
    text = pl.when(number % 3 > 0).then(pl.format('"\n,{}\r\n;"\n', number))
    snapshot = snapshot_of(tmp_path, contract(number="integer", text="text"), pl.select(number=number, text=text))
    assert_frame_equal(back(tmp_path, snapshot, CsvOptions.model_validate({"dialect": dialect})), snapshot.scan().collect())


def test_a_wall_time_outside_the_year_of_its_moment_comes_back(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, contract(a="timestamptz"), [[datetime(2026, 12, 31, 23, 30, 0, 1, tzinfo=UTC)]])
    assert_frame_equal(back(tmp_path, snapshot, CsvOptions(), "Asia/Tokyo"), snapshot.scan().collect())


@pytest.mark.parametrize("name", ["x^2", "xں", "x\u00da", "\ufeffx", "x"])
@pytest.mark.parametrize("dialect", ["plain", "excel-semicolon"])
def test_a_header_that_looks_like_another_kind_of_file_is_none(tmp_path: Path, name: str, dialect: str) -> None:
    """[PJ16]"""
    options = CsvOptions.model_validate({"dialect": dialect, "headers": "names"})
    assert back(tmp_path, snapshot_of(tmp_path, contract(**{name: "text"}), [["1"], [None]]), options).rows() == [("1",), (None,)]


def test_a_file_of_other_columns_is_refused(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, contract(sku="text", price="decimal(12,2)"), [["1", Decimal("1.00")]])
    with pytest.raises(Failed, match=r"file\.csv begins with 'sku,price\\n', which is no header of its contract's columns"):
        back(tmp_path, snapshot, CsvOptions(), columns=contract(price="decimal(12,2)", sku="text"))


def test_a_header_that_cp1251_lacks_is_no_hindrance(tmp_path: Path) -> None:
    columns = (Column(name="sku", header="漢", type=ColumnType.parse("text")),)
    assert back(tmp_path, snapshot_of(tmp_path, columns, [["1"]]), CsvOptions(headers="labels")).rows() == [("1",)]


@pytest.mark.parametrize("line", ['"1,00",t,2026-11-24', "1.00,true,2026-11-24", "1.00,t,24.11.2026", "1.00,,2026-11-24 06:00:00"])
def test_what_the_dialect_does_not_write_is_not_read(tmp_path: Path, line: str) -> None:
    path = tmp_path / "file.csv"
    path.write_text(f"price,active,day\n1.00,t,2026-11-24\n{line}\n")
    with pytest.raises(pl.exceptions.InvalidOperationError):
        read_csv.read(path, contract(price="decimal(12,2)", active="boolean", day="date")).collect()
