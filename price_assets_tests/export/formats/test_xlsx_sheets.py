from pathlib import Path

import openpyxl
import polars as pl
import pytest

from price_assets.errors import Refused
from price_assets.export.formats import verify_xlsx, xlsx, xlsx_zip
from price_assets.export.formats.xlsx_sheets import sheet_name_problem, sheet_names
from price_assets_tests.export.formats.xlsx_files import (
    MOSCOW,
    OPTIONS,
    by_libreoffice,
    by_openpyxl,
    needs_libreoffice,
    parts,
    rendered,
    rendered_and_read,
)
from price_assets_tests.export.snapshots import contract, snapshot_of

COLUMNS = contract(id="integer", price="decimal(12,2)", name="text")


def rows(count: int) -> pl.DataFrame:
    return pl.select(
        id=pl.int_range(count, dtype=pl.Int64),
        price=(pl.int_range(count) % 1000).cast(pl.Decimal(12, 2)),
        name=pl.when(pl.int_range(count) % 3 == 0).then(pl.lit(None, pl.String)).otherwise(pl.lit("name & more")),
    )


@pytest.mark.parametrize(("count", "sheets"), [(10, [10]), (11, [10, 1]), (25, [10, 10, 5])])
def test_a_full_sheet_is_followed_by_another_with_its_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, sheets: list[int]) -> None:
    monkeypatch.setattr(xlsx, "SHEET_ROWS", 10)
    snapshot = snapshot_of(tmp_path, COLUMNS, rows(count))
    path = rendered(tmp_path, snapshot)
    verify_xlsx.verify(path, snapshot, OPTIONS, MOSCOW)
    workbook = by_openpyxl(path)
    assert workbook.sheetnames == [*["wholesale", "wholesale (2)", "wholesale (3)"][: len(sheets)], "About"]
    found = [list(sheet.iter_rows(values_only=True)) for sheet in workbook.worksheets[:-1]]
    assert {sheet[0] for sheet in found} == {("id", "price", "name")}
    assert [len(sheet) - 1 for sheet in found] == sheets
    assert [row[0] for sheet in found for row in sheet[1:]] == list(range(count))
    assert [sheet.auto_filter.ref for sheet in workbook.worksheets[:-1]] == [f"A1:C{height + 1}" for height in sheets]
    assert workbook["About"]["B4"].value == count


def test_batches_are_cut_where_a_sheet_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "SHEET_ROWS", 10_000)
    snapshot = snapshot_of(tmp_path, COLUMNS, rows(25_000))
    path = rendered(tmp_path, snapshot)
    verify_xlsx.verify(path, snapshot, OPTIONS, MOSCOW)
    assert parts(path)["xl/worksheets/sheet3.xml"].count(b"<row ") == 5_001


@needs_libreoffice
def test_libreoffice_opens_all_sheets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """[XL8]: it refuses what other readers take."""
    monkeypatch.setattr(xlsx, "SHEET_ROWS", 10)
    sheets = by_libreoffice(rendered(tmp_path, snapshot_of(tmp_path, COLUMNS, rows(25))), tmp_path)
    assert {name: len(found) for name, found in sheets.items() if name != "About"} == {"wholesale": 11, "wholesale (2)": 11, "wholesale (3)": 6}
    assert sheets["wholesale (3)"][:2] == [["id", "price", "name"], ["20", "20.00", "name & more"]]


@pytest.mark.parametrize("count", [1_048_575, 1_048_576, 1_048_577])
def test_as_many_rows_as_excel_holds_and_one_or_two_more(tmp_path: Path, count: int) -> None:
    """The limit itself, and verification in a stream."""
    snapshot = snapshot_of(tmp_path, contract(id="integer"), pl.select(id=pl.int_range(count, dtype=pl.Int64)))
    path = rendered(tmp_path, snapshot)
    verify_xlsx.verify(path, snapshot, OPTIONS, MOSCOW)
    workbook = openpyxl.load_workbook(path, read_only=True)
    more = count - 1_048_575
    assert workbook.sheetnames == ["wholesale", *(["wholesale (2)"] if more else []), "About"]
    if more:
        assert list(workbook["wholesale (2)"].iter_rows(values_only=True)) == [("id",), (1_048_575,), (1_048_576,)][: more + 1]
    workbook.close()


def test_a_sheet_of_very_wide_rows_ends_before_4_gib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "SHEET_BYTES", 100_000)
    monkeypatch.setattr(xlsx, "BATCH_ROWS", 100)
    snapshot = snapshot_of(tmp_path, COLUMNS, rows(2_500))
    path, behind = rendered_and_read(tmp_path, snapshot)  # which begins anew with it
    verify_xlsx.verify(path, snapshot, OPTIONS, MOSCOW, behind)
    sheets = [xml for name, xml in parts(path).items() if name.startswith("xl/worksheets/")]
    assert len(sheets) > 3
    assert all(len(xml) <= 100_000 for xml in sheets)


def test_a_file_over_4_gib_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_zip, "LARGEST", 20_000)
    with pytest.raises(Refused, match="would pass 4 GiB"):
        rendered(tmp_path, snapshot_of(tmp_path, COLUMNS, rows(20_000)))


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("wholesale", ["wholesale", "wholesale (2)"]),
        ("a" * 40, ["a" * 31, "a" * 27 + " (2)"]),
        ("😀" * 20, ["😀" * 15, "😀" * 13 + " (2)"]),
        ("a" * 30 + "'s prices", ["a" * 30, "a" * 27 + " (2)"]),
        ("about", ["about_", "about (2)"]),
        ("history", ["history_", "history (2)"]),
    ],
)
def test_sheet_names_are_cut_with_their_suffix_counted(name: str, names: list[str]) -> None:
    assert sheet_names(name, 2) == names


@pytest.mark.parametrize("name", ["", "  ", "a[b", "a]", "a:b", "a*", "a?", "a/b", "a\\b", "'a", "a'", "About", "HISTORY", "a\x07", "a\n"])
def test_names_that_excel_refuses_are_a_problem(name: str) -> None:
    assert sheet_name_problem(name)


@pytest.mark.parametrize("name", ["Прайс", "it's", "a (2)", "About us", "x" * 40, "😀", "A1", "TRUE", "1"])
def test_other_names_are_none_and_make_a_workbook(tmp_path: Path, name: str) -> None:
    assert sheet_name_problem(name) is None
    path = rendered(tmp_path, snapshot_of(tmp_path, COLUMNS, rows(1)), xlsx.XlsxOptions(sheet=name))
    assert by_openpyxl(path).sheetnames == [name[:31], "About"]
