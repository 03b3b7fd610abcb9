"""The source's table of time zones against this machine's."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from price_assets.errors import SourceRefused
from price_assets.export.time_zone import compare_time_zones
from price_assets_tests.export.snapshots import contract, snapshot_of
from price_assets_tests.servers.postgres import Database

COLUMNS = contract(sku="text", updated="timestamptz")
SUMMER, AUTUMN, FOR_EVER = (datetime(*day, 12, tzinfo=UTC) for day in ((2026, 7, 1), (2026, 10, 12), (9999, 12, 30)))
FIRST = datetime(1, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Moscow", "America/St_Johns", "Asia/Kolkata", "Australia/Lord_Howe"])
def test_two_tables_that_say_the_same_pass(database: Database, tmp_path: Path, zone: str) -> None:
    snapshot = snapshot_of(tmp_path, COLUMNS, [("a", SUMMER), ("b", AUTUMN), ("c", FOR_EVER), ("d", FIRST), ("e", None)])
    with database.connect() as connection:
        connection.execute("SELECT set_config('timezone', %s, false)", [zone])
        compare_time_zones(connection, snapshot, ZoneInfo(zone))


def test_a_source_with_another_table_is_refused(database: Database, tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, COLUMNS, [("a", SUMMER), ("b", AUTUMN)])
    with database.connect() as connection:
        connection.execute("SET timezone = 'EET-2EEST,M3.5.0,M10.1.0'")  # its summer ends three weeks early
        with pytest.raises(SourceRefused, match=r"EXPORT_TIMEZONE Europe/Kiev: on 2026-10-12 it is \+2 h from UTC by the source's table") as refused:
            compare_time_zones(connection, snapshot, ZoneInfo("Europe/Kiev"))
    assert "+3 h by this machine's" in str(refused.value)


def test_a_column_without_moments_has_nothing_to_compare(database: Database, tmp_path: Path) -> None:
    with database.connect() as connection:
        compare_time_zones(connection, snapshot_of(tmp_path, COLUMNS, [("a", None)]), ZoneInfo("Asia/Tokyo"))


def test_a_list_without_timestamptz_asks_nothing_of_the_tables(database: Database, tmp_path: Path) -> None:
    with database.connect() as connection:
        compare_time_zones(connection, snapshot_of(tmp_path, contract(sku="text"), [("a",)]), ZoneInfo("Asia/Tokyo"))
