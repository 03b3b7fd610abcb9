"""Small disks and a read-only root, for tests of what happens on them: mounts, where this user may make them."""

import errno
import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOM = 64 * 1024


def _mount_or_skip(*command: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk: run as root, or in a container")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Generator[None]:
    """An empty disk of this size at the folder, within this block."""
    folder.mkdir(exist_ok=True)
    _mount_or_skip("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Fill the disk that the folder is on but for `ROOM` bytes."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(b"x" * ROOM)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                break
        file.truncate(filler.stat().st_size - ROOM)


def on_a_read_only_root(*command: str, writable: Path | None = None) -> list[str]:
    """The command, for whom nothing can be written but a disk at `writable`."""
    _mount_or_skip("unshare", "-m", "true")
    disk = f"mount -t tmpfs -o size=100m tmpfs '{writable}' && " if writable else ""
    return ["unshare", "-m", "sh", "-c", f'{disk}mount -o remount,bind,ro / && cd / && exec "$@"', "-", *command]
