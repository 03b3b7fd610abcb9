"""Peak memory of `price-assets export` at one number of rows against ten times as many: it must not grow with them.

`python -m benchmarks.memory [ROWS]`: a million by default, so ten million too, which takes 10 GB of disk. The rows are those of `million_rows`, made
by the server as they are read. Ends with 1 where the larger peak is more than 1.15 × the smaller one.
"""

import os
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.million_rows import PRICE_LIST, Contestant
from price_assets.demo.server import start_server

ALLOWED = 1.15
SQL = """
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
       DATE '2026-01-01' + (i % 100)::int AS valid_from,
       TIMESTAMP '2026-01-01' + i * INTERVAL '7 seconds' AS updated
FROM (SELECT generate_series(1, {rows}::bigint) AS i) AS numbers
ORDER BY now()
"""
"""They come in order as they are made: what they are ordered by needs no sort."""


def main() -> int:
    """Export both, print what each took, and say whether the memory is flat."""
    fewer = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    table = Table("rows", "peak memory, MiB", "wall, s", "CPU, s", box=None)
    peaks: list[float] = []
    with start_server() as server:
        for rows in (fewer, 10 * fewer):
            with tempfile.TemporaryDirectory() as folder:
                lists = Path(folder) / "lists"
                lists.mkdir()
                (lists / "many.yaml").write_text(PRICE_LIST.format(name="many"))
                (lists / "many.sql").write_text(SQL.format(rows=rows))
                environment = os.environ | server.environment()
                environment |= {"PRICE_LISTS_DIR": str(lists), "STORAGE_BUCKET": f"file://{folder}/storage", "LOG_FORMAT": "text"}
                taken = Contestant("export", [sys.executable, "-m", "price_assets", "export", "many", "--json"]).run(environment)
            peaks.append(taken.memory)
            table.add_row(f"{rows:,}", f"{taken.memory:,.0f}", f"{taken.wall:.1f}", f"{taken.cpu:.1f}")
    ratio = peaks[1] / peaks[0]
    console = Console(width=120)
    console.print(table)
    console.print(f"{ratio:.2f} × the memory for 10 × the rows; at most {ALLOWED} × is allowed", highlight=False)
    return int(ratio > ALLOWED)


if __name__ == "__main__":
    sys.exit(main())
