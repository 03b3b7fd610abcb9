"""The storage, tried with objects of the doctor's own: what a publication does to a bucket, in small. They are gone again however it ends."""

import hashlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from price_assets.errors import Failed, StorageRefused, StorageUnavailable
from price_assets.export.folder import Folder
from price_assets.export.layout import probe_key
from price_assets.export.storage import Attributes, Contested, Head, Store
from price_assets.operations.doctor_source import clock
from price_assets.operations.finding import FINDABLE, Area, Finding, ok, skipped, warning, wrong

AREA: Area = "storage"
FIRST, SECOND, THIRD = (f'{{"doctor": {number}}}\n'.encode() for number in (1, 2, 3))


def examine_storage(store: Store) -> Generator[Finding, None, bool]:
    """Look at the storage; whether it can be reached is what the generator returns."""
    try:
        store.preflight()
    except FINDABLE as error:
        yield wrong(AREA, "reached", error)
        yield skipped(AREA, "put, swap, copy, delete", "the storage can't be used")
        return False
    yield ok(AREA, "reached", store.address())
    if isinstance(store, Folder):
        yield ok(AREA, "hosts", "a folder serves the runs of one host only: where several export, take a bucket")
    yield from _tried(store)
    return True


def _tried(store: Store) -> Iterator[Finding]:
    name = uuid4().hex
    with TemporaryDirectory(prefix="price-assets-") as folder:
        probe = _Probe(store, Path(folder), *(probe_key(f"{name}.{kind}") for kind in ("csv", "copy.csv", "json")))
        try:
            for subject, step in probe.steps:
                try:
                    yield step()
                except StorageUnavailable as error:
                    yield wrong(AREA, subject, error)
                    yield skipped(AREA, "the rest", "the storage stopped answering")
                    break
                except FINDABLE as error:
                    yield wrong(AREA, subject, error)
        finally:
            left = probe.removed()
        if left:
            yield warning(AREA, "cleaned up", f"{', '.join(map(store.address, left))} could not be deleted again: delete it")


@dataclass(frozen=True)
class _Probe:
    """Three objects: a file, its copy, and small JSON that is changed as a register is."""

    store: Store
    folder: Path
    file: str
    copy: str
    json: str

    @property
    def steps(self) -> tuple[tuple[str, Callable[[], Finding]], ...]:
        """What is tried, in this order."""
        return (
            ("put", self._put),
            *((("clock", self._clock),) if not isinstance(self.store, Folder) else ()),
            ("read", self._read),
            ("attributes", self._attributes),
            ("copy", self._copy),
            ("create", self._create),
            ("swap", self._swap),
            ("delete", self._delete),
        )

    def removed(self) -> list[str]:
        """Take all away, whatever has happened; gives the keys that stayed."""
        left: list[str] = []
        for key in (self.file, self.copy, self.json):
            try:
                self.store.forget(key)
            except FINDABLE:
                left.append(key)
        return left

    @property
    def _content(self) -> bytes:
        return b"sku;price\n001;10.50\n"

    @property
    def _head(self) -> Head:
        return Head(len(self._content), hashlib.sha256(self._content).hexdigest())

    def _put(self) -> Finding:
        path = self.folder / "put.csv"
        path.write_bytes(self._content)
        self.store.put_file(self.file, path, Attributes("text/csv", "doctor.csv", self._head.sha256 or ""))
        return ok(AREA, "put", "a small file")

    def _clock(self) -> Finding:
        before = datetime.now(UTC)
        self._put()
        head, after = self.store.head(self.file), datetime.now(UTC)
        if head is None or head.modified is None:
            return skipped(AREA, "clock", "the storage does not say when an object was put")
        return clock(AREA, before.replace(microsecond=0), head.modified, after)  # theirs has whole seconds

    def _read(self) -> Finding:
        path = self.folder / "read.csv"
        if not self.store.fetch(self.file, path) or path.read_bytes() != self._content:
            raise Failed(f"{self.store.address(self.file)} is not what was put there a moment ago. Look at what stands in between.")
        return ok(AREA, "read", "the same bytes")

    def _attributes(self) -> Finding:
        self._keeps_attributes(self.file, "put")
        return ok(AREA, "attributes", "the sha256 travels with a file")

    def _copy(self) -> Finding:
        self.store.copy(self.file, self.copy)
        self._keeps_attributes(self.copy, "copied")
        return ok(AREA, "copy", "the same bytes and attributes")

    def _keeps_attributes(self, key: str, how: str) -> None:
        if self.store.head(key) != self._head:
            raise StorageRefused(
                f"{self.store.address(key)} lost its sha256 attribute when it was {how}, by which copies are compared. Use another storage."
            )

    def _create(self) -> Finding:
        self._lands(lambda: self.store.create(self.json, FIRST), FIRST, "a create where nothing is")
        self._is_refused(lambda: self.store.create(self.json, THIRD), FIRST, "creates over what is there already")
        return ok(AREA, "create", "lands where nothing is, and is refused where something is")

    def _swap(self) -> Finding:
        first = self.store.get(self.json)
        if first is None:
            return skipped(AREA, "swap", "nothing could be created")
        self._lands(lambda: self.store.swap(self.json, SECOND, first.version), SECOND, "a swap of the right version")
        self._is_refused(lambda: self.store.swap(self.json, THIRD, first.version), SECOND, "swaps a version that is not there any more")
        return ok(AREA, "swap", "the right version lands, a stale one is refused")

    def _delete(self) -> Finding:
        for key in (self.file, self.copy, self.json):
            self.store.delete(key)
            if self.store.head(key):
                raise StorageRefused(
                    f"{self.store.address(key)} is there after it was deleted. Look at the right to delete, and at locks on objects."
                )
        return ok(AREA, "delete", "gone, and nothing of the doctor's is left")

    def _lands(self, do: Callable[[], None], expected: bytes, what: str) -> None:
        try:
            do()
        except Contested as contested:
            if not self._holds(expected):
                raise StorageRefused(
                    f"{self.store.address(self.json)}: {what} was refused ({contested}). Use a storage with conditional writes."
                ) from None

    def _is_refused(self, do: Callable[[], None], expected: bytes, what: str) -> None:
        try:
            do()
        except Contested:
            if self._holds(expected):
                return
        raise StorageRefused(
            f"{self.store.address(self.json)}: the storage ignores conditions and {what}, so two runs could undo each other. Use another storage."
        )

    def _holds(self, expected: bytes) -> bool:
        found = self.store.get(self.json)
        return found is not None and found.data == expected
