import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from price_assets.errors import StorageRefused, StorageUnavailable
from price_assets.export import layout
from price_assets.export.publication import publish, record_blocked
from price_assets.export.settle import LOOKS, settle
from price_assets.export.storage import Attributes, Store
from price_assets.export.storing import digest
from price_assets_tests.export.stores import DAY, LIST, Partner, T, Wrapped, candidate, snapshot

YESTERDAY = DAY - timedelta(days=1)


def test_there_is_nothing_to_do_where_nothing_was_ever_published(store: Store) -> None:
    assert not settle(store, LIST).changed


def test_a_settled_list_is_only_read(store: Store, tmp_path: Path) -> None:
    publish(store, candidate(store, tmp_path, "rows", export_date=YESTERDAY))
    publish(store, candidate(store, tmp_path, "rows"))
    reading = Wrapped(store)
    assert not settle(reading, LIST).changed
    assert {verb for verb, _ in reading.requests} == {"get", "head"}


@pytest.mark.parametrize("place", [layout.LATEST, YESTERDAY, DAY])
@pytest.mark.parametrize("damage", ["deleted", "overwritten", "by hand"])
def test_a_copy_that_is_not_what_the_register_says_is_mended(
    store: Store, partner: Partner, tmp_path: Path, place: layout.Place, damage: str
) -> None:
    publish(store, candidate(store, tmp_path, "old", export_date=YESTERDAY))
    publish(store, candidate(store, tmp_path, "new"))
    key = layout.copy_key(LIST, place, "csv")
    store.delete(key)
    if damage != "deleted":
        path = tmp_path / "other"
        path.write_bytes(b"something else")
        store.put_file(key, path, Attributes("text/csv", "x.csv", "" if damage == "by hand" else "00" * 32))
    report = settle(store, LIST)
    assert (report.copied, report.deleted, report.manifests) == ([key], [], [])
    partner.copies_are_right()


@pytest.mark.parametrize("data", [None, b"", b"[]", b'{"revision": null, "files": [], "commits": 1}'])
def test_a_manifest_beside_the_copies_that_is_wrong_is_put_right(store: Store, partner: Partner, tmp_path: Path, data: bytes | None) -> None:
    publish(store, candidate(store, tmp_path, "rows"))
    key = layout.beside_key(LIST, layout.LATEST)
    store.delete(key)
    if data is not None:
        store.create(key, data)
    assert settle(store, LIST).manifests == [key]
    partner.copies_are_right()


def test_a_day_s_manifest_is_not_put_again_for_what_happened_to_other_days(store: Store, partner: Partner, tmp_path: Path) -> None:
    publish(store, candidate(store, tmp_path, "rows", export_date=YESTERDAY))
    publish(store, candidate(store, tmp_path, "rows"))
    record_blocked(store, snapshot(tmp_path, "wrong", export_date=DAY + timedelta(days=1)), ("key",), "run")
    assert not settle(store, LIST).changed
    partner.copies_are_right()
    latest, day, before = (
        json.loads(found.data)["commits"] for place in (layout.LATEST, DAY, YESTERDAY) if (found := store.get(layout.beside_key(LIST, place)))
    )
    assert (latest, day, before) == (3, 2, 1)


def test_who_settles_late_never_puts_an_older_manifest_over_a_newer(store: Store, partner: Partner, tmp_path: Path) -> None:
    """The manifest is read before the register: a settle that was overtaken in between loses the swap and looks again."""
    publish(store, candidate(store, tmp_path, "one"))
    store.delete(layout.beside_key(LIST, DAY))
    newer = candidate(store, tmp_path, "two", minute=1)

    class Overtaken(Wrapped):
        """Somebody publishes just after this one has read the register; from then on what is said beside the copies must be the newer."""

        overtaken = False

        def _request(self, verb: str, key: str, do: Callable[[], T]) -> T:
            answer = super()._request(verb, key, do)
            if key == layout.register_key(LIST) and not self.overtaken:
                self.overtaken = True
                publish(store, newer)
            elif self.overtaken:
                beside = store.get(layout.beside_key(LIST, DAY))
                assert beside
                assert json.loads(beside.data)["commits"] == 2
            return answer

    late = Overtaken(store)
    settle(late, LIST, [DAY])
    assert late.overtaken
    partner.copies_are_right()


def test_a_published_file_that_is_gone_is_said_and_what_stands_is_left(store: Store, tmp_path: Path) -> None:
    publication = publish(store, candidate(store, tmp_path, "rows"))
    store.delete(publication.files[0].key)
    store.delete(layout.copy_key(LIST, DAY, "csv"))
    with pytest.raises(StorageRefused, match=r"\.csv is not there, so .*wholesale_2026-11-24.csv can't be made"):
        settle(store, LIST)
    assert store.head(layout.copy_key(LIST, layout.LATEST, "csv"))


def test_a_missing_manifest_is_said(store: Store, tmp_path: Path) -> None:
    publication = publish(store, candidate(store, tmp_path, "rows"))
    assert publication.manifest
    store.delete(publication.manifest)
    with pytest.raises(StorageRefused, match="the register names it"):
        settle(store, LIST)


def test_a_storage_that_answers_and_does_nothing_is_given_up(store: Store, tmp_path: Path) -> None:
    publish(store, candidate(store, tmp_path, "rows"))
    store.delete(layout.copy_key(LIST, DAY, "csv"))

    class Idle(Wrapped):
        def copy(self, source: str, target: str) -> None:
            self.requests.append(("copy", f"{source} {target}"))

    idle = Idle(store)
    with pytest.raises(StorageUnavailable, match=f"still differ after {LOOKS} looks"):
        settle(idle, LIST)


def test_a_manifest_beside_the_copies_that_somebody_edited_is_put_right(store: Store, partner: Partner, tmp_path: Path) -> None:
    publish(store, candidate(store, tmp_path, "rows"))
    key = layout.beside_key(LIST, layout.LATEST)
    right = partner.bytes_at(key)
    found = store.get(key)
    assert found
    store.swap(key, right.replace(b'"rows": 2', b'"rows": 3'), found.version)
    assert settle(store, LIST).manifests == [key]
    assert partner.bytes_at(key) == right


@pytest.mark.parametrize("damage", [b"", b"something else"])
def test_a_damaged_file_does_not_go_on_to_the_partners_and_holds_up_no_other_day(store: Store, tmp_path: Path, damage: bytes) -> None:
    publish(store, candidate(store, tmp_path, "old", export_date=YESTERDAY))
    publication = publish(store, candidate(store, tmp_path, "new"))
    path = tmp_path / "damage"
    path.write_bytes(damage)
    store.put_file(publication.files[0].key, path, Attributes("text/csv", "x.csv", digest(path)))
    copies = [layout.copy_key(LIST, place, "csv") for place in (DAY, YESTERDAY)]
    for key in copies:
        store.delete(key)
    with pytest.raises(StorageRefused, match=r"is not as it was put, so .*wholesale_2026-11-24\.csv is not made from it"):
        settle(store, LIST)
    assert [store.head(key) is not None for key in copies] == [False, True]
