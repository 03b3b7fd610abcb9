"""The goals that are about a whole export, from the lines of the table."""

from collections.abc import Sequence

from benchmarks.entrants import DUCKDB, WARM, WHOLE, Entrant
from benchmarks.figures import Figure
from benchmarks.lines import Line

MILLION = 1_000_000


def export_goals(rows: int, prices: Sequence[Line], joining: Sequence[Line]) -> list[Figure]:
    """Of the joined table and of the JOIN. What took part in neither, or wrote what is wrong, has no figure."""

    def wall(lines: Sequence[Line], entrant: Entrant) -> float | None:
        return next((line.wall_ratio for line in lines if line.title == entrant.title and line.right), None)

    found: list[Figure] = []
    for entrant, of_table, then, of_join in ((WARM, 2.6, 2.0, 1.3), (WHOLE, 4.0, 3.0, 1.6)):
        for kind, lines, goal, later in (("joined table", prices, of_table, then), ("JOIN", joining, of_join, None)):
            if (took := wall(lines, entrant)) is not None:
                found.append(Figure(f"{entrant.name}, of the {kind}, to psql", took, goal, later))
    if (ours := wall(prices, WARM)) and (theirs := wall(prices, DUCKDB)):
        found.append(Figure("DuckDB's two COPYs to ours in a warm process", theirs / ours, 5.0, at_least=True))
    peak = next((line.memory for line in prices if line.title == WHOLE.title and line.runs), None)
    if peak is not None:
        of_a_million = rows == MILLION
        found.append(Figure(f"peak memory at {rows:,} rows", peak, 350 if of_a_million else None, 300 if of_a_million else None, unit="MiB"))
    return found
