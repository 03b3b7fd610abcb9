"""A list of 10,000 rows by `price-assets export`, as a whole process, to a process that only imports Dagster and materialises an empty asset."""

import sys

from benchmarks.entrants import WHOLE
from benchmarks.figures import Figure
from benchmarks.measured import measured
from benchmarks.rounds import Pair, in_turn, ratio
from benchmarks.rows import Query, made
from benchmarks.stage import Stage

ROWS = 10_000
EMPTY = [sys.executable, "-m", "benchmarks.parts.empty_asset"]


def figures(stage: Stage, rows: int, rounds: int) -> list[Figure]:
    """How many times as long."""
    return [Figure(f"{min(rows, ROWS):,} rows, whole process, to an empty asset", ratio(*pair(stage, rows, rounds)), 1.6, 1.3)]


def pair(stage: Stage, rows: int, rounds: int) -> Pair:
    """The list, and the empty asset."""
    rows = min(rows, ROWS)
    query = Query("small", "", made(rows))
    stage.add_list(query.name, query.sql)
    competing = {
        "an empty asset": lambda: measured(EMPTY, stage.environment()),
        "the list": lambda: WHOLE.run(stage, query, stage.folder),
    }
    in_turn(competing, 1)  # not counted
    taken = in_turn(competing, rounds)
    return taken["the list"], taken["an empty asset"]
