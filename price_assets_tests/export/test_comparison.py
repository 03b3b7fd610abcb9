from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from price_assets.export.comparison import Comparison, Move, compare
from price_assets.export.contract import Contract
from price_assets.export.snapshot import Snapshot
from price_assets_tests.export.snapshots import contract, snapshot_of

COLUMNS = contract(sku="text", price="decimal(12,2)", old="decimal(12,2)", stock="integer")
Row = Sequence[object]


def _snapshot(folder: Path, name: str, rows: Sequence[Row] | pl.DataFrame, columns: Contract = COLUMNS) -> Snapshot:
    (folder / name).mkdir(exist_ok=True)
    return snapshot_of(folder / name, columns, rows)


def _compare(folder: Path, before: Sequence[Row], after: Sequence[Row], ratio: Fraction | None = Fraction(1, 2)) -> Comparison:
    return compare(_snapshot(folder, "before", before), _snapshot(folder, "after", after), ["sku"], ["price", "old"], ratio=ratio)


def _counts(found: Comparison) -> tuple[int, int, int, int, int]:
    return found.common, found.added, found.removed, found.repriced, found.moved


def _row(sku: str | None, price: str | None = "1.00", old: str | None = None) -> Row:
    return (sku, price and Decimal(price), old and Decimal(old), 1)


def test_added_removed_and_repriced_are_counted_in_keys(tmp_path: Path) -> None:
    before = [_row("a"), _row("b", "2.00", "2.50"), _row("c"), _row("d")]
    after = [_row("b", "2.10", "2.60"), _row("c"), _row("e"), _row("f"), _row("d")]
    assert _counts(_compare(tmp_path, before, after)) == (3, 2, 1, 1, 0)


def test_a_changed_key_is_one_removed_and_one_added(tmp_path: Path) -> None:
    assert _counts(_compare(tmp_path, [_row("a-1")], [_row("A-1")])) == (0, 1, 1, 0, 0)


@pytest.mark.parametrize(
    ("before", "after", "repriced", "moved"),
    [
        ("10.00", "15.00", 1, 0),
        ("10.00", "15.01", 1, 1),
        ("10.00", "5.00", 1, 0),
        ("10.00", "4.99", 1, 1),
        ("-10.00", "-15.01", 1, 1),
        ("0.00", "0.00", 0, 0),
        ("0.00", "0.01", 1, 1),
        (None, "1.00", 1, 1),
        (None, "0.00", 1, 1),
        (None, None, 0, 0),
        ("0.00", None, 1, 0),
        ("1.00", None, 1, 1),
        ("1.00", "0.00", 1, 1),
    ],
)
def test_a_price_has_moved_when_it_went_further_than_the_ratio(
    tmp_path: Path, before: str | None, after: str | None, repriced: int, moved: int
) -> None:
    found = _compare(tmp_path, [_row("a", before)], [_row("a", after)])
    assert (found.repriced, found.moved) == (repriced, moved)


def test_a_ratio_is_exact_at_its_edge(tmp_path: Path) -> None:
    """0.1 is no double: 10.00 → 11.00 is a tenth, and not more."""
    assert _compare(tmp_path, [_row("a", "10.00")], [_row("a", "11.00")], Fraction("0.1")).moved == 0
    assert _compare(tmp_path, [_row("a", "10.00")], [_row("a", "11.01")], Fraction("0.1")).moved == 1


def test_the_largest_moves_come_first_and_those_of_nothing_before_them(tmp_path: Path) -> None:
    before = [_row("a", "10.00"), _row("b", "10.00"), _row("c", None), _row("d", "10.00", "1.00")]
    after = [_row("a", "11.00"), _row("b", "2.00"), _row("c", "7.00"), _row("d", "10.00", "4.00")]
    assert _compare(tmp_path, before, after).largest == (
        Move("c", "price", None, "7.00", None, further=True),
        Move("d", "old", "1.00", "4.00", 3.0, further=True),
        Move("b", "price", "10.00", "2.00", -0.8, further=True),
        Move("a", "price", "10.00", "11.00", 0.1),
    )


def test_a_move_says_how_far_it_went() -> None:
    moves = [Move("a", "price", *prices) for prices in (("2.00", "2.25", 0.125), ("2.00", "1.00", -0.5), (None, "1.00", None), ("1.00", None, None))]
    assert [move.distance for move in moves] == ["+12.5 %", "-50.0 %", "new", "gone"]


def test_ten_moves_are_shown_whatever_the_buckets(tmp_path: Path) -> None:
    old = pl.select(sku=pl.int_range(500).cast(pl.String), price=pl.repeat(1, 500, dtype=pl.Decimal(12, 2)))
    new = old.with_columns(price=(pl.int_range(500) + 1).cast(pl.Decimal(12, 2)))
    columns = contract(sku="text", price="decimal(12,2)")
    before, after = _snapshot(tmp_path, "before", old, columns), _snapshot(tmp_path, "after", new, columns)
    found = [compare(before, after, ["sku"], ["price"], ratio=Fraction(1), bucket_rows=rows) for rows in (1_000, 70)]
    assert found[0] == found[1]
    assert [move.key for move in found[0].largest] == [str(number) for number in range(499, 489, -1)]
    assert (found[0].repriced, found[0].moved) == (499, 498)


def test_wide_decimals_are_compared_too(tmp_path: Path) -> None:
    columns = contract(sku="text", price="decimal(38,2)")
    before = _snapshot(tmp_path, "before", [("a", Decimal("9" * 36 + ".00")), ("b", Decimal("1.00"))], columns)
    after = _snapshot(tmp_path, "after", [("a", Decimal("-" + "9" * 36 + ".00")), ("b", Decimal("1.01"))], columns)
    found = compare(before, after, ["sku"], ["price"], ratio=Fraction(1, 2))
    assert (found.repriced, found.moved) == (2, 1)


def test_a_key_with_null_is_passed_over_and_of_a_duplicate_the_first_counts(tmp_path: Path) -> None:
    before = [_row(None, "1.00"), _row("a", "1.00"), _row("a", "9.00")]
    after = [_row(None, "5.00"), _row("a", "1.00"), _row("a", "3.00")]
    assert _counts(_compare(tmp_path, before, after)) == (1, 0, 0, 0, 0)


def test_a_key_of_other_columns_than_before_is_all_removed_and_all_added(tmp_path: Path) -> None:
    after = _snapshot(tmp_path, "after", [_row("a"), _row("b")])
    before = _snapshot(tmp_path, "before", [("a",)], contract(code="text"))
    assert _counts(compare(before, after, ["sku"], ["price"])) == (0, 2, 1, 0, 0)


def test_a_price_of_another_type_than_before_is_compared_by_value(tmp_path: Path) -> None:
    """Else a retyped column would hide that prices jump."""
    before = _snapshot(tmp_path, "before", [("a", 1, Decimal("1.000"))], contract(sku="text", price="integer", old="decimal(14,3)"))
    after = _snapshot(tmp_path, "after", [_row("a", "100.00", "1.00")])
    found = compare(before, after, ["sku"], ["price", "old"], ratio=Fraction(1))
    assert (found.repriced, found.moved, found.not_compared) == (1, 1, ())
    assert [(move.column, move.before, move.after) for move in found.largest] == [("price", "1.00", "100.00")]


def test_a_price_that_was_no_number_is_named(tmp_path: Path) -> None:
    before = _snapshot(tmp_path, "before", [("a", "cheap", Decimal("1.00"))], contract(sku="text", price="text", old="decimal(12,2)"))
    after = _snapshot(tmp_path, "after", [_row("a", "5.00", "2.00")])
    found = compare(before, after, ["sku"], ["price", "old"], ratio=Fraction(1))
    assert ([move.column for move in found.largest], found.not_compared) == (["old"], ("price",))


def test_a_day_without_rows_has_lost_all_keys(tmp_path: Path) -> None:
    assert _counts(_compare(tmp_path, [_row("a"), _row("b")], [])) == (0, 0, 2, 0, 0)
    assert _counts(_compare(tmp_path, [], [_row("a")])) == (0, 1, 0, 0, 0)
    assert _counts(_compare(tmp_path, [], [])) == (0, 0, 0, 0, 0)


PRICES = st.none() | st.integers(-300, 300).map(lambda units: Decimal(units).scaleb(-2))
DAYS = st.dictionaries(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3)), PRICES, max_size=20)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=DAYS, after=DAYS, ratio=st.fractions(Fraction(1, 100), 2, max_denominator=100), bucket_rows=st.integers(1, 30))
def test_buckets_count_what_dictionaries_count(
    tmp_path: Path,
    before: dict[tuple[str, int], Decimal | None],
    after: dict[tuple[str, int], Decimal | None],
    ratio: Fraction,
    bucket_rows: int,
) -> None:
    columns = contract(sku="text", tier="integer", price="decimal(12,2)")
    old_day, new_day = (
        _snapshot(tmp_path, name, [(*key, price) for key, price in day.items()], columns) for name, day in (("before", before), ("after", after))
    )
    found = compare(old_day, new_day, ["sku", "tier"], ["price"], ratio=ratio, bucket_rows=bucket_rows)
    pairs = [(before[key], after[key]) for key in before.keys() & after.keys()]
    moved = [
        new is not None and new != old if not old else new is None or abs(Fraction(new) - Fraction(old)) > ratio * abs(Fraction(old))
        for old, new in pairs
    ]
    assert (found.added, found.removed) == (len(after.keys() - before.keys()), len(before.keys() - after.keys()))
    assert (found.common, found.repriced, found.moved) == (len(pairs), sum(old != new for old, new in pairs), sum(moved))
