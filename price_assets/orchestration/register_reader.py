"""The registers that one tick of a sensor asks for, within bounds: Dagster cuts a tick off after a minute, and what it has done is lost [DG64]."""

import time
from collections.abc import Iterable, Mapping

from price_assets.errors import PriceAssetsError, StorageUnavailable
from price_assets.export.commit import read_register
from price_assets.export.exporter import Exporter
from price_assets.export.register import Register
from price_assets.operations.registers import side_by_side

SECONDS = 8.0
"""For all of them: of 200 lists in a bucket far away it takes two."""


class RegisterReader:
    """Asks for each register once. A storage that is not there says so within eight seconds [ST14], and is not asked again."""

    def __init__(self, exporter: Exporter, seconds: float = SECONDS) -> None:
        self._exporter = exporter
        self._left = seconds
        self._fault: PriceAssetsError | None = None
        self._read: dict[str, Register | PriceAssetsError] = {}

    def read(self, names: Iterable[str]) -> Mapping[str, Register | PriceAssetsError]:
        """Each list's register, or why it can't be read."""
        wanted = list(dict.fromkeys(names))
        if new := [name for name in wanted if name not in self._read]:
            began = time.monotonic()
            self._read.update(self._ask(new))
            self._left -= time.monotonic() - began
        return {name: self._read[name] for name in wanted}

    def _ask(self, names: list[str]) -> Mapping[str, Register | PriceAssetsError]:
        if not self._read:
            try:
                self._exporter.store.preflight(writes=False)
            except PriceAssetsError as error:
                self._fault = error
        if self._fault or self._left <= 0:
            return dict.fromkeys(names, self._fault or StorageUnavailable("The storage takes too long to answer."))
        store = self._exporter.store
        return side_by_side(names, lambda name: read_register(store, name), self._left)
