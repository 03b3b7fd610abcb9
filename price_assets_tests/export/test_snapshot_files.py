import hashlib
import struct
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from price_assets.export.contract import Column, ColumnType, Contract, schema
from price_assets.export.snapshot import Snapshot
from price_assets.export.snapshot_files import SnapshotWriter, batches, open_snapshot
from price_assets.export.snapshot_hash import BLOCK, SnapshotHash
from price_assets.export.storing import open_stored

SOURCE_TIME = datetime(2026, 11, 24, 9, 0, 2, 123456, tzinfo=ZoneInfo("Europe/Moscow"))


def contract(**types: str) -> Contract:
    return tuple(Column(name=name, type=ColumnType.parse(type_)) for name, type_ in types.items())


HARD = contract(
    sku="text",
    count="integer",
    price="decimal(12,2)",
    wide="decimal(38,10)",
    active="boolean",
    day="date",
    at="timestamp",
    seen="timestamptz",
)
HARD_ROWS = pl.DataFrame(
    {
        "sku": ["A-1", "", None, 'é😀",\n'],
        "count": [2**63 - 1, -1, None, 0],
        "price": [Decimal("10.50"), Decimal("-0.01"), None, Decimal(0)],
        "wide": [Decimal("9" * 28 + "." + "9" * 10), Decimal("-" + "9" * 28), None, Decimal("0.0000000001")],
        "active": [True, False, None, True],
        "day": [date.min, date(1969, 12, 31), None, date.max],
        "at": [datetime.min, datetime(1969, 12, 31, 23, 59, 59, 999999), None, datetime.max],  # noqa: DTZ001, DTZ901 - without a zone
        "seen": [datetime(2026, 10, 25, 1, 30, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC), None, datetime(9999, 12, 31, tzinfo=UTC)],
    },
    schema=schema(HARD),
)


def write(path: Path, columns: Contract, *frames: pl.DataFrame) -> Snapshot:
    with SnapshotWriter(path, columns, price_list="wholesale", export_date=date(2026, 11, 24), source_time=SOURCE_TIME) as writer:
        for frame in frames:
            writer.write(frame)
        return writer.finish()


def name_by_the_book(columns: Contract, rows: list[tuple[Any, ...]]) -> str:
    """The hash as its definition says it, with struct alone [PJ14]."""
    said = hashlib.sha256()
    for column in columns:
        for text in (column.name, str(column.type)):
            said.update(struct.pack("<I", len(text.encode())) + text.encode())
    for start in range(0, len(rows), 65_536):
        for position, column in enumerate(columns):
            values = [row[position] for row in rows[start : start + 65_536]]
            said.update(bytes(value is not None for value in values))
            match column.type.kind:
                case "text":
                    said.update(b"".join(struct.pack("<I", len((value or "").encode())) for value in values))
                    said.update("".join(value or "" for value in values).encode())
                case "decimal":
                    units = [int((value or Decimal(0)).scaleb(column.type.scale, EXACT)) for value in values]
                    said.update(b"".join(unit.to_bytes(16, "little", signed=True) for unit in units))
                case "boolean":
                    said.update(bytes(bool(value) for value in values))
                case "date":
                    said.update(b"".join(struct.pack("<i", (value - EPOCH.date()).days if value else 0) for value in values))
                case "timestamp" | "timestamptz":
                    said.update(b"".join(struct.pack("<q", microseconds(value)) for value in values))
                case _:
                    said.update(b"".join(struct.pack("<q", value or 0) for value in values))
    return said.hexdigest()[:12]


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EXACT = Context(prec=60)


def microseconds(moment: datetime | None) -> int:
    if moment is None:
        return 0
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - EPOCH) // timedelta(microseconds=1)


def test_the_name_is_what_its_definition_says_byte_by_byte(tmp_path: Path) -> None:
    assert write(tmp_path / "a", HARD, HARD_ROWS).name == name_by_the_book(HARD, HARD_ROWS.rows())


def test_the_golden_name_never_changes(tmp_path: Path) -> None:
    """A library update that changes this renames every snapshot there is: it must not happen."""
    assert write(tmp_path / "a", HARD, HARD_ROWS).name == "91af41bad66d"


def numbered(rows: int) -> tuple[Contract, pl.DataFrame]:
    columns = contract(sku="text", price="decimal(12,2)", active="boolean")
    number = pl.int_range(rows, eager=True)
    frame = pl.DataFrame(
        {
            "sku": number.cast(pl.String) + "-é",
            "price": pl.select(pl.when(number % 3 > 0).then(number.cast(pl.Decimal(12, 2)))).to_series(),
            "active": number % 2 == 0,
        }
    )
    return columns, frame.cast(schema(columns))


def test_the_name_does_not_depend_on_how_the_rows_were_chunked(tmp_path: Path) -> None:
    columns, frame = numbered(2 * BLOCK + 10)
    sizes = (1, 7_000, BLOCK, 100_000)
    whole = write(tmp_path / "whole", columns, frame)
    for size in sizes[1:]:
        assert write(tmp_path / str(size), columns, *frame.iter_slices(size)).name == whole.name
    assert write(tmp_path / "ragged", columns, frame[:1], frame[1:3], frame[:0], frame[3 : BLOCK + 5], frame[BLOCK + 5 :]).name == whole.name
    assert whole.name == name_by_the_book(columns, frame.rows())


def test_the_name_is_the_same_after_parquet(tmp_path: Path) -> None:
    columns, frame = numbered(BLOCK + 10)
    snapshot = write(tmp_path / "a", columns, frame)
    again = SnapshotHash(columns)
    for batch in batches(snapshot, BLOCK):
        again.add(batch)
    assert again.name == snapshot.name


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        (contract(a="text"), [{"a": "x"}, {"a": "z"}]),
        (contract(a="text"), [{"a": "y"}, {"a": "x"}]),
        (contract(a="text"), [{"a": "xy"}, {"a": ""}]),
        (contract(a="text"), [{"a": "xy"}, {"a": None}]),
        (contract(a="text"), [{"a": "x"}]),
        (contract(b="text"), [{"b": "x"}, {"b": "y"}]),
    ],
)
def test_another_value_order_or_name_is_another_snapshot(tmp_path: Path, columns: Contract, rows: list[dict[str, str | None]]) -> None:
    base = contract(a="text")
    one = write(tmp_path / "one", base, pl.DataFrame([{"a": "x"}, {"a": "y"}], schema=schema(base)))
    other = write(tmp_path / "other", columns, pl.DataFrame(rows, schema=schema(columns)))
    assert one.name != other.name


def test_the_type_is_part_of_the_name_and_the_header_is_not(tmp_path: Path) -> None:
    rows = pl.DataFrame({"a": [1]})
    narrow, wide = contract(a="decimal(12,2)"), contract(a="decimal(13,2)")
    assert write(tmp_path / "1", narrow, rows.cast(pl.Decimal(12, 2))).name != write(tmp_path / "2", wide, rows.cast(pl.Decimal(13, 2))).name
    labelled = (Column(name="a", type=ColumnType.parse("integer"), header="Номер", nullable=True),)
    assert write(tmp_path / "3", labelled, rows).name == write(tmp_path / "4", contract(a="integer"), rows).name


def test_a_snapshot_comes_back_as_it_was(tmp_path: Path) -> None:
    columns = (
        Column(name="sku", type=ColumnType.parse("text"), header="Артикул", width=12, description="as printed", allowed=("A", "B")),
        Column(name="price", type=ColumnType.parse("decimal(12,2)"), nullable=True, min=Decimal("0.01"), max=Decimal(9)),
        Column(name="day", type=ColumnType.parse("date"), min=date(2026, 1, 1)),
        Column(name="stock", type=ColumnType.parse("integer"), min=0, allowed=(1, 2)),
    )
    rows = [{"sku": "A", "price": Decimal("1.10"), "day": date(2026, 2, 3), "stock": 1}, {"sku": "B", "price": None, "day": date.max, "stock": 2}]
    frame = pl.DataFrame(rows, schema=schema(columns))
    path = tmp_path / "a.parquet"
    snapshot = write(path, columns, frame)
    assert open_snapshot(path) == snapshot
    assert snapshot.source_time.isoformat() == "2026-11-24T06:00:02.123456+00:00"
    assert (snapshot.rows, dict(snapshot.control_sums)) == (2, {"price": Decimal("1.10")})
    assert snapshot.scan().collect().equals(frame)


def test_every_hard_value_comes_back_by_scan_and_by_batches(tmp_path: Path) -> None:
    snapshot = write(tmp_path / "a", HARD, HARD_ROWS)
    assert snapshot.scan().collect().equals(HARD_ROWS)
    found = list(batches(snapshot, 3))
    assert [len(batch) for batch in found] == [3, 1]
    assert pl.concat(found).equals(HARD_ROWS)
    assert all(batch.schema == schema(HARD) for batch in found)


def test_batches_come_in_order_across_row_groups(tmp_path: Path) -> None:
    columns, frame = numbered(2 * BLOCK + 10)
    assert pl.concat(batches(write(tmp_path / "a", columns, frame), 50_000)).equals(frame)


def test_no_rows_are_a_snapshot_too(tmp_path: Path) -> None:
    snapshot = write(tmp_path / "a", HARD)
    assert open_snapshot(snapshot.path) == snapshot
    assert snapshot.rows == 0
    assert snapshot.scan().collect().schema == schema(HARD)
    assert list(batches(snapshot, 10)) == []


def test_the_sum_of_the_widest_decimals_is_exact(tmp_path: Path) -> None:
    """Polars' own sum of these overflows: 38 digits are all that it holds."""
    columns = contract(a="decimal(38,2)")
    most = Decimal("9" * 36 + ".99")
    snapshot = write(tmp_path / "a", columns, pl.DataFrame({"a": [most] * 1_000}, schema=schema(columns)))
    assert open_snapshot(snapshot.path).control_sums["a"] == snapshot.control_sums["a"] == EXACT.multiply(most, Decimal(1_000))


def test_what_is_not_finished_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    writing = SnapshotWriter(path, HARD, price_list="wholesale", export_date=date(2026, 11, 24), source_time=SOURCE_TIME)
    with suppress(KeyboardInterrupt), writing as writer:
        writer.write(HARD_ROWS)
        assert path.exists()
        raise KeyboardInterrupt
    assert not path.exists()


def test_rows_of_another_type_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="typed by its contract"):
        write(tmp_path / "a", contract(a="integer"), pl.DataFrame({"a": ["1"]}))


def test_a_byte_flipped_anywhere_is_an_error_or_does_not_touch_the_rows(tmp_path: Path) -> None:
    """And never a panic, which nothing catches [PJ19]."""
    columns = contract(sku="text", price="decimal(12,2)")
    snapshot = write(
        tmp_path / "whole.parquet", columns, pl.DataFrame({"sku": ["Болт", "b"], "price": [Decimal("1.10"), None]}, schema=schema(columns))
    )
    data = snapshot.path.read_bytes()
    path = tmp_path / "damaged.parquet"
    same = 0
    for position, byte in enumerate(data):
        path.write_bytes(data[:position] + bytes([byte ^ 0x80]) + data[position + 1 :])
        with suppress(ValueError):
            same += open_stored(path, snapshot.price_list, snapshot.export_date, snapshot.name).name == snapshot.name
    assert 0 < same < len(data) / 3  # statistics, for example
