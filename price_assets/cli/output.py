"""What the exporter prints on stdout: a table for people, JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from rich.filesize import decimal
from rich.markup import escape

from price_assets.cli.terminal import plain_table, show
from price_assets.export.register import Part

if TYPE_CHECKING:
    from price_assets.export.history import HistoryEvent
    from price_assets.orchestration.in_process import ExportedDay

COLOURS = {"published": "green", "unchanged": "cyan", "superseded": "yellow", "blocked": "red", "refused": "red", "failed": "red"}


def print_json(days: "Sequence[ExportedDay]") -> None:
    """One JSON array, an object for each list and date."""
    print(json.dumps([asdict(day) for day in days], ensure_ascii=False, default=str, indent=2))


def print_table(days: "Sequence[ExportedDay]") -> None:
    """One row a file; a list and date without files has one row that says why."""
    table = plain_table()
    for name in ("list", "date", "outcome"):
        table.add_column(name, no_wrap=True)
    for name in ("rows", "added", "removed", "repriced"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("file", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("path", no_wrap=True)
    for day in days:
        outcome = f"[{COLOURS[day.outcome]}]{day.outcome}[/]"
        counts = [f"{day.changes[kind]:,}" if day.changes else "" for kind in ("added", "removed", "repriced")]
        for file in day.files:
            row = (f"{day.rows:,}", *counts, file["format"], decimal(file["bytes"]), escape(shown(file["copy"])))
            table.add_row(day.price_list, str(day.export_date), outcome, *row)
        if not day.files:
            table.add_row(day.price_list, str(day.export_date), outcome)
    show(table)


def print_history(events: "Sequence[HistoryEvent]") -> None:
    """One row an event; `*` marks what is published now."""
    table = plain_table()
    for name in ("date", "time, UTC", "event", "", "snapshot", "revision"):
        table.add_column(name, no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("by", no_wrap=True)
    table.add_column("why", overflow="fold")
    for event in events:
        why = "; ".join(part for part in (", ".join(event.checks), event.reason or "") if part)
        table.add_row(
            str(event.export_date),
            f"{event.time.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
            f"[{COLOURS.get(event.event, 'yellow')}]{event.event}[/]",
            "*" if event.stands else "",
            event.snapshot,
            event.revision or "",
            "" if event.rows is None else f"{event.rows:,}",
            escape(event.by or f"run {(event.run_id or '')[:8]}"),
            escape(why),
        )
    show(table)


def plain(value: object) -> object:
    """What JSON has no word for."""
    return value.model_dump(mode="json") if isinstance(value, Part) else str(value)


def shown(address: str) -> str:
    """An address as short as it can be: what lies below the working folder, from there."""
    path = Path(address)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else address
