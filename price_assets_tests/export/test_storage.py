import hashlib
import os
import stat
import threading
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

from price_assets.errors import StorageRefused, StorageUnavailable
from price_assets.export.folder import Folder
from price_assets.export.s3 import S3
from price_assets.export.storage import Attributes, Contested, Found, Head, Store, open_store
from price_assets.settings import StorageSettings
from price_assets_tests.servers.gcs import GCSServer
from price_assets_tests.servers.s3 import S3Server


def put(store: Store, key: str, data: bytes, folder: Path) -> Head:
    path = folder / "local"
    path.write_bytes(data)
    head = Head(len(data), hashlib.sha256(data).hexdigest())
    store.put_file(key, path, Attributes("text/csv", "prices.csv", head.sha256 or ""))
    return head


def found(store: Store, key: str) -> Found:
    there = store.get(key)
    assert there
    return there


def test_what_is_not_there_is_none_and_no_error(store: Store, tmp_path: Path) -> None:
    assert store.get("a/b") is None
    assert store.head("a/b") is None
    assert store.fetch("a/b", tmp_path / "x") is False
    store.delete("a/b")


def test_only_the_first_creates(store: Store) -> None:
    store.create("a/b.json", b"1")
    with pytest.raises(Contested):
        store.create("a/b.json", b"2")
    assert found(store, "a/b.json").data == b"1"


def test_only_the_version_that_was_seen_is_swapped(store: Store) -> None:
    store.create("a/b.json", b"1")
    seen = found(store, "a/b.json")
    store.swap("a/b.json", b"2", seen.version)
    with pytest.raises(Contested):
        store.swap("a/b.json", b"3", seen.version)
    with pytest.raises(Contested):
        store.swap("a/none.json", b"3", seen.version)
    assert found(store, "a/b.json").data == b"2"


def test_of_many_who_count_up_nobody_is_lost(store: Store, s3: S3Server) -> None:
    if isinstance(store, S3) and not s3.real:
        pytest.skip("moto's server compares and puts in two steps: only a real S3 server can show this")
    store.create("n.json", b"0")

    def count() -> None:
        for _ in range(10):
            while True:
                seen = found(store, "n.json")
                try:
                    store.swap("n.json", str(int(seen.data) + 1).encode(), seen.version)
                except Contested:
                    continue
                break

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found(store, "n.json").data == b"40"


@pytest.mark.parametrize("size", [0, 1, 9_000_000, 17_000_000])
def test_a_file_of_any_size_comes_back_as_it_was_put(store: Store, tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    head = put(store, "files/x.csv", data, tmp_path)
    assert store.head("files/x.csv") == head
    assert store.fetch("files/x.csv", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == data


def test_who_reads_while_a_file_is_replaced_gets_one_of_the_two_whole(store: Store, tmp_path: Path) -> None:
    contents = [bytes([byte]) * 9_000_000 for byte in (1, 2)]
    put(store, "x.csv", contents[0], tmp_path)

    def replace() -> None:
        for n in range(1, 12):
            put(store, "x.csv", contents[n % 2], tmp_path)

    thread = threading.Thread(target=replace)
    thread.start()
    while thread.is_alive():
        assert store.fetch("x.csv", tmp_path / "read")
        assert (tmp_path / "read").read_bytes() in contents
    thread.join()


def test_a_copy_is_whole_and_stands_on_its_own(store: Store, tmp_path: Path) -> None:
    head = put(store, "a.csv", b"one", tmp_path)
    put(store, "b.csv", b"something else", tmp_path)
    store.copy("a.csv", "b.csv")
    assert store.head("b.csv") == head
    put(store, "a.csv", b"changed", tmp_path)
    assert store.head("b.csv") == head
    store.delete("a.csv")
    assert store.head("b.csv") == head


def test_a_copy_of_nothing_is_refused(store: Store) -> None:
    with pytest.raises(StorageRefused, match=r"a\.csv is not there"):
        store.copy("a.csv", "b.csv")


def test_a_preflight_passes_where_all_is_well(store: Store) -> None:
    store.preflight()


# --- an object storage


def test_a_browser_learns_type_and_name_of_a_download_and_of_its_copies_from_s3(
    s3_settings: StorageSettings, s3_store: Store, tmp_path: Path
) -> None:
    put(s3_store, "a.csv", b"one", tmp_path)
    s3_store.copy("a.csv", "b.csv")
    client = S3Store(s3_settings.bucket, prefix=s3_settings.prefix, client_options={"allow_http": True})
    attributes = obstore.get(client, "b.csv").attributes
    assert attributes["Content-Type"] == "text/csv"
    assert attributes["Content-Disposition"] == 'attachment; filename="prices.csv"'


@pytest.mark.parametrize("size", [3, 9_000_000])
def test_a_browser_learns_the_same_from_google(gcs_settings: StorageSettings, gcs: GCSServer, tmp_path: Path, size: int) -> None:
    store = open_store(gcs_settings)
    head = put(store, "a.csv", b"x" * size, tmp_path)
    store.copy("a.csv", "b.csv")
    for key in ("a.csv", "b.csv"):
        assert gcs.objects[f"{gcs_settings.prefix}/{key}"].headers == {
            "content-type": "text/csv",
            "content-disposition": 'attachment; filename="prices.csv"',
            "x-goog-meta-sha256": head.sha256,
        }


def test_a_storage_that_ignores_conditions_is_refused_and_nothing_is_left_there(gcs_settings: StorageSettings, gcs: GCSServer) -> None:
    gcs.conditions = False
    with pytest.raises(StorageRefused, match=r"ignores conditional writes, so two runs could undo each other\. Use another storage"):
        open_store(gcs_settings).preflight()
    assert not gcs.objects


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"bucket": "nobody-made-it"}, StorageRefused, r"has no bucket 'nobody-made-it'\. Create it"),
        ({"AWS_SECRET_ACCESS_KEY": "wrong-canary"}, StorageRefused, r"SignatureDoesNotMatch.*AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ACCESS_KEY_ID": "nobody"}, StorageRefused, r"refused:.*AWS_ACCESS_KEY_ID"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, StorageUnavailable, r"http://127\.0\.0\.1:9 does not answer"),
    ],
)
def test_a_preflight_says_what_is_wrong_and_what_to_do(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], error: type[Exception], words: str
) -> None:
    if not s3.real and "bucket" not in change and "AWS_ENDPOINT_URL" not in change:
        pytest.skip("moto's server checks no signatures")
    for name, value in {**s3.environment(), **change}.items():
        monkeypatch.setenv(name, value)
    store = open_store(StorageSettings(scheme="s3", bucket=change.get("bucket", s3.bucket), prefix=""))
    with pytest.raises(error, match=words) as raised:
        store.preflight()
    message = str(raised.value)
    assert "\n" not in message
    assert len(message) < 500
    assert "canary" not in message
    assert s3.secret_key not in message


@pytest.mark.parametrize("kind", ["s3", "gcs"])
def test_a_missing_bucket_is_never_taken_for_an_empty_one(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    settings: StorageSettings = request.getfixturevalue(f"{kind}_settings")
    store = open_store(StorageSettings(settings.scheme, "nobody-made-it"))
    for call in (
        store.preflight,
        lambda: store.get("a"),
        lambda: store.create("a", b"1"),
        lambda: store.fetch("a", tmp_path / "a"),
        lambda: put(store, "a", b"", tmp_path),
    ):
        with pytest.raises(StorageRefused, match=r"has no bucket 'nobody-made-it'\. Create it, or change STORAGE_BUCKET"):
            call()


# --- a local folder


def test_a_folder_is_made_and_its_locks_lie_at_its_root(tmp_path: Path) -> None:
    store = Folder(tmp_path / "new" / "root", "some/prefix")
    store.create("a/b.json", b"1")
    assert (tmp_path / "new" / "root" / "some" / "prefix" / "a" / "b.json").read_bytes() == b"1"
    assert (tmp_path / "new" / "root" / ".locks").is_dir()
    assert store.address("a/b.json") == str(tmp_path / "new" / "root" / "some" / "prefix" / "a" / "b.json")


def test_a_long_prefix_in_any_script_can_be_locked(tmp_path: Path) -> None:
    store = Folder(tmp_path, "прайс-листы/оптовые клиенты/2026/выгрузка из склада/" + "д" * 100)
    store.create("a.json", b"1")
    with pytest.raises(Contested):
        store.create("a.json", b"2")


def test_a_copy_in_a_folder_is_no_link(tmp_path: Path) -> None:
    """LocalStore's `copy` makes one [ST8]: whoever edits the copy would change the file behind it."""
    store = Folder(tmp_path, "")
    put(store, "a.csv", b"one", tmp_path)
    store.copy("a.csv", "b.csv")
    assert (tmp_path / "b.csv").stat().st_nlink == 1
    assert not (tmp_path / "b.csv").is_symlink()


@pytest.mark.parametrize("key", ["a.csv", "copy.csv"])
def test_a_file_that_somebody_edited_shows_although_its_hash_is_remembered(tmp_path: Path, key: str) -> None:
    store = Folder(tmp_path / "root", "")
    head = put(store, "a.csv", b"price 10.00", tmp_path)
    assert store.head("a.csv") == head
    store.copy("a.csv", "copy.csv")
    assert store.head("copy.csv") == head
    path = tmp_path / "root" / key
    before = path.stat()
    while path.stat().st_ctime_ns == before.st_ctime_ns:  # until the kernel's clock has ticked
        path.write_bytes(b"price 99.99")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert store.head(key) == Head(11, hashlib.sha256(b"price 99.99").hexdigest())
    store.copy(key, "again.csv")
    assert store.head("again.csv") == store.head(key) != head


def test_what_stands_at_the_key_of_another_file_is_hashed_anew(tmp_path: Path) -> None:
    """The same name and size within the same tick of the clock; after a delete perhaps the same inode."""
    store = Folder(tmp_path / "root", "")
    for data in (b"1", b"2", b"3", b"4"):
        assert store.head("a.csv") is None
        head = put(store, "a.csv", data, tmp_path)
        assert store.head("a.csv") == head
        store.delete("a.csv")


def test_a_put_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    store = Folder(tmp_path / "root", "")
    head = put(store, "a.csv", b"one", tmp_path)
    with pytest.raises(StorageUnavailable):
        store.put_file("a.csv", tmp_path / "not there", Attributes("text/csv", "a.csv", ""))
    assert store.head("a.csv") == head
    assert [path.name for path in (tmp_path / "root").iterdir()] == ["a.csv"]


def test_a_folder_that_can_not_be_made_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageRefused, match=r"can't be written: File exists. Give this user the right to it, or change STORAGE_BUCKET"):
        Folder(tmp_path / "file" / "root", "").preflight()


def test_files_in_a_folder_can_be_read_by_whom_the_umask_lets(tmp_path: Path) -> None:
    store = Folder(tmp_path / "root", "")
    put(store, "a.csv", b"one", tmp_path)
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((tmp_path / "root" / "a.csv").stat().st_mode) == 0o666 & ~umask


def test_whoever_only_reads_asks_without_writing(tmp_path: Path, gcs: GCSServer, gcs_settings: StorageSettings) -> None:
    """Not even the probe that finds out whether a storage ignores conditions."""
    Folder(tmp_path / "root", "shop").preflight(writes=False)
    assert not (tmp_path / "root").exists()
    gcs.conditions = False
    open_store(gcs_settings).preflight(writes=False)
    with pytest.raises(StorageRefused, match="ignores conditional writes"):
        open_store(gcs_settings).preflight()
