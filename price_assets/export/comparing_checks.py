"""The checks that look at more than the rows: at the days that are published, at what a person took back, at the source's clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from price_assets.export.check_result import CheckResult
from price_assets.export.comparison import Comparison, Move
from price_assets.export.price_list import PriceChange, PriceList, contract_of
from price_assets.export.snapshot import Snapshot


@dataclass(frozen=True)
class PublishedDay:
    """What the manifest of a published day says: its date, its rows, its contract (`contract_of`)."""

    export_date: date
    rows: int
    contract: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Past:
    """What a snapshot is compared with.

    `newest` is the newest published day, `before` the newest published one before the snapshot's own; `comparison` is with that one, None where its
    rows are no longer stored, or are damaged, as `damage` says. `expired`: days before were published, and nothing is left of them.
    `newest_source_time` is that of all which the day ever published, as the register said before the source was read.
    """

    newest: PublishedDay | None = None
    before: PublishedDay | None = None
    comparison: Comparison | None = None
    damage: str | None = None
    expired: bool = False
    withdrawn: bool = False
    newest_source_time: datetime | None = None


FIRST_DAY = Past()
"""Nothing is published yet: the comparisons pass, and say so."""


def columns_check(snapshot: Snapshot, past: Past) -> CheckResult:
    """Whether a partner's loader still finds its columns: none added, dropped, moved or of another type. Headers may change."""
    if past.newest is None:
        return CheckResult("columns", passed=True, numbers={}, summary=_nothing(past))
    was = {str(column["name"]): str(column["type"]) for column in past.newest.contract}
    now = {str(column["name"]): str(column["type"]) for column in contract_of(snapshot.columns)}
    broken = [
        *((name, None, f"dropped, it was {was[name]}") for name in was if name not in now),
        *((name, now[name], "added") for name in now if name not in was),
        *((name, now[name], f"retyped, it was {was[name]}") for name in now if was.get(name, now[name]) != now[name]),
        *_moved([name for name in was if name in now], [name for name in now if name in was], now),
    ]
    against = f"{past.newest.export_date}"
    if not broken:
        return CheckResult("columns", passed=True, numbers={"against": against}, summary=f"the columns are those of {against}")
    told = ", ".join(f"{name} was {rule.partition(',')[0]}" for name, _, rule in broken)
    return CheckResult(
        "columns",
        passed=False,
        numbers={"against": against, "offending": len(broken)},
        summary=f"against {against}, {told}, which breaks partners' loaders",
        offending=[{"key": None, "column": name, "value": value, "rule": rule} for name, value, rule in broken],
    )


def _moved(was: list[str], now: list[str], types: dict[str, str]) -> list[tuple[str, str | None, str]]:
    return [(name, types[name], f"moved, {was[place]} stood here") for place, name in enumerate(now) if was[place] != name]


def row_count_check(price_list: PriceList, snapshot: Snapshot, past: Past) -> CheckResult:
    """At least `min` rows, and not more than the share `max_drop` fewer than on the newest published day before this one."""
    due, drop = price_list.checks.row_count.min, price_list.checks.row_count.max_drop
    numbers: dict[str, int | str] = {"rows": snapshot.rows, "min": due}
    told = [f"{snapshot.rows:,} rows where at least {due:,} must be"]
    passed = snapshot.rows >= due
    if drop is not None and past.before is None:
        told.append(_nothing(past))
    elif drop is not None and past.before is not None:
        least = past.before.rows * (1 - Fraction(drop))
        passed = passed and snapshot.rows >= least
        lost = max(0, past.before.rows - snapshot.rows)
        numbers |= {"against": str(past.before.export_date), "rows before": past.before.rows, "lost": lost}
        told.append(
            f"{_share(lost, past.before.rows)} fewer than the {past.before.rows:,} of {past.before.export_date}, where at most {percent(drop)} may be"
        )
    return CheckResult("row_count", passed=passed, numbers=numbers, summary=", ".join(told))


def price_change_check(rule: PriceChange, past: Past) -> CheckResult:
    """Not more than `share` of the keys that both days have moved by more than `ratio`; share 0 means none."""
    if past.before is None:
        return CheckResult("price_change", passed=True, numbers={}, summary=_nothing(past))
    numbers: dict[str, int | str]
    found = past.comparison
    if past.damage:
        summary = f"the rows of {past.before.export_date} can't be compared with: {past.damage.rstrip('.')}"
        return CheckResult("price_change", passed=False, numbers={"against": str(past.before.export_date)}, summary=summary)
    if found is None:
        expired = f"the rows of {past.before.export_date} are no longer stored, so there is nothing to compare with: {EXPIRED}"
        return CheckResult("price_change", passed=True, numbers={"against": str(past.before.export_date)}, summary=expired)
    if not found.common and found.added and found.removed:
        summary = f"no key of {found.against} is there any more, so no price could be compared with what it was"
        numbers = {"against": str(found.against), "keys": 0, "added": found.added, "removed": found.removed}
        return CheckResult("price_change", passed=False, numbers=numbers, summary=summary)
    passed = found.moved <= Fraction(rule.share) * found.common
    summary = (
        f"{found.moved:,} of {found.common:,} keys ({_share(found.moved, found.common)}) moved by more than {percent(rule.ratio)} "
        f"since {found.against}, where {f'at most {percent(rule.share)}' if rule.share else 'none'} may"
    )
    if found.not_compared:
        summary += f"; {', '.join(found.not_compared)} not looked at, no number on both days"
    numbers = {"against": str(found.against), "keys": found.common, "offending": found.moved}
    shown = [] if passed else [_offending(move) for move in found.largest if move.further]
    return CheckResult("price_change", passed=passed, numbers=numbers, summary=summary, offending=shown)


def _offending(move: Move) -> dict[str, str | None]:
    return {"key": move.key, "column": move.column, "value": move.after, "rule": f"was {move.before or 'nothing'}, {move.distance}"}


def withdrawn_check(past: Past) -> CheckResult:
    """Rows that a person took back stay back."""
    summary = "these rows were withdrawn" if past.withdrawn else "these rows were not withdrawn"
    return CheckResult("withdrawn", passed=not past.withdrawn, numbers={}, summary=summary)


def source_time_check(snapshot: Snapshot, past: Past) -> CheckResult:
    """The source's clock runs on: what it says now is not before what it said when earlier rows of the day were read."""
    newest = past.newest_source_time
    if newest is None or snapshot.source_time >= newest:
        return CheckResult("source_time", passed=True, numbers={}, summary="the source's clock runs on")
    summary = f"the source's clock stepped back: it says {snapshot.source_time:%Y-%m-%d %H:%M:%S} UTC, and said {newest:%Y-%m-%d %H:%M:%S} before"
    return CheckResult("source_time", passed=False, numbers={}, summary=summary)


EXPIRED = "an expired day blocks nothing"
"""The rule by which such a check passes; docs/retention.md names it."""
_FIRST = "no published day is there to compare with"


def _nothing(past: Past) -> str:
    return f"the days before have expired, so there is nothing to compare with: {EXPIRED}" if past.expired else _FIRST


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "0 %"


def percent(share: Decimal) -> str:
    """`0.125` → `12.5 %`."""
    return f"{(share * 100).normalize():f} %"
