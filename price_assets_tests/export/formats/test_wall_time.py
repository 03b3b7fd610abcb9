from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from price_assets.export.formats.wall_time import to_wall_time, wall_time


def moments(*texts: str | None) -> pl.Series:
    return pl.Series("at", [text and datetime.fromisoformat(text).replace(tzinfo=UTC) for text in texts], dtype=pl.Datetime("us", "UTC"))


@pytest.mark.parametrize(
    ("timezone", "moment", "wall"),
    [
        ("America/New_York", "2099-07-01T12:00:00", "2099-07-01T08:00:00"),
        ("America/New_York", "2100-07-01T12:00:00.000001", "2100-07-01T08:00:00.000001"),
        ("America/New_York", "9999-07-01T12:00:00", "9999-07-01T08:00:00"),
        ("Australia/Sydney", "9998-12-31T00:00:00", "9998-12-31T11:00:00"),
        ("Europe/Moscow", "1900-01-01T00:00:00", "1900-01-01T02:30:17"),
    ],
)
def test_summer_time_holds_for_ever(timezone: str, moment: str, wall: str) -> None:
    """Polars' own table of it ends with 2099; the neighbours of such a day are none the worse."""
    result = to_wall_time(moments("2026-01-01T00:00:00", None, moment), ZoneInfo(timezone))
    assert result.to_list()[1:] == [None, datetime.fromisoformat(wall)]
    assert result[0] == to_wall_time(moments("2026-01-01T00:00:00"), ZoneInfo(timezone))[0]


def test_the_last_evening_of_the_calendar_is_the_year_10000_further_east() -> None:
    wall = to_wall_time(moments("9999-12-31T23:30:00"), ZoneInfo("Europe/Moscow"))
    assert wall.dt.to_string("%Y-%m-%d %H:%M").to_list() == ["+10000-01-01 02:30"]


def test_nothing_but_null_stays_so() -> None:
    frame = moments(None, None).to_frame().lazy().select(wall_time("at", ZoneInfo("Asia/Kolkata"))).collect(engine="streaming")
    assert frame.schema == {"at": pl.Datetime("us")}
    assert frame["at"].to_list() == [None, None]
