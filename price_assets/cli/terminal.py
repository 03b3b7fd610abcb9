"""Tables on stdout that fit where they go to: a terminal of so many columns, or a file and a log, where a line is as long as it is."""

import sys

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

WIDE = 10_000
"""Columns of a table that no terminal shows: a file or a log, where a wrapped path is of no use."""


def width() -> int:
    """How many columns fit."""
    return Console().width if sys.stdout.isatty() else WIDE


def natural_width(table: Table) -> int:
    """How many columns a table takes where there is room for all of it."""
    console = Console(width=WIDE)
    return console.measure(table).maximum


def show(what: RenderableType = "") -> None:
    """Print a table or a line. A terminal too narrow for a table's columns breaks its lines: no column is dropped, and no number or path is cut."""
    console = Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, soft_wrap=False)
    least = console.measure(what, options=console.options.update(max_width=WIDE)).minimum if isinstance(what, Table) else 0
    console.width = max(console.width, least)
    console.print(what)


def plain_table() -> Table:
    """A table without lines."""
    return Table(box=None, pad_edge=False, header_style="bold")


def visible(value: str | None) -> Text:
    """A value so that one sees what it is: no value, an empty text, a space at an end, and what a terminal would not show or would obey."""
    if value is None:
        return Text("NULL", "dim")
    shown = "".join(character if character.isprintable() else repr(character)[1:-1] for character in value)
    return Text(f'"{shown}"' if shown in ("", "NULL") or shown != shown.strip() else shown)
