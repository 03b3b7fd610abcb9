"""`make demo`: three price lists from a made-up company's Postgres to CSV and XLSX in a folder, for yesterday and today."""

import sys
from pathlib import Path

from rich.console import Console

from price_assets.demo.company import CLONE, OUTPUT, company, environment, export, run
from price_assets.errors import ExitCode

NEXT = """
[bold]What to try next[/bold]
  Open {latest}/retail.xlsx: today's retail prices; its last sheet says what each column means.
  make demo    once more: the same rows are "unchanged", and nothing is rendered again
  make ui      every day of every list in Dagster's UI: materialise, backfill, see a check fail
  make test    all tests
  Make a price list of your own, of your own database: "From one SQL file to an XLSX" in README.md"""


def main() -> int:
    """Start, fill, export, and say what to try next. Returns the exporter's exit code."""
    with company() as server:
        code = export(environment(server))
    if code == ExitCode.OK:
        shown = Path(OUTPUT.name if Path.cwd() == CLONE else OUTPUT, "retail", "latest")
        Console(highlight=False, soft_wrap=True).print(NEXT.format(latest=shown))
    return code


if __name__ == "__main__":
    sys.exit(run(main))
