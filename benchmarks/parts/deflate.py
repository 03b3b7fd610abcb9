"""``… XML OUT``: deflating what is a sheet's XML already, in chunks as large as ours, by the same library at the same level."""

import mmap
import sys
from pathlib import Path

from isal import isal_zlib

from benchmarks.timing import timed

CHUNK = 6 << 20
"""About what a batch of rows comes to, twice."""


def main() -> None:
    """Write it; what lies in the system's memory is not copied first."""
    with (
        Path(sys.argv[1]).open("rb") as file,
        Path(sys.argv[2]).open("wb") as out,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as xml,
        timed(),
    ):
        deflate, whole = isal_zlib.compressobj(1, isal_zlib.DEFLATED, -15), memoryview(xml)
        for start in range(0, len(whole), CHUNK):
            with whole[start : start + CHUNK] as chunk:
                out.write(deflate.compress(chunk))
        out.write(deflate.flush())
        whole.release()


if __name__ == "__main__":
    main()
