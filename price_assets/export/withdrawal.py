"""Taking a publication back: a person's decision, one commit, and the copies go or fall back to the newest day that still stands."""

from datetime import date
from typing import Literal
from uuid import uuid4

from price_assets.errors import UsageError
from price_assets.export.commit import commit, read_register
from price_assets.export.publication import replaced_meanwhile
from price_assets.export.register import Day, Event, utc_now
from price_assets.export.settle import settle
from price_assets.export.storage import Store


def withdraw(store: Store, price_list: str, export_date: date, *, by: str, reason: str) -> Literal["withdrawn", "already withdrawn"]:
    """Take back what the day has published now. The same rows stay back, whatever their headers, until a person accepts them.

    Raises UsageError where the day never published anything, and Failed where somebody else replaced it in the meantime.
    """
    standing = read_register(store, price_list).day(export_date)
    if not standing.was_published:
        raise UsageError(f"{price_list} {export_date} has published nothing, so there is nothing to withdraw.")
    seen = standing.published
    if seen is None:
        settle(store, price_list, [export_date])
        return "already withdrawn"

    def withdrawing(day: Day) -> Day | None:
        return day.withdrawing() if day.published and day.published.revision == seen.revision else None

    event = Event(
        nonce=uuid4().hex,
        time=utc_now(),
        event="withdrawn",
        snapshot=seen.snapshot,
        revision=seen.revision,
        source_time=seen.source_time,
        by=by,
        reason=reason,
    )
    register, committed = commit(store, price_list, export_date, event, withdrawing)
    settle(store, price_list, [export_date])
    if committed:
        return "withdrawn"
    day = register.day(export_date)
    if day.published is None:
        return "already withdrawn"
    raise replaced_meanwhile(price_list, export_date, seen.revision, day.published)
