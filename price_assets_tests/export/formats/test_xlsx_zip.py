import struct
import subprocess
import zlib
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from price_assets.export.formats.xlsx_zip import ZipWriter

CHUNKS = [b"<a>", b"x" * 100_000, bytes(range(256)) * 500, b"", b"</a>"]


def written(path: Path) -> Path:
    with ZipWriter(path) as archive:
        for name in ("[Content_Types].xml", "xl/empty.xml", "xl/sheet.xml"):
            with archive.entry(name) as entry:
                for chunk in CHUNKS if name != "xl/empty.xml" else []:
                    entry.write(chunk)
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    with ZipFile(written(tmp_path / "a.zip")) as archive:
        assert archive.testzip() is None
        assert [archive.read(name) for name in archive.namelist()] == [b"".join(CHUNKS), b"", b"".join(CHUNKS)]
        assert {entry.compress_type for entry in archive.infolist()} == {ZIP_DEFLATED}


def test_sizes_and_checksum_stand_in_the_local_header_itself(tmp_path: Path) -> None:
    """[XL8]: with data descriptors and zip64 LibreOffice refuses the file."""
    data = written(tmp_path / "a.zip").read_bytes()
    _, _, flags, _, _, _, crc, deflated, plain, _, extra = struct.unpack("<4sHHHHHIIIHH", data[:30])
    assert (flags, crc, plain, extra) == (0, zlib.crc32(b"".join(CHUNKS)), len(b"".join(CHUNKS)), 0)
    assert zlib.decompress(data[49 : 49 + deflated], -15) == b"".join(CHUNKS)
    assert b"PK\x07\x08" not in data


def test_unzip_finds_nothing_wrong(tmp_path: Path) -> None:
    subprocess.run(["python3", "-m", "zipfile", "-t", written(tmp_path / "a.zip")], check=True)


def test_a_full_disk_is_told_and_the_thread_ends() -> None:
    with pytest.raises(OSError, match="No space left"):
        written(Path("/dev/full"))
