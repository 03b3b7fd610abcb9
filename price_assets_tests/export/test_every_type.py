"""Every type by both readers: the same Arrow tables, and the CSV that psql's own `\\copy` writes, byte for byte; or an error that helps."""

import re
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from price_assets.errors import ContractMismatch, ExitCode, ValueDoesNotFit
from price_assets.export.casting import cast
from price_assets.export.contract import Column, ColumnType, Contract, Kind
from price_assets.export.describe import describe, match
from price_assets.export.extraction import extract
from price_assets.export.formats import csv
from price_assets.export.postgres import open_session
from price_assets.export.price_list import CsvOptions, PriceList
from price_assets.export.projection import Projection
from price_assets.export.reader import read
from price_assets.settings import SourceSettings
from price_assets_tests.export.source_types import COLUMNS, table
from price_assets_tests.servers.tls_postgres import TlsDatabase, system_programs

DAY = date(2026, 11, 24)
ZONES = ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "UTC"]


def price_list(query: str, columns: Contract, key: str = "id") -> PriceList:
    return PriceList(name="wholesale", sql=query, start=date(2026, 1, 1), key=(key,), columns=columns)


def sources(database: TlsDatabase, zone: str = "UTC") -> list[SourceSettings]:
    """ConnectorX's and the COPY reader's."""
    return [replace(source, timezone=ZoneInfo(zone)) for source in (database.unverified, database.source)]


def raw(source: SourceSettings, query: str, columns: Contract) -> pl.DataFrame:
    """What the reader delivers, before it is cast."""
    with open_session(source, "raw") as session:
        found = describe(session.connection, query, "a.sql")
        projection = Projection(query, columns, ("id",), match(columns, found, "a.sql"), len(found), ordered=True)
        return pl.concat(list(read(session, projection.sql)))


def copied(database: TlsDatabase, source: SourceSettings, relation: str, path: Path) -> bytes:
    r"""What psql's `\copy` writes of the same, each column cast to its contract's type."""
    types = {Kind.INTEGER: "bigint", Kind.DECIMAL: "numeric"}
    casts = ", ".join(
        f"{column.name}::{str(column.type).replace(column.type.kind, types.get(column.type.kind, column.type.kind))}" for column in COLUMNS
    )
    server = database.server
    address = f"host={server.host} port={server.port} user={server.user} dbname={database.name}"
    copy = f"\\copy (SELECT {casts} FROM {relation} ORDER BY id) TO '{path}' csv header"
    environment = {"PGTZ": source.timezone.key, "PGCLIENTENCODING": "UTF8", "PGPASSWORD": server.password}
    subprocess.run([system_programs() / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", copy, address], env=environment, check=True)
    return path.read_bytes()


@pytest.fixture
def every(tls_database: TlsDatabase) -> TlsDatabase:
    """The table of every type."""
    tls_database.execute(table())
    return tls_database


@pytest.mark.parametrize(("relation", "zone"), [*(("every", zone) for zone in ZONES), ("seen", "Europe/Berlin"), ("kept", "Europe/Berlin")])
def test_every_type_is_what_psql_copies_by_both_readers(every: TlsDatabase, tmp_path: Path, relation: str, zone: str) -> None:
    names: set[str] = set()
    for source in sources(every, zone):
        snapshot = extract(price_list(f"SELECT * FROM {relation} ORDER BY id", COLUMNS), DAY, source, tmp_path)
        names.add(snapshot.name)
        csv.render(snapshot, CsvOptions(), source.timezone, tmp_path / "ours.csv")
        ours, theirs = (tmp_path / "ours.csv").read_bytes(), copied(every, source, relation, tmp_path / "psql.csv")
        assert ours.decode().split("\n") == theirs.decode().split("\n")  # which is the easier one to read where it fails
        assert ours == theirs
    assert len(names) == 1


def test_both_readers_deliver_the_same_arrow_table(every: TlsDatabase) -> None:
    """[PJ3, PJ12]"""
    by_connectorx, by_copy = (raw(source, "SELECT * FROM every ORDER BY id", COLUMNS) for source in sources(every, "Europe/Berlin"))
    assert by_connectorx.schema == by_copy.schema
    assert by_connectorx.to_arrow().equals(by_copy.to_arrow())


@pytest.mark.parametrize(
    ("value", "type_", "said"),
    [
        ("1.005", "decimal(12,2)", '1.005 does not fit decimal(12,2): that type holds at most 2 decimals; write round("v", 2) in the SQL'),
        ("1.5", "integer", '1.5 does not fit integer: that type holds whole numbers only; write round("v", 0) in the SQL'),
        ("'NaN'::numeric", "decimal(12,2)", "NaN does not fit decimal(12,2): it is no number; correct it, or write NULLIF(\"v\", 'NaN') in the SQL"),
        ("'Infinity'::numeric", "integer", "Infinity does not fit integer: it is no number"),
        ("'-Infinity'::numeric", "decimal(38,0)", "-Infinity does not fit decimal(38,0): it is no number"),
        ("12345678901.5", "decimal(12,2)", "12345678901.5 does not fit decimal(12,2): that type holds at most 10 digits before the point"),
        ("10000::int4", "decimal(6,2)", "10000 does not fit decimal(6,2): that type holds at most 4 digits"),
        (f"1{'0' * 38}", "decimal(38,0)", f"1{'0' * 38} does not fit decimal(38,0): that type holds at most 38 digits before the point"),
        (f"{'9' * 40}.5", "decimal(38,1)", f"{'9' * 40}.5 does not fit decimal(38,1): that type holds at most 37 digits before the point"),
        (
            "9223372036854775808",
            "integer",
            "9223372036854775808 does not fit integer: an integer has 64 bits; declare the column as decimal(p,0) or text",
        ),
        ("date 'infinity'", "date", "infinity does not fit date: a price list holds the years 1 to 9999; write NULLIF(\"v\", 'infinity') in the SQL"),
        ("date '0044-03-15 BC'", "date", "0044-03-15 BC does not fit date: a price list holds the years 1 to 9999; correct it, or declare"),
        ("date '10000-01-01'", "date", "10000-01-01 does not fit date"),
        ("timestamp '-infinity'", "timestamp", "-infinity does not fit timestamp"),
        ("timestamp '12026-01-01 06:00'", "timestamp", "12026-01-01 06:00:00 does not fit timestamp"),
        ("timestamptz '0001-12-31 23:59:59 BC'", "timestamptz", "does not fit timestamptz"),
        ("timestamptz '9999-12-31 23:30Z'", "timestamptz", "10000-01-01 00:30:00+01 does not fit timestamptz"),
    ],
)
def test_a_value_that_the_contract_can_not_hold_names_column_row_and_value(
    tls_database: TlsDatabase, tmp_path: Path, value: str, type_: str, said: str
) -> None:
    """In Europe/Berlin: what the year 10000 begins in is that of the wall's clock."""
    query = f"SELECT g::text AS id, CASE WHEN g = 7 THEN {value} END AS v FROM generate_series(1, 9) AS g ORDER BY g"
    columns = (Column(name="id", type=ColumnType.parse("text")), Column(name="v", type=ColumnType.parse(type_)))
    for source in sources(tls_database, "Europe/Berlin"):
        with pytest.raises(ValueDoesNotFit) as caught:
            extract(price_list(query, columns), DAY, source, tmp_path)
        assert str(caught.value).startswith("Column v, row with id '7': ")
        assert said in str(caught.value)
        assert caught.value.exit_code == ExitCode.ROWS_REFUSED
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("expression", "type_", "to_write"),
    [
        *((f"1.5::{source}", "decimal(12,2)", 'write "v"::numeric in the SQL') for source in ("float4", "float8", "money", "text")),
        ("1::float8", "integer", 'write "v"::numeric in the SQL'),
        ("1::text", "integer", 'write "v"::bigint in the SQL'),
        ("1::oid", "integer", "write an expression that gives bigint"),
        ("1::int4", "boolean", 'write "v" <> 0 in the SQL'),
        ("1::text", "boolean", 'write "v"::boolean in the SQL'),
        ("'1'::bit", "boolean", "write an expression that gives boolean"),
        *((source, "date", 'write "v"::date in the SQL') for source in ("now()", "now()::timestamp", "'2026-11-24'::text")),
        *((source, "timestamp", 'write "v"::timestamp in the SQL') for source in ("now()", "now()::date")),
        ("now()::time", "timestamp", "write an expression that gives timestamp"),
        *((f"now()::{source}", "timestamptz", 'write "v"::timestamptz in the SQL') for source in ("timestamp", "date")),
        ("ARRAY[1]", "integer", 'take one element, "v"[1]'),
        ("'1'::json", "decimal(3,0)", "take one value out of it, (\"v\"->>'…')::numeric"),
    ],
)
def test_a_type_that_the_contract_can_not_hold_says_what_to_write(
    tls_database: TlsDatabase, tmp_path: Path, expression: str, type_: str, to_write: str
) -> None:
    columns = (Column(name="id", type=ColumnType.parse("integer")), Column(name="v", type=ColumnType.parse(type_)))
    for source in sources(tls_database):
        with pytest.raises(ContractMismatch, match=re.escape(to_write)) as caught:
            extract(price_list(f"SELECT 1 AS id, {expression} AS v", columns), DAY, source, tmp_path)
        assert caught.value.exit_code == ExitCode.REFUSED


NUMERICS = """
    SELECT setseed(0.42);
    CREATE TABLE numerics AS
        SELECT id, value, (random() * 12)::int AS scale
        FROM (SELECT id, round(((random() - 0.5) * 10 ^ (random() * 14)::int)::numeric, (random() * 12)::int) AS value
              FROM generate_series(1, 1000000) AS id) AS made;
"""


def test_a_million_numerics_are_each_what_postgres_prints_or_an_error(tls_database: TlsDatabase, tmp_path: Path) -> None:
    """Of scale 0 to 12, each held to a contract's scale of its own [PJ5]. Postgres says itself which fit, and how they are printed."""
    tls_database.execute(NUMERICS)
    query = "SELECT id, value, scale, value = round(value, scale) AS fits, round(value, scale)::text AS printed FROM numerics ORDER BY id"
    kinds = {"id": "integer", "value": "decimal(38,12)", "scale": "integer", "fits": "boolean", "printed": "text"}
    columns = tuple(Column(name=name, type=ColumnType.parse(type_)) for name, type_ in kinds.items())
    by_connectorx, rows = (raw(source, query, columns) for source in sources(tls_database))
    assert by_connectorx.equals(rows)
    assert rows.height == 1_000_000
    for (scale,), of_scale in rows.partition_by("scale", as_dict=True).items():
        column = Column(name="value", type=ColumnType.parse(f"decimal(38,{scale})"))
        fit, unfit = (of_scale.filter(pl.col("fits") == fits).select("id", "value", "printed") for fits in (True, False))
        typed = cast(fit.select("value"), (column,), ("value",), lambda _: None)["value"]
        path = tmp_path / "numbers.csv"
        typed.to_frame().write_csv(path, include_header=False)
        assert path.read_text().splitlines() == fit["printed"].to_list()
        for row in range(0, unfit.height, 1 + unfit.height // 50):
            key, value = unfit["id"][row], unfit["value"][row]
            with pytest.raises(ValueDoesNotFit, match=rf"row with id '{key}': {value} does not fit"):
                cast(unfit.slice(row, 1), (column,), ("id",), lambda _: None)
    assert 100_000 < rows["fits"].sum() < 900_000
