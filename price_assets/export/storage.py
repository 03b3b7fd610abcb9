"""What the protocol needs of a storage, whichever it is: an object storage or a local folder.

Keys are relative to `STORAGE_PREFIX`; `layout` makes them. Each call is one request, or behaves like one: it happens whole or not at all.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from price_assets.settings import StorageSettings

LONGEST_SIGNED = timedelta(days=7)
"""So long S3 and Google let an address live [ST23]."""


@dataclass(frozen=True)
class Found:
    """A small object's bytes, and the version that a swap expects to find."""

    data: bytes
    version: str


@dataclass(frozen=True)
class Head:
    """What a storage says about an object: its bytes, and the sha256 (hex) that was put with it; None where none was.

    `modified` is when it was put, by the clock of an object storage; nothing is decided by it.
    """

    bytes: int
    sha256: str | None
    modified: datetime | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Attributes:
    """What travels with a file: its media type, what a browser calls the download, and its sha256 (hex)."""

    content_type: str
    download_name: str
    sha256: str


class Contested(Exception):
    """A conditional write was not confirmed: somebody was first, or the answer was lost and it may have landed, or may still land.

    The three can't be told apart [ST5, ST6], so whoever meets it reads again and never guesses.
    """


class Store(Protocol):
    """Every call may raise StorageUnavailable (worth a retry) and StorageRefused (a person must)."""

    def address(self, key: str = "") -> str:
        """Where an object is, for people: unsigned, without credentials."""
        ...

    def sign(self, key: str, lasts: timedelta) -> str:
        """An address that lets anybody read the object for so long; of a folder the path. Nobody looks whether the object is there.

        Raises UsageError where that is longer than `LONGEST_SIGNED`.
        """
        ...

    def preflight(self, *, writes: bool = True) -> None:
        """Ask whether the storage is there and lets us in, and fail within seconds where it doesn't. Whoever only reads leaves nothing there."""
        ...

    def get(self, key: str) -> Found | None:
        """A small object, or None where there is none."""
        ...

    def head(self, key: str) -> Head | None:
        """What is known of an object, or None where there is none."""
        ...

    def create(self, key: str, data: bytes) -> None:
        """Put small JSON where nothing is. Raises Contested."""
        ...

    def swap(self, key: str, data: bytes, version: str) -> None:
        """Put small JSON in the place of this version of it. Raises Contested."""
        ...

    def put_file(self, key: str, path: Path, attributes: Attributes) -> None:
        """Put a local file of any size, in a stream, with a checksum on the wire; whatever stood there is replaced."""
        ...

    def fetch(self, key: str, path: Path) -> bool:
        """Bring an object of any size to a local path, in a stream; False where there is none."""
        ...

    def copy(self, source: str, target: str) -> None:
        """Make the target a copy of the source, attributes too; never a link. A source that is not there is refused."""
        ...

    def delete(self, key: str) -> None:
        """Take an object away; one that is not there is fine."""
        ...

    def forget(self, key: str) -> None:
        """Take away an object that nobody else ever asks for, and all that a delete would leave of it."""
        ...


def open_store(settings: StorageSettings) -> Store:
    """The store that the settings name. Connects to no storage yet. Raises SettingError for credentials and endpoints that can't be right."""
    # Each is imported where it is used: a run on a folder need not load a client for the cloud.
    match settings.scheme:
        case "file":
            from price_assets.export.folder import Folder  # noqa: PLC0415

            return Folder(Path(settings.bucket), settings.prefix)
        case "gs":
            from price_assets.export.gcs import GCS  # noqa: PLC0415

            return GCS(settings)
        case "s3":
            from price_assets.export.s3 import S3  # noqa: PLC0415

            return S3(settings)
