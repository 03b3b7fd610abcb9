"""A part of the work, measured in a process of its own; and the snapshot that such parts begin with."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measured import Measured, measured
from benchmarks.rows import Query, made
from benchmarks.stage import Stage
from benchmarks.verdict import truth


def part(
    stage: Stage, name: str, *arguments: str | Path, price_list: str | None = None, python: Sequence[str | Path] = (sys.executable,)
) -> Measured:
    """Run one of `benchmarks.parts`, which times itself; `python` and a name with a dot run something else."""
    module = name if "." in name else f"benchmarks.parts.{name}"
    return measured([*python, "-W", "ignore", "-m", module, *arguments], stage.environment(price_list), times_itself=True)


def taken_snapshot(stage: Stage, rows: int) -> Path:
    """So many rows as a Parquet file; taken once."""
    name = f"taken_{rows}"
    path = stage.folder / f"{name}.parquet"
    if not path.exists():
        stage.add_list(name, made(rows))
        part(stage, "snapshot", name, path, price_list=name)
    return path


def all_right(stage: Stage, rows: int, files: Mapping[str, Path]) -> None:
    """What was written from that snapshot holds its rows. Raises RuntimeError for a file that does not: what it took would not count."""
    expected = truth(stage, Query(f"taken_{rows}", "", made(rows)))
    for name, file in files.items():
        if not (said := expected.verdict([file], rows)).startswith("right"):
            raise RuntimeError(f"{name}: {said}")
