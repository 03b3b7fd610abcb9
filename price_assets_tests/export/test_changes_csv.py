"""All that differs between two days, for a spreadsheet or a program."""

import csv
import errno
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from price_assets.errors import Failed, UsageError
from price_assets.export import comparison
from price_assets.export.changes_csv import write_changes
from price_assets.export.comparison import compare
from price_assets.export.contract import Contract
from price_assets.export.snapshot import Snapshot
from price_assets_tests.export.snapshots import contract, snapshot_of

COLUMNS = contract(sku="text", price="decimal(12,2)", old="decimal(12,2)", stock="integer")
HEAD = ["change", "key", "column", "before", "after"]


def _snapshot(folder: Path, name: str, rows: Sequence[Sequence[object]] | pl.DataFrame, columns: Contract = COLUMNS) -> Snapshot:
    (folder / name).mkdir()
    return snapshot_of(folder / name, columns, rows)


def _read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_each_key_that_came_or_went_and_each_price_that_changed_is_a_line(tmp_path: Path) -> None:
    one, two = Decimal("1.00"), Decimal("2.50")
    before = _snapshot(tmp_path, "before", [("a", one, one, 1), ("b", one, None, 1), ("c", one, one, 1), ("same", one, one, 1)])
    after = _snapshot(tmp_path, "after", [("same", one, one, 7), ("a", two, None, 1), ("b", one, two, 1), ('d, "x"', one, one, 1)])
    assert write_changes(before, after, ["sku"], ["price", "old"], tmp_path / "changes.csv") == 5
    assert _read(tmp_path / "changes.csv") == [
        HEAD,
        ["repriced", "a", "old", "1.00", ""],
        ["repriced", "a", "price", "1.00", "2.50"],
        ["repriced", "b", "old", "", "2.50"],
        ["removed", "c", "", "", ""],
        ["added", 'd, "x"', "", "", ""],
    ]


def test_two_days_that_are_the_same_give_a_header_alone(tmp_path: Path) -> None:
    rows = [("a", Decimal("1.00"), None, 1)]
    days = _snapshot(tmp_path, "before", rows), _snapshot(tmp_path, "after", rows)
    assert write_changes(*days, ["sku"], ["price"], tmp_path / "changes.csv") == 0
    assert _read(tmp_path / "changes.csv") == [HEAD]


def test_a_key_of_several_columns_names_them_and_a_long_one_is_whole(tmp_path: Path) -> None:
    columns, long = contract(sku="text", tier="integer", price="decimal(12,2)"), "x" * 500
    before = _snapshot(tmp_path, "before", [(long, 1, Decimal("1.00"))], columns)
    after = _snapshot(tmp_path, "after", [(long, 1, Decimal("2.00")), (long, 2, Decimal("3.00"))], columns)
    write_changes(before, after, ["sku", "tier"], ["price"], tmp_path / "changes.csv")
    assert [line[1] for line in _read(tmp_path / "changes.csv")[1:]] == [f"sku={long}, tier=1", f"sku={long}, tier=2"]


def test_the_lines_are_as_many_as_the_comparison_counts_whatever_the_buckets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = pl.select(sku=pl.int_range(500).cast(pl.String), price=pl.repeat(1, 500, dtype=pl.Decimal(12, 2)))
    new = pl.select(sku=(pl.int_range(500) + 50).cast(pl.String), price=((pl.int_range(500) + 50) % 7).cast(pl.Decimal(12, 2)))
    columns = contract(sku="text", price="decimal(12,2)")
    days = _snapshot(tmp_path, "before", old, columns), _snapshot(tmp_path, "after", new, columns)
    found = compare(*days, ["sku"], ["price"])
    whole = tmp_path / "whole.csv"
    written = write_changes(*days, ["sku"], ["price"], whole)
    assert written == found.added + found.removed + found.repriced
    monkeypatch.setattr(comparison.joined, "__defaults__", (70,))
    assert write_changes(*days, ["sku"], ["price"], tmp_path / "bucketed.csv") == written
    assert sorted(_read(whole)) == sorted(_read(tmp_path / "bucketed.csv"))


def test_a_file_that_exists_is_left_alone(tmp_path: Path) -> None:
    day = _snapshot(tmp_path, "day", [("a", None, None, 1)])
    path = tmp_path / "changes.csv"
    path.write_text("mine")
    with pytest.raises(UsageError, match=r"changes\.csv exists already: name a new file"):
        write_changes(day, day, ["sku"], ["price"], path)
    assert path.read_text() == "mine"


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    day = _snapshot(tmp_path, "day", [("a", None, None, 1)])
    with pytest.raises(UsageError, match=r"can't be made: No such file or directory\. Name a file in a folder"):
        write_changes(day, day, ["sku"], ["price"], tmp_path / "nowhere" / "changes.csv")


def test_a_full_disk_leaves_no_half_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    day = _snapshot(tmp_path, "day", [("a", None, None, 1)])

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_csv", full)
    with pytest.raises(Failed, match=r"changes\.csv can't be written: No space left on device"):
        write_changes(day, day, ["sku"], ["price"], tmp_path / "changes.csv")
    assert not (tmp_path / "changes.csv").exists()


def test_days_without_a_common_key_are_refused_and_make_no_file(tmp_path: Path) -> None:
    before = _snapshot(tmp_path, "before", [("a",)], contract(code="text"))
    after = _snapshot(tmp_path, "after", [("a", None, None, 1)])
    with pytest.raises(UsageError, match="The key sku is not in both days in one type"):
        write_changes(before, after, ["sku"], ["price"], tmp_path / "changes.csv")
    assert not (tmp_path / "changes.csv").exists()
