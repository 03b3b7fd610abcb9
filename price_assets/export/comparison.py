"""Two days of a price list, compared by key: what was added, removed and repriced. In hash buckets, so that memory stays flat [PJ15]."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import polars as pl

from price_assets.export.contract import MAX_PRECISION, ColumnType, Contract, Kind
from price_assets.export.offending_rows import key_text, value_text
from price_assets.export.snapshot import Snapshot

BUCKET_ROWS = 500_000
MOVES_SHOWN = 10
NUMBERS = (Kind.DECIMAL, Kind.INTEGER)

_INT64_DIGITS = 19


@dataclass(frozen=True)
class Move:
    """One price of one key, as text. `share` is how far it went, as a share of what it was; None where it came from nothing or 0, or is gone.

    `further`: it moved by more than the ratio that was asked for.
    """

    key: str
    column: str
    before: str | None
    after: str | None
    share: float | None
    further: bool = False

    @property
    def distance(self) -> str:
        """`+12.5 %`, `new`, `gone`."""
        return f"{self.share:+.1%}".replace("%", " %") if self.share is not None else "gone" if self.after is None else "new"


@dataclass(frozen=True)
class Comparison:
    """What publishing a day changes against an earlier one, counted in keys.

    `common` stand on both days; of these `repriced` have another price, and `moved` one that went further than the ratio that was asked for.
    `largest` holds the ten largest moves, those from nothing and to nothing first; `not_compared` the prices that are no numbers on both days.
    """

    against: date
    common: int
    added: int
    removed: int
    repriced: int
    moved: int
    largest: tuple[Move, ...]
    not_compared: tuple[str, ...] = ()


def compare(
    before: Snapshot, after: Snapshot, key: Sequence[str], prices: Sequence[str], *, ratio: Fraction | None = None, bucket_rows: int = BUCKET_ROWS
) -> Comparison:
    """Compare two snapshots by key. Keys that hold a NULL are passed over; of several rows with one key the first counts.

    A changed key is one removed and one added; so is every key where the key's own columns have changed. A price that was 0 or absent has moved
    only when it is another number now; one that is gone has moved. A price that is no number on one of the days is not looked at.
    """
    if len(comparable(before, after, key)) < len(key):
        return Comparison(before.export_date, common=0, added=after.rows, removed=before.rows, repriced=0, moved=0, largest=())
    columns = compared_prices(before, after, prices)
    both = pl.col("before") & pl.col("after")
    counted = [
        both.sum().alias("common"),
        (pl.col("after") & ~pl.col("before")).sum().alias("added"),
        (pl.col("before") & ~pl.col("after")).sum().alias("removed"),
        (both & _any(_changed(column.name) for column in columns)).sum().alias("repriced"),
        (both & _any(_moved(column.name, column.type.precision, ratio) for column in columns if ratio is not None)).sum().alias("moved"),
    ]
    tally: dict[str, int] = dict.fromkeys(("common", "added", "removed", "repriced", "moved"), 0)
    largest = [_NO_MOVES]
    for frame in joined(before, after, key, columns, bucket_rows):
        for name, count in frame.select(counted).row(0, named=True).items():
            tally[name] += count
        for column in columns:
            further = _moved(column.name, column.type.precision, ratio) if ratio is not None else pl.lit(value=False)
            largest.append(_largest(frame.filter(both & _changed(column.name)), key, column.name, further))
    moves = _first(pl.concat(largest))
    not_compared = tuple(price for price in prices if price not in {column.name for column in columns})
    return Comparison(before.export_date, **tally, largest=tuple(Move(**move) for move in moves.to_dicts()), not_compared=not_compared)


def compared_prices(before: Snapshot, after: Snapshot, prices: Sequence[str]) -> Contract:
    """Those of the prices that are numbers on both days, in the type in which they are compared: by value, whatever the type was."""
    types = {column.name: column.type for column in before.columns if column.type.kind in NUMBERS}
    found = [column for column in after.columns if column.name in prices and column.name in types]
    return tuple(
        column
        if types[column.name] == column.type
        else column.model_copy(update={"type": ColumnType(Kind.DECIMAL, MAX_PRECISION, max(column.type.scale, types[column.name].scale))})
        for column in found
    )


def comparable(before: Snapshot, after: Snapshot, names: Sequence[str]) -> Contract:
    """Those of the columns that both snapshots have in one type."""
    types = {column.name: column.type for column in before.columns}
    return tuple(column for column in after.columns if column.name in names and types.get(column.name) == column.type)


def joined(before: Snapshot, after: Snapshot, key: Sequence[str], columns: Contract, bucket_rows: int = BUCKET_ROWS) -> Iterator[pl.DataFrame]:
    """The keys of both days, a bucket at a time, where both have the key's columns.

    `before` and `after` say whether the day has the key, `key.sku` is a part of it, `before.price` and `after.price` are the columns asked for.
    """
    buckets = max(before.rows, after.rows) // bucket_rows + 1
    keys = [f"key.{name}" for name in key]
    for bucket in range(buckets):
        here = pl.struct(key).hash() % buckets == bucket
        old, new = (_rows(snapshot, here, day, key, columns) for snapshot, day in ((before, "before"), (after, "after")))
        yield old.join(new, on=keys, how="full", coalesce=True).with_columns(pl.col("before", "after").fill_null(value=False))


def _rows(snapshot: Snapshot, here: pl.Expr, day: str, key: Sequence[str], columns: Contract) -> pl.DataFrame:
    shown = [
        *(pl.col(name).alias(f"key.{name}") for name in key),
        *(pl.col(column.name).cast(column.type.polars, strict=False).alias(f"{day}.{column.name}") for column in columns),
        pl.lit(value=True).alias(day),
    ]
    blocks = [block.drop_nulls(list(key)).filter(here).select(shown).collect() for block in snapshot.blocks()]
    rows = pl.concat(blocks) if blocks else snapshot.scan().select(shown).collect()
    return rows.unique([f"key.{name}" for name in key], keep="first", maintain_order=True)


def _any(conditions: Iterator[pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(pl.lit(value=False), *conditions)


def _changed(name: str) -> pl.Expr:
    return pl.col(f"before.{name}").ne_missing(pl.col(f"after.{name}"))


def _moved(name: str, precision: int, ratio: Fraction) -> pl.Expr:
    """Whether a price that is another now went further than the ratio. In units of its last place, exactly, where 128 bits hold the products."""
    before, after = (pl.col(f"{day}.{name}").to_physical() for day in ("before", "after"))
    digits = max(len(str(ratio.numerator)), len(str(ratio.denominator)))
    number = pl.Int128 if (precision or _INT64_DIGITS) + digits < MAX_PRECISION else pl.Float64
    was, distance = before.cast(number).abs(), (after.cast(number) - before.cast(number)).abs()
    further = distance * pl.lit(ratio.denominator, number) > was * pl.lit(ratio.numerator, number)
    of_nothing = before.is_null() | (before == 0)
    return pl.when(of_nothing).then(after.is_not_null() & after.ne_missing(before)).otherwise(after.is_null() | further)


_NO_MOVES = pl.DataFrame(
    schema={"key": pl.String, "column": pl.String, "before": pl.String, "after": pl.String, "share": pl.Float64, "further": pl.Boolean}
)


def _largest(changed: pl.DataFrame, key: Sequence[str], name: str, further: pl.Expr) -> pl.DataFrame:
    before, after = (pl.col(f"{day}.{name}") for day in ("before", "after"))
    was, now = (value.to_physical().cast(pl.Float64) for value in (before, after))  # only to order and to show how far
    share = pl.when(before.is_not_null() & after.is_not_null() & (was != 0)).then((now - was) / was.abs())
    moves = changed.select(
        key_text(key, [pl.col(f"key.{part}") for part in key]).alias("key"),
        pl.lit(name).alias("column"),
        value_text(before).alias("before"),
        value_text(after).alias("after"),
        share.alias("share"),
        further.alias("further"),
    )
    return _first(moves)


def _first(moves: pl.DataFrame) -> pl.DataFrame:
    """The largest moves; a tie goes by key, so that two runs show the same."""
    far = pl.col("share").abs().fill_null(float("inf"))
    return moves.sort(far, "key", "column", descending=[True, False, False]).head(MOVES_SHOWN)
