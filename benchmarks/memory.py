"""`make memory`: peak memory of `price-assets export` at one number of rows against ten times as many: it must not grow with them.

``python -m benchmarks.memory [ROWS]``: a million by default, so ten million too, which takes 10 GB of disk. The server makes the rows as they are
read. Ends with 1 where the larger peak is more than 1.15 × the smaller one.
"""

import sys

from benchmarks.entrants import WHOLE
from benchmarks.figures import Figure, markdown
from benchmarks.goals.exports import MILLION
from benchmarks.rounds import talk
from benchmarks.rows import Query, made
from benchmarks.stage import stage


def main() -> int:
    """Export both, and say whether the memory is flat."""
    fewer = int(sys.argv[1]) if len(sys.argv) > 1 else MILLION
    figures: list[Figure] = []
    with stage() as prepared:
        for rows in (fewer, 10 * fewer):
            query = Query(f"many_{rows}", "", made(rows))
            prepared.add_list(query.name, query.sql)
            taken = WHOLE.run(prepared, query, prepared.folder)
            talk.print(f"  {rows:,} rows: {taken.wall:.1f} s, {taken.cpu:.1f} s of CPU", style="dim")
            goals = (350, 300) if rows == MILLION else (None, None)
            figures.append(Figure(f"peak memory at {rows:,} rows", taken.memory, *goals, unit="MiB"))
    flat = Figure("for 10 × the rows", figures[1].found / figures[0].found, 1.15)
    print(markdown([*figures, flat]))  # noqa: T201
    return int(not flat.met)


if __name__ == "__main__":
    sys.exit(main())
