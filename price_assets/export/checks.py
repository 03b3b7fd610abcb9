"""The checks of a snapshot: what must hold before anything of it is published. All run, all report."""

from collections.abc import Mapping, Sequence
from itertools import islice

from price_assets.export.check_result import CheckResult
from price_assets.export.check_rules import Rule, format_rules, null_rules, range_rules
from price_assets.export.comparing_checks import (
    FIRST_DAY,
    Past,
    columns_check,
    percent,
    price_change_check,
    row_count_check,
    source_time_check,
    withdrawn_check,
)
from price_assets.export.contract import Contract
from price_assets.export.duplicate_keys import Duplicates, duplicate_keys
from price_assets.export.offending_rows import ROWS_SHOWN, count_offending, duplicates_shown, rows_shown
from price_assets.export.price_list import PriceList
from price_assets.export.snapshot import Snapshot

_RULES_TOLD = 3

_SAID = {
    "columns": "The columns of the newest published day, in their order and of their types: partners' loaders rely on them.",
    "withdrawn": "No rows that a person has taken back.",
    "source_time": "The source's clock has not stepped back since earlier rows of the day were read.",
}


def check_names(price_list: PriceList) -> tuple[str, ...]:
    """The checks that this list has, in the order of their results. One that has nothing to look at is left out."""
    rules = _rules(price_list, price_list.columns)
    own = (check for check in ("nulls", "ranges", "formats") if rules[check])
    price_change = ("price_change",) if price_list.checks.price_change else ()
    return ("columns", "row_count", "key", *own, "withdrawn", "source_time", *price_change)


def description(check: str, price_list: PriceList) -> str:
    """What the check demands of this list, for the catalog."""
    row_count, price_change = price_list.checks.row_count, price_list.checks.price_change
    if check in _SAID:
        return _SAID[check]
    if check == "row_count":
        drop = f", and at most {percent(row_count.max_drop)} fewer than on the published day before" if row_count.max_drop is not None else ""
        return f"At least {row_count.min:,} rows{drop}."
    if check == "price_change" and price_change:
        most = f"At most {percent(price_change.share)} of the keys have" if price_change.share else "No key has"
        return f"{most} a price that moved by more than {percent(price_change.ratio)} since the published day before."
    if check == "key":
        return f"No two rows with the same {', '.join(price_list.key)}, and none without."
    if check == "formats":
        return f"No value that {' or '.join(price_list.formats.made)} can't hold."
    return f"No row with {'; '.join(rule.text for rule in _rules(price_list, price_list.columns)[check])}."


def run_checks(price_list: PriceList, snapshot: Snapshot, past: Past = FIRST_DAY) -> list[CheckResult]:
    """Check the rows by the list's rules, and against the past: one pass over them, one over their keys, and more only for what is broken.

    A stored snapshot may have an older contract: a rule for a column that it lacks, or has in another type, has nothing to look at.
    """
    rules = _rules(price_list, snapshot.columns)
    broken = _broken(rules, snapshot)
    results = {check: _result(check, broken[check], price_list, snapshot) for check in ("nulls", "ranges", "formats")}
    results["key"] = _key(broken["key"], price_list, snapshot)
    results["columns"] = columns_check(snapshot, past)
    results["row_count"] = row_count_check(price_list, snapshot, past)
    results["withdrawn"] = withdrawn_check(past)
    results["source_time"] = source_time_check(snapshot, past)
    if price_list.checks.price_change:
        results["price_change"] = price_change_check(price_list.checks.price_change, past)
    return [results[check] for check in check_names(price_list)]


def _rules(price_list: PriceList, columns: Contract) -> dict[str, list[Rule]]:
    """By check: the rules that each row must keep by itself."""
    types = {column.name: column.type for column in columns}
    known = tuple(column for column in price_list.columns if types.get(column.name) == column.type)
    return {
        "key": null_rules(column for column in known if column.name in price_list.key),
        "nulls": null_rules(column for column in known if not column.nullable and column.name not in price_list.key),
        "ranges": range_rules(known),
        "formats": format_rules(columns, price_list.formats, price_list.key),
    }


def _broken(rules: Mapping[str, Sequence[Rule]], snapshot: Snapshot) -> dict[str, list[tuple[Rule, int]]]:
    """By check: the rules that rows break, and how many rows do."""
    sums = [rule.broken.sum().alias(f"{check} {position}") for check in rules for position, rule in enumerate(rules[check])]
    of_blocks = [block.select(sums).collect().row(0) for block in snapshot.blocks()]
    counts = iter([sum(counts) for counts in zip(*of_blocks, strict=True)] or [0] * len(sums))
    counted = {check: list(zip(rules[check], islice(counts, len(rules[check])), strict=True)) for check in rules}
    return {check: [(rule, count) for rule, count in counted[check] if count] for check in rules}


def _key(broken: Sequence[tuple[Rule, int]], price_list: PriceList, snapshot: Snapshot) -> CheckResult:
    """Without NULL, and in no two rows the same."""
    if missing := [name for name in price_list.key if name not in {column.name for column in snapshot.columns}]:
        return CheckResult("key", passed=False, numbers={"rows": snapshot.rows}, summary=f"the snapshot has no column {', '.join(missing)}")
    nulls = _result("key", broken, price_list, snapshot)
    duplicates = duplicate_keys(snapshot, price_list.key, ROWS_SHOWN)
    return _with_duplicates(nulls, duplicates, price_list) if duplicates else nulls


def _with_duplicates(nulls: CheckResult, duplicates: Duplicates, price_list: PriceList) -> CheckResult:
    rows = int(nulls.numbers["rows"])
    stand = "1 key stands" if duplicates.keys == 1 else f"{duplicates.keys:,} keys stand"
    summary = f"{duplicates.rows:,} of {rows:,} rows share their key with another: {stand} more than once"
    return CheckResult(
        "key",
        passed=False,
        numbers={**nulls.numbers, "offending": int(nulls.numbers["offending"]) + duplicates.rows, "duplicate keys": duplicates.keys},
        summary=summary if nulls.passed else f"{nulls.summary}; {summary}",
        offending=[*nulls.offending, *duplicates_shown(duplicates, price_list.key)][:ROWS_SHOWN],
    )


def _result(check: str, broken: Sequence[tuple[Rule, int]], price_list: PriceList, snapshot: Snapshot) -> CheckResult:
    """Of rules that each row must keep by itself."""
    if not broken:
        return CheckResult(check, passed=True, numbers={"rows": snapshot.rows, "offending": 0}, summary=f"all {snapshot.rows:,} rows are right")
    rules = [rule for rule, _ in broken]
    told = [f"{count:,} of {snapshot.rows:,} rows {'has' if count == 1 else 'have'} {rule.text}" for rule, count in broken[:_RULES_TOLD]]
    more = [f"{len(broken) - _RULES_TOLD} more rules are broken"] if len(broken) > _RULES_TOLD else []
    return CheckResult(
        check,
        passed=False,
        numbers={"rows": snapshot.rows, "offending": count_offending(rules, snapshot), **{rule.text: count for rule, count in broken}},
        summary="; ".join([*told, *more]),
        offending=rows_shown(rules, price_list.key, snapshot),
    )
