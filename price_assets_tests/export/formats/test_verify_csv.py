from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from price_assets.errors import Failed
from price_assets.export.formats import csv, verify_csv
from price_assets.export.price_list import CsvOptions
from price_assets.export.snapshot import Snapshot
from price_assets_tests.export.snapshots import contract, snapshot_of

DIALECTS = [CsvOptions(), CsvOptions(dialect="excel-semicolon"), CsvOptions(dialect="1c")]
COLUMNS = contract(**{"sku": "text", "price": "decimal(12,2)", 'a "b"': "text", "wide": "decimal(38,4)", "day": "date", "seen": "timestamptz"})


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    rows: list[list[object]] = [
        ["a\r\nb", Decimal("10.50"), 'q"', Decimal("9E+33"), date(2026, 11, 24), datetime(2026, 11, 24, tzinfo=UTC)],
        ["", Decimal("-0.05"), None, Decimal("9E+33"), None, None],
        [None, None, "", None, None, None],
    ]
    return snapshot_of(tmp_path, COLUMNS, rows)


def render(snapshot: Snapshot, options: CsvOptions) -> Path:
    path = snapshot.path.with_name("wholesale.csv")
    csv.render(snapshot, options, ZoneInfo("UTC"), path)
    return path


@pytest.mark.parametrize("options", DIALECTS)
def test_a_good_file_gives_its_control_sums(snapshot: Snapshot, options: CsvOptions) -> None:
    assert verify_csv.verify(render(snapshot, options), snapshot, options) == {"price": Decimal("10.45"), "wide": Decimal("1.8E+34")}


@pytest.mark.parametrize("options", DIALECTS)
@pytest.mark.parametrize("rows", [[], [[None]], [["\\."], [None], [""], [None], ["a\nb"], [None]]])
def test_one_column_keeps_its_blank_lines(tmp_path: Path, options: CsvOptions, rows: list[list[object]]) -> None:
    """A NULL alone gives a blank line [CS1], which is a row."""
    snapshot = snapshot_of(tmp_path, contract(sku="text"), rows)
    assert verify_csv.verify(render(snapshot, options), snapshot, options) == {}


DAMAGE: list[tuple[Callable[[bytes], bytes], str]] = [
    (lambda _: b"", "begins with '' where"),
    (lambda whole: whole.replace(b"sku", b"SKU", 1), "begins with"),
    (lambda whole: whole[:-1], "ends in the middle of a row"),
    (lambda whole: whole[: whole.rindex(b"-0")], "ends in the middle of a row"),
    (lambda whole: whole + (b';;"";;;\r\n' if b"\r\n;" in whole else b',,"",,,\n'), "has 4 rows where its snapshot has 3"),
    (
        lambda whole: whole.replace(b"10.50", b"10.51").replace(b"10,50", b"10,51"),
        "Column price of wholesale.csv adds up to 10.46 where its snapshot's adds up to 10.45",
    ),
    (lambda whole: whole.replace(b"10.50", b"10.501").replace(b"10,50", b"10,501"), "does not read back as CSV"),
    (lambda whole: whole.replace(b"10.50", b"x").replace(b"10,50", b"x"), "does not read back as CSV"),
]


@pytest.mark.parametrize("options", DIALECTS)
@pytest.mark.parametrize(("damage", "message"), DAMAGE)
def test_a_damaged_file_is_refused(snapshot: Snapshot, options: CsvOptions, damage: Callable[[bytes], bytes], message: str) -> None:
    path = render(snapshot, options)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(Failed, match=message):
        verify_csv.verify(path, snapshot, options)


@pytest.mark.parametrize("options", DIALECTS)
def test_a_row_larger_than_a_block_is_read(tmp_path: Path, options: CsvOptions) -> None:
    snapshot = snapshot_of(
        tmp_path, contract(name="text", price="decimal(12,2)"), [["x", Decimal(1)], ["ж\n" * 2_000_000, Decimal(2)], ["x", Decimal(3)]]
    )
    path = render(snapshot, options)
    assert verify_csv.verify(path, snapshot, options) == {"price": Decimal(6)}
    path.write_bytes(path.read_bytes().replace(b"3", b"x"))
    with pytest.raises(Failed, match="does not read back as CSV"):
        verify_csv.verify(path, snapshot, options)


def test_a_file_of_other_rows_is_refused(snapshot: Snapshot) -> None:
    path = render(snapshot, DIALECTS[0])
    with pytest.raises(Failed, match="has 3 rows where its snapshot has 4"):
        verify_csv.verify(path, replace(snapshot, rows=4), DIALECTS[0])
