"""The pieces that messages are put together from: each one line, of a bounded length, and plain text whatever a database put into it."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from price_assets.setting_values import CONTROL

TITLE = 150
"""Characters of a title: what a lock screen shows, and the subject of a mail."""
CAUSE = 600
LINE = 400
COMMAND = 2_000
"""A command is never cut: a list's name, a date, a snapshot and its checks stay far below."""
MESSAGE = 3_500
"""Characters of all lines: Telegram takes 4,096, and nobody on call reads more."""
NAMES = 10
"""Lists that are named; the others are counted."""

_TURNS_TEXT = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What makes a line read in another order than it stands."""


def one_line(text: str, longest: int = LINE) -> str:
    """The text without line breaks and control characters, cut with an ellipsis."""
    said = " ".join(_TURNS_TEXT.sub("", CONTROL.sub(" ", text)).split())
    return said if len(said) <= longest else f"{said[: longest - 1].rstrip()}…"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 price list`, `1,000 price lists`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def subject(days: Iterable[tuple[str, date]]) -> str:
    """Of which lists and days something is said, as short as it can be: `retail 2026-11-26`, `200 price lists`, `7 days of retail`."""
    days = sorted(set(days))
    names, dates = sorted({name for name, _ in days}), sorted({day for _, day in days})
    if len(dates) == 1:
        return f"{listed(names)} {dates[0]}" if len(names) <= 3 else counted(len(names), "price list")  # noqa: PLR2004 (what is read at a glance)
    if len(names) == 1:
        return f"{counted(len(dates), 'day')} of {names[0]}"
    return f"{counted(len(days), 'day')} of {counted(len(names), 'price list')}"


def clock(at: datetime, now: datetime) -> str:
    """`06:01`, or with its date where that is not today's, in the zone of `now`."""
    local = at.astimezone(now.tzinfo)
    return f"{local:%H:%M}" if local.date() == now.date() else f"{local:%Y-%m-%d %H:%M}"


_CUT = "(the rest is in the log)"


def within(lines: Sequence[tuple[bool, str]], longest: int = MESSAGE) -> tuple[str, ...]:
    """As many of the lines as there is room for; those marked True are kept, of the others the last go first."""
    room = longest - sum(len(line) + 1 for needed, line in lines if needed) - len(_CUT) - 1
    kept: list[str] = []
    cut = False
    for needed, line in lines:
        if needed:
            kept.append(line)
        elif not cut:
            room -= len(line) + 1
            cut = room < 0
            kept.append(_CUT if cut else line)
    return tuple(kept)
