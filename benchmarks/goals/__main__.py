"""`make bench-goals`: the goals that are not about a whole export of many rows, which `make bench` measures, nor about memory (`make memory`).

``python -m benchmarks.goals [--rows ROWS] [--rounds ROUNDS] [NAME …]``: all of them at a million rows and in three rounds by default.
"""

import argparse

from benchmarks.figures import Figure, markdown
from benchmarks.goals import csv_alone, many_days, many_lists, small_list, xlsx_alone
from benchmarks.machine import machine
from benchmarks.measured import CLONE
from benchmarks.rounds import talk
from benchmarks.stage import stage

GOALS = {
    "small_list": small_list.figures,
    "xlsx_alone": xlsx_alone.figures,
    "csv_alone": csv_alone.figures,
    "many_days": many_days.figures,
    "many_lists": many_lists.figures,
}
RESULTS = CLONE / "build" / "benchmark"


def main() -> None:
    """Measure them, write `build/benchmark/goals.md`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.goals")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(GOALS))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    if unknown := sorted(set(asked.names) - set(GOALS)):
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(GOALS)}")
    found: list[Figure] = []
    with stage() as prepared:
        for name in asked.names or GOALS:
            talk.print(f"{name} ...")
            found += GOALS[name](prepared, asked.rows, asked.rounds)
        where = prepared.where
    text = f"{asked.rows:,} rows where nothing else is said, on {machine()}, publishing to {where}\n\n{markdown(found)}"
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "goals.md").write_text(text + "\n")
    print(text)  # noqa: T201


if __name__ == "__main__":
    main()
