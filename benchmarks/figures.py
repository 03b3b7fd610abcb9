"""What a goal is about, as it was measured."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A number, what it has to be, and what it is then to come to; by default at most that. A goal of None: there is none, it is shown as it is."""

    what: str
    found: float
    goal: float | None = None
    then: float | None = None
    unit: str = "×"
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it is what it has to be."""
        return self.goal is None or (self.found >= self.goal if self.at_least else self.found <= self.goal)

    def shown(self, value: float | None) -> str:
        """One of its numbers."""
        return "" if value is None else f"{value:,.0f} {self.unit}" if abs(value) >= 20 else f"{value:.2f} {self.unit}"  # noqa: PLR2004


def markdown(figures: Sequence[Figure]) -> str:
    """A table: measured, goal, met or not."""
    rows: list[tuple[str, ...]] = [("what", "measured", "goal", "then", "met"), ("---", "---:", "---:", "---:", "---")]
    for each in figures:
        sign = "≥ " if each.at_least else "≤ "
        met = "" if each.goal is None else "yes" if each.met else "**no**"
        rows.append((each.what, each.shown(each.found), *(sign + each.shown(value) if value else "" for value in (each.goal, each.then)), met))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)
