"""An object's own bytes, read to their end: what attributes say of them does not count."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from price_assets.export.damage import Damage
from price_assets.export.storage import Head, Store
from price_assets.export.storing import digest


@dataclass(frozen=True)
class StoredBytes:
    """An object that was brought here: how much, what, and where it lies while it is looked at."""

    bytes: int
    sha256: str
    path: Path


@contextmanager
def brought(store: Store, key: str, folder: Path) -> Generator[StoredBytes | None]:
    """The object in a local file for this block; None where there is none."""
    path = folder / Path(key).name
    try:
        yield StoredBytes(path.stat().st_size, digest(path), path) if store.fetch(key, path) else None
    finally:
        path.unlink(missing_ok=True)


def difference(found: StoredBytes | None, due: Head, whose: Callable[[str], str | None]) -> tuple[Damage, str] | None:
    """The damage to a file of which these bytes are due, and how it shows; None where it is whole. `whose` knows other files by their sha256."""
    if found is None:
        return Damage.MISSING, "is not there"
    if found.sha256 == due.sha256:
        return None
    if found.bytes == 0:
        return Damage.EMPTY, f"is empty, where {due.bytes:,} bytes are due"
    if other := whose(found.sha256):
        return Damage.ALTERED, f"holds the bytes of {other}"
    if found.bytes < due.bytes:
        return Damage.TRUNCATED, f"ends after {found.bytes:,} of {due.bytes:,} bytes"
    if found.bytes == due.bytes:
        return Damage.ALTERED, f"has {found.bytes:,} bytes, as it should, but not those that were published"
    return Damage.ALTERED, f"has {found.bytes:,} bytes where {due.bytes:,} were published"
