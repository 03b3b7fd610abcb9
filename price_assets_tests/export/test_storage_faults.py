"""Each request of an object storage, and a whole publish, over a wire that loses, cuts, damages and refuses: `servers/faults`."""

import hashlib
import os
from collections.abc import Generator
from contextlib import suppress
from datetime import timedelta
from itertools import count
from math import inf
from pathlib import Path

import pytest

from price_assets.errors import StorageRefused, StorageUnavailable
from price_assets.export import storage_timing
from price_assets.export.folder import Folder
from price_assets.export.gcs import GCS
from price_assets.export.object_storage import ObjectStorage
from price_assets.export.publication import publish
from price_assets.export.s3 import S3
from price_assets.export.storage import Attributes, Contested, Head, Store
from price_assets.export.storage_timing import Timing
from price_assets.export.storing import fetch_snapshot, store_snapshot
from price_assets.settings import StorageSettings
from price_assets_tests.export.stores import DAY, LIST, Failing, Partner, candidate, snapshot
from price_assets_tests.servers.faults import Fault, Kind, Proxy, Verb, proxied
from price_assets_tests.servers.gcs import GCSServer
from price_assets_tests.servers.s3 import S3Server

HASTY: Timing = (
    {"connect_timeout": timedelta(seconds=2), "timeout": timedelta(seconds=1)},
    {
        "max_retries": 6,
        "retry_timeout": timedelta(seconds=10),
        "backoff": {"init_backoff": timedelta(milliseconds=2), "max_backoff": timedelta(milliseconds=20), "base": 2},
    },
)
SMALL, LARGE = b"price\n1.05\n" * 100, os.urandom(9_000_000)
HARMLESS: tuple[Kind | int, ...] = ("reset", "reset in the middle", "lost answer", "error after landing", "silence", 503)
"""What a request survives, once."""


@pytest.fixture(params=["s3", "gcs"])
def settings(request: pytest.FixtureRequest) -> StorageSettings:
    return request.getfixturevalue(f"{request.param}_settings")


@pytest.fixture
def proxy(settings: StorageSettings, s3: S3Server, gcs: GCSServer, monkeypatch: pytest.MonkeyPatch) -> Generator[Proxy]:
    """In front of an object storage, whose environment leads to it."""
    monkeypatch.setattr(storage_timing, "PAUSES", (0.002, 0.002, 0.002))
    with proxied(s3.endpoint if settings.scheme == "s3" else gcs.endpoint) as made:
        monkeypatch.setenv("AWS_ENDPOINT_URL", made.endpoint)
        monkeypatch.setenv("GOOGLE_BASE_URL", made.endpoint)
        yield made


@pytest.fixture
def wire(proxy: Proxy, settings: StorageSettings) -> ObjectStorage:
    """The store behind the proxy."""
    assert proxy
    return (S3 if settings.scheme == "s3" else GCS)(settings, HASTY, HASTY)


def head_of(data: bytes) -> Head:
    return Head(len(data), hashlib.sha256(data).hexdigest())


def put(store: Store, key: str, data: bytes, folder: Path) -> None:
    (folder / "local").write_bytes(data)
    store.put_file(key, folder / "local", Attributes("text/csv", "prices.csv", head_of(data).sha256 or ""))


def call(store: Store, verb: Verb, key: str, folder: Path) -> object:
    """A request of this kind; what it gives is to be true."""
    match verb:
        case "list":
            return store.preflight() is None
        case "get":
            return store.fetch("there.csv", folder / "back") and (folder / "back").read_bytes() == LARGE
        case "head":
            return store.head("there.csv") == head_of(LARGE)
        case "put":
            put(store, key, SMALL, folder)
            return store.head(key) == head_of(SMALL)
        case "begin" | "part" | "complete":
            put(store, key, LARGE, folder)
            return store.head(key) == head_of(LARGE)
        case "copy":
            store.copy("there.csv", key)
            return store.head(key) == head_of(LARGE)
        case _:
            store.delete(key)
            return store.head(key) is None


@pytest.mark.parametrize("verb", ["list", "get", "head", "put", "begin", "part", "complete", "copy", "delete"])
def test_a_request_survives_what_goes_wrong_once_and_says_what_goes_wrong_for_ever(
    wire: ObjectStorage, proxy: Proxy, verb: Verb, tmp_path: Path
) -> None:
    put(wire, "there.csv", LARGE, tmp_path)
    kinds: list[Kind | int] = [*HARMLESS, *(("cut body",) if verb in ("get", "part", "copy", "delete") else ())]
    for kind in kinds:
        fault = Fault(kind, (verb,))
        proxy.faults[:] = [fault]
        assert call(wire, verb, f"once {kind}.csv", tmp_path), kind
        assert fault.met == 1, kind
    for kind in ("reset", "reset in the middle", 503):
        proxy.faults[:] = [Fault(kind, (verb,), inf)]
        with pytest.raises(StorageUnavailable, match=r"does not answer: .*\. Look at the network and \w+; run again\.$"):
            call(wire, verb, f"always {kind}.csv", tmp_path)
    for status in (403, 400, 501) if verb != "copy" else ():
        proxy.faults[:] = [Fault(status, (verb,), inf)]
        with pytest.raises(StorageRefused, match=r"refused: "):
            call(wire, verb, f"refused {status}.csv", tmp_path)
        proxy.faults.clear()
        assert wire.head(f"refused {status}.csv") is None or verb == "head"


@pytest.mark.parametrize("kind", [*HARMLESS, 409, "flipped on the way"])
@pytest.mark.parametrize("verb", ["create", "swap"])
def test_a_conditional_write_is_confirmed_or_contested_and_never_half_done(
    wire: ObjectStorage, proxy: Proxy, s3: S3Server, verb: Verb, kind: Kind | int
) -> None:
    if kind == "flipped on the way" and (isinstance(wire, GCS) or not s3.real):
        pytest.skip("no checksum goes to Google with a put [ST19]; moto's server looks at none")
    for times in (1, inf):
        key = f"{times}.json"
        if verb == "swap":
            wire.create(key, b"old")
        seen = wire.get(key)
        proxy.faults[:] = [Fault(kind, (verb,), times)]
        try:
            wire.create(key, b"new") if seen is None else wire.swap(key, b"new", seen.version)
            confirmed = True
        except Contested:
            confirmed = False
        proxy.faults.clear()
        there = wire.get(key)
        assert there is None or there.data in (b"old", b"new")
        if confirmed:
            assert there
            assert there.data == b"new"
        elif kind in ("reset", "reset in the middle", "silence", 409, "flipped on the way") or (kind == 503 and times > 1):
            assert there == seen, "nothing landed"


@pytest.mark.parametrize("verb", ["create", "swap"])
def test_a_conditional_write_that_is_refused_is_not_taken_for_a_contest(wire: ObjectStorage, proxy: Proxy, verb: Verb) -> None:
    wire.create("there.json", b"old")
    seen = wire.get("there.json")
    assert seen
    for status in (400, 403, 501):
        proxy.faults[:] = [Fault(status, (verb,), inf)]
        with pytest.raises(StorageRefused, match="refused: "):
            wire.create("new.json", b"new") if verb == "create" else wire.swap("there.json", b"new", seen.version)


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_what_is_damaged_on_its_way_is_never_taken_for_whole(wire: ObjectStorage, proxy: Proxy, s3: S3Server, data: bytes, tmp_path: Path) -> None:
    if isinstance(wire, S3) and not s3.real:
        pytest.skip("moto's server looks at no checksums")
    proxy.faults[:] = [Fault("flipped on the way", ("put", "part"), inf)]
    with pytest.raises(StorageUnavailable, match=r"(did not take it: XAmzContentSHA256Mismatch|did not arrive as it was sent)"):
        put(wire, "damaged.csv", data, tmp_path)
    proxy.faults.clear()
    assert wire.head("damaged.csv") is None
    put(wire, "damaged.csv", data, tmp_path)
    assert wire.head("damaged.csv") == head_of(data)


def test_a_snapshot_that_is_damaged_on_its_way_back_is_refused_by_its_hash(wire: ObjectStorage, proxy: Proxy, tmp_path: Path) -> None:
    stored = snapshot(tmp_path, "rows")
    store_snapshot(wire, stored)
    (tmp_path / "back").mkdir()
    proxy.faults[:] = [Fault("flipped on the way back", ("get",))]
    with pytest.raises(StorageUnavailable, match=r"did not arrive as it was put \(its sha256 differs\)\. Run again"):
        fetch_snapshot(wire, LIST, DAY, stored.name, tmp_path / "back")


def test_a_bucket_that_refuses_copies_gets_them_through_here(
    wire: ObjectStorage, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A policy that enforces conditional writes refuses CopyObject [ST9]."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    for status, data in ((403, LARGE), (400, SMALL), (501, b"")):
        put(wire, "a.csv", data, tmp_path)
        proxy.faults[:] = [Fault(status, ("copy",), inf)]
        wire.copy("a.csv", "b.csv")
        assert wire.head("b.csv") == head_of(data)
        assert wire.fetch("b.csv", tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == data
    assert not list((tmp_path / "temporary").iterdir())


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_a_copy_through_here_that_is_damaged_on_its_way_back_or_forth_is_not_made(
    wire: ObjectStorage, proxy: Proxy, s3: S3Server, data: bytes, tmp_path: Path
) -> None:
    put(wire, "a.csv", data, tmp_path)
    proxy.faults[:] = [Fault(403, ("copy",), inf), Fault("flipped on the way back", ("get",))]
    with pytest.raises(StorageUnavailable, match=r"a\.csv did not arrive as it was put \(its sha256 differs\)\. Run again"):
        wire.copy("a.csv", "b.csv")
    assert wire.head("b.csv") is None
    if isinstance(wire, GCS) or s3.real:  # moto's server looks at no checksums
        proxy.faults[:] = [Fault(403, ("copy",), inf), Fault("flipped on the way", ("put", "part"), inf)]
        with pytest.raises(StorageUnavailable, match=r"b\.csv(: .* did not take it: XAmzContentSHA256Mismatch| did not arrive as it was sent)"):
            wire.copy("a.csv", "b.csv")
        assert wire.head("b.csv") is None
    proxy.faults[1:] = []
    wire.copy("a.csv", "b.csv")
    assert wire.head("b.csv") == head_of(data)


@pytest.mark.parametrize("status", [None, 403])
def test_a_copy_of_what_is_not_there_is_refused(wire: ObjectStorage, proxy: Proxy, status: int | None) -> None:
    """By the server, and where that refuses copies."""
    proxy.faults[:] = [Fault(status, ("copy",), inf)] if status else []
    with pytest.raises(StorageRefused, match=r"a\.csv is not there, so \S*b\.csv can't be made from it\.$"):
        wire.copy("a.csv", "b.csv")
    assert wire.head("b.csv") is None


def test_no_parts_are_left_behind_by_a_put_that_fails(wire: ObjectStorage, proxy: Proxy, tmp_path: Path) -> None:
    for kind in (403, 503, "reset in the middle"):
        proxy.faults[:] = [Fault(kind, ("part",), inf)]
        with pytest.raises((StorageRefused, StorageUnavailable)):
            put(wire, "x.csv", LARGE, tmp_path)
        begun, aborted = ([seen for seen, _ in proxy.requests].count(verb) for verb in ("begin", "abort"))
        assert begun == aborted
    assert wire.head("x.csv") is None


def test_a_large_file_comes_over_a_slow_line(
    wire: ObjectStorage, proxy: Proxy, settings: StorageSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it takes longer than one request may, with all that it would be asked again."""
    monkeypatch.setattr("price_assets.export.object_storage.SPAN", 1024 * 1024)
    brief: Timing = (
        {"connect_timeout": timedelta(seconds=1), "timeout": timedelta(seconds=1)},
        {"max_retries": 3, "retry_timeout": timedelta(seconds=1)},
    )
    put(wire, "x.csv", LARGE, tmp_path)
    proxy.faults[:] = [Fault("slow", ("get",), inf)]
    store = type(wire)(settings, brief, brief)
    assert store.fetch("x.csv", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == LARGE


# --- a whole publish


def publish_newer(store: Store, folder: Path, minute: int) -> str:
    return publish(store, candidate(store, folder, f"rows {minute}", minute=minute)).outcome


@pytest.fixture
def requests(wire: ObjectStorage, proxy: Proxy, tmp_path: Path) -> int:
    """How many requests it takes to publish a newer revision of a day; there are two, of the minutes 0 and 1."""
    publish_newer(wire, tmp_path, 0)
    proxy.requests.clear()
    publish_newer(wire, tmp_path, 1)
    return len(proxy.requests)


def test_a_publish_survives_whatever_happens_once_to_any_of_its_requests(wire: ObjectStorage, proxy: Proxy, requests: int, tmp_path: Path) -> None:
    kinds: tuple[Kind | int, ...] = ("lost answer", "error after landing", 503, "reset", "cut body", "reset in the middle", "lost answer")
    partner = Partner(wire, tmp_path)
    for at in range(requests):
        fault = Fault(kinds[at % len(kinds)], skip=at)
        proxy.faults[:] = [fault]
        assert publish_newer(wire, tmp_path, 2 + at) == "published"
        assert fault.met
        proxy.faults.clear()
        partner.follow()
        partner.copies_are_right()


@pytest.mark.parametrize("kind", [503, 403])
def test_a_publish_that_breaks_half_way_leaves_a_complete_day_and_the_next_one_finishes(
    wire: ObjectStorage, proxy: Proxy, requests: int, tmp_path: Path, kind: int
) -> None:
    partner = Partner(wire, tmp_path)
    for at in range(0, requests, 3):
        proxy.faults[:] = [Fault(kind, times=inf, skip=at)]
        with pytest.raises(StorageRefused if kind == 403 else StorageUnavailable):
            publish_newer(wire, tmp_path, 2 + at)
        proxy.faults.clear()
        assert partner.follow() == 2
    assert publish_newer(wire, tmp_path, 2 + requests) == "published"
    partner.follow()
    partner.copies_are_right()


def test_a_publish_to_a_folder_that_fails_at_any_request_leaves_a_complete_day(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "root", "")
    partner = Partner(folder, tmp_path)
    publish(folder, candidate(folder, tmp_path, "the first"))
    for at in count(1):
        failing = Failing(folder, at, landed=at % 2 == 0)
        mine = candidate(folder, tmp_path, f"rows {at}", minute=at)
        with suppress(StorageUnavailable):
            publish(failing, mine)
        assert partner.follow() == 2
        assert publish(folder, mine).outcome in ("published", "unchanged")
        partner.copies_are_right()
        if len(failing.requests) < at:
            return
