from typing import Any

import psycopg
import pytest

from price_assets.errors import ContractMismatch, SourceRefused
from price_assets.export import projection
from price_assets.export.contract import Column, ColumnType, Contract
from price_assets.export.describe import describe, match
from price_assets.export.projection import SourceColumn
from price_assets_tests.servers.postgres import Database


def contract(**types: str) -> Contract:
    return tuple(Column(name=name, type=ColumnType.parse(type_)) for name, type_ in types.items())


def found(*names: str, oid: int = 25, type_name: str = "text") -> list[SourceColumn]:
    return [SourceColumn(position, name, oid, type_name) for position, name in enumerate(names, 1)]


def described(database: Database, query: str) -> list[tuple[str, str]]:
    with database.connect() as connection:
        return [(column.name, column.type_name) for column in describe(connection, query, "a.sql")]


def test_a_query_is_described_without_being_run(database: Database) -> None:
    query = "SELECT 1/0 AS a, 'x'::varchar(10) AS b, 1.5::numeric(12,2) AS \"Цена\", now() AS d"
    assert described(database, query) == [
        ("a", "integer"),
        ("b", "character varying(10)"),
        ("Цена", "numeric(12,2)"),
        ("d", "timestamp with time zone"),
    ]


def test_a_domain_counts_as_what_it_is_made_of(database: Database) -> None:
    database.execute("CREATE DOMAIN price AS numeric(12,2) CHECK (value >= 0)")
    with database.connect() as connection:
        [column] = describe(connection, "SELECT 1::price AS price", "a.sql")
    assert (column.oid, column.name) == (1700, "price")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1; SELECT 2",
        "SELECT FROM generate_series(1, 2)",
        "SELECT nothing FROM nowhere",
        "WITH gone AS (DELETE FROM",
    ],
)
def test_what_is_no_query_is_refused(database: Database, query: str) -> None:
    with pytest.raises(SourceRefused):
        described(database, query)


def test_the_refusal_says_what_the_server_said(database: Database) -> None:
    database.execute("CREATE TABLE products (sku text)")
    with pytest.raises(SourceRefused, match=r"column \"skus\" does not exist.*Perhaps you meant.*\(42703\)"):
        described(database, "SELECT skus FROM products")
    with pytest.raises(SourceRefused, match=r"^a\.sql:3: Postgres refused the query: syntax error"):
        described(database, "-- all of them\nSELECT sku\nFORM products")


def test_columns_are_matched_by_name_and_come_in_the_contracts_order() -> None:
    columns = contract(sku="text", name="text")
    assert [(name, column.position) for name, column in match(columns, found("name", "sku"), "a.sql").items()] == [("sku", 2), ("name", 1)]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (
            ["sku", "prise"],
            "a.sql: the query does not fit the contract: 'price' is missing, and 'prise' is not in the contract; did you mean ",
        ),
        (["sku"], "'price' is missing"),
        (["sku", "price", "extra"], "'extra' is not in the contract"),
        (["sku", "price", "sku"], "'sku' is there 2 times"),
        (["sku", "Price"], "'Price' is not in the contract; did you mean 'price'?"),
        (["?column?", "sku"], "'?column?' is not in the contract"),
    ],
)
def test_missing_extra_and_duplicate_columns_are_named(names: list[str], said: str) -> None:
    with pytest.raises(ContractMismatch) as caught:
        match(contract(sku="text", price="text"), found(*names), "a.sql")
    assert said in str(caught.value)


def test_a_wrong_type_says_which_cast_to_write() -> None:
    with pytest.raises(
        ContractMismatch, match=r"'price' is double precision, and decimal\(12,2\) takes numeric and integers: write \"price\"::numeric"
    ):
        match(contract(price="decimal(12,2)"), found("price", oid=701, type_name="double precision"), "a.sql")


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(ContractMismatch) as caught:
        match(contract(sku="text", price="decimal(12,2)", stock="integer"), found("sku", "price", "sku", "colour"), "a.sql")
    for said in ("'sku' is there 2 times", "'stock' is missing", "'colour' is not in the contract", "'price' is text"):
        assert said in str(caught.value)


def oid_of(connection: psycopg.Connection[Any], type_: str) -> int:
    row = connection.execute("SELECT %s::regtype::oid::int", (type_,)).fetchone()
    assert row is not None
    return row[0]


def test_the_oids_are_those_of_the_server(database: Database) -> None:
    with database.connect() as connection:
        for name in ("bool", "int8", "int2", "int4", "numeric", "date", "timestamp", "timestamptz"):
            assert oid_of(connection, name) == getattr(projection, name.upper())
