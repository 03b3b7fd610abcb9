"""Snapshots for tests: a few rows, or a frame, as a Parquet file of a contract."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from price_assets.export.contract import Column, ColumnType, Contract, schema
from price_assets.export.control_sums import ControlSums
from price_assets.export.snapshot import Snapshot


def contract(**types: str) -> Contract:
    """`contract(sku="text", price="decimal(12,2)")`."""
    return tuple(Column(name=name, type=ColumnType.parse(text)) for name, text in types.items())


def snapshot_of(folder: Path, columns: Contract, rows: Sequence[Sequence[object]] | pl.DataFrame) -> Snapshot:
    """The rows as a snapshot whose Parquet lies in the folder."""
    frame = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows, schema=schema(columns), orient="row")
    path = folder / "snapshot.parquet"
    frame.write_parquet(path)
    sums = ControlSums(columns)
    sums.add(frame)
    return Snapshot(
        price_list="wholesale",
        export_date=date(2026, 11, 24),
        name="550cd0706e3b",
        source_time=datetime(2026, 11, 24, 6, tzinfo=UTC),
        rows=frame.height,
        columns=columns,
        control_sums=sums.totals,
        path=path,
    )
