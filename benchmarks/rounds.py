"""A B A B …: everybody runs in turn, so that what else the machine does meets them all; a ratio is taken within a round, and of those the median."""

import statistics
from collections.abc import Callable, Mapping, Sequence

from rich.console import Console

from benchmarks.measured import Measured

talk = Console(stderr=True, highlight=False)
Runs = Mapping[str, Sequence[Measured]]
Pair = tuple[Sequence[Measured], Sequence[Measured]]
"""Ours, and what it is compared with, round by round."""


def in_turn(competing: Mapping[str, Callable[[], Measured]], rounds: int) -> Runs:
    """Name → what it took, round by round."""
    taken: dict[str, list[Measured]] = {name: [] for name in competing}
    for number in range(1, rounds + 1):
        for name, run in competing.items():
            took = run()
            talk.print(f"  round {number} of {rounds}: {name}: {took.wall:.2f} s", style="dim")
            taken[name].append(took)
    return taken


def ratio(ones: Sequence[Measured], others: Sequence[Measured], of: Callable[[Measured], float] = lambda took: took.wall) -> float:
    """How much more the ones took: the median over the rounds that both ran in."""
    return statistics.median(of(one) / of(other) for one, other in zip(ones, others, strict=False))


def best_ratio(pair: Pair) -> float:
    """Of the best of each: what somebody else did meanwhile only ever adds, so this is what moves least from one day to the next."""
    ours, theirs = (min(took.wall for took in runs) for runs in pair)
    return ours / theirs


def median(runs: Sequence[Measured], of: Callable[[Measured], float] = lambda took: took.wall) -> float:
    """Of seconds, or of another number."""
    return statistics.median(map(of, runs))
