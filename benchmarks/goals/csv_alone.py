"""Our CSV of a snapshot, not read again, to Polars' `sink_csv` of the same rows."""

from benchmarks.figures import Figure
from benchmarks.goals.part import all_right, part, taken_snapshot
from benchmarks.rounds import Pair, in_turn, ratio
from benchmarks.stage import Stage


def figures(stage: Stage, rows: int, rounds: int) -> list[Figure]:
    """How many times as long."""
    return [Figure("CSV alone, to sink_csv", ratio(*pair(stage, rows, rounds)), 1.1)]


def pair(stage: Stage, rows: int, rounds: int) -> Pair:
    """Ours, and Polars' own."""
    snapshot = taken_snapshot(stage, rows)
    ours, bare = stage.folder / "ours.csv", stage.folder / "bare.csv"
    competing = {
        "sink_csv": lambda: part(stage, "sink_csv", snapshot, bare),
        "our CSV": lambda: part(stage, "render", "csv", snapshot, ours),
    }
    in_turn(competing, 1)  # not counted
    all_right(stage, rows, {"our CSV": ours, "sink_csv": bare})
    taken = in_turn(competing, rounds)
    return taken["our CSV"], taken["sink_csv"]
