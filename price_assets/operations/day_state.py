"""How a day of a price list stands, as its register tells. Nothing here does any I/O or looks at a clock."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import takewhile

from price_assets.export.register import Register


class State(StrEnum):
    """How a day stands. A blocked or a withdrawn one waits for a person, or for other rows; of `nothing` the register knows no more than that."""

    PUBLISHED = "published"
    BLOCKED = "blocked"
    WITHDRAWN = "withdrawn"
    NOTHING = "nothing"


@dataclass(frozen=True)
class DayState:
    """How a day stands, since when, and why.

    Of what is published now: `revision`, when it was published, and `published_since`, when the day was first published after its last withdrawal.
    `checks` blocked the day's last rows, `blocked_snapshot`, and `blocked_since` is when the blocks that stand last among its events began:
    of a published day these are newer rows that were not published.
    `by` and `reason` are of the withdrawal.
    """

    state: State
    revision: str | None = None
    published_at: datetime | None = None
    published_since: datetime | None = None
    checks: tuple[str, ...] = ()
    blocked_snapshot: str | None = None
    blocked_since: datetime | None = None
    withdrawn_at: datetime | None = None
    by: str | None = None
    reason: str | None = None


def day_state(register: Register, export_date: date) -> DayState:
    """How the day stands. Rows that were withdrawn and are blocked because they were leave the day withdrawn."""
    day = register.day(export_date)
    newest_first = day.events[::-1]
    blocks = tuple(takewhile(lambda event: event.event == "blocked", newest_first))
    before = newest_first[len(blocks) :]
    withdrawal = before[0] if before and before[0].event == "withdrawn" else None
    if blocks and not (withdrawal and blocks[0].snapshot in day.withdrawn):
        blocked = DayState(State.BLOCKED, checks=blocks[0].checks, blocked_snapshot=blocks[0].snapshot, blocked_since=blocks[-1].time)
    else:
        blocked = None
    if day.published:
        standing = takewhile(lambda event: event.event != "withdrawn", newest_first)
        publications = [event for event in standing if event.event in ("published", "accepted")]
        return DayState(
            State.PUBLISHED,
            revision=day.published.revision,
            published_at=publications[0].time if publications else None,
            published_since=publications[-1].time if publications else None,
            checks=blocked.checks if blocked else (),
            blocked_snapshot=blocked.blocked_snapshot if blocked else None,
            blocked_since=blocked.blocked_since if blocked else None,
        )
    if blocked:
        return blocked
    if withdrawal:
        return DayState(State.WITHDRAWN, withdrawn_at=withdrawal.time, by=withdrawal.by, reason=withdrawal.reason)
    return DayState(State.NOTHING)
