r"""A million rows of 14 columns: `price-assets export`, whole process, against psql's `\copy` of the same query to a local file.

The two run in turn, in processes of their own; the table shows the median wall time, CPU and peak memory of each, and the ratio of the pairs.
Memory is the largest of the exporter's processes, its children included. `python -m benchmarks.million_rows [ROWS] [PAIRS]`.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table

from price_assets.demo.server import Server, binaries, start_server

TABLE = """
CREATE TABLE prices AS
SELECT lpad(i::text, 9, '0') AS sku,
       CASE i % 3 WHEN 0 THEN 'Болт М' ELSE 'Hex bolt, "M' END || i % 40 || ' × ' || i % 200 || ' mm' AS name,
       'Brand ' || i % 300 AS brand,
       'Category ' || i % 40 AS category,
       (ARRAY['шт', 'кг', 'м'])[1 + i % 3] AS unit,
       lpad((i * 7919 % 10000000000000)::text, 13, '0') AS barcode,
       (i * 7 % 1000000 / 100.0)::numeric(12, 2) AS price,
       (i * 11 % 1000000 / 100.0)::numeric(12, 2) AS price_10,
       (i * 13 % 1000000 / 100.0)::numeric(12, 2) AS price_100,
       CASE WHEN i % 5 > 0 THEN (i * 17 % 1000000 / 100.0)::numeric(12, 2) END AS price_old,
       (i % 5000)::int AS stock,
       i % 2 = 0 AS available,
       DATE '2026-01-01' + (i % 300)::int AS valid_from,
       TIMESTAMP '2026-01-01' + i * INTERVAL '7 seconds' AS updated
FROM generate_series(1, {rows}::bigint) AS i
"""
PRICE_LIST = """
name: million
sql: million.sql
key: [sku]
columns:
  sku: {type: text}
  name: {type: text}
  brand: {type: text}
  category: {type: text}
  unit: {type: text}
  barcode: {type: text}
  price: {type: "decimal(12,2)", min: 0}
  price_10: {type: "decimal(12,2)"}
  price_100: {type: "decimal(12,2)"}
  price_old: {type: "decimal(12,2)", nullable: true}
  stock: {type: integer}
  available: {type: boolean}
  valid_from: {type: date}
  updated: {type: timestamp}
"""


@dataclass(frozen=True)
class Measured:
    """One process: seconds of wall and CPU time, and its peak memory in MiB."""

    wall: float
    cpu: float
    memory: float


def measured(command: Sequence[str | Path], environment: Mapping[str, str]) -> Measured:
    """Run a command to its end. Raises CalledProcessError where it fails."""
    before = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, [str(part) for part in command])
    return _measured(time.perf_counter() - before, usage)


def _measured(wall: float, usage: resource.struct_rusage) -> Measured:
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2): kilobytes on Linux, bytes on macOS
    return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 2**20)


def contestants(server: Server, folder: Path) -> tuple[list[str | Path], list[str | Path]]:
    """The two commands, psql's first."""
    address = f"host={server.host} port={server.port} user={server.user} dbname={server.database}"
    copy = f"\\copy (SELECT * FROM prices ORDER BY sku) TO '{folder / 'psql.csv'}' (FORMAT csv, HEADER)"
    return [binaries() / "psql", "-X", "-q", address, "-c", copy], [sys.executable, "-m", "price_assets", "export", "--json"]


def main() -> None:
    """Make the rows, run the pairs, print the table."""
    rows, pairs = (int(argument) for argument in (*sys.argv[1:], *("1000000", "3")[len(sys.argv) - 1 :]))
    talk = Console(stderr=True)
    with start_server() as server, tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "million.yaml").write_text(PRICE_LIST)
        (folder / "million.sql").write_text("SELECT * FROM prices ORDER BY sku\n")
        talk.print(f"making {rows:,} rows ...")
        with psycopg.connect(host=server.host, port=server.port, user=server.user, password=server.password, dbname=server.database) as connection:
            connection.execute(TABLE.format(rows=rows).encode())
            connection.execute("CREATE UNIQUE INDEX ON prices (sku)")
        environment = os.environ | server.environment() | {"PRICE_LISTS_DIR": temporary, "LOG_FORMAT": "text", "PGPASSWORD": server.password}
        psql, ours = contestants(server, folder)
        measured(psql, environment)  # not counted: it warms the server's memory
        taken: list[tuple[Measured, Measured]] = []
        for number in range(pairs):
            talk.print(f"pair {number + 1} of {pairs} ...")
            bucket = {"STORAGE_BUCKET": f"file://{folder / f'storage-{number}'}"}
            taken.append((measured(psql, environment), measured(ours, environment | bucket)))
    _print(rows, taken)


def _print(rows: int, taken: Sequence[tuple[Measured, Measured]]) -> None:
    table = Table(title=f"{rows:,} rows × 14 columns, medians of {len(taken)} pairs on {os.cpu_count()} cores", title_justify="left", box=None)
    for heading in ("what", "wall, s", "CPU, s", "peak memory, MiB", "× psql"):
        table.add_column(heading, justify="left" if heading == "what" else "right", no_wrap=True)
    ratio = statistics.median(ours.wall / psql.wall for psql, ours in taken)
    for name, found, times in (
        ("psql \\copy", [a for a, _ in taken], "1.0"),
        ("price-assets export: CSV and XLSX", [b for _, b in taken], f"{ratio:.1f}"),
    ):
        figures = [statistics.median(values) for values in zip(*((each.wall, each.cpu, each.memory) for each in found), strict=True)]
        table.add_row(name, f"{figures[0]:.2f}", f"{figures[1]:.2f}", f"{figures[2]:,.0f}", times)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
