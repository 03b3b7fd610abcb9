"""What a clock on the wall shows: timestamptz in `EXPORT_TIMEZONE`, as files print it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import polars as pl

_POLARS_KNOWS_UNTIL = datetime(2100, 1, 1, tzinfo=UTC)
"""Polars' table of daylight saving ends with 2099; "for ever" is often written as a day far behind it, and Postgres shows it with its summer time."""

_CYCLE = timedelta(days=146_097)
"""400 years: after them the calendar, its weekdays and so the rules of daylight saving repeat."""


def wall_time(name: str, timezone: ZoneInfo) -> pl.Expr:
    """A timestamptz column (`Datetime("us", "UTC")`) → the wall time of the zone, `Datetime("us")`."""
    return pl.col(name).map_batches(partial(to_wall_time, timezone=timezone), return_dtype=pl.Datetime("us"), is_elementwise=True)


def to_wall_time(moments: pl.Series, timezone: ZoneInfo) -> pl.Series:
    """The same for a series at hand."""
    wall = moments.dt.convert_time_zone(timezone.key).dt.replace_time_zone(None)
    far = moments >= _POLARS_KNOWS_UNTIL
    if not far.any():
        return wall
    distinct: list[datetime] = moments.filter(far).unique().to_list()
    offsets = [_offset(moment, timezone) for moment in distinct]
    shifts = moments.replace_strict(distinct, offsets, default=timedelta(), return_dtype=pl.Duration("us"))
    return (moments.dt.replace_time_zone(None) + shifts).zip_with(far, wall)


def with_offset(moments: pl.Series, timezone: ZoneInfo, text: Callable[[pl.Series], pl.Series], offset: Callable[[int], str]) -> pl.Series:
    """The wall times by `text`, and behind each its offset from UTC by `offset`, which is given whole seconds. NULL stays NULL."""
    wall = to_wall_time(moments, timezone)
    seconds = (wall - moments.dt.replace_time_zone(None)).dt.total_seconds()
    distinct = seconds.unique()
    offsets = pl.Series([None if second is None else offset(second) for second in distinct], dtype=pl.String)
    return text(wall) + seconds.replace_strict(distinct, offsets)


def _offset(moment: datetime, timezone: ZoneInfo) -> timedelta:
    while moment.year >= _POLARS_KNOWS_UNTIL.year + 400:  # brought near, since Python's calendar ends where the year 10000 begins
        moment -= _CYCLE
    return moment.astimezone(timezone).utcoffset() or timedelta()
