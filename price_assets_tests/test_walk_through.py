"""The README's walk-through, as a newcomer copies it: its commands run, and print what it shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import openpyxl

from price_assets_tests.servers.postgres import Database

README = Path(__file__).parents[1] / "README.md"
PRODUCTS = """
CREATE TABLE products (sku text PRIMARY KEY, name text NOT NULL, price numeric(12, 2) NOT NULL, stock int);
INSERT INTO products VALUES ('00017', 'Болт М8', 10.50, 1200), ('00018', 'Гайка М8', 4.20, NULL), ('00102', 'Шайба 8', 1.05, 30000);
"""
PARTED = "\x1e"
"""Stands between the outputs of two blocks."""


def blocks() -> list[tuple[str, str]]:
    """The commands of each block, and the output that is shown after it."""
    (section,) = re.findall(r"^## From one SQL file to an XLSX\n(.*?)^## ", README.read_text(), re.DOTALL | re.MULTILINE)
    found: list[tuple[str, str]] = re.findall(r"```(sh|text)\n(.*?)```", section, re.DOTALL)
    shown: list[tuple[str, str]] = []
    for language, text in found:
        shown.append((text, "")) if language == "sh" else shown.append((shown.pop()[0], text))
    return shown


def settled(output: str) -> list[str]:
    """Without what another day, hour or machine changes: dates, times, sizes, and how wide a column is for them."""
    output = re.sub(r"\d{4}-\d{2}-\d{2}", "DAY", re.sub(r"\d{2}:\d{2}:\d{2}", "TIME", output))
    output = re.sub(r"\d+(?:\.\d+)? (?:bytes|[kMG]B)\b", "SIZE", output)
    return [re.sub(" {2,}", "  ", line.rstrip()) for line in output.strip().splitlines()]


def test_a_newcomer_gets_from_one_sql_file_to_an_xlsx(database: Database, tmp_path: Path) -> None:
    database.execute(PRODUCTS)
    script = r"printf '\036'".join(f"\n{commands}" for commands, _ in blocks())
    for name, value in database.environment().items():  # a Postgres of one's own
        script, times = re.subn(rf"\b{name}=\S+", f"{name}='{value}'", script)
        assert times == 1 or name not in ("DB_HOST", "DB_NAME", "DB_USER", "DB_PASSWORD")
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("DB_", "AWS_", "DAGSTER_", "STORAGE_", "EXPORT_", "PRICE_LISTS_"))
    }
    environment = kept | {"DB_PORT": str(database.server.port), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(["/bin/sh", "-e", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    for (commands, shown), printed in zip(blocks(), done.stdout.split(PARTED), strict=True):
        assert settled(printed) == settled(shown), f"{commands}\n{printed}"
    rows = openpyxl.load_workbook(tmp_path / "published" / "retail" / "latest" / "retail.xlsx").worksheets[0].values
    assert list(rows) == [
        ("sku", "name", "price", "stock"),
        ("00017", "Болт М8", 10.5, 1200),
        ("00018", "Гайка М8", 4.2, 0),
        ("00102", "Шайба 8", 1.05, 30000),
    ]
