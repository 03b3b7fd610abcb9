"""What differs between two days, for people: three numbers, and the largest moves with before, after and how far."""

from dataclasses import asdict
from typing import Any

from price_assets.cli.terminal import plain_table, show, visible
from price_assets.export.comparison import Comparison


def print_comparison(found: Comparison) -> None:
    """`12 added, 3 removed, 540 repriced of the 48,211 that are in both`, then the moves."""
    show(f"{counts(found)}, of {found.common:,} in both.")
    if not found.largest:
        return
    show()
    several = f"The {len(found.largest)} largest of" if len(found.largest) < found.repriced else "All"
    show(f"{several} {found.repriced:,} moves:" if found.repriced > 1 else "The move:")
    table = plain_table()
    table.add_column("key", overflow="fold")
    table.add_column("column", no_wrap=True)
    table.add_column("before", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("after", justify="right", no_wrap=True)
    table.add_column("distance", justify="right", no_wrap=True)
    for move in found.largest:
        table.add_row(visible(move.key), visible(move.column), visible(move.before), "→", visible(move.after), move.distance)
    show(table)


def counts(found: Comparison) -> str:
    """`12 added, 3 removed, 540 repriced`, counted in keys."""
    return f"{found.added:,} added, {found.removed:,} removed, {found.repriced:,} repriced"


def as_dict(found: Comparison) -> dict[str, Any]:
    """The same for a program; prices are text, exact."""
    told = {name: value for name, value in asdict(found).items() if name not in ("moved", "largest")}
    return told | {"largest": [{**asdict(move), "distance": move.distance} for move in found.largest]}
