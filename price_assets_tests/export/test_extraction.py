import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import stamina

from price_assets.errors import ContractMismatch, PriceAssetsError, PriceListError, SourceRefused, SourceUnavailable, ValueDoesNotFit
from price_assets.export import extraction
from price_assets.export.contract import Column, ColumnType
from price_assets.export.extraction import extract
from price_assets.export.price_list import PriceList
from price_assets.export.snapshot import Snapshot
from price_assets.export.snapshot_files import SnapshotWriter, open_snapshot
from price_assets_tests.servers.postgres import Database

DAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Tries follow each other without a wait, and there are as many as ever."""
    with stamina.set_testing(True, attempts=extraction.TRIES):
        yield


def price_list(query: str, key: str = "sku", **types: str) -> PriceList:
    columns = tuple(Column(name=name, type=ColumnType.parse(type_)) for name, type_ in types.items())
    return PriceList(name="wholesale", sql=query, start=date(2026, 1, 1), key=(key,), columns=columns)


def extract_from(database: Database, folder: Path, query: str, **types: str) -> Snapshot:
    return extract(price_list(query, **types), DAY, database.source, folder)


def failure(database: Database, folder: Path, query: str, **types: str) -> PriceAssetsError:
    with pytest.raises(PriceAssetsError) as caught:
        extract_from(database, folder, query, **types)
    assert list(folder.iterdir()) == []
    assert running(database) == 0
    return caught.value


def running(database: Database) -> int:
    return database.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'price_assets wholesale %' AND state = 'active'")[0][0]


CATALOGUE = """
    CREATE TABLE products (sku text PRIMARY KEY, name text, price numeric(12,2), stock int, active bool, changed timestamptz);
    INSERT INTO products VALUES
        ('b-2', 'Болт "М8", оц.', 10.50, 7, true, '2026-11-01 12:00+03'),
        ('B-1', '', 0.01, NULL, false, '2026-11-02 00:00Z'),
        ('a-3', NULL, 9999999999.99, 0, NULL, NULL);
"""
TYPES = {"sku": "text", "name": "text", "price": "decimal(12,2)", "stock": "integer", "active": "boolean", "changed": "timestamptz", "day": "date"}


def test_a_price_list_becomes_a_snapshot(database: Database, tmp_path: Path) -> None:
    database.execute(CATALOGUE)
    before = datetime.now(UTC)
    query = "\ufeffSELECT :export_date AS day, products.* FROM products; -- the whole catalogue"
    snapshot = extract_from(database, tmp_path, query, **TYPES)
    assert snapshot.scan().collect().rows() == [
        ("B-1", "", Decimal("0.01"), None, False, datetime(2026, 11, 2, tzinfo=UTC), DAY),
        ("a-3", None, Decimal("9999999999.99"), 0, None, None, DAY),
        ("b-2", 'Болт "М8", оц.', Decimal("10.50"), 7, True, datetime(2026, 11, 1, 9, tzinfo=UTC), DAY),
    ]
    assert (snapshot.price_list, snapshot.export_date, snapshot.rows) == ("wholesale", DAY, 3)
    assert snapshot.control_sums == {"price": Decimal("10000000010.50")}
    assert before <= snapshot.source_time <= datetime.now(UTC)
    assert open_snapshot(snapshot.path) == snapshot
    assert list(tmp_path.iterdir()) == [snapshot.path]


def test_the_same_rows_have_the_same_name_whatever_the_time_zone_and_the_way_they_were_read(database: Database, tmp_path: Path) -> None:
    database.execute(CATALOGUE)
    first = extract_from(database, tmp_path, "SELECT :export_date AS day, * FROM products", **TYPES)
    source = replace(database.source, timezone=ZoneInfo("Asia/Kamchatka"))
    query = 'SELECT *, :export_date AS day FROM products ORDER BY sku COLLATE "C"'
    assert extract(price_list(query, **TYPES), DAY, source, tmp_path).name == first.name
    database.execute("UPDATE products SET price = price + 0.01 WHERE sku = 'b-2'")
    assert extract_from(database, tmp_path, query, **TYPES).name != first.name


def test_rows_of_many_blocks_arrive_whole_and_in_order(database: Database, tmp_path: Path) -> None:
    query = "SELECT lpad(g::text, 7, '0') AS sku, (g / 100.0)::numeric(12,2) AS price FROM generate_series(200000, 1, -1) AS g"
    snapshot = extract_from(database, tmp_path, query, sku="text", price="decimal(12,2)")
    frame = snapshot.scan().collect()
    assert frame["sku"].to_list() == [f"{number:07}" for number in range(1, 200_001)]
    assert (snapshot.rows, snapshot.control_sums["price"]) == (200_000, Decimal("200001000.00"))


def test_no_rows_are_a_snapshot(database: Database, tmp_path: Path) -> None:
    snapshot = extract_from(database, tmp_path, "SELECT 'x' AS sku, 1.5 AS price WHERE false", sku="text", price="decimal(3,1)")
    assert (snapshot.rows, snapshot.control_sums) == (0, {"price": Decimal("0.0")})


@pytest.mark.parametrize(
    ("value", "type_", "said"),
    [
        ("1.005", "decimal(12,2)", "1.005 does not fit decimal(12,2): that type holds at most 2 decimals"),
        ("'NaN'::numeric", "decimal(12,2)", "NaN does not fit decimal(12,2)"),
        ("'-Infinity'::numeric", "decimal(12,2)", "-Infinity does not fit decimal(12,2)"),
        ("12345678901.5", "decimal(12,2)", "12345678901.5 does not fit decimal(12,2): that type holds at most 10 digits"),
        ("9223372036854775808", "integer", "9223372036854775808 does not fit integer"),
        ("date 'infinity'", "date", "infinity does not fit date"),
        ("date '0044-03-15 BC'", "date", "0044-03-15 BC does not fit date"),
        ("timestamp '12026-01-01 06:00'", "timestamp", "12026-01-01 06:00:00 does not fit timestamp"),
        ("timestamptz '-infinity'", "timestamptz", "-infinity does not fit timestamptz"),
    ],
)
def test_a_value_that_does_not_fit_names_column_row_and_value(database: Database, tmp_path: Path, value: str, type_: str, said: str) -> None:
    query = f"SELECT g::text AS sku, CASE WHEN g = 70007 THEN {value} END AS v FROM generate_series(10000, 80000) AS g"
    error = failure(database, tmp_path, query, sku="text", v=type_)
    assert isinstance(error, ValueDoesNotFit)
    assert str(error).startswith(f"Column v, row with sku '70007': {said}")


@pytest.mark.parametrize(
    ("query", "error", "said"),
    [
        ("SELECT 'x' AS sku, 1.5::float8 AS price", ContractMismatch, 'write "price"::numeric in the SQL'),
        ("SELECT 'x' AS sku", ContractMismatch, "'price' is missing"),
        (
            "SELECT 'x' AS sku, 1 AS price\nFROM nowhere",
            SourceRefused,
            'wholesale.sql:2: Postgres refused the query: relation "nowhere" does not exist (42P01)',
        ),
        ("SELECT 'x' AS sku, 1 / 0 AS price", SourceRefused, "division by zero (22012)"),
        ("SELECT 'x' AS sku, 1 AS price; SELECT 2", PriceListError, "wholesale.sql:1"),
        ("WITH a AS (DELETE FROM t RETURNING sku) SELECT sku, 1 AS price FROM a", SourceRefused, "must be at the top level"),
        ("SELECT 'x' AS sku, 1 AS price) AS q(c1, c2); DROP TABLE t; --", PriceListError, "wholesale.sql:1"),
    ],
)
def test_what_a_person_must_mend_is_tried_once(  # noqa: PLR0917 - fixtures and cases
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture, query: str, error: type[Exception], said: str
) -> None:
    database.execute("CREATE TABLE t AS SELECT 'x' AS sku")
    found = failure(database, tmp_path, query, sku="text", price="decimal(12,2)")
    assert type(found) is error
    assert said in str(found)
    assert "Try" not in caplog.text
    assert database.execute("SELECT count(*) FROM t") == [(1,)]


def test_what_passes_by_itself_is_tried_three_times(database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger=extraction.__name__)
    source = replace(database.source, port=1)
    with pytest.raises(SourceUnavailable, match="Connection refused"):
        extract(price_list("SELECT 'x' AS sku", sku="text"), DAY, source, tmp_path)
    tries = [record.getMessage()[:11] for record in caplog.records if record.name == extraction.__name__]
    assert tries == ["Try 1 of 3,", "Try 2 of 3,", "Try 3 of 3,"]


END_THE_FIRST_READ = """
import time
from contextlib import closing
from price_assets.export.postgres import connect
from price_assets.settings import SourceSettings
reading = "application_name LIKE 'price_assets wholesale %' AND wait_event = 'PgSleep'"
with closing(connect(SourceSettings.from_environment())) as connection:
    connection.autocommit = True
    while not connection.execute(f"SELECT FROM pg_stat_activity WHERE {reading}").rowcount:
        time.sleep(0.02)
    connection.execute("INSERT INTO mended VALUES (now())")
    connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {reading}")
"""


def test_the_next_try_may_succeed(database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The backend is ended in the middle of the first read: what was read is thrown away, and the second read starts over."""
    slow_unless_mended = "CASE WHEN g = 150000 AND NOT EXISTS (SELECT FROM mended) THEN pg_sleep(60) IS NOT NULL ELSE true END"
    query = f"SELECT g::text AS sku FROM generate_series(1, 200000) AS g WHERE {slow_unless_mended}"
    database.execute("CREATE TABLE mended (at timestamp)")

    # A process, for ConnectorX holds the GIL while it waits [PJ11].
    with subprocess.Popen([sys.executable, "-c", END_THE_FIRST_READ], env={**os.environ, **database.environment()}) as ending:
        assert extract_from(database, tmp_path, query, sku="text").rows == 200_000
    assert ending.returncode == 0
    assert [message[:10] for message in caplog.messages if message.startswith("Try")] == ["Try 1 of 3"]


def test_a_statement_timeout_is_not_tried_again(database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = replace(database.source, statement_timeout=timedelta(seconds=1))
    with pytest.raises(SourceUnavailable, match="statement timeout"):
        extract(price_list("SELECT pg_sleep(60)::text AS sku", sku="text"), DAY, source, tmp_path)
    assert "Try" not in caplog.text


def test_an_interrupted_extraction_leaves_no_query_and_no_file(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(writer: SnapshotWriter, frame: pl.DataFrame) -> None:
        del writer, frame
        assert running(database) == 1
        raise KeyboardInterrupt

    database.execute("CREATE TABLE t AS SELECT g AS a FROM generate_series(1, 200000) AS g; CREATE INDEX ON t (a)")
    database.execute(f"ALTER DATABASE {database.name} SET enable_sort = off; ALTER DATABASE {database.name} SET enable_seqscan = off")
    monkeypatch.setattr(SnapshotWriter, "write", interrupted)
    query = "SELECT a::text AS sku FROM t WHERE CASE WHEN a = 150000 THEN pg_sleep(60) IS NOT NULL ELSE true END ORDER BY a"
    with pytest.raises(KeyboardInterrupt):
        extract_from(database, tmp_path, query, sku="text")
    deadline = time.monotonic() + 2
    while running(database):
        assert time.monotonic() < deadline, "the query still runs"
        threading.Event().wait(0.02)
    assert list(tmp_path.iterdir()) == []


def test_the_name_in_the_server_tells_the_list_and_is_never_cut() -> None:
    names = {extraction.application_name("w" * 63) for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("price_assets www") and len(name) <= 63 for name in names)
