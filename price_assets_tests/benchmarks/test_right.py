"""A contestant that writes something else is not taken for right."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from benchmarks.right import Wrong, look_at
from benchmarks.rows import TYPES

ROW = '000000001,"Bolt, ""M8",Brand 1,Category 1,шт,0000000000017,12.50,12.00,11.75,,3,t,2026-11-24,2026-01-01 00:00:07'
SECOND = "000000002,Гайка,Brand 2,Category 2,кг,0000000000024,0.10,0.10,0.07,9.99,0,f,2026-11-25,2026-01-01 00:00:14"
CELLS: list[Any] = [
    *("000000001", 'Bolt, "M8', "Brand 1", "Category 1", "шт", "0000000000017", 12.5, 12, 11.75, None, 3, True),
    *(date(2026, 11, 24), datetime(2026, 1, 1, 0, 0, 7)),  # noqa: DTZ001
]


def written(path: Path, *rows: str, header: str = ",".join(TYPES)) -> Path:
    path.write_text("\n".join([header, *rows, ""]))
    return path


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    return written(tmp_path / "truth.csv", ROW, SECOND)


def test_the_same_rows_are_right_and_so_are_the_first_of_them(truth: Path, tmp_path: Path) -> None:
    assert look_at(truth, truth) == (2, [])
    assert look_at(truth, written(tmp_path / "first.csv", ROW)) == (1, [])


def test_the_same_values_in_other_words_are_right_and_told(truth: Path, tmp_path: Path) -> None:
    other = ROW.replace("12.50", "12.5000000000").replace(",t,", ",True,").replace("01-01 ", "01-01T")
    assert look_at(truth, written(tmp_path / "other.csv", other)) == (1, ["prints price 12.5000000000"])


@pytest.mark.parametrize(
    ("value", "another", "said"),
    [
        ("12.50", "12.51", "price of row 1 is"),
        ("12.50", "12.5000000001", "price of row 1 is"),
        ("12.50", "1.25e1", "'1.25e1' is no decimal"),
        (",,3", ",0.00,3", "price_old of row 1 is 0"),
        ("000000001,", "1,", "sku of row 1 is 1 "),
        ("2026-11-24", "2026-11-23", "valid_from of row 1 is 2026-11-23"),
        ("00:00:07", "00:00:08", "updated of row 1 is"),
        (ROW, SECOND, "sku of row 1 is 000000002"),
    ],
)
def test_another_value_is_wrong(truth: Path, tmp_path: Path, value: str, another: str, said: str) -> None:
    with pytest.raises(Wrong, match=said):
        look_at(truth, written(tmp_path / "other.csv", ROW.replace(value, another)))


def test_other_columns_and_more_rows_are_wrong(truth: Path, tmp_path: Path) -> None:
    with pytest.raises(Wrong, match="its columns are"):
        look_at(truth, written(tmp_path / "other.csv", ROW, header=",".join(TYPES).replace("unit", "units")))
    with pytest.raises(Wrong, match="more rows than the 2"):
        look_at(truth, written(tmp_path / "more.csv", ROW, SECOND, SECOND))


def workbook(path: Path, values: list[Any]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, list(TYPES))
        for position, value in enumerate(values):
            match value:
                case datetime():
                    sheet.write_datetime(1, position, value, book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}))
                case date():
                    midnight = datetime(value.year, value.month, value.day)  # noqa: DTZ001
                    sheet.write_datetime(1, position, midnight, book.add_format({"num_format": "yyyy-mm-dd"}))
                case str():
                    sheet.write_string(1, position, value)
                case _:
                    sheet.write(1, position, value)
    return path


def test_a_workbook_of_the_same_values_is_right(truth: Path, tmp_path: Path) -> None:
    assert look_at(truth, workbook(tmp_path / "same.xlsx", CELLS)) == (1, [])


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("price", "12.50", "price is text"),
        ("price", 12.5000001, "price of row 1 is 12.5000001"),
        ("stock", 4, "stock of row 1 is 4"),
        ("barcode", 17, "barcode: text became"),
        ("available", False, "available of row 1 is False"),
        ("valid_from", 46350, "valid_from: date became"),
    ],
)
def test_another_cell_is_wrong(truth: Path, tmp_path: Path, column: str, value: object, said: str) -> None:
    cells = [value if name == column else cell for name, cell in zip(TYPES, CELLS, strict=True)]
    with pytest.raises(Wrong, match=said):
        look_at(truth, workbook(tmp_path / "other.xlsx", cells))


def test_a_workbooks_text_that_is_no_number_is_told(truth: Path, tmp_path: Path) -> None:
    cells = ["2026-11-24" if isinstance(cell, date) and not isinstance(cell, datetime) else cell for cell in CELLS]
    assert look_at(truth, workbook(tmp_path / "text.xlsx", cells)) == (1, ["valid_from is text"])
