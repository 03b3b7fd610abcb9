"""What happened to a price list's days: told by the register and the manifests alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from price_assets.export.commit import find_manifest, read_register
from price_assets.export.layout import manifest_key
from price_assets.export.manifest import Changes
from price_assets.export.register import Decision
from price_assets.export.storage import Store


@dataclass(frozen=True)
class HistoryEvent:
    """One event of a day. `stands`: what it published is published now; `rows` and `changes` are its manifest's, None where that has expired."""

    export_date: date
    time: datetime
    event: Decision
    snapshot: str
    revision: str | None
    stands: bool
    checks: tuple[str, ...]
    by: str | None
    reason: str | None
    run_id: str | None
    rows: int | None
    changes: Changes | None


def history(store: Store, price_list: str, export_date: date | None = None) -> Iterator[HistoryEvent]:
    """The events of a day, or of all days: the newest day first, and within it the newest event."""
    register = read_register(store, price_list)
    for day, entry in sorted(register.days.items(), reverse=True):
        if export_date not in (None, day):
            continue
        # What is published now was published by the last event that did so.
        publishing = [event for event in entry.events if event.event in ("published", "accepted")] if entry.published else []
        for event in reversed(entry.events):
            manifest = find_manifest(store, manifest_key(price_list, day, event.revision)) if event.revision else None
            yield HistoryEvent(
                day,
                event.time,
                event.event,
                event.snapshot,
                event.revision,
                stands=publishing[-1:] == [event],
                checks=event.checks,
                by=event.by,
                reason=event.reason,
                run_id=event.run_id,
                rows=manifest and manifest.rows,
                changes=manifest and manifest.changes,
            )
