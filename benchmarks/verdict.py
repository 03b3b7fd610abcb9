r"""What `\copy` wrote is the truth, once its rows and its sums are the server's; the others' files are held against it, by a process of its own."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.entrants import PSQL
from benchmarks.measured import CLONE
from benchmarks.rows import PRICES, Query
from benchmarks.stage import Stage


@dataclass(frozen=True)
class Truth:
    r"""`\copy`'s file of one query, and how many rows it has."""

    file: Path
    rows: int

    def verdict(self, files: Sequence[Path], rows: int) -> str:
        """`right`, with what looks otherwise, or `wrong`, and why. The files must hold the first `rows` rows."""
        looks: list[str] = []
        for file in files:
            said = self._said(file)
            if said.get("rows") != rows:
                why = said.get("wrong") or f"{said['rows']:,} rows of {rows:,}"
                return f"wrong: {why}"
            looks += said["looks"][:1]
        return "; ".join(["right", *looks])

    def _said(self, file: Path) -> dict[str, Any]:
        command = [sys.executable, "-m", "benchmarks.right", self.file, file]
        return json.loads(subprocess.run(command, cwd=CLONE, check=True, capture_output=True).stdout)


def truth(stage: Stage, query: Query) -> Truth:
    """Copy the query's rows, which warms the server's memory, too. Raises RuntimeError where they are not what the server counts."""
    out = stage.folder / f"truth of {query.name}"
    PSQL.run(stage, query, out)
    sums = ", ".join(f"sum({name})::text" for name in PRICES)
    ((rows, *expected),) = stage.run_sql(f"SELECT count(*), {sums} FROM ({query.sql}) AS rows")
    file = out.with_name(f"{out.name}.csv")
    found = json.loads(subprocess.run([sys.executable, "-m", "benchmarks.sums", file], cwd=CLONE, check=True, capture_output=True).stdout)
    if found != [rows, *expected]:
        raise RuntimeError(f"psql wrote {found}, and the server has {[rows, *expected]}")
    return Truth(file, int(str(rows)))
