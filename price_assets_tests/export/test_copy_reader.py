"""The reader by COPY against ConnectorX: the same frames, the same errors, the same care of the server."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg import sql

from price_assets.errors import SourceRefused, SourceUnavailable
from price_assets.export import copy_reader, source_errors
from price_assets.export.postgres import Session, open_session
from price_assets.export.reader import read_by_connectorx
from price_assets_tests.servers.postgres import Database

Reader = Callable[[Session, str], Generator[pl.DataFrame]]
TRAP = [
    "\ufeff",
    "\ufeffx",
    "x\x01",
    "x\x01,y",
    "xں",
    "xںa",
    "\n",
    "\r",
    "\r\n",
    "\\.",
    "\\N",
    '"',
    '""',
    ",",
    " ",
    "",
    None,
    "#",
    "\x1f",
    "(",
    "\x7f",
]
"""Text that begins as a byte order mark or a compressed file does [PJ16], ends lines, quotes."""


def read_all(session: Session, statement: str, reader: Reader) -> pl.DataFrame:
    return pl.concat(list(reader(session, statement)))


def read_by_both(database: Database, statement: str) -> pl.DataFrame:
    """What COPY gives, which is what ConnectorX gives, types and all."""
    frames: list[pl.DataFrame] = []
    for reader in (copy_reader.read, read_by_connectorx):
        with open_session(database.source, "both") as session:
            frames.append(read_all(session, statement, reader))
    by_copy, by_connectorx = frames
    assert by_copy.schema == by_connectorx.schema
    assert by_copy.to_arrow().equals(by_connectorx.to_arrow())
    return by_copy


def values(rows: list[list[str | None]]) -> str:
    lines = sql.SQL(", ").join(sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Literal, [number, *row]))) for number, row in enumerate(rows))
    return sql.SQL("(VALUES {}) AS t").format(lines).as_string()


def test_every_type_that_travels_is_what_connectorx_makes_of_it(database: Database) -> None:
    """[PJ3]: the stand-in for what lies outside the years 1 to 9999 too."""
    frame = read_by_both(
        database,
        """SELECT * FROM (VALUES
            (1::int8, 2::int2, 3::int4, true, date '0001-01-01', timestamp '0001-01-01', 'a', 'A "b", c'),
            (9223372036854775807, 32767, -2147483648, false, '9999-12-31', '9999-12-31 23:59:59.999999', '', ' é漢😀 '),
            (-9223372036854775808, NULL, NULL, NULL, '10000-01-01', '10000-01-01', E'\\n', E'\\r\\n'),
            (0, 0, 0, true, '2024-02-29', '2026-11-24 06:00:00.000001', E'\\x01\\x7f', '\\.'),
            (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)) AS t(big, small, "integer ""of"" four", ok, day, at, "Текст", "a,b")""",
    )
    assert frame.dtypes == [pl.Int64, pl.Int64, pl.Int64, pl.Boolean, pl.Date, pl.Datetime("us"), pl.String, pl.String]
    assert frame.columns[2] == 'integer "of" four'
    assert frame["day"].cast(pl.Int32)[2] == 2_932_897


@pytest.mark.parametrize("kind", ["int8", "bool", "date", "timestamp", "text"])
def test_no_rows_and_rows_of_nothing_keep_their_types(database: Database, kind: str) -> None:
    """A NULL alone in its row is a blank line, which many readers of CSV skip [CS1]."""
    assert read_by_both(database, f"SELECT NULL::{kind} AS v WHERE false").height == 0
    assert read_by_both(database, f"SELECT NULL::{kind} AS v FROM generate_series(1, 3)")["v"].to_list() == [None] * 3
    assert read_by_both(database, f"SELECT NULL::{kind} AS a, NULL::{kind} AS b FROM generate_series(1, 3)").height == 3


@pytest.mark.parametrize("batch", [1, 100, copy_reader.BATCH])
def test_hard_text_arrives_whatever_a_batch_begins_and_ends_with(database: Database, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    """[PJ16]: Polars would lose the byte order mark, and rows without a word."""
    monkeypatch.setattr(copy_reader, "BATCH", batch)
    rows = [[text, other] for text in TRAP for other in TRAP]
    frame = read_by_both(database, f"SELECT a::text, b::text FROM (SELECT * FROM {values(rows)}(i, a, b)) AS t ORDER BY i")
    assert frame.rows() == [tuple(row) for row in rows]
    alone = read_by_both(database, f"SELECT a::text FROM (SELECT * FROM {values(rows)}(i, a, b)) AS t ORDER BY i")
    assert alone["a"].to_list() == [row[0] for row in rows]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.lists(st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.sampled_from(TRAP), min_size=2, max_size=2),
        min_size=1,
    ),
    batch=st.integers(1, 200),
)
@example(rows=[["\ufeff", None]], batch=1)
@example(rows=[["x\x01", "y"]], batch=1)
def test_any_text_arrives(database: Database, rows: list[list[str | None]], batch: int) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch, open_session(database.source, "any") as session:
        monkeypatch.setattr(copy_reader, "BATCH", batch)
        for columns in ("a, b", "a"):
            statement = f"SELECT {columns} FROM (SELECT i, a::text, b::text FROM {values(rows)}(i, a, b)) AS t ORDER BY i"
            assert read_all(session, statement, copy_reader.read).rows() == [tuple(row[: len(columns.split(","))]) for row in rows]


def test_rows_that_polars_loses_stop_the_read() -> None:
    """A guard of its own, in case that a release of Polars finds another beginning to its liking."""
    with pytest.raises(AssertionError, match="Postgres sent 1 rows, and Polars read 0"):
        copy_reader.parse([b"x\x01,y\n"], {"a": 25, "b": 25})


def test_many_rows_arrive_whole_and_in_order(database: Database) -> None:
    frame = read_by_both(database, "SELECT g::int8 AS a, repeat('x', g % 100) AS b FROM generate_series(200000, 1, -1) AS g")
    assert frame["a"].to_list() == list(range(200_000, 0, -1))


def test_a_batch_is_some_megabytes_of_whole_rows(database: Database) -> None:
    with open_session(database.source, "batches") as session:
        sizes = [len(frame) for frame in copy_reader.read(session, "SELECT repeat('x', 1000000) AS a FROM generate_series(1, 20)")]
    assert sizes == [5, 5, 5, 5, 0]


def test_the_reader_sees_the_sessions_point_in_time_and_settings(database: Database) -> None:
    """[CX5, PJ4, PJ13]"""
    database.execute("CREATE TABLE products AS SELECT 1 AS id")
    before = datetime.now(UTC)
    with open_session(database.source, "price_assets point") as session:
        database.execute("INSERT INTO products VALUES (2)")
        query = "SELECT (SELECT count(*) FROM products) AS n, current_setting('application_name') AS a, current_setting('transaction_read_only') AS b"
        assert read_all(session, query, copy_reader.read).rows() == [(1, "price_assets point", "on")]
        assert before <= session.source_time <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("query", "error", "said"),
    [
        ("SELECT 1 / (3 - g) AS a FROM generate_series(1, 10) AS g", SourceRefused, r"division by zero \(22012\)"),
        ("SELECT 1 / (300000 - g) AS a FROM generate_series(1, 1000000) AS g", SourceRefused, r"division by zero \(22012\)"),
        ("SELECT nothing AS a", SourceRefused, r'column "nothing" does not exist \(42703\)'),
        ("SELECT pg_sleep(60)::text AS a", SourceUnavailable, "statement timeout"),
        ("SELECT pg_terminate_backend(pg_backend_pid())::text AS a", source_errors.SourceBusy, r"\(57P01\)|went away"),
        ("SELECT sneak() AS a", SourceRefused, "read-only transaction"),
    ],
)
def test_what_fails_while_reading_is_told_by_its_sqlstate(database: Database, query: str, error: type[Exception], said: str) -> None:
    database.execute("CREATE TABLE t (a int); CREATE FUNCTION sneak() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING a'")
    source = replace(database.source, statement_timeout=timedelta(seconds=2))
    with open_session(source, "failing") as session, pytest.raises(error, match=said) as caught:
        list(copy_reader.read(session, query))
    assert type(caught.value) is error


def test_an_abandoned_read_is_ended_in_the_server(database: Database) -> None:
    with (
        open_session(database.source, "abandoned") as session,
        closing(copy_reader.read(session, "SELECT generate_series(1, 1000000000) AS a, repeat('x', 100) AS b")) as frames,
    ):
        assert len(next(frames)) > 0
        assert running(database) == 1
    deadline = time.monotonic() + 2
    while running(database):
        assert time.monotonic() < deadline, "the query still runs"
        threading.Event().wait(0.02)


def running(database: Database) -> int:
    return database.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'abandoned' AND state = 'active'")[0][0]
