"""A local folder as a store: a lock file, `fsync` and `rename` give it what an object storage promises [ST8]. One host only."""

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, NamedTuple
from uuid import uuid4

from price_assets.errors import StorageRefused, StorageUnavailable
from price_assets.export.storage import Attributes, Contested, Found, Head

LOCKS = ".locks"


class _Stamp(NamedTuple):
    """Which file it is, and when it was last touched: `changed` (ctime, ns) can't be set, and each write moves it, in ticks of 10 ms."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int


class Folder:
    """A store in `root`; objects lie under `root/prefix`.

    There is no place for attributes: the name of a file is its download name, and its sha256 is computed, so a copy that somebody edited shows.
    """

    def __init__(self, root: Path, prefix: str) -> None:
        self._root = root
        self._objects = root / prefix
        self._hashed: dict[str, tuple[_Stamp, str]] = {}

    def address(self, key: str = "") -> str:
        """The path."""
        return str(self._objects / key)

    def sign(self, key: str, lasts: timedelta) -> str:  # noqa: ARG002 (the protocol's)
        """The path, which lasts for ever."""
        return self.address(key)

    def preflight(self, *, writes: bool = True) -> None:
        """Make the folder, and write into it. To whoever only reads one that is not there is an empty one."""
        if not writes:
            return
        with self._said("can't be written"), self._locked("preflight"):
            _make_folder(self._objects)

    def get(self, key: str) -> Found | None:
        """The file's bytes; their hash is the version, as on S3."""
        with self._said(f"can't read {key}"):
            try:
                data = (self._objects / key).read_bytes()
            except FileNotFoundError:
                return None
        return Found(data, hashlib.sha256(data).hexdigest())

    def head(self, key: str) -> Head | None:
        """Reads the file through, for its sha256, unless this process has done so and nobody has touched the file since."""
        with self._said(f"can't read {key}"):
            try:
                with (self._objects / key).open("rb") as file:
                    stamp = _stamp(file)  # before its bytes: a change under way shows in the next look
                    digest = self._known(key, file) or hashlib.file_digest(file, "sha256").hexdigest()
            except FileNotFoundError:
                return None
        self._hashed[key] = stamp, digest
        return Head(stamp.size, digest)

    def create(self, key: str, data: bytes) -> None:
        """Raises Contested where something is."""
        self._put_if(key, data, None)

    def swap(self, key: str, data: bytes, version: str) -> None:
        """Raises Contested where another version is, or none."""
        self._put_if(key, data, version)

    def put_file(self, key: str, path: Path, attributes: Attributes) -> None:
        """A copy of the local file, whose sha256 is remembered: reading the copy again would ask the page cache, not the disk."""
        with self._said(f"can't write {key}"), path.open("rb") as source, self._replaced(key, attributes.sha256) as target:
            shutil.copyfileobj(source, target)

    def fetch(self, key: str, path: Path) -> bool:
        """A copy at the local path."""
        with self._said(f"can't read {key}"):
            try:
                source = (self._objects / key).open("rb")
            except FileNotFoundError:
                return False
            with source, path.open("wb") as target:
                shutil.copyfileobj(source, target)
            return True

    def copy(self, source: str, target: str) -> None:
        """A real copy: editing one of two links would change both [ST8]."""
        with self._said(f"can't copy {source} to {target}"):
            try:
                file = (self._objects / source).open("rb")
            except FileNotFoundError:
                raise StorageRefused(f"{self.address(source)} is not there, so {self.address(target)} can't be made from it.") from None
            with file, self._replaced(target, self._known(source, file)) as copy:
                shutil.copyfileobj(file, copy)

    def delete(self, key: str) -> None:
        """Also survives a power cut, as everything here."""
        with self._said(f"can't delete {key}"):
            path = self._objects / key
            if path.exists():
                path.unlink(missing_ok=True)
                _sync_folder(path.parent)

    def forget(self, key: str) -> None:
        """Its lock too, for which nobody else waits, and its folder where that is empty."""
        self.delete(key)
        with self._said(f"can't delete the lock of {key}"):
            self._lock(key).unlink(missing_ok=True)
        with suppress(OSError):
            (self._objects / key).parent.rmdir()

    def _put_if(self, key: str, data: bytes, version: str | None) -> None:
        with self._said(f"can't write {key}"), self._locked(key):
            there = self.get(key)
            if (there and there.version) != version:
                raise Contested(f"{self.address(key)} is another version.")
            with self._replaced(key) as file:
                file.write(data)

    @contextmanager
    def _locked(self, key: str) -> Generator[None]:
        """One process at a time per key. The lock file is never unlinked: whoever waits for an unlinked one would hold nothing."""
        path = self._lock(key)
        _make_folder(path.parent)
        with path.open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _lock(self, key: str) -> Path:
        """The lock file of a key. Its path would be too long for one name; a hash is the same for all processes."""
        return self._root / LOCKS / hashlib.sha256((self._objects / key).relative_to(self._root).as_posix().encode()).hexdigest()

    @contextmanager
    def _replaced(self, key: str, sha256: str | None = None) -> Generator[BinaryIO]:
        """A file to write; at the end of the block it is at the key, whole and on the disk, or nothing has happened. `sha256` where it is known."""
        path = self._objects / key
        _make_folder(path.parent)
        part = path.with_name(f".{path.name}.{uuid4().hex[:8]}.part")
        try:
            with part.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                part.replace(path)
                self._hashed.pop(key, None)
                if sha256:
                    self._hashed[key] = _stamp(file), sha256  # of this very file, whatever is at the key by now
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)

    def _known(self, key: str, file: BinaryIO) -> str | None:
        """The sha256 of the file at the key, if it was hashed and is still the same."""
        stamp, digest = self._hashed.get(key, (None, None))
        return digest if stamp == _stamp(file) else None

    @contextmanager
    def _said(self, what: str) -> Generator[None]:
        try:
            yield
        except OSError as error:
            if isinstance(error, (PermissionError, NotADirectoryError, IsADirectoryError, FileExistsError)) or error.errno == errno.EROFS:
                why = error.strerror or "refused"
                raise StorageRefused(
                    f"The folder {self._objects} {what}: {why}. Give this user the right to it, or change STORAGE_BUCKET."
                ) from error
            raise StorageUnavailable(f"The folder {self._objects} {what}: {error.strerror}. Look at the disk, then run again.") from error


def _stamp(file: BinaryIO) -> _Stamp:
    found = os.fstat(file.fileno())
    return _Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _make_folder(folder: Path) -> None:
    """A folder and what is above it, each on the disk before anything is put into it."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Bring a folder's entries to the disk: without it a rename may be gone after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
