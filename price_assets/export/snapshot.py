"""A snapshot: the rows of one price list on one export date, typed by the contract, as Parquet on this machine."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl

from price_assets.export.contract import Contract
from price_assets.export.manifest import Changes
from price_assets.export.register import Acceptance
from price_assets.export.snapshot_hash import BLOCK


@dataclass(frozen=True)
class Snapshot:
    """What passes between the assets is this value, never a frame.

    `name` is 12 hex digits of a hash over the rows and nothing else; `source_time` is the source's own clock, in UTC;
    `control_sums` holds the exact sum of each decimal column; `path` is a Parquet file on this machine. What was found when the rows were judged
    comes along: `verdicts` says of each check whether they passed, `changes` what publishing them changes, `acceptance` who lets them pass.
    """

    price_list: str
    export_date: date
    name: str
    source_time: datetime
    rows: int
    columns: Contract
    control_sums: Mapping[str, Decimal]
    path: Path
    verdicts: Mapping[str, bool] = field(default_factory=dict[str, bool])
    changes: Changes | None = None
    acceptance: Acceptance | None = None

    def scan(self) -> pl.LazyFrame:
        """The rows, columns in the contract's order and with its types (`contract.schema`)."""
        return pl.scan_parquet(self.path)

    def blocks(self) -> Iterator[pl.LazyFrame]:
        """The same rows in order, a row group at a time. What is asked of a block is read for it alone, so memory does not grow with the rows."""
        rows = self.scan()
        return (rows.slice(start, BLOCK) for start in range(0, self.rows, BLOCK))
