from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from price_assets.demo.catalogue import fill
from price_assets.export.checks import run_checks
from price_assets.export.extraction import extract
from price_assets.export.formats import cp1251
from price_assets.export.price_list import FORMATS, PriceList
from price_assets.export.price_list_files import load_price_lists
from price_assets.export.snapshot import Snapshot
from price_assets.variables import SHIPPED_PRICE_LISTS
from price_assets_tests.servers.postgres import TODAY, Database, new_database

pytestmark = pytest.mark.xdist_group("demo")

YESTERDAY = TODAY - timedelta(days=1)
NAMES = ("dealers", "retail", "wholesale")
OF_PRODUCTS = ("retail", "wholesale")
"""Lists with a row a product; the dealers' has one a product and warehouse, and no emoji."""


def price_list(name: str) -> PriceList:
    found = load_price_lists(SHIPPED_PRICE_LISTS, start=date(2026, 1, 1), formats=FORMATS)
    return next(each for each in found if isinstance(each, PriceList) and each.name == name)


@pytest.fixture(scope="module")
def snapshots(demo_database: Database, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, date], Snapshot]:
    folder = tmp_path_factory.mktemp("snapshots")
    return {(name, day): extract(price_list(name), day, demo_database.source, folder) for name in NAMES for day in (YESTERDAY, TODAY)}


def rows(snapshots: dict[tuple[str, date], Snapshot], name: str, day: date = TODAY) -> pl.DataFrame:
    return snapshots[name, day].scan().collect()


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_list_reads_the_catalogue_and_its_checks_pass(snapshots: dict[tuple[str, date], Snapshot], name: str) -> None:
    snapshot = snapshots[name, TODAY]
    assert (45_000 < snapshot.rows < 50_000) if name in OF_PRODUCTS else (60_000 < snapshot.rows < 70_000)
    assert [result.summary for result in run_checks(price_list(name), snapshot) if not result.passed] == []


@pytest.mark.parametrize("name", OF_PRODUCTS)
def test_from_one_day_to_the_next_some_prices_change_and_a_few_products_come_and_go(snapshots: dict[tuple[str, date], Snapshot], name: str) -> None:
    before, now = rows(snapshots, name, YESTERDAY), rows(snapshots, name)
    both = before.join(now, on="sku")
    repriced = both.filter(pl.col("price") != pl.col("price_right")).height
    assert 0.01 < repriced / both.height < 0.1
    assert 0 < before.join(now, on="sku", how="anti").height < 100
    assert 0 < now.join(before, on="sku", how="anti").height < 100


@pytest.mark.parametrize("name", NAMES)
def test_a_nullable_column_has_nulls_and_no_column_is_of_one_value(snapshots: dict[tuple[str, date], Snapshot], name: str) -> None:
    frame = rows(snapshots, name)
    for column in price_list(name).columns:
        assert frame[column.name].n_unique() > 1, column.name
        assert (frame[column.name].null_count() > 0) is column.nullable, column.name


@pytest.mark.parametrize("name", OF_PRODUCTS)
def test_names_carry_what_breaks_careless_programs(snapshots: dict[tuple[str, date], Snapshot], name: str) -> None:
    names = rows(snapshots, name)["name"]
    for what in (",", '"', "'", "&", "🔧", "ñ", "東"):
        assert names.str.contains(what, literal=True).any(), what


def test_the_retail_list_is_russian_and_has_notes_that_look_like_formulas(snapshots: dict[tuple[str, date], Snapshot]) -> None:
    frame = rows(snapshots, "retail")
    assert frame["name"].str.contains(r"^[А-ЯЁ]").all()
    assert {note[0] for note in frame["note"].drop_nulls()} >= {"+", "-", "=", '"'}


def test_the_wholesale_list_has_line_breaks_and_empty_descriptions_that_are_no_nulls(snapshots: dict[tuple[str, date], Snapshot]) -> None:
    descriptions = rows(snapshots, "wholesale")["description"]
    assert descriptions.str.contains("\n").any()
    assert (descriptions == "").any()
    assert descriptions.is_null().any()


def test_the_dealers_list_has_what_cp1251_lacks_and_the_dialect_writes(snapshots: dict[tuple[str, date], Snapshot]) -> None:
    frame = rows(snapshots, "dealers")
    outside = frame["name"].str.extract_all(cp1251.OUTSIDE).explode().unique().drop_nulls()
    assert {"×", "²", "ä", "Ż"} <= set(outside)
    assert frame.select("sku", "warehouse").is_unique().all()


def test_barcodes_have_13_or_18_digits_a_leading_zero_and_a_right_check_digit(snapshots: dict[tuple[str, date], Snapshot]) -> None:
    barcodes = rows(snapshots, "retail")["barcode"].drop_nulls()
    assert set(barcodes.str.len_chars().unique()) == {13, 18}
    assert barcodes.str.contains(r"^0[0-9]+$").all()
    assert all(sum(int(digit) * (3, 1)[place % 2 == 0] for place, digit in enumerate(reversed(code))) % 10 == 0 for code in barcodes)


def test_tiers_are_cheaper_the_more_one_buys(snapshots: dict[tuple[str, date], Snapshot]) -> None:
    tiered = rows(snapshots, "wholesale").drop_nulls(["tier2_price", "tier3_price"])
    assert tiered.height > 10_000
    assert (tiered["price"] > tiered["tier2_price"]).all()
    assert (tiered["tier2_price"] > tiered["tier3_price"]).all()
    assert (tiered["tier2_quantity"] < tiered["tier3_quantity"]).all()


def test_there_is_a_year_of_days(demo_database: Database) -> None:
    counts = demo_database.execute(f"""
        SELECT count(*)
        FROM (VALUES (DATE '{TODAY}' - 365), (DATE '{TODAY}' - 183), (DATE '{TODAY}')) AS days (day)
        JOIN retail_prices ON valid_from <= day AND (valid_to IS NULL OR valid_to > day)
        GROUP BY day""")
    assert len(counts) == 3
    assert all(count > 49_000 for (count,) in counts)


def test_no_two_prices_of_a_product_are_valid_on_one_day(demo_database: Database) -> None:
    pairs = "SELECT valid, lead(valid) OVER (PARTITION BY product_id ORDER BY valid) AS next FROM wholesale_prices"
    assert demo_database.execute(f"SELECT * FROM ({pairs}) AS pairs WHERE valid && next") == []


@pytest.mark.parametrize("later", [0, 1], ids=["filled again", "filled a day later"])
def test_a_day_says_the_same(later: int, snapshots: dict[tuple[str, date], Snapshot], demo_database: Database, tmp_path: Path) -> None:
    with new_database(demo_database.server) as again:
        assert [*fill(again.server, TODAY + timedelta(days=later), again.name)] == ["tables", "products", "a year of prices", "a year of stock"]
        for name in NAMES:
            assert extract(price_list(name), TODAY, again.source, tmp_path).name == snapshots[name, TODAY].name
