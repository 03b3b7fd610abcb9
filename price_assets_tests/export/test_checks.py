from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from price_assets.export.checks import CheckResult, check_names, description, run_checks
from price_assets.export.contract import Column, ColumnType, Contract
from price_assets.export.price_list import CheckRules, CsvOptions, Formats, PriceChange, PriceList, RowCount, XlsxOptions
from price_assets_tests.export.snapshots import snapshot_of

CSV_ONLY = Formats(csv=CsvOptions())


def column(name: str, type_: str, **rules: object) -> Column:
    return Column.model_validate({"name": name, "type": ColumnType.parse(type_), **rules})


SKU = column("sku", "text")
PRICE = column("price", "decimal(12,2)", min=Decimal("0.01"))


def price_list(*columns: Column, key: tuple[str, ...] = ("sku",), rows: int = 1, formats: Formats = CSV_ONLY) -> PriceList:
    checks = CheckRules(row_count=RowCount(min=rows))
    return PriceList(name="wholesale", sql="SELECT 1", start=date(2026, 1, 1), key=key, columns=columns, checks=checks, formats=formats)


def checked(folder: Path, of: PriceList, rows: list[list[object]], *, columns: Contract | None = None) -> dict[str, CheckResult]:
    return {result.check: result for result in run_checks(of, snapshot_of(folder, columns or of.columns, rows))}


def test_good_rows_pass_every_check(tmp_path: Path) -> None:
    of = price_list(SKU, PRICE, column("unit", "text", allowed=("шт", "кг"), nullable=True), formats=Formats(csv=CsvOptions(), xlsx=XlsxOptions()))
    results = run_checks(of, snapshot_of(tmp_path, of.columns, [["A-1", Decimal("0.01"), "шт"], ["A-2", Decimal(5), None]]))
    assert [(result.check, result.passed, result.offending) for result in results] == [
        (check, True, []) for check in ("columns", "row_count", "key", "nulls", "ranges", "formats", "withdrawn", "source_time")
    ]
    assert tuple(result.check for result in results) == check_names(of)
    assert results[1].numbers == {"rows": 2, "min": 1}
    assert {result.summary for result in results[2:6]} == {"all 2 rows are right"}


def test_checks_with_nothing_to_look_at_are_left_out() -> None:
    assert check_names(price_list(SKU, column("name", "text", nullable=True))) == ("columns", "row_count", "key", "withdrawn", "source_time")


@pytest.mark.parametrize("rows", [[], [["A-1", Decimal(1)]]])
def test_too_few_rows_fail(tmp_path: Path, rows: list[list[object]]) -> None:
    result = checked(tmp_path, price_list(SKU, PRICE, rows=1000), rows)["row_count"]
    assert (result.passed, result.numbers, result.summary) == (
        False,
        {"rows": len(rows), "min": 1000},
        f"{len(rows)} rows where at least 1,000 must be",
    )


def test_no_rows_pass_all_but_the_row_count(tmp_path: Path) -> None:
    results = checked(tmp_path, price_list(SKU, PRICE), [])
    assert {check for check, result in results.items() if not result.passed} == {"row_count"}


def test_a_negative_price_is_told_with_its_key_and_value(tmp_path: Path) -> None:
    rows: list[list[object]] = [[f"A-{number}", Decimal(number)] for number in range(1, 1001)]
    rows[500][1] = Decimal("-3.50")
    result = checked(tmp_path, price_list(SKU, PRICE), rows)["ranges"]
    assert result == CheckResult(
        check="ranges",
        passed=False,
        numbers={"rows": 1000, "offending": 1, "price below 0.01": 1},
        summary="1 of 1,000 rows has price below 0.01",
        offending=[{"key": "A-501", "column": "price", "value": "-3.50", "rule": "price below 0.01"}],
    )


def test_several_broken_rules_take_turns_in_the_rows_shown(tmp_path: Path) -> None:
    of = price_list(SKU, PRICE, column("unit", "text", allowed=("шт", "кг")), column("stock", "integer", max=10))
    rows: list[list[object]] = [[f"A-{number:02}", Decimal(0), "шт" if number else "?", 11] for number in range(30)]
    result = checked(tmp_path, of, rows)["ranges"]
    assert result.numbers == {"rows": 30, "offending": 30, "price below 0.01": 30, "unit other than шт, кг": 1, "stock above 10": 30}
    assert result.summary == "30 of 30 rows have price below 0.01; 1 of 30 rows has unit other than шт, кг; 30 of 30 rows have stock above 10"
    assert [(row["key"], row["column"], row["value"]) for row in result.offending[:4]] == [
        ("A-00", "price", "0.00"),
        ("A-00", "unit", "?"),
        ("A-00", "stock", "11"),
        ("A-01", "price", "0.00"),
    ]
    assert len(result.offending) == 10


def test_many_broken_rules_still_make_one_short_line(tmp_path: Path) -> None:
    of = price_list(SKU, *(column(f"tier_{number}", "integer", min=0) for number in range(12)))
    result = checked(tmp_path, of, [["A-1", *[-1] * 12]])["ranges"]
    assert result.summary.endswith("1 of 1 rows has tier_2 below 0; 9 more rules are broken")
    assert (result.numbers["offending"], len(result.offending)) == (1, 10)


def test_bounds_belong_to_the_range_and_null_keeps_every_rule(tmp_path: Path) -> None:
    day = column("day", "date", min=date(2026, 1, 1), max=date(2026, 12, 31), nullable=True)
    stock = column("stock", "integer", min=-1, max=2**63, nullable=True)
    rate = column("rate", "decimal(38,2)", min=Decimal("-1.005"), max=Decimal("1.005"), nullable=True)
    rows: list[list[object]] = [
        ["A-1", date(2026, 1, 1), -1, Decimal("-1.00")],
        ["A-2", date(2026, 12, 31), 2**63 - 1, Decimal("1.00")],
        ["A-3", None, None, None],
        ["A-4", date(2025, 12, 31), -2, Decimal("-1.01")],
        ["A-5", date(2027, 1, 1), 0, Decimal("1.01")],
    ]
    result = checked(tmp_path, price_list(SKU, day, stock, rate), rows)["ranges"]
    assert result.numbers == {
        "rows": 5,
        "offending": 2,
        "day below 2026-01-01": 1,
        "day above 2026-12-31": 1,
        "stock below -1": 1,
        "rate below -1.005": 1,
        "rate above 1.005": 1,
    }


def test_bounds_beyond_what_a_column_holds(tmp_path: Path) -> None:
    rate = column("rate", "decimal(38,38)", min=10**30, max=10**60)
    result = checked(tmp_path, price_list(SKU, rate), [["A-1", Decimal("0.5")]])["ranges"]
    assert result.numbers == {"rows": 1, "offending": 1, f"rate below {10**30}": 1}


def test_whole_numbers_are_held_to_those_allowed(tmp_path: Path) -> None:
    vat = column("vat", "integer", allowed=(0, 10, 20, 22, 5, 7, -(2**63)))
    result = checked(tmp_path, price_list(SKU, vat), [["A-1", 10], ["A-2", 18]])["ranges"]
    assert result.summary == "1 of 2 rows has vat other than 0, 10, 20, 22, 5 … (7 values)"
    assert [row["value"] for row in result.offending] == ["18"]


def test_a_missing_value_is_told_by_its_column(tmp_path: Path) -> None:
    result = checked(tmp_path, price_list(SKU, PRICE, column("name", "text")), [["A-1", None, None], ["A-2", None, "x"]])["nulls"]
    assert result.numbers == {"rows": 2, "offending": 2, "no price": 2, "no name": 1}
    assert result.summary == "2 of 2 rows have no price; 1 of 2 rows has no name"
    assert result.offending[0] == {"key": "A-1", "column": "price", "value": None, "rule": "no price"}


def test_keys_must_be_there_and_differ(tmp_path: Path) -> None:
    rows: list[list[object]] = [[sku, Decimal(1)] for sku in ("B", "A", None, "B", "C", "A", "B", None, "")]
    results = checked(tmp_path, price_list(SKU, PRICE), rows)
    assert results["nulls"].passed
    assert results["key"] == CheckResult(
        check="key",
        passed=False,
        numbers={"rows": 9, "offending": 7, "no sku": 2, "duplicate keys": 2},
        summary="2 of 9 rows have no sku; 5 of 9 rows share their key with another: 2 keys stand more than once",
        offending=[
            {"key": None, "column": "sku", "value": None, "rule": "no sku"},
            {"key": None, "column": "sku", "value": None, "rule": "no sku"},
            {"key": "A", "column": "sku", "value": "A", "rule": "stands in 2 rows"},
            {"key": "B", "column": "sku", "value": "B", "rule": "stands in 3 rows"},
        ],
    )


def test_a_key_of_several_columns(tmp_path: Path) -> None:
    of = price_list(SKU, column("tier", "integer"), PRICE, key=("sku", "tier"))
    result = checked(tmp_path, of, [["A", 1, Decimal(1)], ["A", 2, Decimal(1)], ["A", 1, Decimal(2)], ["B", None, Decimal(1)]])["key"]
    assert result.summary == "1 of 4 rows has no tier; 2 of 4 rows share their key with another: 1 key stands more than once"
    assert [row["key"] for row in result.offending] == ["sku=B, tier=NULL", "sku=A, tier=1"]


def test_what_a_format_cannot_hold_is_told(tmp_path: Path) -> None:
    of = price_list(SKU, column("ean", "integer"), formats=Formats(csv=CsvOptions(), xlsx=XlsxOptions()))
    result = checked(tmp_path, of, [["A-1", 2**53], ["A-2", 2**53 + 1]])["formats"]
    assert result.summary == "1 of 2 rows has ean that xlsx can't hold, over 2^53, which Excel rounds: declare it as text"
    assert [(row["key"], row["value"]) for row in result.offending] == [("A-2", "9007199254740993")]


def test_what_cp1251_cannot_hold_is_told_with_the_character(tmp_path: Path) -> None:
    of = price_list(SKU, column("name", "text"), formats=Formats(csv=CsvOptions(dialect="1c")))
    rows: list[list[object]] = [["A-1", "3×1.5 мм²"], ["A-2", "Дрель 🔧"], ["A-3", "≤\u2063"]]
    result = checked(tmp_path, of, rows)["formats"]
    assert result.summary == (
        "2 of 3 rows have name that csv can't hold, characters that are neither in cp1251 nor in the table of docs/formats.md: "
        "replace them in the SQL, or choose another dialect"
    )
    assert [(row["key"], row["column"], row["value"]) for row in result.offending] == [
        ("A-2", "name", "'🔧' (U+1F527) in Дрель 🔧"),
        ("A-3", "name", "'\\u2063' (U+2063) in ≤\u2063"),
    ]


def test_a_key_is_not_rewritten_for_cp1251(tmp_path: Path) -> None:
    of = price_list(SKU, formats=Formats(csv=CsvOptions(dialect="1c")))
    result = checked(tmp_path, of, [["M8x40"], ["M8×40"]])["formats"]
    assert result.summary.startswith("1 of 2 rows has sku that csv can't hold, a key with characters that cp1251 lacks")
    assert [row["key"] for row in result.offending] == ["M8×40"]


def test_a_format_that_is_not_made_is_not_asked(tmp_path: Path) -> None:
    assert "formats" not in checked(tmp_path, price_list(SKU, column("ean", "integer")), [["A-1", 2**63 - 1]])


def test_long_values_are_cut_where_they_are_shown(tmp_path: Path) -> None:
    result = checked(tmp_path, price_list(SKU, formats=Formats(xlsx=XlsxOptions())), [["ж" * 40_000]])["formats"]
    assert result.offending[0]["value"] == result.offending[0]["key"] == "ж" * 200 + "…"


def test_values_are_shown_as_text(tmp_path: Path) -> None:
    of = price_list(column("day", "date", max=date(2020, 1, 1)), column("at", "timestamptz"), key=("at",))
    result = checked(tmp_path, of, [[date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)]])["ranges"]
    assert result.offending == [{"key": "2026-01-01 00:00:00.000000+00:00", "column": "day", "value": "2026-01-01", "rule": "day above 2020-01-01"}]


def test_an_older_contract_is_checked_by_the_rules_that_fit_it(tmp_path: Path) -> None:
    of = price_list(SKU, PRICE, column("stock", "integer", min=0))
    results = checked(tmp_path, of, [["A-1", Decimal(-1)]], columns=(SKU, column("price", "decimal(10,1)")))
    assert all(result.passed for result in results.values())
    results = checked(tmp_path, of, [[Decimal(-1)]], columns=(PRICE,))
    assert (results["key"].passed, results["key"].summary) == (False, "the snapshot has no column sku")
    assert not results["ranges"].passed


def test_offending_rows_are_found_in_every_block(tmp_path: Path) -> None:
    of = price_list(column("sku", "integer"), PRICE)
    frame = pl.select(sku=pl.int_range(200_000), price=(pl.int_range(200_000) % 50_000).cast(pl.Decimal(12, 2)))
    results = {result.check: result for result in run_checks(of, snapshot_of(tmp_path, of.columns, frame))}
    assert results["key"].passed
    assert results["ranges"].numbers == {"rows": 200_000, "offending": 4, "price below 0.01": 4}
    assert [row["key"] for row in results["ranges"].offending] == ["0", "50000", "100000", "150000"]


def test_each_check_says_what_it_demands() -> None:
    of = price_list(
        SKU, PRICE, column("unit", "text", allowed=("шт", "кг"), nullable=True), column("tier", "integer"), key=("sku", "tier"), rows=1000
    )
    assert {check: description(check, of) for check in check_names(of)} == {
        "columns": "The columns of the newest published day, in their order and of their types: partners' loaders rely on them.",
        "row_count": "At least 1,000 rows.",
        "key": "No two rows with the same sku, tier, and none without.",
        "nulls": "No row with no price.",
        "ranges": "No row with price below 0.01; unit other than шт, кг.",
        "withdrawn": "No rows that a person has taken back.",
        "source_time": "The source's clock has not stepped back since earlier rows of the day were read.",
    }


def test_the_rules_of_the_comparing_checks_are_said() -> None:
    rules = CheckRules(row_count=RowCount(min=1, max_drop=Decimal("0.2")), price_change=PriceChange(ratio=Decimal("0.5"), share=Decimal("0.125")))
    of = price_list(SKU, PRICE).model_copy(update={"checks": rules})
    assert description("row_count", of) == "At least 1 rows, and at most 20 % fewer than on the published day before."
    assert description("price_change", of) == "At most 12.5 % of the keys have a price that moved by more than 50 % since the published day before."
