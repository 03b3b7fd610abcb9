"""The rows come back as frames typed by the contract: in a notebook, and in an asset downstream."""

import gc
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from price_assets.definitions import definitions
from price_assets.export.exporter import Exporter
from price_assets.export.register import FileReference
from price_assets.export.snapshot import Snapshot
from price_assets.export.withdrawal import withdraw
from price_assets_tests.shop import DAY, PRICE_LIST, Shop

README = (Path(__file__).parents[2] / "README.md").read_text()
EVERY_KIND = """
name: shop
sql: shop.sql
start: 2026-11-20
past_dates: true
key: [sku]
columns:
  sku: {type: text, header: Артикул}
  name: {type: text, header: Наименование, nullable: true}
  price: {type: "decimal(12,2)", nullable: true}
  stock: {type: integer, nullable: true}
  active: {type: boolean, nullable: true}
  since: {type: date, nullable: true}
  changed: {type: timestamp, nullable: true}
  seen: {type: timestamptz, nullable: true}
"""
ROWS = r"""
SELECT * FROM (VALUES
    ('0001', E'Болт; "М8"\n=1', 1234567890.10, 7, true, date '2026-11-24', timestamp '2026-11-24 06:00:00.123', timestamptz '2026-11-24 21:30+00'),
    ('0002', '=1+1', -0.05, -1, false, '1999-12-31', '1999-12-31 23:59:59.999', '2010-10-30 22:30+00'),
    ('123456789012345678', '', 0.00, 0, NULL, NULL, NULL, NULL),
    ('4', NULL, NULL, NULL, NULL, NULL, NULL, NULL)
) AS products(sku, name, price, stock, active, since, changed, seen) WHERE :export_date IS NOT NULL ORDER BY sku
"""


def naive(text: str) -> datetime:
    return datetime.fromisoformat(text)


SEEN = pl.Series("seen", [datetime(2026, 11, 24, 21, 30, tzinfo=UTC), datetime(2010, 10, 30, 22, 30, tzinfo=UTC), None, None])
IN_MOSCOW = pl.Series("seen", [naive("2026-11-25 00:30"), naive("2010-10-31 02:30"), None, None])
"""Its clocks went back an hour later: of the second the wall time does not say which moment it is."""

PRODUCTS = pl.DataFrame(
    {
        "sku": ["0001", "0002", "123456789012345678", "4"],
        "name": ['Болт; "М8"\n=1', "=1+1", "", None],
        "price": pl.Series([Decimal("1234567890.10"), Decimal("-0.05"), Decimal("0.00"), None], dtype=pl.Decimal(12, 2)),
        "stock": [7, -1, 0, None],
        "active": [True, False, None, None],
        "since": [date(2026, 11, 24), date(1999, 12, 31), None, None],
        "changed": [naive("2026-11-24 06:00:00.123"), naive("1999-12-31 23:59:59.999"), None, None],
        "seen": SEEN,
    }
)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def exported(shop: Shop, instance: dg.DagsterInstance, *assets: str) -> dg.Definitions:
    """The definitions, with which the day was made."""
    defs = definitions(shop.environment)
    selection = [dg.AssetKey(["shop", asset]) for asset in assets] or None
    assert defs.resolve_job_def("export_shop").execute_in_process(instance=instance, partition_key=DAY, asset_selection=selection).success
    return defs


def load(defs: dg.Definitions, asset: str, python_type: type | None = pl.DataFrame) -> Any:
    """As in a notebook."""
    return defs.load_asset_value(["shop", asset], python_type=python_type, partition_key=DAY)


@pytest.mark.parametrize(
    ("dialect", "seen"), [("plain", SEEN), ("excel-semicolon", IN_MOSCOW), ("1c", IN_MOSCOW), ("{dialect: plain, headers: labels}", SEEN)]
)
def test_a_notebook_gets_the_published_rows_typed_as_the_contract_says(
    shop: Shop, instance: dg.DagsterInstance, dialect: str, seen: pl.Series
) -> None:
    shop.environment["EXPORT_TIMEZONE"] = "Europe/Moscow"
    options = dialect if dialect.startswith("{") else f"{{dialect: {dialect}}}"
    shop.write_list(EVERY_KIND + f"formats: {{csv: {options}, xlsx: {{}}}}\n", ROWS)
    defs = exported(shop, instance)
    assert_frame_equal(load(defs, "snapshot"), PRODUCTS)
    assert_frame_equal(load(defs, "csv"), PRODUCTS.with_columns(seen))
    assert_frame_equal(load(defs, "xlsx"), PRODUCTS.with_columns(IN_MOSCOW).cast({pl.Datetime("us"): pl.Datetime("ms")}))


def test_a_lazy_frame_outlives_what_it_came_from(shop: Shop, instance: dg.DagsterInstance) -> None:
    exported(shop, instance)
    exporter = Exporter(shop.environment)
    manifest = exporter.published_manifest("shop", date.fromisoformat(DAY))
    assert manifest
    frames = [exporter.published_snapshot("shop", date.fromisoformat(DAY), "").scan()]
    frames += [exporter.rows(file, manifest.columns, "") for file in manifest.references]
    del exporter
    gc.collect()
    assert [rows.select(pl.col("price").sum()).collect().item() for rows in frames] == [Decimal("111.54")] * 3


def test_without_an_annotation_it_is_a_snapshot_or_a_reference(shop: Shop, instance: dg.DagsterInstance) -> None:
    defs = exported(shop, instance)
    assert isinstance(load(defs, "snapshot", None), Snapshot)
    assert isinstance(load(defs, "csv", None), FileReference)
    assert load(defs, "xlsx", FileReference).format == "xlsx"


def test_a_file_is_read_by_the_contract_and_the_dialect_of_its_own_day(shop: Shop, instance: dg.DagsterInstance) -> None:
    defs = exported(shop, instance)
    before = {asset: load(defs, asset) for asset in ("csv", "xlsx")}
    changed = PRICE_LIST.replace("Цена", "Цена за шт.").replace("  stock: {type: integer, nullable: true}\n", "")
    shop.write_list(changed + "formats: {csv: {dialect: excel-semicolon}, xlsx: {sheet: Прайс}}\n")
    defs = definitions(shop.environment)
    for asset, rows in before.items():
        assert_frame_equal(load(defs, asset), rows)


def test_a_day_that_is_withdrawn_and_published_anew_is_loaded_anew(shop: Shop, instance: dg.DagsterInstance) -> None:
    defs = exported(shop, instance)
    assert load(defs, "snapshot")["price"].to_list() == [Decimal("10.50"), Decimal("1.05"), Decimal("99.99")]
    withdraw(Exporter(shop.environment).store, "shop", date.fromisoformat(DAY), by="anna", reason="wrong prices")
    with pytest.raises(dg.Failure, match=f"shop {DAY} has published nothing"):
        load(defs, "snapshot")
    shop.database.execute("UPDATE prices SET price = 3 WHERE sku = '002'")
    exported(shop, instance)
    for asset in ("snapshot", "csv", "xlsx"):
        assert load(defs, asset)["price"].to_list() == [Decimal("10.50"), Decimal("3.00"), Decimal("99.99")]


def test_a_file_that_is_damaged_or_gone_is_said(shop: Shop, instance: dg.DagsterInstance) -> None:
    defs = exported(shop, instance)
    (file,) = (shop.storage / "_files" / "shop" / DAY).glob("*.csv")
    file.write_bytes(file.read_bytes().replace(b"1.05", b"1.50"))
    with pytest.raises(dg.Failure, match=re.escape(f"{file} did not arrive as it was put")):
        load(defs, "csv")
    file.unlink()
    with pytest.raises(dg.Failure, match=re.escape(f"{file} is not there")):
        load(defs, "csv")


def test_a_day_that_has_published_nothing_is_said(shop: Shop) -> None:
    defs = definitions(shop.environment)
    with pytest.raises(dg.Failure, match=f"shop {DAY} has no xlsx yet"):
        load(defs, "xlsx")
    with pytest.raises(dg.Failure, match=f"shop {DAY} has published nothing"):
        load(defs, "snapshot")


def downstream(shop: Shop, found: dict[str, pl.DataFrame]) -> dg.Definitions:
    """The shop's definitions, and an asset that takes the rows of each."""
    price_lists = definitions(shop.environment)
    days = price_lists.resolve_assets_def(["shop", "snapshot"]).partitions_def

    @dg.asset(ins={name: dg.AssetIn(["shop", name]) for name in ("snapshot", "csv", "xlsx")}, partitions_def=days)
    def report(snapshot: pl.LazyFrame, csv: pl.LazyFrame, xlsx: pl.DataFrame) -> None:
        found.update(snapshot=snapshot.collect(), csv=csv.collect(), xlsx=xlsx)

    return dg.Definitions.merge(price_lists, dg.Definitions(assets=[report]))


def test_an_asset_downstream_gets_the_rows_in_the_same_run_and_in_one_of_its_own(shop: Shop, instance: dg.DagsterInstance) -> None:
    found: dict[str, pl.DataFrame] = {}
    job = downstream(shop, found).resolve_implicit_global_asset_job_def()
    for selection in (None, [dg.AssetKey("report")]):
        found.clear()
        assert job.execute_in_process(instance=instance, partition_key=DAY, asset_selection=selection).success
        assert found["snapshot"]["price"].to_list() == [Decimal("10.50"), Decimal("1.05"), Decimal("99.99")]
        assert_frame_equal(found["csv"], found["snapshot"])
        assert_frame_equal(found["xlsx"], found["snapshot"])


def test_an_asset_downstream_gets_what_was_materialised_last_and_a_notebook_what_is_published(shop: Shop, instance: dg.DagsterInstance) -> None:
    exported(shop, instance)
    shop.database.execute("UPDATE prices SET price = 3 WHERE sku = '002'")
    shop.write_list(PRICE_LIST.replace("Цена", "Цена за шт."))
    defs = exported(shop, instance, "snapshot", "csv", "xlsx")
    found: dict[str, pl.DataFrame] = {}
    job = downstream(shop, found).resolve_implicit_global_asset_job_def()
    assert job.execute_in_process(instance=instance, partition_key=DAY, asset_selection=[dg.AssetKey("report")]).success
    for asset in ("snapshot", "csv", "xlsx"):
        assert found[asset]["price"].to_list() == [Decimal("10.50"), Decimal("3.00"), Decimal("99.99")]
        assert load(defs, asset)["price"].to_list() == [Decimal("10.50"), Decimal("1.05"), Decimal("99.99")]


RUN = f"""
import dagster as dg, polars as pl
from prices import defs, price_lists

job = defs.resolve_implicit_global_asset_job_def()
with dg.DagsterInstance.ephemeral() as instance:
    result = job.execute_in_process(instance=instance, partition_key="{DAY}")
(event,) = result.asset_materializations_for_node("dearest")
print(event.metadata["price"].value)
print(NOTEBOOK["price"].sum())
"""


def test_the_readmes_example_runs(shop: Shop) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (notebook,) = re.findall(r"`(price_lists\.load_asset_value\(.*?\))`", README)
    (shop.folder / "prices.py").write_text(example)
    shop.write_list(PRICE_LIST.replace("name: shop", "name: wholesale").replace("shop.sql", "wholesale.sql"), name="wholesale")
    (shop.folder / "lists" / "shop.yaml").unlink()
    command = [sys.executable, "-c", RUN.replace("NOTEBOOK", notebook)]
    done = subprocess.run(command, cwd=shop.folder, env=shop.process_environment(), capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == ["99.99", "111.54"], done.stderr
