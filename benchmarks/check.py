r"""`make bench-check`: nothing takes half as long again as it did, by ratios to what is not ours, taken in one run.

``python -m benchmarks.check [--rows ROWS] [--rounds ROUNDS] [--record]``: 200,000 rows and five rounds by default. The best of each counts.
`reference.json` has the ratios that were right once, by the number of rows; `--record` measures them anew. What is too slow gets as many rounds more,
since somebody else may have been at work. Ends with 1 where it stays too slow.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.entrants import PSQL, WARM
from benchmarks.figures import Figure, markdown
from benchmarks.goals import csv_alone, many_lists, small_list, xlsx_alone
from benchmarks.rounds import Pair, best_ratio, in_turn, talk
from benchmarks.rows import joined, tables
from benchmarks.stage import Stage, stage

ALLOWED = 1.5
REFERENCE = Path(__file__).with_name("reference.json")
Measure = Callable[[Stage, int, int], Pair]


def export(stage: Stage, rows: int, rounds: int) -> Pair:
    r"""A whole day in a warm process, to psql's `\copy`."""
    query = joined()
    if not (stage.folder / query.name).exists():
        stage.run_sql(tables(rows))
        stage.add_list(query.name, query.sql)
        for entrant in (PSQL, WARM):
            entrant.run(stage, query, stage.folder / "out")  # not counted
    competing = {entrant.title: lambda entrant=entrant: entrant.run(stage, query, stage.folder / "out") for entrant in (PSQL, WARM)}
    taken = in_turn(competing, rounds)
    return taken[WARM.title], taken[PSQL.title]


MEASURES: Mapping[str, Measure] = {
    "an export in a warm process, to psql": export,
    "a small list, to an empty asset": small_list.pair,
    "XLSX alone, to deflating": xlsx_alone.pair,
    "CSV alone, to sink_csv": csv_alone.pair,
    "loading the definitions, to importing Dagster": many_lists.pair,
}


def main() -> int:
    """Measure, and compare or record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.check")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--record", action="store_true")
    asked = parser.parse_args()
    reference: dict[str, dict[str, float]] = json.loads(REFERENCE.read_text())
    known = reference.get(str(asked.rows))
    if known is None and not asked.record:
        parser.error(
            f"{REFERENCE.name} knows {', '.join(reference)} rows, and not {asked.rows}: --record it where the code is as fast as it has to be"
        )
    with stage() as prepared:
        pairs = {name: measure(prepared, asked.rows, asked.rounds) for name, measure in MEASURES.items()}
        if known is None or asked.record:
            reference[str(asked.rows)] = {name: round(best_ratio(pair), 2) for name, pair in pairs.items()}
            REFERENCE.write_text(json.dumps(reference, indent=2) + "\n")
            talk.print(f"recorded in {REFERENCE.name}: {reference[str(asked.rows)]}")
            return 0
        for name, pair in pairs.items():
            if (found := best_ratio(pair)) > ALLOWED * known[name]:
                talk.print(f"{name}: {found:.2f} ×, and {known[name]:.2f} × once; once more ...")
                ours, theirs = MEASURES[name](prepared, asked.rows, asked.rounds)
                pairs[name] = [*pair[0], *ours], [*pair[1], *theirs]
    figures = [Figure(name, best_ratio(pair), ALLOWED * known[name]) for name, pair in pairs.items()]
    print(markdown(figures))  # noqa: T201
    return int(not all(each.met for each in figures))


if __name__ == "__main__":
    sys.exit(main())
