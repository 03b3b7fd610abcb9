from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from price_assets.errors import Failed
from price_assets.export.contract import Column, ColumnType
from price_assets.export.formats import csv
from price_assets.export.formats.csv_dialects import DIALECTS, written_by
from price_assets.export.price_list import CsvOptions
from price_assets.export.reread import Totals, totals
from price_assets_tests.export.snapshots import snapshot_of

COLUMNS = (
    Column(name="sku", type=ColumnType.parse("text"), header='Артикул, "наш"'),
    Column(name="price", type=ColumnType.parse("decimal(12,2)"), header="Цена; ₽"),
)


@pytest.mark.parametrize(("dialect", "headers"), list(product(DIALECTS, ("names", "labels"))))
def test_a_csv_tells_by_its_first_line_how_it_was_written(tmp_path: Path, dialect: str, headers: str) -> None:
    snapshot = snapshot_of(tmp_path, COLUMNS, [("a;b", "1.50"), ("c,d", None)])
    path = tmp_path / "a.csv"
    options = CsvOptions.model_validate({"dialect": dialect, "headers": headers})
    csv.render(snapshot, options, ZoneInfo("UTC"), path)
    assert written_by(path.read_bytes().splitlines(keepends=True)[0], COLUMNS) == options
    assert totals(path, "csv", COLUMNS) == Totals(2, snapshot.control_sums)


@pytest.mark.parametrize("begins", [b"", b"sku\n", b"sku,price", b'"sku,price\n'])
def test_a_header_of_no_dialect_is_refused(tmp_path: Path, begins: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(begins)
    with pytest.raises(Failed, match=r"the header of a\.csv is not that of its contract"):
        totals(tmp_path / "a.csv", "csv", COLUMNS)


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"sku,price\n")
    with pytest.raises(Failed, match="can't be read by this contract"):
        totals(tmp_path / "a.xlsx", "xlsx", COLUMNS)
