# ruff: noqa: DTZ001 - what a clock on the wall shows has no time zone
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from price_assets.export.contract import schema
from price_assets.export.formats import verify_xlsx
from price_assets.export.formats.xlsx import cannot_carry
from price_assets_tests.export.formats.xlsx_files import MOSCOW, OPTIONS, rendered
from price_assets_tests.export.snapshots import contract, snapshot_of

CARRIED: list[tuple[str, list[object]]] = [
    ("decimal(20,6)", ["12345678901234.500000", "123456789.123456", "-0.000001", "99999999999999.000000", "0", None]),
    ("decimal(38,0)", ["100000000000000000000000000000", "-123456789012345000", "999999999999999"]),
    ("decimal(15,2)", ["9999999999999.99"]),
    ("integer", [2**53, -(2**53), 0, None]),
    ("date", [date(1900, 3, 1), date(9999, 12, 31), None]),
    ("timestamp", [datetime(1900, 3, 1), None]),
    ("timestamptz", [datetime(1900, 3, 2, tzinfo=UTC), None]),
    ("text", ["x" * 32_767, "😀" * 16_383, "Ё" * 32_767, "", None]),
    ("boolean", [True, None]),
]
NOT_CARRIED: list[tuple[str, list[object], str]] = [
    (
        "decimal(20,6)",
        ["12345678901234.560000", "-1234567890.123456", "1000000000.000001"],
        "over 15 significant digits, which Excel rounds: declare it as text",
    ),
    (
        "decimal(38,0)",
        ["1234567890123456", "-10000000000000000000000000000000000001"],
        "over 15 significant digits, which Excel rounds: declare it as text",
    ),
    ("integer", [2**53 + 1, -(2**53) - 1, -(2**63)], "over 2^53, which Excel rounds: declare it as text"),
    (
        "date",
        [date(1900, 2, 28), date(1900, 1, 2), date(1900, 1, 1), date(1899, 12, 31), date(1, 1, 1)],
        "before 1900-03-01, which Excel shows as another day: declare it as text",
    ),
    ("timestamp", [datetime(1900, 2, 28, 23, 59, 59)], "before 1900-03-01, which Excel shows as another day: declare it as text"),
    ("timestamptz", [datetime(1900, 2, 28, 23, tzinfo=UTC)], "before 1900-03-01, which Excel shows as another day: declare it as text"),
    ("text", ["x" * 32_768, "😀" * 16_384], "text over 32,767 UTF-16 units: shorten it"),
    ("text", ["a\ufffe", "\uffff"], "text with U+FFFE or U+FFFF, which no XML can hold: take it out"),
]


def frame(kind: str, values: list[object]) -> pl.DataFrame:
    kept = schema(contract(value=kind))
    return pl.DataFrame({"value": pl.Series(values, dtype=pl.String if kind.startswith("decimal") else kept["value"])}).cast(kept)


@pytest.mark.parametrize(("kind", "values"), CARRIED)
def test_what_a_workbook_holds_is_carried_as_it_is(tmp_path: Path, kind: str, values: list[object]) -> None:
    columns = contract(value=kind)
    for _, bad, *_ in cannot_carry(columns, OPTIONS):
        assert frame(kind, values).filter(bad).is_empty()
    snapshot = snapshot_of(tmp_path, columns, frame(kind, values))
    assert verify_xlsx.verify(rendered(tmp_path, snapshot), snapshot, OPTIONS, MOSCOW) == snapshot.control_sums


@pytest.mark.parametrize(("kind", "values", "why"), NOT_CARRIED)
def test_what_it_can_not_hold_is_found_and_said_why(kind: str, values: list[object], why: str) -> None:
    """[XL3]: cut, rounded or moved by a day, and without a word."""
    (bad,) = (bad for column, bad, said, _ in cannot_carry(contract(value=kind), OPTIONS) if (column, said) == ("value", why))
    found = pl.concat([frame(kind, [None]), frame(kind, values)]).lazy().filter(bad).collect(engine="streaming")
    assert found.height == len(values)


def test_what_the_type_rules_out_is_not_asked() -> None:
    assert cannot_carry(contract(price="decimal(12,2)", active="boolean"), OPTIONS) == []
