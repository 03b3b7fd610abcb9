r"""`make bench-stages`: where the time of an export goes, step by step, beside psql's `\copy` of the same query in the same round.

``python -m benchmarks.stages [ROWS] [ROUNDS]``: a million rows and three rounds by default; of each step the median. Seconds are this machine's.
"""

import json
import subprocess
import sys
from statistics import median
from typing import Any

from benchmarks.entrants import PSQL
from benchmarks.machine import machine
from benchmarks.measured import CLONE
from benchmarks.rounds import talk
from benchmarks.rows import JOIN, Query, joined, tables
from benchmarks.stage import Stage, stage

RESULTS = CLONE / "build" / "benchmark"


def main() -> None:
    """Measure, write `build/benchmark/stages.md`."""
    rows, rounds = (int(argument) for argument in (*sys.argv[1:], *("1000000", "3")[len(sys.argv) - 1 :]))
    with stage() as prepared:
        talk.print(f"making {rows:,} rows ...")
        prepared.run_sql(tables(rows))
        found = [_table(prepared, query, rounds) for query in (joined(), JOIN)]
        where = prepared.where
    text = "\n\n".join([f"{rows:,} rows in a warm process on {machine()}, publishing to {where}; medians of {rounds}", *found])
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "stages.md").write_text(text + "\n")
    print(text)  # noqa: T201


def _table(stage: Stage, query: Query, rounds: int) -> str:
    stage.add_list(query.name, query.sql)
    psql: list[float] = []
    exports: list[dict[str, Any]] = []
    for _ in range(rounds):
        psql.append(PSQL.run(stage, query, stage.folder / "out").wall)
        exports.append(_export(stage, query.name))
        talk.print(f"  {query.title}: psql {psql[-1]:.1f} s, export {exports[-1]['wall']:.1f} s", style="dim")

    def row(label: str, wall: float, cpu: float | None) -> str:
        return f"| {label} | {wall:.2f} | {wall / median(psql):.2f} | {'' if cpu is None else f'{cpu:.2f}'} |"

    steps: list[str] = [row(label, *(median(each["steps"][label][kind] for each in exports) for kind in (0, 1))) for label in exports[0]["steps"]]
    whole = row("**the whole export**", *(median(each[kind] for each in exports) for kind in ("wall", "cpu")))
    head = ["| step | seconds | × psql | CPU seconds of ours |", "|---|---:|---:|---:|", row("psql `\\copy`", median(psql), None)]
    return "\n".join([f"**{query.title}**", "", *head, *steps, whole])


def _export(stage: Stage, name: str) -> dict[str, Any]:
    stage.empty_storage()
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.parts.staged", name]
    done = subprocess.run(command, env=stage.environment(name), cwd=CLONE, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
