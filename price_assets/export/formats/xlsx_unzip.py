"""The entries of a zip file of `xlsx_zip`, in the order in which they lie in it, inflated and checked: of one that is still being written, too."""

from collections.abc import Iterator
from pathlib import Path
from threading import Condition
from typing import BinaryIO, NamedTuple, cast
from zipfile import BadZipFile, ZipFile

from isal import isal_zlib

_READ_BYTES = 1 << 16
_LOCAL, _LOCAL_BYTES = b"PK\x03\x04", 30
_InflateError = cast("type[Exception]", isal_zlib.error)


class Abandoned(Exception):
    """The file that was to be read won't be finished."""


class Growth:
    """How far a file is written: told by the thread that writes it, waited for by the one that reads behind it."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._bytes = 0
        self._over = self._abandoned = False

    def reached(self, size: int) -> None:
        """The file's first `size` bytes can be read."""
        with self._changed:
            self._bytes = size
            self._changed.notify()

    def end(self) -> None:
        """The file is whole."""
        with self._changed:
            self._over = True
            self._changed.notify()

    def abandon(self) -> None:
        """The file won't be whole."""
        with self._changed:
            self._abandoned = True
            self._changed.notify()

    def wait_for(self, start: int, size: int) -> int:
        """Wait for these bytes; return how many of them can be read, fewer only where the file is whole. Raises Abandoned."""
        with self._changed:
            self._changed.wait_for(lambda: self._abandoned or self._over or self._bytes >= start + size)
            if self._abandoned:
                raise Abandoned
            return size if self._over else min(size, self._bytes - start)


class _Seen(NamedTuple):
    """An entry, as it was found: where it begins, its checksum, its bytes deflated and inflated."""

    name: str
    start: int
    crc: int
    deflated: int
    plain: int


def entries(path: Path, growth: Growth) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Each entry's name, and its bytes in chunks, which are to be used up before the next one is asked for.

    Raises BadZipFile for what is cut, and, as soon as the last entry is read, for one that is not what the file's own directory says of it.
    """
    seen: list[_Seen] = []
    growth.wait_for(0, _LOCAL_BYTES)
    with path.open("rb", buffering=0) as file:
        while name := _name(file, growth):
            yield name, _inflated(file, growth, name, seen)
    with ZipFile(path) as archive:
        told = [_Seen(info.filename, info.header_offset, info.CRC, info.compress_size, info.file_size) for info in archive.infolist()]
    for one, other in zip(seen, told, strict=False):
        if one != other:
            raise BadZipFile(f"{one.name} is damaged")
    if len(seen) != len(told):
        raise BadZipFile(f"its directory has {len(told)} parts, and {len(seen)} are there")


def _name(file: BinaryIO, growth: Growth) -> str | None:
    """The name of the entry that begins here; None where the directory begins, or the file ends."""
    header = _read(file, growth, _LOCAL_BYTES)
    if not header.startswith(_LOCAL):
        return None
    length, extra = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
    return _read(file, growth, length + extra)[:length].decode("ascii", "replace")


def _inflated(file: BinaryIO, growth: Growth, name: str, seen: list[_Seen]) -> Iterator[bytes]:
    """Where an entry ends its own deflate stream tells: its header does not know while it is written. isal is faster than zipfile."""
    begins = file.tell()
    inflate = isal_zlib.decompressobj(-15)
    crc = plain = deflated = 0
    while not inflate.eof:
        read = _read(file, growth, _READ_BYTES)
        if not read:
            raise BadZipFile(f"{name} is damaged: it is cut")
        try:
            chunk = inflate.decompress(read)
        except _InflateError as error:
            raise BadZipFile(f"{name} is damaged: {error}") from error
        deflated += len(read)
        plain += len(chunk)
        crc = isal_zlib.crc32(chunk, crc)
        yield chunk
    deflated -= len(inflate.unused_data)
    file.seek(begins + deflated)
    seen.append(_Seen(name, begins - _LOCAL_BYTES - len(name), crc, deflated, plain))


def _read(file: BinaryIO, growth: Growth, size: int) -> bytes:
    """So many bytes, fewer only at the file's end."""
    return file.read(growth.wait_for(file.tell(), size))
