"""Files and snapshots on their way to the storage and back: put whole, under a key that names what they are, and looked at afterwards."""

import re
from datetime import date
from hashlib import file_digest
from pathlib import Path

import polars as pl

from price_assets.errors import StorageRefused, StorageUnavailable, UsageError
from price_assets.export import layout
from price_assets.export.price_list import FormatName
from price_assets.export.register import FileReference
from price_assets.export.snapshot import Snapshot
from price_assets.export.snapshot_files import batches, open_snapshot
from price_assets.export.snapshot_hash import BLOCK, SnapshotHash
from price_assets.export.storage import Attributes, Head, Store

CONTENT_TYPES: dict[FormatName, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
PARQUET = "application/vnd.apache.parquet"


def store_file(
    store: Store,
    path: Path,
    *,
    price_list: str,
    export_date: date,
    format: FormatName,  # noqa: A002 (the word of the design)
    snapshot: str,
    content: str,
    rows: int,
) -> FileReference:
    """Put a rendered and verified file under the key that its bytes decide [XL11]. Putting it twice, by whomever, is harmless.

    `snapshot` and `content` are the names of what it renders.
    """
    sha256, size = digest(path), path.stat().st_size
    name = layout.file_name(price_list, export_date, format)
    key = layout.file_key(price_list, export_date, format, sha256)
    if store.head(key) != Head(size, sha256):
        store.put_file(key, path, Attributes(CONTENT_TYPES[format], name, sha256))
        _expect(store, key, Head(size, sha256))
    return FileReference(format, snapshot, content, name, key, size, rows, sha256)


def store_snapshot(store: Store, snapshot: Snapshot) -> str:
    """Put the Parquet of a snapshot under its name, and give the key. One that is there stands, unless it was cut: the same rows, read another time.

    Of two that are put at the same moment the last stands, whole. No manifest speaks of a Parquet's bytes.
    """
    key = layout.snapshot_key(snapshot.price_list, snapshot.export_date, snapshot.name)
    there = store.head(key)
    if there is None or there.bytes != snapshot.path.stat().st_size:
        store.put_file(key, snapshot.path, Attributes(PARQUET, Path(key).name, digest(snapshot.path)))
        if store.head(key) is None:
            raise StorageUnavailable(f"{store.address(key)} is not there after it was put. Run again.")
    return key


def snapshot_name(text: str, price_list: str) -> str:
    """The name of a snapshot as a person gives it. Raises UsageError where it is none."""
    name = text.strip().lower()
    if not re.fullmatch("[0-9a-f]{12}", name):
        raise UsageError(f"{text!r} is no snapshot's name, which has 12 hex digits: `price-assets history {price_list}` names those of each day.")
    return name


def fetch_snapshot(store: Store, price_list: str, export_date: date, name: str, folder: Path) -> Snapshot:
    """Bring a stored snapshot into a local folder, and look whether it is the one that was asked for, row by row.

    Raises StorageRefused where there is none or another one, StorageUnavailable where it arrived damaged.
    """
    key = layout.snapshot_key(price_list, export_date, name)
    there = store.head(key)
    path = folder / f"{name}.parquet"
    if there is None or not store.fetch(key, path):
        told = f"no such snapshot of {price_list} on {export_date} was stored; `price-assets history {price_list}` names those that were"
        raise StorageRefused(f"{store.address(key)} is not there: it has expired, or {told}.")
    if there.sha256 not in (None, digest(path)):
        raise StorageUnavailable(f"{store.address(key)} did not arrive as it was put (its sha256 differs). Run again.")
    try:
        return open_stored(path, price_list, export_date, name)
    except ValueError as error:
        raise StorageRefused(f"{store.address(key)} {error}: export the day from its source.") from None


def open_stored(path: Path, price_list: str, export_date: date, name: str) -> Snapshot:
    """The snapshot in a local copy of its Parquet, all its rows looked at. Raises ValueError that says why it is not the one that it should be."""
    try:
        snapshot = open_snapshot(path)
        rows = SnapshotHash(snapshot.columns)
        for block in batches(snapshot, BLOCK):
            rows.add(block)
    except (pl.exceptions.PolarsError, OSError, KeyError, ValueError, TypeError, ArithmeticError) as error:
        raise ValueError(f"is no snapshot any more ({error})") from None
    if (snapshot.price_list, snapshot.export_date, rows.name) != (price_list, export_date, name):
        raise ValueError("holds other rows than its name says")
    return snapshot


def fetch_file(store: Store, file: FileReference, folder: Path) -> Path:
    """Bring a stored file into a local folder, and look whether it is the one that its reference speaks of.

    Raises StorageRefused where it is gone, StorageUnavailable where it arrived damaged.
    """
    path = folder / Path(file.key).name
    if not store.fetch(file.key, path):
        raise StorageRefused(f"{store.address(file.key)} is not there: it has expired, or somebody deleted it. Export the day again.")
    if (path.stat().st_size, digest(path)) != (file.bytes, file.sha256):
        raise StorageUnavailable(f"{store.address(file.key)} did not arrive as it was put (its size or sha256 differs). Run again.")
    return path


def digest(path: Path) -> str:
    """The sha256 of a local file, as hex."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _expect(store: Store, key: str, head: Head) -> None:
    there = store.head(key)
    if there != head:
        raise StorageUnavailable(f"{store.address(key)} is not what was put there: {there} instead of {head}. Run again.")
