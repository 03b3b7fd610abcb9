"""What the tests of the storage share: each store, made-up candidates, a partner who reads along, and stores that break."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from price_assets.errors import StorageUnavailable
from price_assets.export import layout
from price_assets.export.commit import read_manifest, read_register
from price_assets.export.contract import Column, ColumnType
from price_assets.export.price_list import FORMATS, FormatName
from price_assets.export.publication import Candidate
from price_assets.export.register import FileReference
from price_assets.export.snapshot import Snapshot
from price_assets.export.storage import Attributes, Contested, Found, Head, Store
from price_assets.export.storing import store_file
from price_assets.export.withdrawal import withdraw as take_back

LIST = "wholesale"
DAY = date(2026, 11, 24)
SIX = datetime(2026, 11, 24, 6, tzinfo=UTC)
CONTRACT = (Column(name="sku", type=ColumnType.parse("text"), header="Артикул"), Column(name="price", type=ColumnType.parse("decimal(12,2)")))

T = TypeVar("T")


def name12(text: str) -> str:
    """12 hex digits, as all names are."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


VERDICTS = {"row_count": True, "key": True}


def snapshot(folder: Path, rows: str, *, minute: int = 0, export_date: date = DAY) -> Snapshot:
    """A snapshot of rows that are called `rows`, read so many minutes after six."""
    path = folder / f"{name12(rows)}.parquet"
    path.write_bytes(b"PAR1" + rows.encode())
    source_time = SIX + timedelta(minutes=minute)
    return Snapshot(LIST, export_date, name12(rows), source_time, 2, CONTRACT, {"price": Decimal("12345678901234567890.10")}, path, VERDICTS)


def candidate(
    store: Store,
    folder: Path,
    rows: str,
    *,
    minute: int = 0,
    export_date: date = DAY,
    header: str = "",
    formats: tuple[FormatName, ...] = FORMATS,
) -> Candidate:
    """What a run would ask to publish, its files stored already. `header` stands for whatever makes another content of the same rows."""
    made = snapshot(folder, rows, minute=minute, export_date=export_date)
    content = name12(rows + header + "".join(formats))
    files = tuple(_file(store, folder, made, content, name) for name in formats)
    return Candidate(made, content, files, run_id=uuid4().hex)


def _file(store: Store, folder: Path, made: Snapshot, content: str, name: FormatName) -> FileReference:
    path = folder / f"{content}.{uuid4().hex}.{name}"
    path.write_bytes(f"{made.export_date} {content} {name}\n".encode() * 1000)
    return store_file(store, path, price_list=LIST, export_date=made.export_date, format=name, snapshot=made.name, content=content, rows=made.rows)


def withdraw(store: Store) -> None:
    """A person takes the day back."""
    take_back(store, LIST, DAY, by="anna", reason="a wrong price")


def store_like(store: Store, key: str, size: int, folder: Path) -> None:
    """Something else of this size at the key."""
    path = folder / "like"
    path.write_bytes(b"x" * size)
    reference = store_file(store, path, price_list=LIST, export_date=DAY, format="xlsx", snapshot="S", content="C", rows=1)
    store.copy(reference.key, key)


class Partner:
    """Reads as partners may: from the register to the manifests to the files, and at the addresses that never change."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder

    def bytes_at(self, key: str) -> bytes:
        path = self.folder / uuid4().hex
        assert self.store.fetch(key, path), f"{key} is not there"
        data = path.read_bytes()
        path.unlink()
        return data

    def follow(self) -> int:
        """All that the register names is there, complete and right; gives how many files were read."""
        register = read_register(self.store, LIST)
        files = 0
        for day in register.days.values():
            if day.published:
                for file in read_manifest(self.store, day.published.manifest).files:
                    data = self.bytes_at(file.key)
                    assert (len(data), hashlib.sha256(data).hexdigest()) == (file.bytes, file.sha256)
                    files += 1
        return files

    def copies_are_right(self) -> None:
        """The copies and the manifests beside them are what the register says."""
        register = read_register(self.store, LIST)
        for place in (layout.LATEST, *register.days):
            standing = register.at(place)
            if not standing.ever:
                continue
            manifest = read_manifest(self.store, standing.published.manifest) if standing.published else None
            wanted = {file.format: file.sha256 for file in manifest.files} if manifest else {}
            there = {name: self.store.head(layout.copy_key(LIST, place, name)) for name in FORMATS}
            assert {name: head.sha256 for name, head in there.items() if head} == wanted, place
            beside = self.store.get(layout.beside_key(LIST, place))
            assert beside
            said = json.loads(beside.data)
            assert (said["revision"], said["commits"]) == (manifest and manifest.revision, standing.commits)
            assert [file["key"] for file in said["files"]] == [file.key for file in (manifest.files if manifest else ())]


class KilledError(BaseException):
    """What a process that dies leaves undone, without a process: nothing may catch it."""


class Wrapped:
    """A store whose every request passes `_request`, for those below to break."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.requests: list[tuple[str, str]] = []

    def _request(self, verb: str, key: str, do: Callable[[], T]) -> T:
        self.requests.append((verb, key))
        return do()

    def address(self, key: str = "") -> str:
        return self._store.address(key)

    def sign(self, key: str, lasts: timedelta) -> str:
        return self._store.sign(key, lasts)

    def preflight(self, *, writes: bool = True) -> None:
        self._store.preflight(writes=writes)

    def get(self, key: str) -> Found | None:
        return self._request("get", key, lambda: self._store.get(key))

    def head(self, key: str) -> Head | None:
        return self._request("head", key, lambda: self._store.head(key))

    def create(self, key: str, data: bytes) -> None:
        self._request("create", key, lambda: self._store.create(key, data))

    def swap(self, key: str, data: bytes, version: str) -> None:
        self._request("swap", key, lambda: self._store.swap(key, data, version))

    def put_file(self, key: str, path: Path, attributes: Attributes) -> None:
        self._request("put_file", key, lambda: self._store.put_file(key, path, attributes))

    def fetch(self, key: str, path: Path) -> bool:
        return self._request("fetch", key, lambda: self._store.fetch(key, path))

    def copy(self, source: str, target: str) -> None:
        self._request("copy", target, lambda: self._store.copy(source, target))

    def delete(self, key: str) -> None:
        self._request("delete", key, lambda: self._store.delete(key))

    def forget(self, key: str) -> None:
        self._request("forget", key, lambda: self._store.forget(key))


WRITES = ("create", "swap", "put_file", "copy", "delete")


class Killed(Wrapped):
    """Dies as soon as its n-th write has landed, with what goes on at once."""

    def __init__(self, store: Store, write: int) -> None:
        super().__init__(store)
        self.left = write

    def _request(self, verb: str, key: str, do: Callable[[], T]) -> T:
        answer = super()._request(verb, key, do)
        self.left -= verb in WRITES
        if self.left <= 0:
            raise KilledError
        return answer


class Losing(Wrapped):
    """Loses the answers of some conditional puts, named by their number: those that landed and those that did not."""

    def __init__(self, store: Store, *, landed: tuple[int, ...] = (), unlanded: tuple[int, ...] = ()) -> None:
        super().__init__(store)
        self.landed = landed
        self.unlanded = unlanded
        self.puts = 0

    def _request(self, verb: str, key: str, do: Callable[[], T]) -> T:
        if verb not in ("create", "swap"):
            return super()._request(verb, key, do)
        self.puts += 1
        if self.puts in self.landed:
            do()
        if self.puts in (*self.landed, *self.unlanded):
            raise Contested("the answer was lost")
        return super()._request(verb, key, do)


class Failing(Wrapped):
    """Does not answer some requests, `times` of them from the `at`-th on, before they landed or after."""

    def __init__(self, store: Store, at: int, *, landed: bool, times: float = 1) -> None:
        super().__init__(store)
        self.at = at
        self.landed = landed
        self.times = times

    def _request(self, verb: str, key: str, do: Callable[[], T]) -> T:
        self.requests.append((verb, key))
        if not self.at <= len(self.requests) < self.at + self.times:
            return do()
        if self.landed:
            do()
        if verb in ("create", "swap"):
            raise Contested("the answer was lost")
        raise StorageUnavailable("the storage does not answer")
