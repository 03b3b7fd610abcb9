"""The doctor at the storage: every kind of store passes and is left as it was, and one that breaks a promise is told by which."""
# pyright: reportPrivateUsage=false

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import obstore
import pytest

from price_assets.errors import ExitCode, Stopped, StorageRefused
from price_assets.export.folder import LOCKS, Folder
from price_assets.export.object_storage import ObjectStorage
from price_assets.export.storage import Contested, Head, Store, open_store
from price_assets.operations.doctor_storage import examine_storage
from price_assets.operations.finding import Finding
from price_assets.settings import StorageSettings
from price_assets_tests.export.stores import Failing, Wrapped

T = TypeVar("T")
STEPS = ["reached", "put", "read", "attributes", "copy", "create", "swap", "delete"]


def examined(store: Store) -> dict[str, Finding]:
    return {finding.subject: finding for finding in examine_storage(store)}


def wrong(store: Store) -> dict[str, tuple[ExitCode, str]]:
    return {name: (finding.exit_code, finding.said) for name, finding in examined(store).items() if finding.state == "wrong"}


def left(store: Store) -> list[str]:
    """All that lies in the storage, but for the lock that every run's preflight leaves in a folder."""
    if isinstance(store, Wrapped):
        return left(store._store)
    if isinstance(store, ObjectStorage):
        return [found["path"] for batch in obstore.list(store._quick) for found in batch]
    assert isinstance(store, Folder)
    locks = sorted((store._root / LOCKS).iterdir())
    return [str(path) for path in store._root.rglob("*") if path not in (store._root / LOCKS, store._objects, *locks[:1])]


@pytest.fixture
def folder(tmp_path: Path) -> Store:
    return Folder(tmp_path / "storage", "shop")


def test_every_store_passes_and_is_left_as_it_was(store: Store) -> None:
    found = examined(store)
    assert {finding.state for finding in found.values()} == {"ok"}, found
    assert [name for name in found if name in STEPS] == STEPS
    assert ("hosts" in found, "clock" in found) == (isinstance(store, Folder), not isinstance(store, Folder))
    assert left(store) == []


def test_a_folder_serves_one_host(folder: Store) -> None:
    assert examined(folder)["hosts"].said == "a folder serves the runs of one host only: where several export, take a bucket"


def test_a_folder_that_can_not_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = examined(Folder(tmp_path / "file" / "storage", ""))
    assert [finding.state for finding in found.values()] == ["wrong", "skipped"]
    assert found["reached"].exit_code == ExitCode.REFUSED


class Careless(Wrapped):
    """Breaks the promise that it is named for."""

    def __init__(self, store: Store, promise: str) -> None:
        super().__init__(store)
        self.promise = promise

    def create(self, key: str, data: bytes) -> None:
        there = self._store.get(key)
        if self.promise == "create" and there:
            return self._store.swap(key, data, there.version)
        if self.promise == "create lands":
            raise Contested("never")
        return self._store.create(key, data)

    def swap(self, key: str, data: bytes, version: str) -> None:
        there = self._store.get(key)
        if self.promise == "swap":
            return self._store.swap(key, data, there.version if there else "")
        if self.promise == "swap lands":
            raise Contested("never")
        return self._store.swap(key, data, version)

    def head(self, key: str) -> Head | None:
        found = self._store.head(key)
        lost = self.promise == "attributes" or (self.promise == "copied attributes" and "copy" in key)
        return Head(found.bytes, None) if found and lost else found

    def fetch(self, key: str, path: Path) -> bool:
        found = self._store.fetch(key, path)
        if self.promise == "bytes":
            path.write_bytes(path.read_bytes()[:-1])
        return found

    def delete(self, key: str) -> None:
        if self.promise == "delete":
            raise StorageRefused(f"{key}: no right to delete")
        self._store.delete(key)

    def forget(self, key: str) -> None:
        self.delete(key)
        self._store.forget(key)


@pytest.mark.parametrize(
    ("promise", "subjects", "said"),
    [
        ("create", ["create"], "ignores conditions and creates over what is there already, so two runs could undo each other. Use another storage."),
        ("swap", ["swap"], "ignores conditions and swaps a version that is not there any more"),
        ("create lands", ["create"], "a create where nothing is was refused (never). Use a storage with conditional writes."),
        ("swap lands", ["swap"], "a swap of the right version was refused"),
        ("attributes", ["attributes", "copy"], "lost its sha256 attribute when it was put, by which copies are compared"),
        ("copied attributes", ["copy"], "lost its sha256 attribute when it was copied"),
        ("delete", ["delete"], "no right to delete"),
    ],
)
def test_a_storage_that_breaks_a_promise_is_wrong_and_ends_with_2(folder: Store, promise: str, subjects: list[str], said: str) -> None:
    found = wrong(Careless(folder, promise))
    assert list(found) == subjects
    assert {code for code, _ in found.values()} == {ExitCode.REFUSED}
    assert said in found[subjects[0]][1]
    assert (left(folder) == []) == (promise != "delete")


def test_what_can_not_be_deleted_again_is_named(folder: Store) -> None:
    found = examined(Careless(folder, "delete"))["cleaned up"]
    assert found.state == "warning"
    assert f"{folder.address()}/.doctor/" in found.said


def test_bytes_that_come_back_otherwise_are_told(folder: Store) -> None:
    assert {name: code for name, (code, _) in wrong(Careless(folder, "bytes")).items()} == {"read": ExitCode.FAILED}


@pytest.mark.parametrize("landed", [True, False])
@pytest.mark.parametrize("at", range(1, 21))
def test_whichever_request_is_not_answered_nothing_stays_behind(folder: Store, at: int, *, landed: bool) -> None:
    found = examined(Failing(folder, at, landed=landed))
    assert left(folder) == []
    assert {finding.exit_code for finding in found.values()} <= {ExitCode.OK, ExitCode.FAILED, ExitCode.REFUSED}


class Interrupted(Wrapped):
    """A signal comes with the n-th request."""

    def __init__(self, store: Store, at: int) -> None:
        super().__init__(store)
        self.at = at

    def _request(self, verb: str, key: str, do: Callable[[], T]) -> T:
        try:
            return super()._request(verb, key, do)
        finally:
            if len(self.requests) == self.at:
                raise Stopped(15)


@pytest.mark.parametrize("at", range(1, 20))
def test_a_signal_leaves_nothing_behind(folder: Store, at: int) -> None:
    with pytest.raises(Stopped):
        list(examine_storage(Interrupted(folder, at)))
    assert left(folder) == []


def test_a_storage_that_stops_answering_is_not_asked_on(folder: Store) -> None:
    store = Failing(folder, 3, landed=False, times=10**6)
    states = [finding.state for finding in examine_storage(store)]
    assert states[-3:] == ["wrong", "skipped", "warning"]
    assert len(store.requests) < 10


def test_a_bucket_that_is_not_there_is_named(s3_settings: StorageSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    found = examined(open_store(StorageSettings("s3", "no-such-bucket")))
    assert [finding.state for finding in found.values()] == ["wrong", "skipped"]
    assert found["reached"].exit_code == ExitCode.REFUSED
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "k4n@ry")
    said = " ".join(finding.said for finding in examined(open_store(s3_settings)).values())
    assert "k4n@ry" not in said
