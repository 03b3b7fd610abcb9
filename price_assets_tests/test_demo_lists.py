"""The demo's lists, published by the exporter: the CSV against psql's own, the XLSX against another reader."""

import datetime as dt
import os
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from price_assets.demo.server import binaries
from price_assets.export.contract import Column, Kind
from price_assets.export.price_list import PriceList
from price_assets.export.price_list_files import load_price_lists
from price_assets.export.snapshot_files import open_snapshot
from price_assets.export.sql import scan
from price_assets.settings import FORMATS
from price_assets.variables import SHIPPED_PRICE_LISTS
from price_assets_tests.servers.postgres import TODAY, Database
from price_assets_tests.shop import command

ZONE = "Europe/Moscow"
pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def storage(demo_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lists of one day, those with a workbook exported with the `plain` dialect."""
    folder = tmp_path_factory.mktemp("demo-lists")
    lists = shutil.copytree(SHIPPED_PRICE_LISTS, folder / "lists")
    retail = lists / "retail.yaml"
    retail.write_text(retail.read_text().replace("dialect: excel-semicolon", "dialect: plain"))
    environment = os.environ | demo_database.environment()
    environment |= {"STORAGE_BUCKET": (folder / "storage").as_uri(), "PRICE_LISTS_DIR": str(lists), "EXPORT_TIMEZONE": ZONE}
    subprocess.run(command("export", "--date", str(TODAY)), env=environment, check=True, capture_output=True)
    return folder / "storage"


def price_list(name: str) -> PriceList:
    found = {each.name: each for each in load_price_lists(SHIPPED_PRICE_LISTS, start=TODAY, formats=FORMATS)}
    wanted = found[name]
    assert isinstance(wanted, PriceList)
    return wanted


@pytest.mark.parametrize("name", ["retail", "wholesale"])
def test_plain_csv_is_byte_for_byte_what_psql_copies(storage: Path, demo_database: Database, tmp_path: Path, name: str) -> None:
    wanted = price_list(name)
    query = scan(wanted.sql, name).render(TODAY)
    order = "" if scan(wanted.sql, name).ordered else 'ORDER BY q.sku COLLATE "C"'
    (tmp_path / "copy.sql").write_text(
        f"CREATE TEMPORARY VIEW copied AS SELECT * FROM (\n{query}\n) AS q {order};\n\\copy (SELECT * FROM copied) TO 'psql.csv' CSV HEADER\n"
    )
    server = demo_database.server
    address = f"host={server.host} port={server.port} user={server.user} dbname={demo_database.name}"
    environment = os.environ | {"PGPASSWORD": server.password, "PGTZ": ZONE, "PGCLIENTENCODING": "UTF8"}
    psql = [binaries() / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "copy.sql", address]
    subprocess.run(psql, env=environment, cwd=tmp_path, check=True)
    assert (storage / name / "latest" / f"{name}.csv").read_bytes() == (tmp_path / "psql.csv").read_bytes()


@pytest.mark.parametrize("name", ["retail", "wholesale"])
def test_the_workbook_reads_back_equal_to_the_snapshot(storage: Path, name: str) -> None:
    (parquet,) = (storage / "_snapshots" / name / str(TODAY)).glob("*.parquet")
    snapshot = open_snapshot(parquet)
    book = openpyxl.load_workbook(storage / name / "latest" / f"{name}.xlsx", read_only=True)
    sheet = book.worksheets[0]
    assert [str(each.title) for each in book.worksheets][1:] == ["About"]
    rows = sheet.iter_rows(values_only=True)
    assert list(next(rows)) == [column.label for column in snapshot.columns]
    expected = snapshot.scan().collect().with_columns(pl.col(column.name).dt.convert_time_zone(ZONE) for column in zoned(snapshot.columns))
    count = 0
    for found, wanted in zip(rows, expected.iter_rows(), strict=True):
        assert [cell(value, column) for value, column in zip(found, snapshot.columns, strict=True)] == [shown(value) for value in wanted]
        count += 1
    assert count == snapshot.rows > 40_000
    book.close()


def zoned(columns: tuple[Column, ...]) -> list[Column]:
    return [column for column in columns if column.type.kind is Kind.TIMESTAMPTZ]


def cell(value: object, column: Column) -> object:
    """What openpyxl gives for a cell, as the contract has it: it has one type for all numbers and one for all times."""
    if isinstance(value, float | int) and column.type.kind is Kind.DECIMAL:
        return round(Decimal(repr(value)), column.type.scale)
    if isinstance(value, dt.datetime) and column.type.kind is Kind.DATE:
        return value.date()
    return value


def shown(value: object) -> object:
    """A snapshot's value as a workbook can show it: without a zone, to the millisecond, line ends as a newline."""
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None, microsecond=value.microsecond // 1000 * 1000)
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value
