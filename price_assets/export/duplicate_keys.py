"""Keys that stand in more than one row, found in hash buckets, so that memory does not grow with the rows [PJ15]."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from price_assets.export.snapshot import Snapshot

_BUCKET_ROWS = 2_000_000
_PART_ROWS = 250_000
"""Of keys that may be the same, so many rows are looked at in one go."""


@dataclass(frozen=True)
class Duplicates:
    """`keys` stand more than once, in `rows` rows together; `first` holds the least of them: `key` (a struct) and `rows`."""

    keys: int
    rows: int
    first: pl.DataFrame


def duplicate_keys(
    snapshot: Snapshot, key: Sequence[str], show: int, bucket_rows: int = _BUCKET_ROWS, part_rows: int = _PART_ROWS
) -> Duplicates | None:
    """Find the keys that stand more than once; None where there are none. A key with a NULL in it equals no other."""
    buckets = snapshot.rows // bucket_rows + 1
    found = [
        Duplicates(repeated.height, int(repeated["rows"].sum()), repeated.sort("key").head(show))
        for bucket in range(buckets)
        for repeated in _repeated_keys(snapshot, key, bucket, buckets, part_rows)
    ]
    if not found:
        return None
    first = pl.concat(part.first for part in found).sort("key").head(show)
    return Duplicates(sum(part.keys for part in found), sum(part.rows for part in found), first)


def _repeated_keys(snapshot: Snapshot, key: Sequence[str], bucket: int, buckets: int, part_rows: int) -> Iterator[pl.DataFrame]:
    """`key` and `rows` of a bucket's keys that stand more than once, part by part, where it has some."""
    hashed = [_hashed(block, key, bucket, buckets) for block in snapshot.blocks()]
    if not hashed:
        return
    hashes = pl.concat(block.select("hash").collect() for block in hashed).to_series().sort()
    meeting = hashes.filter(hashes == hashes.shift())  # different hashes are different keys
    parts = meeting.len() // part_rows + 1
    for part in range(parts):
        wanted = meeting.filter(meeting // buckets % parts == part).unique().implode()
        if not wanted.list.len().item():
            continue
        counted = (block.filter(pl.col("hash").is_in(wanted)).group_by("key").agg(pl.len().alias("rows")).collect() for block in hashed)
        repeated = pl.concat(counted).group_by("key").agg(pl.col("rows").sum()).filter(pl.col("rows") > 1)
        if not repeated.is_empty():
            yield repeated


def _hashed(rows: pl.LazyFrame, key: Sequence[str], bucket: int, buckets: int) -> pl.LazyFrame:
    keys = rows.select(key).drop_nulls().select(pl.struct(key).alias("key")).with_columns(pl.col("key").hash().alias("hash"))
    return keys.filter(pl.col("hash") % buckets == bucket)
