from datetime import timedelta
from pathlib import Path

import pytest

from price_assets.errors import StorageRefused, StorageUnavailable
from price_assets.export import layout
from price_assets.export.snapshot import Snapshot
from price_assets.export.snapshot_files import SnapshotWriter
from price_assets.export.storage import Attributes, Store
from price_assets.export.storing import digest, fetch_file, fetch_snapshot, store_file, store_snapshot
from price_assets_tests.export.snapshots import contract, snapshot_of
from price_assets_tests.export.stores import DAY, LIST, SIX, Partner, Wrapped, snapshot, store_like


def test_a_file_is_put_once_and_a_damaged_one_is_put_again(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"sku\n1\n")
    wrapped = Wrapped(store)

    def put() -> str:
        return store_file(wrapped, path, price_list=LIST, export_date=DAY, format="csv", snapshot="S", content="C", rows=1).key

    key = put()
    assert key == f"_files/wholesale/2026-11-24/wholesale_2026-11-24.{digest(path)[:12]}.csv"
    assert [verb for verb, _ in wrapped.requests] == ["head", "put_file", "head"]
    put()
    assert [verb for verb, _ in wrapped.requests[3:]] == ["head"]
    store_like(store, key, 3, tmp_path)
    put()
    head = store.head(key)
    assert head
    assert head.sha256 == digest(path)


@pytest.mark.parametrize("damage", [b"sku\n2\n", b"sku\n"])
def test_a_file_comes_back_as_it_was_put_or_not_at_all(store: Store, tmp_path: Path, damage: bytes) -> None:
    path, back = tmp_path / "a.csv", tmp_path / "back"
    path.write_bytes(b"sku\n1\n")
    back.mkdir()
    file = store_file(store, path, price_list=LIST, export_date=DAY, format="csv", snapshot="S", content="C", rows=1)
    assert fetch_file(store, file, back).read_bytes() == b"sku\n1\n"
    path.write_bytes(damage)
    store.put_file(file.key, path, Attributes("text/csv", file.name, digest(path)))
    with pytest.raises(StorageUnavailable, match="did not arrive as it was put"):
        fetch_file(store, file, back)
    store.delete(file.key)
    with pytest.raises(StorageRefused, match="is not there"):
        fetch_file(store, file, back)


def test_the_snapshot_that_is_there_stands_unless_it_was_cut(store: Store, partner: Partner, tmp_path: Path) -> None:
    key = store_snapshot(store, snapshot(tmp_path, "rows"))
    other = snapshot(tmp_path, "rows")
    other.path.write_bytes(b"PAR1ROWS")
    assert store_snapshot(store, other) == key
    assert partner.bytes_at(key) == b"PAR1rows"
    store_like(store, key, 3, tmp_path)
    store_snapshot(store, other)
    assert partner.bytes_at(key) == b"PAR1ROWS"


def test_another_days_snapshot_in_its_place_is_not_taken(store: Store, tmp_path: Path) -> None:
    mine = written(tmp_path)
    store_snapshot(store, mine)
    other_day = DAY + timedelta(days=1)
    store.copy(layout.snapshot_key(LIST, DAY, mine.name), layout.snapshot_key(LIST, other_day, mine.name))
    (tmp_path / "back").mkdir()
    with pytest.raises(StorageRefused, match="holds other rows than its name says"):
        fetch_snapshot(store, LIST, other_day, mine.name, tmp_path / "back")


def test_other_rows_under_its_name_are_not_taken(store: Store, tmp_path: Path) -> None:
    mine = written(tmp_path)
    store.put_file(layout.snapshot_key(LIST, DAY, "550cd0706e3b"), mine.path, Attributes("x/y", "x.parquet", digest(mine.path)))
    with pytest.raises(StorageRefused, match="holds other rows than its name says"):
        fetch_snapshot(store, LIST, DAY, "550cd0706e3b", tmp_path)


def test_a_cut_snapshot_is_told_as_what_it_is(store: Store, tmp_path: Path) -> None:
    mine = written(tmp_path)
    mine.path.write_bytes(mine.path.read_bytes()[:100])
    store_snapshot(store, mine)
    (tmp_path / "back").mkdir()
    with pytest.raises(StorageRefused, match=r"is no snapshot any more .*: export the day from its source"):
        fetch_snapshot(store, LIST, DAY, mine.name, tmp_path / "back")


def written(folder: Path) -> Snapshot:
    columns = contract(sku="text", price="decimal(12,2)")
    rows = snapshot_of(folder, columns, [("a", "1.10"), ("b", None)]).scan().collect()
    with SnapshotWriter(folder / "written.parquet", columns, price_list=LIST, export_date=DAY, source_time=SIX) as writer:
        writer.write(rows)
        return writer.finish()


def test_a_stored_snapshot_comes_back_as_it_was(store: Store, tmp_path: Path) -> None:
    mine = written(tmp_path)
    store_snapshot(store, mine)
    (tmp_path / "back").mkdir()
    back = fetch_snapshot(store, LIST, DAY, mine.name, tmp_path / "back")
    assert back.path == tmp_path / "back" / f"{mine.name}.parquet"
    assert back.scan().collect().equals(mine.scan().collect())
    assert (back.name, back.rows, back.columns, back.source_time, dict(back.control_sums)) == (
        mine.name,
        mine.rows,
        mine.columns,
        mine.source_time,
        dict(mine.control_sums),
    )


def test_a_snapshot_that_was_never_stored_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StorageRefused, match="no such snapshot of wholesale on 2026-11-24 was stored"):
        fetch_snapshot(store, LIST, DAY, "550cd0706e3b", tmp_path)


def test_a_snapshot_that_was_altered_is_not_taken(tmp_path: Path, s3_store: Store) -> None:
    mine = written(tmp_path)
    key = layout.snapshot_key(LIST, DAY, mine.name)
    s3_store.put_file(key, mine.path, Attributes("x/y", "x.parquet", "00" * 32))
    with pytest.raises(StorageUnavailable, match="its sha256 differs"):
        fetch_snapshot(s3_store, LIST, DAY, mine.name, tmp_path)
