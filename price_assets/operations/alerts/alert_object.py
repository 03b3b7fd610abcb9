"""What the exporter remembers of its alerts from one process to the next: `_alerts.json` in the storage, changed by compare-and-swap."""

from collections.abc import Callable
from functools import partial
from typing import Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from price_assets.errors import Failed, PriceAssetsError
from price_assets.export.commit import put_if
from price_assets.export.layout import ALERTS
from price_assets.export.storage import Contested, Found, Store
from price_assets.operations.alerts.incidents import Incidents
from price_assets.operations.registers import side_by_side

SECONDS = 8.0
"""One request may take so long; an export that has ended is not held up for more."""
TRIES = 5
"""So many others may be first: as many as there are exporters that end in the same second."""

Value = TypeVar("Value")


class Alerts(BaseModel):
    """The state. `summary` and `heartbeat` are the last times of EXPORT_CRON that had theirs."""

    version: Literal[1] = 1
    incidents: Incidents = Field(default_factory=Incidents)
    summary: AwareDatetime | None = None
    heartbeat: AwareDatetime | None = None


class AlertObject:
    """The object in a store; without a store nothing is remembered. Each call may raise StorageUnavailable, StorageRefused."""

    def __init__(self, store: Store | None) -> None:
        self._store = store

    def read(self) -> Alerts:
        """The state; begun anew where there is none, or another release wrote it."""
        store = self._store
        return _parsed(in_time(lambda: store.get(ALERTS))) if store else Alerts()

    def change(self, change: Callable[[Alerts], object]) -> bool:
        """Put the state as `change` leaves it, which is asked again after each conflict; False where it leaves it as it was.

        Raises Failed where others are first each time.
        """
        store = self._store
        if store is None:
            return False
        for _ in range(TRIES):
            found = in_time(lambda: store.get(ALERTS))
            state = _parsed(found)
            before = state.model_dump_json()
            change(state)
            if (after := state.model_dump_json()) == before:
                return False
            if in_time(partial(_put, store, after, found)):
                return True
        raise Failed(f"{store.address(ALERTS)} changed each time that it was to be written.")


def _put(store: Store, text: str, found: Found | None) -> bool:
    try:
        put_if(store, ALERTS, text.encode(), found)
    except Contested:
        return False
    return True


def _parsed(found: Found | None) -> Alerts:
    try:
        return Alerts.model_validate_json(found.data) if found else Alerts()
    except ValidationError:
        return Alerts()


def in_time(call: Callable[[], Value]) -> Value:
    """What the call gives, if it does within `SECONDS`. Raises StorageUnavailable, and whatever of ours the call raises."""
    answer = side_by_side([""], lambda _: call(), SECONDS)[""]
    if isinstance(answer, PriceAssetsError):
        raise answer
    return answer
