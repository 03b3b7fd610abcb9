"""The daily summary: what each price list has published, and what changed in it, as the storage alone tells."""

from collections.abc import Sequence
from datetime import UTC, date
from itertools import accumulate

from price_assets.errors import PriceAssetsError
from price_assets.export.commit import read_manifest, read_register
from price_assets.export.manifest import Manifest
from price_assets.export.storage import Store
from price_assets.operations.alerts.message_text import MESSAGE, one_line
from price_assets.operations.alerts.problem import Message
from price_assets.operations.day_state import DayState, State, day_state
from price_assets.operations.registers import side_by_side

NAMED = 30
"""Lists that have a line of their own: more of them nobody reads."""
ROOM = 200
"""Characters of a message that are kept for what is said of the others, and of all."""
SECONDS = 15.0
"""For all of them: the tick of the sensor that sends it has a minute, and more to do."""
KINDS = ("added", "removed", "repriced")


def summary(store: Store, names: Sequence[str], export_date: date) -> Message:
    """What the named lists have published of a day. It asks the storage twice a list, and raises nothing of ours: what can't be read is a line.

    What is not published comes first.
    """
    try:
        store.preflight(writes=False)
    except PriceAssetsError as error:
        return Message(f"Price lists of {export_date}: the storage can't be read", (one_line(str(error)),), "warning")

    def told(name: str) -> Manifest | DayState:
        register = read_register(store, name)
        published = register.day(export_date).published
        return read_manifest(store, published.manifest) if published else day_state(register, export_date)

    found = side_by_side(names, told, SECONDS)
    manifests = {name: each for name, each in found.items() if isinstance(each, Manifest)}
    absent = [
        f"{name}: {each if isinstance(each, PriceAssetsError) else _why(each)}" for name, each in found.items() if not isinstance(each, Manifest)
    ]
    lines = [*absent, *(f"{name}: {_counts([each])}" for name, each in manifests.items())]
    named = _named([one_line(line) for line in lines])
    more = [f"and {len(lines) - len(named)} more"] if len(lines) > len(named) else []
    total = [f"In all: {_counts(list(manifests.values()))}"] if len(manifests) > 1 else []
    title = f"Price lists of {export_date}: {len(manifests)} of {len(found)} published"
    return Message(title, (*named, *more, *total), "warning" if absent else "info")


def _named(lines: list[str]) -> list[str]:
    """As many as are read and as a message carries, with room for what is said of the others."""
    sizes = accumulate(len(line) + 1 for line in lines)
    return [line for line, size in zip(lines[:NAMED], sizes, strict=False) if size <= MESSAGE - ROOM]


def _counts(manifests: Sequence[Manifest]) -> str:
    """`49,582 rows, 11 added, 7 removed, 911 repriced`, added up."""
    rows = f"{sum(manifest.rows for manifest in manifests):,} rows"
    changes = [manifest.changes for manifest in manifests if manifest.changes]
    if not changes:
        return f"{rows}, first day"
    return ", ".join([rows, *(f"{sum(getattr(each, kind) for each in changes):,} {kind}" for kind in KINDS)])


def _why(state: DayState) -> str:
    match state.state:
        case State.BLOCKED:
            since = f" since {state.blocked_since.astimezone(UTC):%H:%M} UTC" if state.blocked_since else ""
            return f"not published, blocked by {', '.join(state.checks)}{since}"
        case State.WITHDRAWN:
            return f"not published, withdrawn by {state.by}: {state.reason}"
        case _:
            return "not published"
