"""A line of the table: what one entrant took, as ratios to psql's of the same round."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """Medians of `runs`; seconds are for the record, a reader is shown the ratios. `rows`: how many were written, if fewer than there are.

    Of one that `failed` there are no numbers but zeros. `verdict` says whether what it wrote is right.
    """

    title: str
    formats: Sequence[str]
    verdict: str
    runs: int = 0
    rows: int | None = None
    wall: float = 0.0
    cpu: float = 0.0
    memory: float = 0.0
    wall_ratio: float = 0.0
    cpu_ratio: float = 0.0

    @property
    def right(self) -> bool:
        """Whether it counts."""
        return self.verdict.startswith("right")


HEADING = ("what", "wall, × psql", "CPU, × psql", "peak memory, MiB", "runs", "what it wrote")


def markdown(lines: Sequence[Line]) -> str:
    """The table."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (HEADING, ("---", *["---:"] * 4, "---"), *_cells(lines)))


def _cells(lines: Sequence[Line]) -> Iterator[Sequence[str]]:
    for each in lines:
        if not each.runs:
            yield each.title, "", "", "", "", f"**{each.verdict}**"
            continue
        about = "≈ " if each.rows else ""
        verdict = each.verdict if each.right else f"**{each.verdict}**"
        if each.rows:
            verdict += f"; estimated from {each.rows // 10:,} and {each.rows:,} rows, memory at {each.rows:,}"
        yield each.title, f"{about}{_short(each.wall_ratio)}", f"{about}{_short(each.cpu_ratio)}", f"{each.memory:,.0f}", str(each.runs), verdict


def _short(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 20 else f"{ratio:.1f}"  # noqa: PLR2004 - three digits tell no more
