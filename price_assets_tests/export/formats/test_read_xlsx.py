from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from price_assets.errors import Failed
from price_assets.export.formats import read_xlsx, xlsx
from price_assets.export.formats.wall_time import to_wall_time
from price_assets_tests.export.formats.test_xlsx import EVERY_TYPE, HARD_TEXT, ROWS, typed
from price_assets_tests.export.formats.xlsx_files import MOSCOW, rendered
from price_assets_tests.export.snapshots import contract, snapshot_of


@pytest.mark.parametrize("sheet_rows", [1, 3, 4])
def test_every_kind_comes_back_as_the_contract_types_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sheet_rows: int) -> None:
    """Times come to the millisecond, and a timestamptz as the wall time that is shown."""
    monkeypatch.setattr(xlsx, "SHEET_ROWS", sheet_rows)
    snapshot = snapshot_of(tmp_path, EVERY_TYPE, typed(ROWS))
    expected = snapshot.scan().collect()
    expected = expected.with_columns(to_wall_time(expected["seen"], MOSCOW)).with_columns(pl.col("changed", "seen").dt.cast_time_unit("ms"))
    assert_frame_equal(read_xlsx.read(rendered(tmp_path, snapshot), EVERY_TYPE, len(ROWS)), expected)


def test_hard_text_comes_back_with_plain_line_ends(tmp_path: Path) -> None:
    path = rendered(tmp_path, snapshot_of(tmp_path, contract(key="integer", text="text"), list(enumerate(HARD_TEXT))))
    found = read_xlsx.read(path, contract(key="integer", text="text"), len(HARD_TEXT))["text"].to_list()
    assert found == [text and text.replace("\r\n", "\n").replace("\r", "\n") for text in HARD_TEXT]


def test_numbers_of_15_digits_come_back_wherever_their_point_is(tmp_path: Path) -> None:
    columns = contract(large="decimal(38,0)", small="decimal(38,38)", whole="integer")
    digits = [("123456789012345" + "0" * 23, "0." + "0" * 23 + "123456789012345", 2**53), ("-1", "-0.1", -(2**53)), ("0", "0", 0)]
    frame = pl.DataFrame(digits, schema=["large", "small", "whole"], orient="row")
    frame = frame.cast({column.name: column.type.polars for column in columns})
    found = read_xlsx.read(rendered(tmp_path, snapshot_of(tmp_path, columns, frame)), columns, 3)
    assert_frame_equal(found, frame)
    assert found["small"][0] == Decimal(digits[0][1])


def test_a_workbook_without_rows_has_none(tmp_path: Path) -> None:
    found = read_xlsx.read(rendered(tmp_path, snapshot_of(tmp_path, EVERY_TYPE, [])), EVERY_TYPE, 0)
    assert (found.height, found.columns, found.schema["price"]) == (0, [column.name for column in EVERY_TYPE], pl.Decimal(12, 2))


def test_a_workbook_of_other_columns_or_rows_is_refused(tmp_path: Path) -> None:
    path = rendered(tmp_path, snapshot_of(tmp_path, contract(sku="text", name="text"), [["1", "x"]]))
    with pytest.raises(Failed, match=r"file\.xlsx, sheet wholesale: the header is \['sku', 'name'\] where \['name', 'sku'\] is due"):
        read_xlsx.read(path, contract(name="text", sku="text"), 1)
    with pytest.raises(Failed, match=r"file\.xlsx has 1 rows where 2 are due"):
        read_xlsx.read(path, contract(sku="text", name="text"), 2)
