import json
from dataclasses import replace
from datetime import timedelta
from math import inf
from pathlib import Path

import pytest

from price_assets.errors import SnapshotBlocked, StorageRefused, StorageUnavailable, UsageError
from price_assets.export import layout
from price_assets.export.commit import read_manifest, read_register
from price_assets.export.publication import publish, record_blocked
from price_assets.export.settle import settle
from price_assets.export.storage import Store
from price_assets.export.storing import store_snapshot
from price_assets_tests.export.stores import DAY, LIST, Failing, Losing, Partner, Wrapped, candidate, snapshot, store_like, withdraw


def test_a_first_publication_is_at_every_address(store: Store, partner: Partner, tmp_path: Path) -> None:
    first = candidate(store, tmp_path, "rows")
    publication = publish(store, first)
    assert (publication.outcome, publication.revision, publication.commits) == ("published", first.revision, 1)
    assert publication.files == first.files
    assert partner.follow() == 2
    partner.copies_are_right()
    for place in (layout.LATEST, DAY):
        for file in first.files:
            assert partner.bytes_at(layout.copy_key(LIST, place, file.format)) == partner.bytes_at(file.key)


def test_the_manifest_says_all_that_the_design_promises(store: Store, tmp_path: Path) -> None:
    first = candidate(store, tmp_path, "rows")
    publication = publish(store, first)
    assert publication.manifest
    found = store.get(publication.manifest)
    assert found
    said = json.loads(found.data)
    csv = first.files[0]
    assert said["files"][0] == {"format": "csv", "name": csv.name, "key": csv.key, "bytes": csv.bytes, "sha256": csv.sha256, "rows": 2}
    assert said["control_sums"] == {"price": "12345678901234567890.10"}
    assert said["contract"] == [{"name": "sku", "type": "text", "header": "Артикул"}, {"name": "price", "type": "decimal(12,2)"}]
    assert said["checks"] == [{"check": "row_count", "passed": True}, {"check": "key", "passed": True}]
    assert said["source_time"] == "2026-11-24T06:00:00.000000Z"
    assert (said["run_id"], said["rows"], said["changes"]) == (first.run_id, 2, None)
    assert set(said["versions"]) == {"price_assets", "polars", "xlsxwriter"}
    beside = store.get(layout.beside_key(LIST, DAY))
    assert beside
    assert json.loads(beside.data) == {**said, "commits": 1}


def test_the_same_content_again_is_unchanged_and_leaves_no_event(store: Store, tmp_path: Path) -> None:
    first = publish(store, candidate(store, tmp_path, "rows"))
    register = read_register(store, LIST)
    again = Wrapped(store)
    publication = publish(again, candidate(store, tmp_path, "rows", minute=7))
    assert (publication.outcome, publication.revision, publication.files) == ("unchanged", first.revision, first.files)
    assert read_register(store, LIST) == register
    assert not [request for request in again.requests if request[0] in ("create", "swap", "copy", "delete")]


def test_newer_rows_replace_and_older_ones_are_superseded(store: Store, partner: Partner, tmp_path: Path) -> None:
    newer = publish(store, candidate(store, tmp_path, "newer", minute=5))
    older = publish(store, candidate(store, tmp_path, "older", minute=4))
    assert (older.outcome, older.revision) == ("superseded", newer.revision)
    newest = publish(store, candidate(store, tmp_path, "newest", minute=6))
    assert newest.outcome == "published"
    assert [event.event for event in read_register(store, LIST).day(DAY).events] == ["published", "published"]
    partner.copies_are_right()


def test_the_same_rows_with_another_header_replace(store: Store, partner: Partner, tmp_path: Path) -> None:
    publish(store, candidate(store, tmp_path, "rows", minute=5))
    assert publish(store, candidate(store, tmp_path, "rows", minute=1, header="Цена")).outcome == "published"
    partner.copies_are_right()


def test_a_format_that_a_day_no_longer_has_loses_its_copies(store: Store, partner: Partner, tmp_path: Path) -> None:
    publish(store, candidate(store, tmp_path, "rows"))
    publish(store, candidate(store, tmp_path, "rows", formats=("csv",)))
    assert store.head(layout.copy_key(LIST, DAY, "xlsx")) is None
    assert store.head(layout.copy_key(LIST, layout.LATEST, "xlsx")) is None
    partner.copies_are_right()


def test_a_backfill_of_an_older_day_does_not_move_latest(store: Store, partner: Partner, tmp_path: Path) -> None:
    today = publish(store, candidate(store, tmp_path, "today"))
    publish(store, candidate(store, tmp_path, "past", minute=9, export_date=DAY - timedelta(days=3)))
    register = read_register(store, LIST)
    standing = register.at(layout.LATEST)
    assert standing.published
    assert (register.latest, standing.published.revision) == (DAY, today.revision)
    partner.copies_are_right()


def test_withdrawn_rows_do_not_come_back_by_themselves(store: Store, partner: Partner, tmp_path: Path) -> None:
    publish(store, candidate(store, tmp_path, "rows"))
    withdraw(store)
    partner.copies_are_right()
    assert store.head(layout.copy_key(LIST, layout.LATEST, "csv")) is None
    for again in (candidate(store, tmp_path, "rows", minute=9), candidate(store, tmp_path, "rows", minute=9, header="Цена")):
        with pytest.raises(SnapshotBlocked, match="was withdrawn"):
            publish(store, again)
    events = read_register(store, LIST).day(DAY).events
    assert [(event.event, event.checks) for event in events] == [("published", ()), ("withdrawn", ()), ("blocked", ("withdrawn",))]
    assert publish(store, candidate(store, tmp_path, "other rows", minute=9)).outcome == "published"
    partner.copies_are_right()


def test_a_withdrawn_day_uncovers_the_day_before(store: Store, partner: Partner, tmp_path: Path) -> None:
    before = publish(store, candidate(store, tmp_path, "yesterday", export_date=DAY - timedelta(days=1)))
    publish(store, candidate(store, tmp_path, "today"))
    withdraw(store)
    partner.copies_are_right()
    beside = store.get(layout.beside_key(LIST, layout.LATEST))
    assert beside
    assert json.loads(beside.data)["revision"] == before.revision


def test_a_blocked_snapshot_leaves_one_event_and_touches_nothing_else(store: Store, partner: Partner, tmp_path: Path) -> None:
    publish(store, candidate(store, tmp_path, "rows"))
    blocked = snapshot(tmp_path, "wrong rows", minute=5)
    key = store_snapshot(store, blocked)
    assert record_blocked(store, blocked, ("nulls", "ranges"), "run 1") is True
    assert record_blocked(store, blocked, ("ranges", "nulls"), "run 2") is False
    assert record_blocked(store, blocked, ("ranges",), "run 3") is True
    day = read_register(store, LIST).day(DAY)
    assert [(event.event, event.checks, event.run_id) for event in day.events[1:]] == [
        ("blocked", ("nulls", "ranges"), "run 1"),
        ("blocked", ("ranges",), "run 3"),
    ]
    assert day.published
    assert day.newest_source_time == day.published.source_time
    assert store.head(key)
    partner.copies_are_right()


@pytest.mark.parametrize("withdrawn", [False, True])
def test_a_block_stands_where_the_settle_after_it_fails(store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture, *, withdrawn: bool) -> None:
    """The manifest of what `latest` shows is gone, and its copies are there."""
    shown = publish(store, candidate(store, tmp_path, "yesterday", export_date=DAY - timedelta(days=1)))
    publish(store, candidate(store, tmp_path, "rows"))
    withdraw(store)
    assert shown.manifest
    store.delete(shown.manifest)
    if withdrawn:
        with pytest.raises(SnapshotBlocked, match="was withdrawn"):
            publish(store, candidate(store, tmp_path, "rows", minute=9))
    else:
        assert record_blocked(store, snapshot(tmp_path, "wrong rows", minute=9), ("key",), "run") is True
    assert read_register(store, LIST).day(DAY).events[-1].event == "blocked"
    (warning,) = (message for message in caplog.messages if message.startswith("The block is recorded"))
    assert f"left to a later settle: {store.address(shown.manifest)} is not there" in warning


@pytest.mark.parametrize("answers", [0, 1])
def test_a_block_that_could_not_be_recorded_is_an_error(store: Store, tmp_path: Path, answers: int) -> None:
    publish(store, candidate(store, tmp_path, "rows"))
    with pytest.raises(StorageUnavailable):
        record_blocked(Failing(store, 1 + answers, landed=False, times=inf), snapshot(tmp_path, "wrong rows", minute=5), ("key",), "run")
    assert [event.event for event in read_register(store, LIST).day(DAY).events] == ["published"]


def test_a_day_that_was_only_blocked_has_nothing_at_its_addresses(store: Store, tmp_path: Path) -> None:
    record_blocked(store, snapshot(tmp_path, "wrong rows"), ("key",), "run")
    assert store.get(layout.beside_key(LIST, DAY)) is None
    assert store.get(layout.beside_key(LIST, layout.LATEST)) is None


def test_files_of_different_snapshots_are_refused(store: Store, tmp_path: Path) -> None:
    mine, other = candidate(store, tmp_path, "rows"), candidate(store, tmp_path, "other rows")
    with pytest.raises(UsageError, match="Materialise csv and xlsx together"):
        publish(store, replace(mine, files=(mine.files[0], other.files[1])))
    with pytest.raises(UsageError):
        publish(store, replace(mine, files=()))
    assert store.get(layout.register_key(LIST)) is None


@pytest.mark.parametrize("damage", ["gone", "cut", "altered"])
def test_nothing_is_published_whose_files_are_not_there_as_they_were_put(store: Store, tmp_path: Path, damage: str) -> None:
    mine = candidate(store, tmp_path, "rows")
    file = mine.files[1]
    store.delete(file.key)
    if damage != "gone":
        store_like(store, file.key, file.bytes - (damage == "cut"), tmp_path)
    with pytest.raises(StorageUnavailable, match="Materialise xlsx again"):
        publish(store, mine)
    assert store.get(layout.register_key(LIST)) is None


@pytest.mark.parametrize("data", [b'{"version": 9}', b"", b'{"version": 1, "price_list": "who'])
def test_a_register_that_can_not_be_read_is_left_alone(store: Store, tmp_path: Path, data: bytes) -> None:
    store.create(layout.register_key(LIST), data)
    with pytest.raises(StorageRefused, match="is no register that this release can read"):
        publish(store, candidate(store, tmp_path, "rows"))
    found = store.get(layout.register_key(LIST))
    assert found
    assert found.data == data


def test_a_first_manifest_stands(store: Store, tmp_path: Path) -> None:
    mine = candidate(store, tmp_path, "rows")
    store.create(mine.published.manifest, replace(mine, run_id="the first").manifest.to_json())
    publication = publish(store, mine)
    assert publication.manifest
    assert read_manifest(store, publication.manifest).run_id == "the first"
    assert publication.files == mine.files


# --- lost answers, and files that are lost


@pytest.mark.parametrize("landed", [True, False])
@pytest.mark.parametrize("put", [1, 2, 3, 4])
def test_a_lost_answer_is_looked_up_and_never_guessed(store: Store, partner: Partner, tmp_path: Path, put: int, *, landed: bool) -> None:
    """The puts: the revision's manifest, the register, and the manifests beside the copies [ST5, ST6]."""
    losing = Losing(store, landed=(put,)) if landed else Losing(store, unlanded=(put,))
    publication = publish(losing, candidate(store, tmp_path, "rows"))
    assert losing.puts >= 4
    assert (publication.outcome, publication.commits) == ("published", 1)
    assert len(read_register(store, LIST).day(DAY).events) == 1
    partner.follow()
    partner.copies_are_right()


def test_a_storage_that_never_confirms_ends_in_a_clear_line(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match=r"does not confirm the change of the register: the answer was lost. Run again"):
        publish(Losing(store, unlanded=tuple(range(2, 100))), candidate(store, tmp_path, "rows"))


def test_a_published_file_that_was_deleted_comes_back_with_the_next_export(store: Store, partner: Partner, tmp_path: Path) -> None:
    first = publish(store, candidate(store, tmp_path, "rows"))
    for key in (first.files[0].key, layout.copy_key(LIST, DAY, "csv")):
        store.delete(key)
    again = publish(store, candidate(store, tmp_path, "rows", minute=7))
    assert (again.outcome, again.revision) == ("unchanged", first.revision)  # who renders puts the file again, under the same key
    assert partner.follow() == 2
    partner.copies_are_right()


def test_a_manifest_that_was_deleted_comes_back_with_the_next_export(store: Store, partner: Partner, tmp_path: Path) -> None:
    first = publish(store, candidate(store, tmp_path, "rows"))
    assert first.manifest
    store.delete(first.manifest)
    with pytest.raises(StorageRefused, match="Export the day again"):
        settle(store, LIST)
    assert publish(store, candidate(store, tmp_path, "rows", minute=7)).outcome == "published"
    assert partner.follow() == 2
    partner.copies_are_right()


def test_the_register_of_another_list_is_refused(store: Store, tmp_path: Path) -> None:
    publish(store, candidate(store, tmp_path, "rows"))
    store.copy(layout.register_key(LIST), layout.register_key("retail"))
    with pytest.raises(StorageRefused, match="is the register of 'wholesale': restore that of 'retail'"):
        settle(store, "retail")


def test_the_manifest_of_another_revision_is_refused(store: Store, tmp_path: Path) -> None:
    first = publish(store, candidate(store, tmp_path, "rows"))
    second = publish(store, candidate(store, tmp_path, "other rows", minute=7))
    assert first.manifest
    assert second.manifest
    store.copy(first.manifest, second.manifest)
    with pytest.raises(StorageRefused, match=f"is the manifest of wholesale 2026-11-24, {first.revision}: restore it"):
        settle(store, LIST)
