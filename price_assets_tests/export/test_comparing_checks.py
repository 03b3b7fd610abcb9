from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from price_assets.export.comparing_checks import (
    FIRST_DAY,
    Past,
    PublishedDay,
    columns_check,
    price_change_check,
    row_count_check,
    source_time_check,
    withdrawn_check,
)
from price_assets.export.comparison import Comparison, Move
from price_assets.export.contract import Column, ColumnType, Contract
from price_assets.export.price_list import CheckRules, PriceChange, PriceList, RowCount, contract_of
from price_assets.export.snapshot import Snapshot
from price_assets_tests.export.snapshots import contract, snapshot_of

COLUMNS = contract(sku="text", price="decimal(12,2)", stock="integer")
EARLIER = date(2026, 11, 20)
SIX = datetime(2026, 11, 24, 6, tzinfo=UTC)


def _snapshot(folder: Path, rows: int = 3) -> Snapshot:
    return snapshot_of(folder, COLUMNS, [(f"{number}", Decimal(1), 1) for number in range(rows)])


def _past(rows: int = 3, columns: Contract = COLUMNS) -> Past:
    said = PublishedDay(EARLIER, rows, contract_of(columns))
    return Past(newest=said, before=said)


def _compared(common: int, moved: int, *moves: Move) -> Past:
    said = PublishedDay(EARLIER, common, ())
    return Past(newest=said, before=said, comparison=Comparison(EARLIER, common, added=0, removed=0, repriced=moved, moved=moved, largest=moves))


@pytest.mark.parametrize(
    ("types", "said"),
    [
        ({"sku": "text", "price": "decimal(12,2)"}, "stock was added"),
        ({"sku": "text", "price": "decimal(12,2)", "stock": "integer", "unit": "text"}, "unit was dropped"),
        ({"sku": "text", "price": "decimal(14,2)", "stock": "integer"}, "price was retyped"),
        ({"sku": "text", "stock": "integer", "price": "decimal(12,2)"}, "price was moved, stock was moved"),
        ({"sku": "text", "price": "decimal(12,2)", "quantity": "integer"}, "quantity was dropped, stock was added"),
    ],
)
def test_columns_that_break_a_loader_are_named(tmp_path: Path, types: dict[str, str], said: str) -> None:
    result = columns_check(_snapshot(tmp_path), _past(columns=contract(**types)))
    assert (result.passed, result.summary) == (False, f"against {EARLIER}, {said}, which breaks partners' loaders")
    assert [row["column"] for row in result.offending] == [part.split()[0] for part in said.split(", ")]


def test_another_header_breaks_no_loader(tmp_path: Path) -> None:
    headed = tuple(Column(name=column.name, type=column.type, header=column.name.upper()) for column in COLUMNS)
    assert columns_check(_snapshot(tmp_path), Past(newest=PublishedDay(EARLIER, 1, contract_of(headed)))).passed


def test_the_retyped_column_says_what_it_was(tmp_path: Path) -> None:
    (row,) = columns_check(_snapshot(tmp_path), _past(columns=contract(sku="text", price="decimal(14,2)", stock="integer"))).offending
    assert row == {"key": None, "column": "price", "value": "decimal(12,2)", "rule": "retyped, it was decimal(14,2)"}


def _list(least: int, drop: str | None) -> PriceList:
    columns = (Column(name="sku", type=ColumnType.parse("text")),)
    rules = CheckRules(row_count=RowCount(min=least, max_drop=Decimal(drop) if drop else None))
    return PriceList(name="wholesale", sql="SELECT 1", start=EARLIER, columns=columns, key=("sku",), checks=rules)


@pytest.mark.parametrize(
    ("rows", "before", "drop", "passed"),
    [(80, 100, "0.2", True), (79, 100, "0.2", False), (90, 100, "0", False), (120, 100, "0", True), (0, 0, "0", True)],
)
def test_rows_may_not_drop_by_more_than_a_share(tmp_path: Path, rows: int, before: int, drop: str, *, passed: bool) -> None:
    result = row_count_check(_list(0, drop), _snapshot(tmp_path, rows), _past(before))
    assert (result.passed, result.numbers["rows before"], result.numbers["against"]) == (passed, before, "2026-11-20")


def test_too_few_rows_are_too_few_on_the_first_day_as_well(tmp_path: Path) -> None:
    result = row_count_check(_list(5, "0.2"), _snapshot(tmp_path), FIRST_DAY)
    assert (result.passed, result.summary) == (False, "3 rows where at least 5 must be, no published day is there to compare with")


RULE = PriceChange(ratio=Decimal("0.5"), share=Decimal("0.1"))


@pytest.mark.parametrize(
    ("common", "moved", "share", "passed"), [(100, 10, "0.1", True), (100, 11, "0.1", False), (100, 1, "0", False), (0, 0, "0", True)]
)
def test_so_many_prices_may_move(common: int, moved: int, share: str, *, passed: bool) -> None:
    assert price_change_check(PriceChange(ratio=Decimal("0.5"), share=Decimal(share)), _compared(common, moved)).passed is passed


def test_only_those_that_went_too_far_are_shown() -> None:
    far = Move("002", "price", "1.00", "4.00", 3.0, further=True)
    result = price_change_check(RULE, _compared(3, 1, far, Move("001", "price", "1.00", "1.10", 0.1)))
    assert result.summary == "1 of 3 keys (33.3 %) moved by more than 50 % since 2026-11-20, where at most 10 % may"
    assert result.offending == [{"key": "002", "column": "price", "value": "4.00", "rule": "was 1.00, +300.0 %"}]
    assert "where none may" in price_change_check(PriceChange(ratio=Decimal("0.5"), share=Decimal(0)), _compared(3, 1)).summary


def test_the_first_day_and_an_expired_one_pass_and_say_so(tmp_path: Path) -> None:
    first = [columns_check(_snapshot(tmp_path), FIRST_DAY), price_change_check(RULE, FIRST_DAY)]
    assert [(result.passed, result.summary) for result in first] == [(True, "no published day is there to compare with")] * 2
    expired = price_change_check(RULE, _past())
    assert (expired.passed, expired.summary) == (
        True,
        "the rows of 2026-11-20 are no longer stored, so there is nothing to compare with: an expired day blocks nothing",
    )


def test_where_no_key_is_left_and_where_the_rows_before_are_damaged_nothing_passes_in_silence() -> None:
    said = PublishedDay(EARLIER, 3, ())
    keys = Past(before=said, comparison=Comparison(EARLIER, common=0, added=3, removed=3, repriced=0, moved=0, largest=()))
    damaged = Past(before=said, damage="they are no Parquet any more.")
    results = [price_change_check(RULE, past) for past in (keys, damaged)]
    assert [(result.passed, result.summary) for result in results] == [
        (False, "no key of 2026-11-20 is there any more, so no price could be compared with what it was"),
        (False, "the rows of 2026-11-20 can't be compared with: they are no Parquet any more"),
    ]


def test_withdrawn_rows_fail() -> None:
    assert (withdrawn_check(Past(withdrawn=True)).passed, withdrawn_check(FIRST_DAY).passed) == (False, True)


def test_a_clock_that_stepped_back_fails(tmp_path: Path) -> None:
    snapshot = _snapshot(tmp_path)
    times = (None, snapshot.source_time - timedelta(1), snapshot.source_time, snapshot.source_time + timedelta(microseconds=1))
    assert [source_time_check(snapshot, Past(newest_source_time=time)).passed for time in times] == [True, True, True, False]
