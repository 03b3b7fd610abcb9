"""A snapshot's first rows on a terminal, typed: names, headers and types above them, and more tables where not all columns fit side by side."""

from collections.abc import Iterator, Sequence
from functools import partial
from zoneinfo import ZoneInfo

import polars as pl
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from price_assets.cli.terminal import plain_table, visible
from price_assets.export.contract import Column, Kind
from price_assets.export.formats.wall_time import with_offset
from price_assets.export.snapshot import Snapshot

GAP = 2
MOST = 40
"""Columns that a value takes at most on a terminal; what is longer ends with `…`."""
LONGEST = 200
"""The same where there is no terminal."""
SHOWN = "%Y-%m-%d %H:%M:%S%.f"
"""A timestamp."""


def first_rows(snapshot: Snapshot, number: int, timezone: ZoneInfo) -> list[tuple[str | None, ...]]:
    """The first rows as text, exactly: a decimal with all its places, a timestamptz in the time zone, with its offset from UTC."""
    shown = [_text(column, timezone) for column in snapshot.columns]
    return snapshot.scan().head(number).select(shown).collect().rows()


def rows_tables(snapshot: Snapshot, rows: Sequence[Sequence[str | None]], key: Sequence[str], width: int) -> Iterator[Table]:
    """The rows as one table of at most `width`, or as several below each other, each with the key's columns at its left."""
    heads = _heads(snapshot.columns)
    texts = [[*head, *(visible(row[place]) for row in rows)] for place, head in enumerate(heads)]
    most = LONGEST if width > LONGEST else MOST
    widths = [min(most, max(cell_len(text.plain) for text in column)) for column in texts]
    keys = [place for place, column in enumerate(snapshot.columns) if column.name in key]
    repeated = keys if _taken(widths, keys) <= width // 2 else []  # else little would be left for what is beside it
    widths = [own if place in repeated else min(own, width - _taken(widths, repeated) - GAP) for place, own in enumerate(widths)]
    for places in _bands(widths, repeated, width):
        table = plain_table()
        table.show_header = False
        for place in places:
            number = snapshot.columns[place].type.kind in (Kind.INTEGER, Kind.DECIMAL)
            table.add_column(width=widths[place], no_wrap=True, overflow="ellipsis", justify="right" if number else "left")
        for line in zip(*(texts[place] for place in places), strict=True):
            table.add_row(*line)
        yield table


def _text(column: Column, timezone: ZoneInfo) -> pl.Expr:
    value = pl.col(column.name)
    match column.type.kind:
        case Kind.TIMESTAMP:
            return value.dt.strftime(SHOWN)
        case Kind.TIMESTAMPTZ:
            return value.map_batches(partial(_zoned, timezone=timezone), return_dtype=pl.String, is_elementwise=True)
        case _:
            return value.cast(pl.String)


def _zoned(moments: pl.Series, timezone: ZoneInfo) -> pl.Series:
    """The wall time as files print it, and its offset from UTC to the minute."""
    return with_offset(moments, timezone, lambda wall: wall.dt.strftime(SHOWN), _offset)


def _offset(seconds: int) -> str:
    hours, minutes = divmod((abs(seconds) + 30) // 60, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}:{minutes:02}"


def _heads(columns: Sequence[Column]) -> list[list[Text]]:
    """Name, header where any column has one of its own, type."""
    labelled = any(column.label != column.name for column in columns)
    return [
        [Text(column.name, "bold"), *([Text(column.header)] if labelled else []), Text(str(column.type), "dim")]
        for column in columns
    ]  # fmt: skip


def _bands(widths: Sequence[int], repeated: Sequence[int], width: int) -> Iterator[list[int]]:
    """The places of the columns that stand side by side, those that are repeated first."""
    band = list(repeated)
    for place in range(len(widths)):
        if place in repeated:
            continue
        if band != repeated and _taken(widths, [*band, place]) > width:
            yield band
            band = list(repeated)
        band.append(place)
    yield band


def _taken(widths: Sequence[int], places: Sequence[int]) -> int:
    return sum(widths[place] + GAP for place in places) - GAP if places else 0
