"""Through PgBouncer, in session and in transaction pooling: what an extraction needs of its session is made inside its transactions [PJ13]."""

import time
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from price_assets.errors import SourceRefused, SourceUnavailable
from price_assets.export.contract import Column, ColumnType
from price_assets.export.extraction import extract
from price_assets.export.postgres import connect, open_session
from price_assets.export.price_list import PriceList
from price_assets.export.reader import read
from price_assets.settings import SourceSettings
from price_assets_tests.servers.pgbouncer import PooledDatabase

DAY = date(2026, 11, 24)
COLUMNS = tuple(Column(name=name, type=ColumnType.parse(type_)) for name, type_ in {"sku": "text", "price": "decimal(12,2)", "via": "text"}.items())
QUERY = "SELECT g::text AS sku, (g / 100.0)::numeric(12,2) AS price, current_setting('application_name') AS via FROM generate_series(1, 70000) AS g"
ABANDONED = "SELECT generate_series(1, 1000000000) AS a, repeat('x', 100) AS b"
PRICE_LIST = PriceList(name="wholesale", sql=QUERY, start=date(2026, 1, 1), key=("sku",), columns=COLUMNS)

by_either_reader = pytest.mark.parametrize("reader", ["connectorx", "copy"])


def source(pooled: PooledDatabase, reader: str) -> SourceSettings:
    """Settings that this reader serves."""
    return pooled.source if reader == "copy" else pooled.unverified


def running(pooled: PooledDatabase, name: str) -> int:
    return pooled.execute(f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}' AND state = 'active'")[0][0]


@by_either_reader
def test_a_price_list_is_extracted_again_and_again(pooled_database: PooledDatabase, tmp_path: Path, reader: str) -> None:
    """Connections to the server are used by one extraction after the other, one of which was abandoned: nothing is left on them."""
    made = source(pooled_database, reader)
    first = extract(PRICE_LIST, DAY, made, tmp_path)
    frame = first.scan().collect()
    assert (first.rows, str(first.control_sums["price"])) == (70_000, "24500350.00")
    assert frame["via"].str.contains(r"^price_assets wholesale [0-9a-f]{8}$").all()
    with open_session(made, "abandoned") as session, closing(read(session, ABANDONED)) as frames:
        next(frames)
    assert extract(PRICE_LIST, DAY, made, tmp_path).rows == 70_000


@by_either_reader
def test_the_reader_sees_the_sessions_point_in_time(pooled_database: PooledDatabase, reader: str) -> None:
    """[CX5]: two connections of the pool, one snapshot."""
    pooled_database.execute("CREATE TABLE products AS SELECT 1 AS id")
    with open_session(source(pooled_database, reader), "point") as session:
        pooled_database.execute("INSERT INTO products VALUES (2)")
        query = "SELECT (SELECT count(*) FROM products) AS n, pg_backend_pid() AS pid, current_setting('statement_timeout') AS waits"
        [(count, pid, waits)] = [row for frame in read(session, query) for row in frame.rows()]
        assert (count, waits) == (1, "15min")
        assert pid != session.connection.execute("SELECT pg_backend_pid()").fetchone()


@by_either_reader
def test_no_setting_stays_on_a_connection_of_the_pool(pooled_database: PooledDatabase, reader: str) -> None:
    with open_session(source(pooled_database, reader), "settings") as session:
        list(read(session, "SELECT 1 AS a"))
        session.connection.rollback()  # else the pool throws its connection away
    with closing(connect(source(pooled_database, reader))) as connection:
        names = ("statement_timeout", "transaction_read_only", "timezone", "application_name")
        found = [connection.execute("SELECT current_setting(%s)", (name,)).fetchone() for name in names]
    own = [pooled_database.execute(f"SHOW {name}")[0] for name in names]
    assert found == own


@by_either_reader
def test_an_abandoned_read_is_ended_in_the_server(pooled_database: PooledDatabase, reader: str) -> None:
    with open_session(source(pooled_database, reader), "abandoned") as session, closing(read(session, ABANDONED)) as frames:
        next(frames)
        assert running(pooled_database, "abandoned") == 1
    deadline = time.monotonic() + 2
    while running(pooled_database, "abandoned"):
        assert time.monotonic() < deadline, "the query still runs"
        time.sleep(0.02)


@by_either_reader
def test_a_statement_timeout_holds(pooled_database: PooledDatabase, reader: str) -> None:
    short = replace(source(pooled_database, reader), statement_timeout=timedelta(seconds=1))
    with open_session(short, "slow") as session, pytest.raises(SourceUnavailable, match="statement timeout"):
        list(read(session, "SELECT pg_sleep(60)::text AS a"))


def test_a_wrong_password_and_a_wrong_name_are_refused(pooled_database: PooledDatabase) -> None:
    with pytest.raises(SourceRefused, match=r"password authentication failed|SASL authentication failed"):
        connect(replace(pooled_database.source, password="wrong"))
    with pytest.raises(SourceRefused, match=r'does not match host name "127\.0\.0\.1"'):
        connect(replace(pooled_database.source, host="127.0.0.1"))
