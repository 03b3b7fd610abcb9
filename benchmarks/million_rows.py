r"""A million rows of 14 columns: `price-assets export` against psql's `\copy` of the same query to a local file.

Two queries, an already joined table and a real JOIN; each contestant runs in turn, in a process of its own. The tables show the median wall time,
CPU (the server's not counted) and peak memory of each, and the median ratio to psql's wall time of the same round. Wall and CPU of the warm process
are those of its work, without its imports and Dagster's start. `python -m benchmarks.million_rows [ROWS] [ROUNDS]`.
"""

import os
import platform
import shutil
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

_VALUES = """
       lpad(i::text, 9, '0') AS sku,
       CASE i % 3 WHEN 0 THEN 'Болт М' ELSE 'Hex bolt, "M' END || i % 40 || ' × ' || i % 200 || ' mm' AS name,
       (ARRAY['шт', 'кг', 'м'])[1 + i % 3] AS unit,
       lpad((i * 7919 % 10000000000000)::text, 13, '0') AS barcode,
       (i % 5000)::int AS stock,
       i % 2 = 0 AS available,
       TIMESTAMP '2026-01-01' + i * INTERVAL '7 seconds' AS updated
"""
TABLES = f"""
CREATE TABLE brands AS SELECT i AS id, 'Brand ' || i AS title FROM generate_series(0, 299) AS i;
CREATE TABLE categories AS SELECT i AS id, 'Category ' || i AS title FROM generate_series(0, 39) AS i;
CREATE TABLE products AS SELECT i AS id, i % 300 AS brand_id, i % 40 AS category_id, {_VALUES} FROM generate_series(1, {{rows}}::bigint) AS i;
CREATE TABLE price_history AS
SELECT i AS product_id,
       DATE '2026-01-01' + (i % 100)::int + 100 * n AS valid_from,
       CASE WHEN n < 2 THEN DATE '2026-01-01' + (i % 100)::int + 100 * (n + 1) END AS valid_to,
       (i * 7 % 1000000 / 100.0 + n)::numeric(12, 2) AS price,
       (i * 11 % 1000000 / 100.0 + n)::numeric(12, 2) AS price_10,
       (i * 13 % 1000000 / 100.0 + n)::numeric(12, 2) AS price_100,
       CASE WHEN i % 5 > 0 THEN (i * 17 % 1000000 / 100.0 + n)::numeric(12, 2) END AS price_old
FROM generate_series(1, {{rows}}::bigint) AS i, generate_series(0, 2) AS n;
ALTER TABLE brands ADD PRIMARY KEY (id);
ALTER TABLE categories ADD PRIMARY KEY (id);
ALTER TABLE products ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX ON price_history (product_id, valid_from);
"""
JOIN = """
SELECT p.sku, p.name, b.title AS brand, c.title AS category, p.unit, p.barcode, h.price, h.price_10, h.price_100, h.price_old,
       p.stock, p.available, h.valid_from, p.updated
FROM products AS p
JOIN brands AS b ON b.id = p.brand_id
JOIN categories AS c ON c.id = p.category_id
JOIN price_history AS h ON h.product_id = p.id AND h.valid_from <= DATE '2026-11-25' AND (h.valid_to IS NULL OR h.valid_to > DATE '2026-11-25')
ORDER BY p.sku
"""
JOINED = "SELECT * FROM prices ORDER BY sku"
PREPARED = f"CREATE TABLE prices AS {JOIN}; CREATE UNIQUE INDEX ON prices (sku); ANALYZE"
QUERIES = {"joined": ("an already joined table", JOINED), "join": ("a real JOIN of four tables, three prices a product", JOIN)}
PRICE_LIST = """
name: {name}
sql: {name}.sql
key: [sku]
columns:
  sku: {{type: text}}
  name: {{type: text}}
  brand: {{type: text}}
  category: {{type: text}}
  unit: {{type: text}}
  barcode: {{type: text}}
  price: {{type: "decimal(12,2)", min: 0}}
  price_10: {{type: "decimal(12,2)"}}
  price_100: {{type: "decimal(12,2)"}}
  price_old: {{type: "decimal(12,2)", nullable: true}}
  stock: {{type: integer}}
  available: {{type: boolean}}
  valid_from: {{type: date}}
  updated: {{type: timestamp}}
"""


WARM = """
import datetime, sys, time
from zoneinfo import ZoneInfo
import connectorx, pyarrow.parquet
from price_assets.definitions import defs
from price_assets.orchestration.in_process import export_day, exporter_instance
with exporter_instance(None) as instance:
    before, used = time.perf_counter(), time.process_time()
    exported = export_day(defs, instance, sys.argv[1], datetime.datetime.now(ZoneInfo("UTC")).date(), from_snapshots=False)
    print(time.perf_counter() - before, time.process_time() - used)
sys.exit(exported.exit_code)
"""
"""Imports first, then times the work."""


@dataclass(frozen=True)
class Measured:
    """One run: seconds of wall and CPU time, and the peak memory of its process in MiB."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Contestant:
    """A command; one that `times_itself` prints its seconds of wall and CPU time."""

    name: str
    command: Sequence[str | Path]
    times_itself: bool = False

    def run(self, environment: Mapping[str, str]) -> Measured:
        """Run it to its end. Raises CalledProcessError where it fails."""
        before = time.perf_counter()
        process = subprocess.Popen(self.command, env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout  # noqa: S101 - it is a pipe
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, [str(part) for part in self.command])
        wall, cpu = time.perf_counter() - before, usage.ru_utime + usage.ru_stime
        if self.times_itself:
            wall, cpu = map(float, said.split())
        unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2): kilobytes on Linux, bytes on macOS
        return Measured(wall, cpu, usage.ru_maxrss * unit / 2**20)


def contestants(server: Server, folder: Path, name: str, query: str) -> list[Contestant]:
    """Psql first: the others are compared with it."""
    address = f"host={server.host} port={server.port} user={server.user} dbname={server.database}"
    copy = f"\\copy ({' '.join(query.split())}) TO '{folder / 'psql.csv'}' (FORMAT csv, HEADER)"
    return [
        Contestant("psql \\copy: CSV", [binaries() / "psql", "-X", "-q", address, "-c", copy]),
        Contestant("price-assets export: CSV and XLSX", [sys.executable, "-m", "price_assets", "export", name, "--json"]),
        Contestant("the same in a warm process", [sys.executable, "-W", "ignore", "-c", WARM, name], times_itself=True),
    ]


def main() -> None:
    """Make the rows, run the rounds, print a table for each query."""
    rows, rounds = (int(argument) for argument in (*sys.argv[1:], *("1000000", "3")[len(sys.argv) - 1 :]))
    talk = Console(stderr=True)
    with start_server() as server, tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        talk.print(f"making {rows:,} rows ...")
        with psycopg.connect(host=server.host, port=server.port, user=server.user, password=server.password, dbname=server.database) as connection:
            connection.execute((TABLES.format(rows=rows) + PREPARED).encode())
        environment = os.environ | server.environment() | {"PRICE_LISTS_DIR": temporary, "LOG_FORMAT": "text", "PGPASSWORD": server.password}
        for name, (_, query) in QUERIES.items():
            (folder / f"{name}.yaml").write_text(PRICE_LIST.format(name=name))
            (folder / f"{name}.sql").write_text(query)
        for name, (title, query) in QUERIES.items():
            competing = contestants(server, folder, name, query)
            competing[0].run(environment)  # not counted: it warms the server's memory
            taken: list[list[Measured]] = []
            for number in range(1, rounds + 1):
                talk.print(f"{title}: round {number} of {rounds} ...")
                taken.append([each.run(environment | {"STORAGE_BUCKET": _empty(folder / "storage")}) for each in competing])
            _print(f"{title}, {rows:,} rows × 14 columns", competing, taken)


def _empty(storage: Path) -> str:
    """A bucket with nothing in it, so that everything is made anew."""
    shutil.rmtree(storage, ignore_errors=True)
    return f"file://{storage}"


def _print(title: str, competing: Sequence[Contestant], taken: Sequence[Sequence[Measured]]) -> None:
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    table = Table(box=None)
    for heading in ("what", "wall, s", "CPU, s", "peak memory, MiB", "× psql"):
        table.add_column(heading, justify="left" if heading == "what" else "right", no_wrap=True)
    for number, each in enumerate(competing):
        runs = [measured[number] for measured in taken]
        wall, cpu, memory = (statistics.median(values) for values in zip(*((run.wall, run.cpu, run.memory) for run in runs), strict=True))
        ratio = statistics.median(run.wall / measured[0].wall for run, measured in zip(runs, taken, strict=True))
        table.add_row(each.name, f"{wall:.2f}", f"{cpu:.2f}", f"{memory:,.0f}", f"{ratio:.1f}")
    console = Console(width=120)
    console.print(f"\n{title}; medians of {len(taken)} on {machine}", soft_wrap=True, highlight=False)
    console.print(table)


if __name__ == "__main__":
    main()
