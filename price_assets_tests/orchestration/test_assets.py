"""The assets, run by Dagster in this process on a real Postgres and a folder."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import dagster as dg
import pytest

from price_assets.definitions import definitions
from price_assets.export import exporter
from price_assets.export.extraction import extract
from price_assets.export.snapshot import Snapshot
from price_assets_tests.deployment.catalogue import midday
from price_assets_tests.shop import DAY, NEXT_DAY, PRICE_LIST, Shop


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def run(shop: Shop, instance: dg.DagsterInstance, day: str, *assets: str, **config: Any) -> dg.ExecuteInProcessResult:
    job = definitions(shop.environment).resolve_job_def("export_shop")
    selection = [dg.AssetKey(["shop", asset]) for asset in assets] or None
    return job.execute_in_process(instance=instance, partition_key=day, asset_selection=selection, raise_on_error=False, **config)


def metadata(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    (event,) = [event for event in result.get_asset_materialization_events() if event.asset_key == dg.AssetKey(["shop", asset])]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def green(instance: dg.DagsterInstance, asset: str) -> set[str]:
    return instance.get_materialized_partitions(dg.AssetKey(["shop", asset]))


def failure(result: dg.ExecuteInProcessResult) -> str:
    (event,) = result.filter_events(lambda event: event.is_step_failure)
    data = event.step_failure_data.user_failure_data
    assert data, event.step_failure_data.error
    return data.description or ""


def test_a_day_is_published_and_every_step_says_what_it_made(shop: Shop, instance: dg.DagsterInstance) -> None:
    result = run(shop, instance, DAY)
    assert result.success
    snapshot, csv, publication = (metadata(result, asset) for asset in ("snapshot", "csv", "publication"))
    assert snapshot["dagster/row_count"] == csv["dagster/row_count"] == 3
    assert snapshot["control_sums"] == {"price": "111.54"}
    assert csv["snapshot"] == snapshot["snapshot"]
    assert csv["bytes"] == len(shop.copies(DAY)["csv"])
    assert csv["dagster/uri"].endswith(csv["key"])
    assert publication["outcome"] == "published"
    assert publication["revision"] == shop.register()["days"][DAY]["published"]["revision"]
    assert shop.copies(DAY) == shop.copies("latest") == shop.published(DAY)
    assert shop.copies(DAY)["csv"].decode() == 'sku,name,price,stock\n001,"Болт, ""М8""",10.50,7\n002,Гайка 🔩,1.05,\n003,"",99.99,0\n'


def test_the_same_rows_again_are_unchanged_and_not_rendered(shop: Shop, instance: dg.DagsterInstance) -> None:
    first, second = run(shop, instance, DAY), run(shop, instance, DAY)
    assert metadata(second, "publication")["outcome"] == "unchanged"
    assert metadata(second, "csv")["key"] == metadata(first, "csv")["key"]
    assert len(shop.register()["days"][DAY]["events"]) == 1


def test_a_blocked_day_leaves_its_results_its_snapshot_and_an_event_and_yesterdays_files(shop: Shop, instance: dg.DagsterInstance) -> None:
    run(shop, instance, DAY)
    before = shop.copies("latest")
    shop.database.execute("UPDATE prices SET price = -1 WHERE sku = '002'")
    result = run(shop, instance, NEXT_DAY)
    assert not result.success
    assert "blocked by ranges" in failure(result)
    failed = {each.check_name: each for each in result.get_asset_check_evaluations() if not each.passed}
    assert set(failed) == {"ranges"}
    (row,) = failed["ranges"].metadata["offending_rows"].value.records  # type: ignore[attr-defined]
    assert row.data == {"key": "002", "column": "price", "value": "-1.00", "rule": "price below 0.01"}
    assert failed["ranges"].metadata["date"].value == NEXT_DAY
    assert green(instance, "snapshot") == green(instance, "publication") == {DAY}  # green means passed [DG15, DG17]
    (event,) = shop.register()["days"][NEXT_DAY]["events"]
    assert (event["event"], event["checks"]) == ("blocked", ["ranges"])
    assert (shop.storage / f"_snapshots/shop/{NEXT_DAY}/{event['snapshot']}.parquet").exists()
    assert shop.copies("latest") == before
    assert not shop.copies(NEXT_DAY)


def test_a_blocked_day_shows_its_checks_where_the_copies_can_t_be_settled(shop: Shop, instance: dg.DagsterInstance) -> None:
    """Somebody deleted the manifest of what is published, and left its files and copies."""
    run(shop, instance, DAY)
    (shop.storage / shop.register()["days"][DAY]["published"]["manifest"]).unlink()
    shop.database.execute("UPDATE prices SET price = -1 WHERE sku = '002'")
    result = run(shop, instance, NEXT_DAY)
    assert "blocked by ranges" in failure(result)
    assert {each.check_name for each in result.get_asset_check_evaluations() if not each.passed} == {"ranges"}


def test_blocked_twice_by_the_same_checks_is_one_event(shop: Shop, instance: dg.DagsterInstance) -> None:
    shop.database.execute("UPDATE prices SET price = -1 WHERE sku = '002'")
    for _ in range(2):
        assert not run(shop, instance, DAY).success
    assert len(shop.register()["days"][DAY]["events"]) == 1


def test_all_checks_run_and_all_report(shop: Shop, instance: dg.DagsterInstance) -> None:
    shop.database.execute("INSERT INTO prices VALUES ('001', NULL, -5, 1)")
    result = run(shop, instance, DAY)
    assert {each.check_name for each in result.get_asset_check_evaluations() if not each.passed} == {"key", "nulls", "ranges"}
    assert all(check in failure(result) for check in ("key", "nulls", "ranges"))


def test_rows_that_are_published_already_pass_with_a_warning(shop: Shop, instance: dg.DagsterInstance) -> None:
    run(shop, instance, DAY)
    shop.write_list(PRICE_LIST.replace("min: 0.01", "min: 5"))
    result = run(shop, instance, DAY)
    assert result.success
    (failed,) = [each for each in result.get_asset_check_evaluations() if not each.passed]
    assert (failed.check_name, failed.severity) == ("ranges", dg.AssetCheckSeverity.WARN)
    assert "published already" in str(failed.metadata["note"].value)


def test_published_rows_are_not_excused_from_what_a_format_can_t_carry(shop: Shop, instance: dg.DagsterInstance) -> None:
    shop.database.execute("UPDATE prices SET name = repeat('я', 40000) WHERE sku = '002'")
    shop.environment["OUTPUT_FORMATS"] = "csv"
    assert run(shop, instance, DAY).success
    before = shop.copies(DAY)
    shop.environment["OUTPUT_FORMATS"] = "csv,xlsx"
    assert "blocked by formats" in failure(run(shop, instance, DAY))
    assert shop.copies(DAY) == before


def test_a_file_that_was_deleted_from_the_storage_comes_back_with_the_next_run(shop: Shop, instance: dg.DagsterInstance) -> None:
    run(shop, instance, DAY)
    before = shop.copies(DAY)
    (file,) = (shop.storage / "_files" / "shop" / DAY).glob("*.xlsx")
    file.unlink()
    assert run(shop, instance, DAY).success
    assert shop.published(DAY) == shop.copies(DAY) == before


def test_one_format_is_rendered_again_in_a_run_of_its_own(shop: Shop, instance: dg.DagsterInstance) -> None:
    run(shop, instance, DAY)
    shop.database.execute("DROP TABLE prices")  # the snapshot is fetched, the source is left alone
    result = run(shop, instance, DAY, "xlsx")
    assert result.success
    assert metadata(result, "xlsx")["sha256"]


def test_files_of_different_snapshots_are_not_published(shop: Shop, instance: dg.DagsterInstance) -> None:
    run(shop, instance, DAY)
    before = shop.copies(DAY)
    shop.database.execute("UPDATE prices SET price = 3 WHERE sku = '002'")
    assert run(shop, instance, DAY, "snapshot", "csv").success
    mixed = run(shop, instance, DAY, "publication")
    assert "Materialise csv and xlsx together" in failure(mixed)
    assert shop.copies(DAY) == before
    assert run(shop, instance, DAY, "xlsx").success
    assert run(shop, instance, DAY, "publication").success
    assert b"3.00" in shop.copies(DAY)["csv"]


def test_a_changed_header_replaces_what_the_same_rows_have_published(shop: Shop, instance: dg.DagsterInstance) -> None:
    run(shop, instance, DAY)
    shop.write_list(PRICE_LIST.replace("Цена", "Цена за шт."))
    result = run(shop, instance, DAY)
    assert metadata(result, "publication")["outcome"] == "published"
    assert len(shop.register()["days"][DAY]["events"]) == 2


def test_a_format_that_a_list_no_longer_has_loses_its_copies(shop: Shop, instance: dg.DagsterInstance) -> None:
    run(shop, instance, DAY)
    shop.environment["OUTPUT_FORMATS"] = "csv"
    assert run(shop, instance, DAY).success
    assert set(shop.copies(DAY)) == set(shop.copies("latest")) == {"csv"}


def test_a_past_day_of_a_list_without_past_dates_is_what_it_has_published(shop: Shop, instance: dg.DagsterInstance) -> None:
    run(shop, instance, DAY)
    shop.write_list(PRICE_LIST.replace("past_dates: true", ""), "SELECT sku, name, 1.00::numeric AS price, stock FROM prices")
    again = run(shop, instance, DAY)
    assert metadata(again, "publication")["outcome"] == "unchanged"
    refused = run(shop, instance, "2026-11-22")
    assert "past_dates: true" in failure(refused)


def test_prices_that_were_read_after_midnight_are_not_those_of_the_day_before(
    shop: Shop, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a list without past_dates: a read that began in time may be tried again for two minutes."""
    shop.environment["EXPORT_TIMEZONE"] = str(midday())
    today = datetime.now(midday()).date()
    midnight = datetime.combine(today + timedelta(days=1), time(), midday())

    def late(*asked: Any, **how: Any) -> Snapshot:
        return replace(extract(*asked, **how), source_time=midnight.astimezone(UTC))

    monkeypatch.setattr(exporter, "extract", late)
    shop.write_list(PRICE_LIST.replace("past_dates: true", ""), "SELECT sku, name, price, stock FROM prices")
    assert "which is the next day" in failure(run(shop, instance, str(today)))
    shop.write_list(PRICE_LIST)
    assert run(shop, instance, str(today)).success


def test_no_run_config_and_no_metadata_holds_the_password(shop: Shop, instance: dg.DagsterInstance) -> None:
    result = run(shop, instance, DAY)
    assert shop.environment["DB_PASSWORD"]
    said = [str(record) for record in instance.all_logs(result.run_id)]
    assert said
    assert not [line for line in said if shop.environment["DB_PASSWORD"] in line]
    stored = instance.get_run_by_id(result.run_id)
    assert stored
    assert shop.environment["DB_PASSWORD"] not in str(stored.run_config)
