r"""`make bench`: the same rows by everybody in turn, each output held against Postgres before it counts; a table and a chart of ratios to `\copy`.

``python -m benchmarks.side_by_side [ROWS] [ROUNDS]``: a million rows and three rounds by default. What takes long runs in the first round only; what
takes minutes, or begins no second sheet, at two smaller numbers of rows, from which a straight line leads to ROWS: the table says so of each.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks import figures, lines
from benchmarks.entrants import ENTRANTS, OF_THE_JOIN, PSQL, PYTHON, Entrant
from benchmarks.goals.exports import export_goals
from benchmarks.lines import Line
from benchmarks.machine import machine
from benchmarks.measured import CLONE, DidNotRun, Measured
from benchmarks.rounds import median, ratio, talk
from benchmarks.rows import JOIN, Query, first, joined, tables
from benchmarks.stage import Stage, stage
from benchmarks.verdict import truth

RESULTS = CLONE / "build" / "benchmark"
WARM_UP = 1_000


def main() -> None:
    """Make the rows, let everybody run, write `build/benchmark/`."""
    rows, rounds = (int(argument) for argument in (*sys.argv[1:], *("1000000", "3")[len(sys.argv) - 1 :]))
    with stage() as prepared:
        prepare(prepared, rows)
        found = {
            query: compete(prepared, query, [each for each in entrants if query.table or not _too_many(each, rows)], rows, rounds)
            for query, entrants in ((joined(), ENTRANTS), (JOIN, OF_THE_JOIN))
        }
        where = prepared.where
    goals = export_goals(rows, **{query.name: competed for query, competed in found.items()})
    about = f"{rows:,} rows × 14 columns on {machine()}; medians; price_assets checks them, reads both files again and publishes to {where}; "
    about += "all are whole processes, but for the warm one, whose imports are not counted"
    text = "\n\n".join([about, *(f"**{query.title}**\n\n{lines.markdown(competed)}" for query, competed in found.items()), figures.markdown(goals)])
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "table.md").write_text(text + "\n")
    results = {
        "about": about,
        "tables": {query.title: [asdict(each) | {"right": each.right} for each in competed] for query, competed in found.items()},
    }
    (RESULTS / "results.json").write_text(json.dumps(results, ensure_ascii=False, indent=2))
    subprocess.run([PYTHON, "-m", "benchmarks.contestants.chart", RESULTS / "results.json", RESULTS / "chart.png"], cwd=CLONE, check=True)
    print(text)  # noqa: T201
    talk.print(f"{RESULTS.relative_to(CLONE)}/: table.md, chart.png, results.json")


def prepare(stage: Stage, rows: int) -> None:
    """The tables, the lists, and the smaller tables of those who can't take all rows."""
    talk.print(f"making {rows:,} rows ...")
    smaller = {WARM_UP, *(part for each in ENTRANTS if each.at_most and _too_many(each, rows) for part in (each.at_most // 10, each.at_most))}
    stage.run_sql(tables(rows) + "".join(first(part) for part in smaller))
    for query in (joined(), joined(WARM_UP), JOIN):
        stage.add_list(query.name, query.sql)


def compete(stage: Stage, query: Query, entrants: Sequence[Entrant], rows: int, rounds: int) -> list[Line]:
    """Everybody once at a few rows, which warms what can be warmed; then round by round, psql first. Who fails once is out."""
    expected = truth(stage, query)
    out = stage.folder / "out"
    failed: dict[Entrant, str] = {}
    taken: dict[Entrant, list[Measured]] = {each: [] for each in entrants}
    verdicts: dict[Entrant, str] = {}
    for number in range(rounds + 1):
        for each in entrants:
            if each in failed or (number > 1 and not each.every_round):
                continue
            try:
                if number == 0:
                    each.run(stage, joined(WARM_UP), _emptied(out))
                    continue
                took, written = _run(stage, query, each, rows, out)
            except DidNotRun as error:
                failed[each] = f"did not run: {str(error).splitlines()[-1]}"
                talk.print(f"{each.title} does not run:\n{error}", style="red")
                continue
            talk.print(f"  {query.title}, round {number} of {rounds}: {each.title}: {took.wall:.1f} s", style="dim")
            taken[each].append(took)
            if number == 1:
                verdicts[each] = expected.verdict(*written)
    return [
        Line(each.title, each.formats, failed[each]) if each in failed else _line(each, taken[each], taken[PSQL], verdicts[each], rows)
        for each in entrants
    ]


def _run(stage: Stage, query: Query, entrant: Entrant, rows: int, out: Path) -> tuple[Measured, tuple[list[Path], int]]:
    """What it took, or would take by a straight line; the files that it wrote, and how many rows must be in them."""
    if not _too_many(entrant, rows):
        took = entrant.run(stage, query, _emptied(out))
        return took, (entrant.files(stage, query, out), rows)
    large = entrant.at_most or rows
    fewer = entrant.run(stage, joined(large // 10), _emptied(out))
    more = entrant.run(stage, joined(large), _emptied(out))
    steps = (rows - large) / (large - large // 10)
    took = Measured(more.wall + steps * max(more.wall - fewer.wall, 0), more.cpu + steps * max(more.cpu - fewer.cpu, 0), more.memory)
    return took, (entrant.files(stage, joined(large), out), large)


def _too_many(entrant: Entrant, rows: int) -> bool:
    return entrant.at_most is not None and rows > entrant.at_most


def _line(entrant: Entrant, runs: Sequence[Measured], psql: Sequence[Measured], verdict: str, rows: int) -> Line:
    return Line(
        entrant.title,
        entrant.formats,
        verdict,
        runs=len(runs),
        rows=entrant.at_most if _too_many(entrant, rows) else None,
        wall=median(runs),
        cpu=median(runs, lambda took: took.cpu),
        memory=median(runs, lambda took: took.memory),
        wall_ratio=ratio(runs, psql),
        cpu_ratio=ratio(runs, psql, lambda took: took.cpu),
    )


def _emptied(out: Path) -> Path:
    """Where to write: what was written there before is gone."""
    for path in out.parent.glob(f"{out.name}.*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return out


if __name__ == "__main__":
    main()
