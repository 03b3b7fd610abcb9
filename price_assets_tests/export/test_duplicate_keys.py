from pathlib import Path

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from price_assets.export.duplicate_keys import duplicate_keys
from price_assets_tests.export.snapshots import contract, snapshot_of

COLUMNS = contract(sku="text", rows="integer")


def test_duplicates_in_different_blocks_and_buckets_are_found(tmp_path: Path) -> None:
    frame = pl.select(sku=(pl.int_range(150_000) % 149_990).cast(pl.String), rows=pl.repeat(1, 150_000, dtype=pl.Int64()))
    snapshot = snapshot_of(tmp_path, COLUMNS, frame)
    for bucket_rows, part_rows in ((1_000_000, 1_000_000), (40_000, 1_000_000), (1_000_000, 4), (40_000, 1)):
        found = duplicate_keys(snapshot, ["sku", "rows"], 3, bucket_rows, part_rows)
        assert found is not None
        assert (found.keys, found.rows) == (10, 20)
        assert found.first.to_dicts() == [{"key": {"sku": sku, "rows": 1}, "rows": 2} for sku in "012"]


def test_no_rows_have_no_duplicates(tmp_path: Path) -> None:
    assert duplicate_keys(snapshot_of(tmp_path, COLUMNS, []), ["sku"], 3) is None


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.none() | st.sampled_from(["", "a", "b", "A"]), st.none() | st.integers(0, 2)), max_size=30),
    bucket_rows=st.integers(1, 40),
    part_rows=st.integers(1, 40),
)
def test_any_number_of_buckets_and_parts_finds_the_same(
    tmp_path: Path, rows: list[tuple[str | None, int | None]], bucket_rows: int, part_rows: int
) -> None:
    whole = [row for row in rows if None not in row]
    repeated = {row: whole.count(row) for row in whole if whole.count(row) > 1}
    found = duplicate_keys(snapshot_of(tmp_path, COLUMNS, rows), ["sku", "rows"], 100, bucket_rows, part_rows)
    assert (found and [(tuple(row["key"].values()), row["rows"]) for row in found.first.to_dicts()]) == (sorted(repeated.items()) or None)
    assert (found.keys, found.rows) == (len(repeated), sum(repeated.values())) if found else not repeated
