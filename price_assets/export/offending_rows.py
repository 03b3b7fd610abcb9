"""The rows that break a check, as a person is shown them: a few, as text."""

from collections.abc import Callable, Sequence
from itertools import chain, zip_longest

import polars as pl

from price_assets.export.check_rules import Rule
from price_assets.export.duplicate_keys import Duplicates
from price_assets.export.snapshot import Snapshot

OffendingRow = dict[str, str | None]
"""`key` (of several columns: "sku=A-1, tier=2"), `column`, `value`, and `rule`: what is wrong with it."""

ROWS_SHOWN = 10
_LONGEST = 200


def count_offending(rules: Sequence[Rule], snapshot: Snapshot) -> int:
    """How many rows break one of the rules, or several."""
    broken = pl.any_horizontal(rule.broken for rule in rules)
    return sum(int(block.select(broken.sum()).collect().item()) for block in snapshot.blocks())


def rows_shown(rules: Sequence[Rule], key: Sequence[str], snapshot: Snapshot) -> list[OffendingRow]:
    """The first rows of each rule in turn, so that every kind of break is seen."""
    known = [name for name in key if name in {column.name for column in snapshot.columns}]
    of_rules = [_first_rows(rule, known, snapshot) for rule in rules[:ROWS_SHOWN]]
    return [row for row in chain.from_iterable(zip_longest(*of_rules)) if row][:ROWS_SHOWN]


def duplicates_shown(duplicates: Duplicates, key: Sequence[str]) -> list[OffendingRow]:
    """A row for each key."""
    fields = [pl.col("key").struct.field(name) for name in key]
    shown = duplicates.first.select(key_text(key, fields).alias("key"), pl.format("stands in {} rows", "rows").alias("rule"))
    return [{"key": row["key"], "column": ", ".join(key), "value": row["key"], "rule": row["rule"]} for row in shown.to_dicts()]


def row_text(row: OffendingRow) -> str:
    """`002 has price 3.15 (was 1.05, +200.0 %)`: the row in one line, and of a price that moved, from where."""
    rule = row["rule"] or ""
    value = f"no {row['column']}" if row["value"] is None else f"{row['column']} {row['value']}"
    return f"{row['key']} has {value}{f' ({rule})' if rule.startswith('was ') else ''}"


def _first_rows(rule: Rule, key: Sequence[str], snapshot: Snapshot) -> list[OffendingRow]:
    shown = [
        key_text(key, [pl.col(name) for name in key]).alias("key"),
        pl.lit(rule.column).alias("column"),
        value_text(pl.col(rule.column) if rule.value is None else rule.value).alias("value"),
        pl.lit(rule.text).alias("rule"),
    ]
    return snapshot.scan().filter(rule.broken).head(ROWS_SHOWN).select(shown).collect(engine="streaming").to_dicts()


def value_text(value: pl.Expr) -> pl.Expr:
    """A value as text, of 200 characters at most."""
    text = value.cast(pl.String)
    return pl.when(text.str.len_chars() > _LONGEST).then(text.str.head(_LONGEST) + "…").otherwise(text)


def whole_text(value: pl.Expr) -> pl.Expr:
    """A value as text, however long."""
    return value.cast(pl.String)


def key_text(names: Sequence[str], values: Sequence[pl.Expr], text: Callable[[pl.Expr], pl.Expr] = value_text) -> pl.Expr:
    """A key as a person reads it: its value, or of several columns `sku=A-1, tier=2`."""
    if not names:
        return pl.lit(None, dtype=pl.String)
    if len(names) == 1:
        return text(values[0])
    parts = [pl.lit(f"{name}=") + text(value).fill_null("NULL") for name, value in zip(names, values, strict=True)]
    return pl.concat_str(parts, separator=", ")
