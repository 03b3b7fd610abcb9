"""Of the hour that a clock repeats every minute passes twice, and a day's last hour may be the one."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from price_assets.operations.alerts.exporter_day import Today
from price_assets.operations.deadlines import Deadlines
from price_assets.operations.due import due_ticks, ticks_of

BERLIN = ZoneInfo("Europe/Berlin")
BEIRUT = ZoneInfo("Asia/Beirut")
"""There 24 October 2026 has its last hour twice."""


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-10-25T02:29+02:00", "2026-10-24"),
        ("2026-10-25T02:30+02:00", "2026-10-25"),
        ("2026-10-25T02:15+01:00", "2026-10-25"),
        ("2026-10-25T02:45+01:00", "2026-10-25"),
    ],
)
def test_what_is_due_stays_so_when_the_hour_passes_again(now: str, due: str) -> None:
    """The time that is compared has the zone of the ticks."""
    (*_, last) = due_ticks("30 2 * * *", BERLIN, datetime.fromisoformat(now).astimezone(BERLIN), 2)
    assert last.export_date == date.fromisoformat(due)


def test_the_second_passing_of_a_days_last_hour_is_of_that_day() -> None:
    longer, after = date(2026, 10, 24), date(2026, 10, 25)
    shown = [tick.at.isoformat(timespec="minutes") for tick in ticks_of("*/30 * * * *", BEIRUT, longer)]
    assert (len(shown), shown[-1]) == (50, "2026-10-24T23:30+02:00")
    assert {tick.export_date for tick in ticks_of("*/30 * * * *", BEIRUT, after)} == {after}
    now = datetime(2026, 10, 25, 12, tzinfo=BEIRUT)
    assert [tick.export_date for tick in due_ticks("*/30 * * * *", BEIRUT, now, 1)] == [after]
    newest = Today(longer, ("shop",), "*/30 * * * *", BEIRUT).tick(now)
    assert newest
    assert newest.at.isoformat(timespec="minutes") == "2026-10-24T23:30+02:00"
    deadlines = Deadlines("*/30 * * * *", BEIRUT, timedelta(minutes=30), now)
    assert (deadlines.of(after), deadlines.next_day(after)) == (datetime(2026, 10, 25, 0, 30, tzinfo=BEIRUT), after)
