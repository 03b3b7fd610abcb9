"""What grows with each export run, and by how much: in Dagster's Postgres, in the ledger, in the storage. One list of 50,000 rows of 14 columns.

A day at first, which is not counted, then DAYS more, each by the real exporter with `dagster.yaml` as it is; each day a fiftieth of prices changes.
`python -m benchmarks.growth [DAYS]`; sixty days by default, a few seconds each.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table

from benchmarks.dagster_environment import dagster_environment
from benchmarks.rows import changing, made, price_list
from price_assets.demo.server import Server, start_server

ROWS = 50_000
LISTS = 20
FIRST = date(2026, 1, 1)
NAME = "growing"
TABLES = "SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables"
LEDGER = "SELECT count(*), pg_total_relation_size('export_runs') FROM export_runs"
COPIED = """
INSERT INTO export_runs SELECT (jsonb_populate_record(run, jsonb_build_object('run_id', gen_random_uuid()))).*
FROM export_runs AS run, generate_series(1, 100)
"""
"""Of so small a table a page more or less would decide, so each run is put there a hundred times more."""


def main() -> None:
    """Export, look at the sizes before and after, print what a run has added."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    with start_server() as server, tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        environment = _prepared(server, folder)
        _export(environment, FIRST, FIRST)
        before = dict(_sizes(server, folder))
        _export(environment, FIRST + timedelta(days=1), FIRST + timedelta(days=days))
        after = dict(_sizes(server, folder))
        grown = {what: (size - before.get(what, 0)) / days for what, size in after.items()} | {"ledger: export_runs": _ledger(server)}
    table = Table("what", "bytes a run", f"a year of {LISTS} lists, MB", box=None)
    for what, size in grown.items():
        if size:
            table.add_row(what, f"{size:,.0f}", f"{size * LISTS * 365 / 1e6:,.0f}")
    console = Console(width=120)
    console.print(f"\na list of {ROWS:,} rows × 14 columns, {days} runs", highlight=False)
    console.print(table)


def _prepared(server: Server, folder: Path) -> dict[str, str]:
    """The list, Dagster's home, a database for Dagster and one for the ledger; the environment that names them."""
    with _connected(server, server.database) as connection:
        connection.execute("CREATE DATABASE dagster")
        connection.execute("CREATE DATABASE ledger")
    for part in ("lists", "home"):
        (folder / part).mkdir()
    (folder / "lists" / f"{NAME}.yaml").write_text(price_list(NAME) + "past_dates: true\nchecks: {price_change: {ratio: 0.5, share: 0.1}}\n")
    (folder / "lists" / f"{NAME}.sql").write_text(made(ROWS, price=changing()))
    shutil.copy(Path(__file__).parents[1] / "dagster.yaml", folder / "home")
    return dagster_environment(server, folder, "dagster", "ledger")


def _connected(server: Server, database: str) -> psycopg.Connection:
    return psycopg.connect(host=server.host, port=server.port, user=server.user, password=server.password, dbname=database, autocommit=True)


def _export(environment: Mapping[str, str], first: date, last: date) -> None:
    command = [sys.executable, "-m", "price_assets", "export", NAME, "--from", str(first), "--to", str(last), "--json"]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def _sizes(server: Server, folder: Path) -> Iterator[tuple[str, int]]:
    """What there is → its bytes: tables with their indexes, and what lies in the storage, by place."""
    with _connected(server, "dagster") as connection:
        connection.execute("VACUUM FULL")
        for table, size in sorted(connection.execute(TABLES).fetchall()):
            yield f"dagster: {table}", size
    yield "output of runs", _bytes(folder / "output of runs")
    storage = folder / "storage"
    for place in ("_files", "_snapshots"):
        yield f"storage: {place}/", _bytes(storage / place)
    yield f"storage: {NAME}/publications.json", _bytes(storage / NAME / "publications.json")
    yield f"storage: {NAME}/, folders of days", sum(_bytes(path) for path in (storage / NAME).glob("2*"))


def _ledger(server: Server) -> float:
    with _connected(server, "ledger") as connection:
        before = connection.execute(LEDGER).fetchall()
        connection.execute(COPIED)
        ((runs, size),), ((more, larger),) = before, connection.execute(LEDGER).fetchall()
    return (larger - size) / (more - runs)


def _bytes(path: Path) -> int:
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


if __name__ == "__main__":
    main()
