from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from price_assets.export.contract import Column, ColumnType, Contract
from price_assets.export.describe import describe, match
from price_assets.export.postgres import open_session
from price_assets.export.projection import Projection, SourceColumn, misfit
from price_assets.export.reader import read
from price_assets_tests.servers.postgres import Database

STAND_IN = "10000-01-01"


def contract(**types: str) -> Contract:
    return tuple(Column(name=name, type=ColumnType.parse(type_)) for name, type_ in types.items())


def projection(query: str, columns: Contract, found: list[SourceColumn], *, ordered: bool = False) -> Projection:
    return Projection(query, columns, [columns[0].name], match(columns, found, "a.sql"), len(found), ordered)


def read_all(database: Database, query: str, columns: Contract, *, ordered: bool = False) -> list[dict[str, Any]]:
    """The rows as ConnectorX delivers the projected columns."""
    with open_session(database.source, "projection") as session:
        wrapper = projection(query, columns, describe(session.connection, query, "a.sql"), ordered=ordered)
        return [row for frame in read(session, wrapper.sql) for row in frame.to_dicts()]


def test_the_wrapper_survives_what_a_query_may_end_in_or_be_called() -> None:
    columns = contract(**{'a "b"': "text", "n": "integer"})
    found = [SourceColumn(1, "n", 23, "integer"), SourceColumn(2, 'a "b"', 25, "text")]
    assert projection("SELECT 1 -- the end", columns, found).sql == (
        'SELECT q.c2::text AS "a ""b""", q.c1::int8 AS "n" FROM (\nSELECT 1 -- the end\n) AS q(c1, c2) ORDER BY q.c2::text COLLATE "C"'
    )
    assert projection("SELECT 1 ORDER BY 1", columns, found, ordered=True).sql.endswith("\n) AS q(c1, c2)")


@pytest.mark.parametrize(
    ("type_", "oid", "name", "said"),
    [
        ("decimal(12,2)", 701, "double precision", "'v' is double precision, and decimal(12,2) takes numeric and integers: write \"v\"::numeric"),
        ("decimal(12,2)", 790, "money", '"v"::numeric'),
        ("decimal(12,2)", 25, "text", '"v"::numeric'),
        ("integer", 25, "text", 'integer takes smallint, integer, bigint and numeric: write "v"::bigint'),
        ("boolean", 23, "integer", 'write "v" <> 0'),
        ("boolean", 25, "text", '"v"::boolean'),
        ("integer", 701, "double precision", '"v"::numeric'),  # a cast to bigint would round
        ("date", 790, "money", "write an expression that gives date, or declare the column as text"),
        ("date", 1114, "timestamp without time zone", '"v"::date'),
        ("timestamp", 1184, "timestamp with time zone", '"v"::timestamp'),
        ("timestamptz", 1082, "date", '"v"::timestamptz'),
    ],
)
def test_a_type_that_does_not_fit_says_which_cast_to_write(type_: str, oid: int, name: str, said: str) -> None:
    [column] = contract(v=type_)
    assert said in str(misfit(column, SourceColumn(1, "v", oid, name)))


def test_every_kind_arrives_exactly(database: Database) -> None:
    columns = contract(
        id="integer", small="integer", price="decimal(12,2)", whole="decimal(5,0)", ok="boolean", day="date", at="timestamp", seen="timestamptz"
    )
    query = """SELECT 1::int8 id, 2::int2 small, 10.50::numeric(12,2) price, 7 whole, true ok, date '2026-11-24' AS day,
        timestamp '2026-11-24 06:00:00.123456' AS at, timestamptz '2026-11-24 06:00+03' seen"""
    assert read_all(database, query, columns) == [
        {
            "id": 1,
            "small": 2,
            "price": "10.50",
            "whole": 7,
            "ok": True,
            "day": date(2026, 11, 24),
            "at": datetime(2026, 11, 24, 6, 0, 0, 123456, tzinfo=UTC).replace(tzinfo=None),
            "seen": datetime(2026, 11, 24, 3, 0, tzinfo=UTC).replace(tzinfo=None),
        }
    ]


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("1.10::numeric", "1.10"),
        ("1e-20::numeric", "0.00000000000000000001"),
        ("'NaN'::numeric", "NaN"),
        ("1.1::float4", "1.1"),
        ("0.1::float8 + 0.2::float8", "0.30000000000000004"),
        ("'ab'::char(5)", "ab"),
        ("'{\"a\": 1.10}'::json", '{"a": 1.10}'),
        ("'{\"a\":1.10}'::jsonb", '{"a": 1.10}'),
        ("12.5::money", "$12.50"),
        ("interval '1 day 02:03'", "1 day 02:03:00"),
        ("'10.0.0.1'::inet", "10.0.0.1/32"),
        ("ARRAY[1, NULL, 3]", "{1,NULL,3}"),
        ("ROW(1, 'a b')", '(1,"a b")'),
        ("'\\x00ff'::bytea", "\\x00ff"),
        ("timestamptz '2026-11-24 06:00Z'", "2026-11-24 06:00:00+00"),
        ("point(1, 2)", "(1,2)"),
        ("int4range(1, 5)", "[1,5)"),
        ("'👍 \"é\"'::text", '👍 "é"'),
    ],
)
def test_text_is_what_the_server_itself_prints(database: Database, expression: str, text: str) -> None:
    """[CX2, CX10, PJ3, PJ4]: types that ConnectorX knows nothing of, or reads as something else, whatever the role's own settings are."""
    database.execute(
        f"ALTER DATABASE {database.name} SET datestyle = 'German';"
        f"ALTER DATABASE {database.name} SET bytea_output = 'escape';"
        f"ALTER DATABASE {database.name} SET intervalstyle = 'iso_8601';"
        f"ALTER DATABASE {database.name} SET extra_float_digits = 0"
    )
    assert read_all(database, f"SELECT {expression} AS v", contract(v="text")) == [{"v": text}]


OUTSIDE = ["'infinity'", "'-infinity'", "'0044-03-15 BC'", "'10000-01-01'", "'10000-01-02'"]


@pytest.mark.parametrize("literal", OUTSIDE)
@pytest.mark.parametrize("type_", ["date", "timestamp", "timestamptz"])
def test_what_lies_outside_the_years_1_to_9999_arrives_as_the_stand_in(database: Database, type_: str, literal: str) -> None:
    query = f"SELECT 'A' AS sku, {literal}::{type_} AS v UNION ALL SELECT 'B', NULL UNION ALL SELECT 'C', '2026-01-01'"
    columns = contract(sku="text", v=type_)
    with open_session(database.source, "projection") as session:
        wrapper = projection(query, columns, describe(session.connection, query, "a.sql"))
        [frame] = read(session, wrapper.sql)
        texts = [text and text.lstrip("+").split(" ")[0] for text in frame["v"].cast(pl.String).to_list()]
        assert texts == [STAND_IN, None, "2026-01-01"]
        first = session.connection.execute(wrapper.misfit_sql(columns[1]).encode()).fetchone()
        assert first is not None
        assert (first[0], first[1][:8]) == ("A", literal.strip("'")[:8])


def test_a_moment_whose_wall_time_has_five_digits_arrives_as_the_stand_in(database: Database) -> None:
    """In UTC it lies in the year 9999, in the session's time zone it does not, and that is what a file shows."""
    source = replace(database.source, timezone=ZoneInfo("Europe/Moscow"))
    query = "SELECT timestamptz '9999-12-31 23:30Z' AS v"
    with open_session(source, "projection") as session:
        [frame] = read(session, projection(query, contract(v="timestamptz"), describe(session.connection, query, "a.sql")).sql)
        assert frame["v"].cast(pl.String).item().lstrip("+").startswith(STAND_IN)


def test_the_first_and_last_moment_arrive_as_they_are(database: Database) -> None:
    query = "SELECT date '0001-01-01' a, date '9999-12-31' b, timestamp '0001-01-01' c, timestamp '9999-12-31 23:59:59.999999' d"
    [row] = read_all(database, query, contract(a="date", b="date", c="timestamp", d="timestamp"))
    assert [str(value) for value in row.values()] == ["0001-01-01", "9999-12-31", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"]


def test_rows_come_by_the_key_in_c_collation(database: Database) -> None:
    query = "SELECT v COLLATE \"unicode\" AS v FROM (VALUES ('b'), ('B'), ('a'), ('Я'), ('я'), ('A')) AS t(v)"
    assert [row["v"] for row in read_all(database, query, contract(v="text"))] == ["A", "B", "a", "b", "Я", "я"]


def test_a_number_as_key_sorts_as_a_number(database: Database) -> None:
    """A bare name in ORDER BY would sort the projected text [PJ2]."""
    query = "SELECT v FROM (VALUES (10.0), (9.0), (-1.5)) AS t(v)"
    assert [row["v"] for row in read_all(database, query, contract(v="decimal(5,1)"))] == ["-1.5", "9.0", "10.0"]


def test_the_order_of_the_query_itself_stands(database: Database) -> None:
    query = "SELECT g AS v FROM generate_series(1, 200000) AS g ORDER BY g % 1000 DESC, g -- as the buyer wants it"
    rows = [row["v"] for row in read_all(database, query, contract(v="integer"), ordered=True)]
    assert rows == sorted(range(1, 200_001), key=lambda v: (-(v % 1000), v))


def test_a_key_of_a_type_without_an_order_sorts_as_text(database: Database) -> None:
    query = """SELECT v::json AS v FROM (VALUES ('{"b": 1}'), ('{"a": 1}')) AS t(v)"""
    assert [row["v"] for row in read_all(database, query, contract(v="text"))] == ['{"a": 1}', '{"b": 1}']
