r"""Who takes part in `make bench`, by which commands: each contestant's own recommended way from Postgres to a file.

psql's `\copy` comes first, and the others are compared with it. The others write a local file; we also check, read both files again, and publish.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from benchmarks.measured import CLONE, Measured, measured
from benchmarks.rows import Query
from benchmarks.stage import Stage
from price_assets.demo.server import binaries

PYTHON = CLONE / "build" / "contestants" / "bin" / "python"
SHEET = 1_000_000
"""What does not begin a second sheet is measured up to here."""
Command = Callable[[Query, Path], Sequence[str | Path]]
"""The query, and where to write: a path without its suffix."""


@dataclass(frozen=True)
class Entrant:
    """`every_round`, or else once; at most so many rows, or else at two smaller numbers and estimated; `ours` writes into the storage."""

    name: str
    formats: tuple[str, ...]
    command: Command = field(repr=False)
    every_round: bool = True
    at_most: int | None = None
    ours: bool = False
    times_itself: bool = False

    @property
    def title(self) -> str:
        """Its name, and what it writes."""
        return f"{self.name}: {' and '.join(each.upper() for each in self.formats)}"

    def run(self, stage: Stage, query: Query, out: Path) -> Measured:
        """Write it. Raises DidNotRun."""
        if self.ours:
            stage.empty_storage()
        return measured(self.command(query, out), stage.environment(query.name if self.ours else None), times_itself=self.times_itself)

    def files(self, stage: Stage, query: Query, out: Path) -> list[Path]:
        """What it wrote, a file for each format."""
        if self.ours:
            return [stage.bucket / query.name / "latest" / f"{query.name}.{name}" for name in self.formats]
        return [next(chain(out.parent.glob(f"{out.name}.{name}"), out.parent.glob(f"{out.name}.dlt/*/*/*.{name}"))) for name in self.formats]


def _psql(query: Query, out: Path) -> Sequence[str | Path]:
    return [binaries() / "psql", "-X", "-q", "-c", f"\\copy ({' '.join(query.sql.split())}) TO '{out}.csv' (FORMAT csv, HEADER)"]


def _script(name: str, *ways: str) -> Command:
    return lambda query, out: [PYTHON, "-m", f"benchmarks.contestants.{name}", query.sql, query.table or "", out, *ways]


PSQL = Entrant("psql \\copy", ("csv",), _psql)
WARM = Entrant(
    "price_assets, warm process",
    ("csv", "xlsx"),
    lambda query, _: [sys.executable, "-W", "ignore", "-m", "benchmarks.parts.warm", query.name],
    ours=True,
    times_itself=True,
)
WHOLE = Entrant(
    "price-assets export, whole process",
    ("csv", "xlsx"),
    lambda query, _: [sys.executable, "-m", "price_assets", "export", query.name, "--json"],
    ours=True,
)
DUCKDB = Entrant("DuckDB, two COPYs", ("csv", "xlsx"), _script("duckdb_copy", "csv", "xlsx"), at_most=SHEET)
ENTRANTS = (
    PSQL,
    WARM,
    WHOLE,
    DUCKDB,
    Entrant("DuckDB", ("csv",), _script("duckdb_copy", "csv")),
    Entrant("Polars", ("csv",), _script("polars_frame", "csv")),
    Entrant("dlt, connectorx", ("csv",), _script("dlt_pipeline", "connectorx")),
    Entrant("dlt, pyarrow", ("csv",), _script("dlt_pipeline", "pyarrow"), every_round=False),
    Entrant("Sling", ("csv",), _script("sling_run", "csv"), every_round=False),
    Entrant("pandas, in chunks", ("csv",), _script("pandas_chunks", "csv"), every_round=False, at_most=SHEET),
    Entrant("Polars and xlsxturbo", ("xlsx",), _script("polars_frame", "xlsxturbo"), every_round=False, at_most=SHEET),
    Entrant("XlsxWriter, constant_memory", ("xlsx",), _script("xlsxwriter_rows"), every_round=False, at_most=100_000),
    Entrant("Polars, write_excel", ("xlsx",), _script("polars_frame", "xlsx"), every_round=False, at_most=100_000),
    Entrant("pandas, in chunks", ("xlsx",), _script("pandas_chunks", "xlsx"), every_round=False, at_most=100_000),
    Entrant("Sling", ("xlsx",), _script("sling_run", "xlsx"), every_round=False, at_most=20_000),
)
OF_THE_JOIN = (PSQL, WARM, WHOLE, DUCKDB)
