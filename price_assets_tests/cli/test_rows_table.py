"""The first rows on a terminal: all columns are seen, however narrow it is, and each value as what it is."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len
from rich.console import Console

from price_assets.cli.rows_table import first_rows, rows_tables
from price_assets.cli.terminal import visible
from price_assets.export.contract import Column, ColumnType
from price_assets.export.snapshot import Snapshot
from price_assets_tests.export.snapshots import contract, snapshot_of

MOSCOW = ZoneInfo("Europe/Moscow")


def printed(snapshot: Snapshot, width: int, key: list[str], number: int = 20) -> list[list[str]]:
    """The lines of each table."""
    console = Console(width=width, record=True, file=None, quiet=False)
    tables: list[list[str]] = []
    for table in rows_tables(snapshot, first_rows(snapshot, number, MOSCOW), key, width):
        with console.capture() as captured:
            console.print(table)
        tables.append([line.rstrip() for line in captured.get().splitlines()])
    return tables


def test_every_type_shows_exactly(tmp_path: Path) -> None:
    types = contract(d="decimal(38,10)", i="integer", b="boolean", day="date", at="timestamp", tz="timestamptz")
    at, moment = datetime(2026, 11, 24, 6, 0, 0, 120_000), datetime(2026, 11, 24, 3, 0, 0, 1, tzinfo=UTC)  # noqa: DTZ001 - a timestamp has no zone
    row = (Decimal("1234567890123456789012345678.0000000010"), 2**63 - 1, True, date(2026, 11, 24), at, moment)
    snapshot = snapshot_of(tmp_path, types, [row, (None,) * 6])
    assert first_rows(snapshot, 20, MOSCOW) == [
        (
            "1234567890123456789012345678.0000000010",
            "9223372036854775807",
            "true",
            "2026-11-24",
            "2026-11-24 06:00:00.120",
            "2026-11-24 06:00:00.000001+03:00",
        ),
        (None,) * 6,
    ]


@pytest.mark.parametrize(
    ("timezone", "moment", "shown"),
    [
        ("Europe/Berlin", "2150-06-30T22:00", "2150-07-01 00:00:00+02:00"),
        ("Europe/Berlin", "9999-12-31T23:30", "+10000-01-01 00:30:00+01:00"),
        ("Europe/Berlin", "2026-10-25T00:30", "2026-10-25 02:30:00+02:00"),
        ("Europe/Berlin", "2026-10-25T01:30", "2026-10-25 02:30:00+01:00"),
        ("America/St_Johns", "2026-11-24T03:00:00.120", "2026-11-23 23:30:00.120-03:30"),
        ("Europe/Moscow", "1900-01-01T00:00", "1900-01-01 02:30:17+02:30"),
        ("America/New_York", "1883-01-01T00:00", "1882-12-31 19:03:58-04:56"),
    ],
)
def test_a_moment_shows_as_in_the_files_with_its_offset(tmp_path: Path, timezone: str, moment: str, shown: str) -> None:
    """Summer time holds for ever, where Polars' own table of it ends with 2099."""
    rows = [(None,), (datetime.fromisoformat(moment).replace(tzinfo=UTC),)]
    assert first_rows(snapshot_of(tmp_path, contract(at="timestamptz"), rows), 20, ZoneInfo(timezone)) == [(None,), (shown,)]


def test_where_no_moment_is_none_shows(tmp_path: Path) -> None:
    assert first_rows(snapshot_of(tmp_path, contract(at="timestamptz"), [(None,)]), 20, MOSCOW) == [(None,)]
    assert first_rows(snapshot_of(tmp_path, contract(at="timestamptz"), []), 20, MOSCOW) == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "NULL"),
        ("", '""'),
        ("NULL", '"NULL"'),
        (" x", '" x"'),
        ("x ", '"x "'),
        ("a\nb\t\x1b[31m", "a\\nb\\t\\x1b[31m"),
        ("a\xa0b", "a\\xa0b"),
        ("[red]x[/red]", "[red]x[/red]"),
        ('Болт, "М8"', 'Болт, "М8"'),
    ],
)
def test_one_sees_what_a_value_is(value: str | None, shown: str) -> None:
    with (console := Console(width=80)).capture() as captured:
        console.print(visible(value))
    assert captured.get() == shown + "\n"


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120, 10_000])
def test_no_table_is_wider_than_the_terminal_and_no_column_is_left_out(tmp_path: Path, width: int) -> None:
    names = [f"column_{number}" for number in range(12)]
    snapshot = snapshot_of(tmp_path, contract(sku="text", **dict.fromkeys(names, "text")), [("A-1", *["цена 🔩 " * 20] * 12)])
    tables = printed(snapshot, width, ["sku"])
    assert max(cell_len(line) for table in tables for line in table) <= width
    assert [name for table in tables for name in table[0].split()[1:]] == names
    assert all(table[0].startswith("sku ") and table[2].startswith("A-1 ") for table in tables)
    assert (len(tables) == 1) == (width == 10_000)


def test_a_key_that_would_take_most_of_the_terminal_is_not_repeated(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, contract(sku="text", a="text", b="text"), [("A" * 30, "b" * 20, "c" * 20)])
    tables = printed(snapshot, 50, ["sku"])
    assert [table[0].split() for table in tables] == [["sku"], ["a", "b"]]


def test_headers_show_where_there_are_any_and_numbers_stand_at_the_right(tmp_path: Path) -> None:
    columns = (Column(name="sku", type=ColumnType.parse("text")), Column(name="price", type=ColumnType.parse("decimal(12,2)"), header="Цена"))
    (table,) = printed(snapshot_of(tmp_path, columns, [("001", Decimal("1.05"))]), 80, ["sku"])
    assert table == ["sku           price", "               Цена", "text  decimal(12,2)", "001            1.05"]
    (table,) = printed(snapshot_of(tmp_path, contract(sku="text"), [("001",)]), 80, ["sku"])
    assert table == ["sku", "text", "001"]
