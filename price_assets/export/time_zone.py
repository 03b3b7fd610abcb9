"""Whether the source and this machine mean the same by a time zone. Both have tables of their own, and countries change their minds every year."""

from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import psycopg

from price_assets.errors import SourceRefused
from price_assets.export.contract import Kind
from price_assets.export.formats.wall_time import to_wall_time
from price_assets.export.snapshot import Snapshot

_OFFSETS = "SELECT extract(timezone FROM moment)::int FROM unnest(%s::timestamptz[]) WITH ORDINALITY AS moments(moment, position) ORDER BY position"


def compare_time_zones(connection: psycopg.Connection[Any], snapshot: Snapshot, timezone: ZoneInfo) -> None:
    """Compare the offsets from UTC on every day that a timestamptz column holds; the session's time zone is the source's idea of this one.

    Raises SourceRefused where they differ: a file would show another hour than the source does.
    """
    days = _days(snapshot)
    here = (to_wall_time(days, timezone) - days.dt.replace_time_zone(None)).dt.total_seconds()
    there = [seconds for (seconds,) in connection.execute(_OFFSETS, [days.to_list()]).fetchall()]
    for day, ours, theirs in zip(days, here, there, strict=True):
        if ours != theirs:
            raise SourceRefused(
                f"EXPORT_TIMEZONE {timezone.key}: on {day:%Y-%m-%d} it is {theirs / 3600:+g} h from UTC by the source's table of time zones "
                f"and {ours / 3600:+g} h by this machine's. Bring the older one up to date (tzdata on either side, Polars here)."
            )


def _days(snapshot: Snapshot) -> pl.Series:
    """The midnights, in UTC, of the days that the timestamptz columns hold: `Datetime("us", "UTC")`, each once."""
    columns = [column.name for column in snapshot.columns if column.type.kind is Kind.TIMESTAMPTZ]
    found = [snapshot.scan().select(pl.col(name).drop_nulls().dt.truncate("1d").unique().alias("day")).collect()["day"] for name in columns]
    return pl.concat([pl.Series("day", dtype=pl.Datetime("us", "UTC")), *found]).unique().sort()
