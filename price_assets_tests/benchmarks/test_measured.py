"""What is measured of a process is its own, and what fails is no measurement."""

import os
import sys

import pytest

from benchmarks.measured import DidNotRun, Measured, measured
from benchmarks.rounds import best_ratio, in_turn, ratio

USING = "x = b'x' * {size}; import time; time.sleep(0.05)"


def test_the_peak_is_that_of_the_command_and_not_of_who_asks_for_it() -> None:
    ballast = b"x" * 200_000_000
    small, large = (measured([sys.executable, "-c", USING.format(size=size)], os.environ) for size in (1, 100_000_000))
    assert len(ballast) / 2**20 > small.memory
    assert 90 < large.memory - small.memory < 110
    assert small.wall >= 0.05


def test_a_process_that_times_itself_is_believed() -> None:
    took = measured([sys.executable, "-c", """print('hello\\n{"wall": 1.5, "cpu": 0.5}')"""], os.environ, times_itself=True)
    assert (took.wall, took.cpu) == (1.5, 0.5)


def test_what_fails_says_why() -> None:
    with pytest.raises(DidNotRun, match="exit code 3\nno such thing"):
        measured(["/bin/sh", "-c", "echo no such thing >&2; exit 3"], os.environ)


def test_ratios_are_taken_within_a_round_and_the_median_is_told() -> None:
    walls = {"ours": iter([4.0, 6.0, 50.0]), "theirs": iter([2.0, 2.0, 10.0])}
    taken = in_turn({name: lambda each=each: Measured(next(each), 0, 0) for name, each in walls.items()}, 3)
    assert ratio(taken["ours"], taken["theirs"]) == 3
    assert best_ratio((taken["ours"], taken["theirs"])) == 2
