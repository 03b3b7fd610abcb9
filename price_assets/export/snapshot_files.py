"""Snapshots as Parquet files: written block by block, so that memory does not grow with the rows, and read back the same way.

What a snapshot is beside its rows (name, rows, source time, contract …) travels as JSON in the Parquet's own metadata, under the key `price_assets`.
"""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Self, cast

import polars as pl

from price_assets.export.contract import Column, Contract, schema
from price_assets.export.control_sums import ControlSums
from price_assets.export.snapshot import Snapshot
from price_assets.export.snapshot_hash import BLOCK, SnapshotHash

METADATA = "price_assets"
COMPRESSION = "lz4"


class SnapshotWriter(AbstractContextManager["SnapshotWriter"]):
    """Frames of any length → one Parquet file of row groups of `BLOCK` rows, with the snapshot's name and control sums.

    Leaving the context without `finish` (an error, a signal) removes the file.
    """

    def __init__(self, path: Path, columns: Contract, *, price_list: str, export_date: date, source_time: datetime) -> None:
        self._path = path
        self._columns = columns
        self._price_list = price_list
        self._export_date = export_date
        self._source_time = source_time.astimezone(UTC)
        self._hash = SnapshotHash(columns)
        self._sums = ControlSums(columns)
        self._waiting = pl.DataFrame(schema=schema(columns))
        self._parquet: Any = None
        self._finished = False

    def __enter__(self) -> Self:
        arrow = cast("Any", self._waiting.to_arrow()).schema
        self._parquet = _parquet().ParquetWriter(self._path, arrow, compression=COMPRESSION, use_dictionary=False, store_decimal_as_integer=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._parquet.close()
        if not self._finished:
            self._path.unlink(missing_ok=True)

    def write(self, frame: pl.DataFrame) -> None:
        """Add rows, typed by `contract.schema`."""
        if frame.schema != self._waiting.schema:
            raise TypeError(f"a snapshot's rows are typed by its contract: {self._waiting.schema}, not {frame.schema}")
        rows = pl.concat([self._waiting, frame]) if len(self._waiting) else frame
        whole = len(rows) - len(rows) % BLOCK
        for start in range(0, whole, BLOCK):
            self._write_block(rows.slice(start, BLOCK))
        self._waiting = rows.slice(whole)

    def finish(self) -> Snapshot:
        """Close the file: from here on it stays."""
        if len(self._waiting):
            self._write_block(self._waiting)
        snapshot = Snapshot(
            price_list=self._price_list,
            export_date=self._export_date,
            name=self._hash.name,
            source_time=self._source_time,
            rows=self._sums.rows,
            columns=self._columns,
            control_sums=self._sums.totals,
            path=self._path,
        )
        self._parquet.add_key_value_metadata({METADATA: _described(snapshot)})
        self._parquet.close()
        self._finished = True
        return snapshot

    def _write_block(self, block: pl.DataFrame) -> None:
        self._hash.add(block)
        self._sums.add(block)
        self._parquet.write_table(block.to_arrow(), row_group_size=BLOCK)


def open_snapshot(path: Path) -> Snapshot:
    """The snapshot that a Parquet file of ours holds. It is read by Arrow, whose errors for a damaged one are no panics [PJ19]."""
    metadata: dict[bytes, bytes] = _parquet().read_metadata(path).metadata or {}
    said: dict[str, Any] = json.loads(metadata[METADATA.encode()])
    return Snapshot(
        price_list=said["price_list"],
        export_date=date.fromisoformat(said["export_date"]),
        name=said["name"],
        source_time=datetime.fromisoformat(said["source_time"]),
        rows=said["rows"],
        columns=tuple(Column.model_validate_json(json.dumps(column), strict=False) for column in said["contract"]),
        control_sums={name: Decimal(total) for name, total in said["control_sums"].items()},
        path=path,
    )


def batches(snapshot: Snapshot, rows: int) -> Iterator[pl.DataFrame]:
    """The rows in order, at most `rows` at a time, typed by `contract.schema`; memory is that of a few of them.

    Raises ValueError or OSError, as Arrow's errors are, for a damaged file: Polars would panic at a name or a text that is no UTF-8 [PJ19].
    """
    with _parquet().ParquetFile(snapshot.path, pre_buffer=False) as file:  # else it keeps all that it has read: the whole file, in the end
        if file.schema_arrow.names != [column.name for column in snapshot.columns]:
            raise ValueError("its columns are others than its contract's")
        for batch in cast("Iterator[Any]", file.iter_batches(batch_size=rows, use_threads=False)):  # each thread would keep memory of its own
            batch.validate(full=True)
            yield pl.DataFrame(batch.replace_schema_metadata(None))


def _parquet() -> Any:
    """Loaded here, since what only reads definitions need not load it. Arrow's own allocator keeps what it once had; malloc gives it back."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    pa.set_memory_pool(pa.system_memory_pool())
    return parquet


def _described(snapshot: Snapshot) -> str:
    return json.dumps(
        {
            "price_list": snapshot.price_list,
            "export_date": snapshot.export_date.isoformat(),
            "name": snapshot.name,
            "source_time": snapshot.source_time.isoformat(),
            "rows": snapshot.rows,
            "contract": [column.model_dump(mode="json", exclude_defaults=True) for column in snapshot.columns],
            "control_sums": {name: format(total, "f") for name, total in snapshot.control_sums.items()},
        },
        ensure_ascii=False,
    )
