"""An image as `docker save` writes it, unpacked; and its commands, run as a container's would be, but by chroot in namespaces of their own."""

import json
import os
import shutil
import signal
import subprocess
import tarfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REMOVED, EMPTIED = ".wh.", ".wh..wh..opq"
"""What a layer takes away of the ones below it, by its name."""
INSIDE = """
mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" &&
mount -t tmpfs tmpfs "$0/tmp" && mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" || exit 125
[ -z "$MOUNTED" ] || mount --bind -o ro "$MOUNTED" "$0/mnt" || exit 125
exec chroot --userspec "$USERSPEC" "$0" env -i "$@"
"""
"""Read-only but for /tmp; the command is process 1, as in a container."""


START_SECONDS = 30.0


@dataclass(frozen=True)
class Image:
    """Its files, in a folder; its configuration as the engine has it; and the bytes of each layer."""

    root: Path
    config: Mapping[str, Any]
    layers: tuple[int, ...]

    def run(self, *command: str, mounted: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; `mounted` is a folder that it sees, read-only, as /mnt."""
        return subprocess.run(
            self._command(command, environment), env=self._outside(mounted), capture_output=True, text=True, timeout=240, check=False
        )

    def python(self, program: str, **environment: str) -> str:
        """What a Python program prints there, which must end well."""
        done = self.run("python", "-W", "ignore", "-c", program, mounted=None, **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @contextmanager
    def started(self, *command: str, log: Path, **environment: str) -> Generator["Started"]:
        """Run a command for as long as the block lasts, or until it ends."""
        with (
            log.open("wb") as output,
            subprocess.Popen(self._command(command, environment), env=self._outside(None), stdout=output, stderr=output) as process,
        ):
            started = Started(self, process)
            try:
                yield started
            finally:
                process.kill()  # and unshare takes what it runs along

    def size(self) -> int:
        """The bytes of all files."""
        found = [path.lstat() for path in self.root.rglob("*") if path.is_file() and not path.is_symlink()]
        return sum({status.st_ino: status.st_size for status in found}.values())

    def _command(self, command: tuple[str, ...], environment: Mapping[str, str]) -> list[str]:
        variables = [*self.config["Env"], "HOME=/home/price_assets", *(f"{name}={value}" for name, value in environment.items())]
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", INSIDE, str(self.root), *variables, *command]

    def _outside(self, mounted: Path | None) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "USERSPEC": self.config["User"], "MOUNTED": str(mounted or "")}


@dataclass(frozen=True)
class Started:
    """A command that runs in an image."""

    image: Image
    process: subprocess.Popen[bytes]

    def beside(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run another one in the same container, as `docker exec` and a health check do."""
        user, group = self.image.config["User"].split(":")
        there = ["nsenter", "--target", str(self._inside), "--mount", "--pid", "--root", "--wd", "--setuid", user, "--setgid", group]
        variables = dict(entry.split("=", 1) for entry in self.image.config["Env"])
        return subprocess.run([*there, "--", *command], env=variables, capture_output=True, text=True, timeout=60, check=False)

    def stop(self) -> int:
        """Ask it to end, as an engine does. Its exit code."""
        os.kill(self._inside, signal.SIGTERM)
        return self.process.wait(60)

    @property
    def _inside(self) -> int:
        """The process, which has number 1 to itself; as soon as it has the image as its root."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert time.monotonic() < deadline
            for child in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
                if Path(f"/proc/{child}/root").readlink() == self.image.root:
                    return int(child)
            time.sleep(0.02)


def unpacked(archive: Path, folder: Path) -> Image:
    """What `docker save`, `podman save` or `buildah push … docker-archive:` has written, layer over layer."""
    folder.chmod(0o755)
    with tarfile.open(archive) as outer:

        def read(name: str) -> Any:
            member = outer.extractfile(name)
            assert member
            return json.load(member)

        (manifest,) = read("manifest.json")
        sizes: list[int] = []
        for name in manifest["Layers"]:
            with tarfile.open(fileobj=outer.extractfile(name)) as layer:
                sizes.append(_laid_over(layer, folder))
        config = read(manifest["Config"])["config"]
    (folder / "etc" / "hosts").write_text("127.0.0.1 localhost\n")  # as an engine gives it
    return Image(folder, config, tuple(sizes))


def _laid_over(layer: tarfile.TarFile, folder: Path) -> int:
    """The bytes that the layer brought."""
    brought = 0
    for member in layer:
        path = folder / member.name
        if path.name == EMPTIED:
            for below in path.parent.iterdir():
                _removed(below)
        elif path.name.startswith(REMOVED):
            _removed(path.with_name(path.name.removeprefix(REMOVED)))
        else:
            if not member.isdir() or path.is_symlink():
                _removed(path)
            layer.extract(member, folder, filter="fully_trusted")
            brought += member.size if member.isfile() else 0
    return brought


def _removed(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
