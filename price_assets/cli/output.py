"""What the exporter prints on stdout: a table for people, JSON for programs."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

if TYPE_CHECKING:
    from price_assets.orchestration.in_process import ExportedDay

WIDE = 10_000
"""Columns of a table that no terminal shows: a file or a log, where a wrapped path is of no use."""

COLOURS = {"published": "green", "unchanged": "cyan", "superseded": "yellow", "blocked": "red", "refused": "red", "failed": "red"}


def print_json(days: "Sequence[ExportedDay]") -> None:
    """One JSON array, an object for each list and date."""
    print(json.dumps([asdict(day) for day in days], ensure_ascii=False, default=str, indent=2))


def print_table(days: "Sequence[ExportedDay]") -> None:
    """One row a file; a list and date without files has one row that says why."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("list", "date", "outcome"):
        table.add_column(name, no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("file", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("path", overflow="fold")
    for day in days:
        outcome = f"[{COLOURS[day.outcome]}]{day.outcome}[/]"
        for file in day.files:
            table.add_row(day.price_list, str(day.export_date), outcome, f"{day.rows:,}", file["format"], decimal(file["bytes"]), shown(file["copy"]))
        if not day.files:
            table.add_row(day.price_list, str(day.export_date), outcome, "", "", "", "")
    width = None if sys.stdout.isatty() else WIDE
    Console(width=width, highlight=False, soft_wrap=False).print(table)


def shown(address: str) -> str:
    """An address as short as it can be: what lies below the working folder, from there."""
    path = Path(address)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else address
