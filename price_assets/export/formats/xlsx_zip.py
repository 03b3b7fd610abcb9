"""A zip file whose entries are streamed, and deflated in a thread of their own [XL6]."""

import struct
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from isal import isal_zlib

from price_assets.errors import Refused
from price_assets.export.formats.xlsx_unzip import Growth

LARGEST = 2**32 - 1
"""Bytes that the classic 32-bit headers can tell. Zip64 is no way out: LibreOffice refuses it [XL8]."""

_WAITING = 2
"""Chunks that may wait for the deflating thread: enough to keep it busy, too few to fill memory."""

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_VERSION, _DEFLATED = 20, 8
_1980 = (0, 0x21)  # time and date as MS-DOS counts them: the first day it knows, and no clock time

Chunk = bytes | memoryview


class ZipWriter:
    """Writes entries one after the other into a new file; sizes and checksums are patched into their headers. The same chunks make the same bytes.

    Its growth is told, to one who reads behind. Raises Refused when the file would pass 4 GiB.
    """

    def __init__(self, path: Path, growth: Growth | None = None) -> None:
        self._file: BinaryIO = path.open("wb")
        self._growth = growth
        self._deflater = ThreadPoolExecutor(1, "deflate")
        self._central: list[bytes] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._deflater.shutdown(cancel_futures=True)
        with self._file:
            if kind is None:
                self._close()

    @contextmanager
    def entry(self, name: str) -> Generator["ZipEntry", None, None]:
        """One entry, open for writing; the name is ASCII."""
        start = self._file.tell()
        self._file.write(self._local(name, 0, 0, 0))
        entry = ZipEntry(self._file, self._deflater, self._growth)
        yield entry
        crc, deflated, plain = entry.finish()
        self._file.seek(start)
        self._file.write(self._local(name, crc, deflated, plain))
        self._file.seek(0, 2)
        self._central.append(
            _CENTRAL.pack(b"PK\x01\x02", _VERSION, _VERSION, 0, _DEFLATED, *_1980, crc, deflated, plain, len(name), 0, 0, 0, 0, 0, start)
            + name.encode("ascii")
        )

    @staticmethod
    def _local(name: str, crc: int, deflated: int, plain: int) -> bytes:
        return _LOCAL.pack(b"PK\x03\x04", _VERSION, 0, _DEFLATED, *_1980, crc, deflated, plain, len(name), 0) + name.encode("ascii")

    def _close(self) -> None:
        start = self._file.tell()
        directory = b"".join(self._central)
        if start + len(directory) > LARGEST:
            raise _too_large()
        self._file.write(directory)
        self._file.write(_END.pack(b"PK\x05\x06", 0, 0, len(self._central), len(self._central), len(directory), start, 0))


class ZipEntry:
    """An entry that is being written."""

    def __init__(self, file: BinaryIO, deflater: ThreadPoolExecutor, growth: Growth | None) -> None:
        self._file = file
        self._growth = growth
        self._deflater = deflater
        self._deflate = isal_zlib.compressobj(1, isal_zlib.DEFLATED, -15)
        self._waiting: deque[Future[None]] = deque()
        self._crc = self._deflated = self._plain = 0

    def write(self, chunk: Chunk) -> None:
        """Hand a chunk over to the deflating thread; waits while that has enough to do."""
        if len(self._waiting) == _WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._deflater.submit(self._add, chunk))

    def finish(self) -> tuple[int, int, int]:
        """All is written: crc, deflated and plain size in bytes."""
        self._waiting.append(self._deflater.submit(self._put_end))
        for future in self._waiting:
            future.result()
        return self._crc, self._deflated, self._plain

    def _add(self, chunk: Chunk) -> None:
        self._crc = isal_zlib.crc32(chunk, self._crc)
        self._plain += len(chunk)
        self._put(self._deflate.compress(chunk))

    def _put_end(self) -> None:
        self._put(self._deflate.flush())

    def _put(self, deflated: bytes) -> None:
        self._deflated += len(deflated)
        if self._file.tell() + len(deflated) > LARGEST:
            raise _too_large()
        self._file.write(deflated)
        if self._growth:
            self._file.flush()
            self._growth.reached(self._file.tell())


def _too_large() -> Refused:
    return Refused("The XLSX would pass 4 GiB, which no spreadsheet opens: leave xlsx out of this price list's formats.")
