"""Servers of the system's own packages, each run by an ordinary user in a folder of its own, and gone with this process."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from price_assets.demo.guard import ended, guarded
from price_assets.demo.server import free_port

USER = "nobody"
"""As whom a server runs where root starts it: neither Postgres nor PgBouncer runs as root."""
LOG = "log"
START_TIMEOUT = 60.0
PORT_TRIES = 5


@contextmanager
def running(name: str, prepare: Callable[[Path, int], Sequence[str | Path]], is_ready: Callable[[Path, int], bool]) -> Generator[tuple[Path, int]]:
    """Run a server for as long as the `with` block runs and this process lives: its folder, and its port on 127.0.0.1.

    `prepare` writes what the server needs into its folder and gives the command, which is run there; what it says goes to the file `log`.
    """
    user = USER if os.geteuid() == 0 else None
    for _ in range(PORT_TRIES):
        folder, port = Path(tempfile.mkdtemp(prefix=f"price-assets-{name}-", dir="/tmp")), free_port()
        command = prepare(folder, port)
        if user:
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, user)
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        output = folder / LOG
        guard = guarded(command, environment=environment, folder=folder, stop_with=signal.SIGQUIT, user=user, remove=folder, output=output)
        try:
            with output.open(errors="replace") as log:  # opened now: with a server that ends, its folder goes
                deadline = time.monotonic() + START_TIMEOUT
                while guard.poll() is None and not is_ready(folder, port):
                    assert time.monotonic() < deadline, log.read()
                    time.sleep(0.02)
                if guard.poll() is not None:
                    said = log.read()
                    assert "in use" in said, said
                    continue
            yield folder, port
        finally:
            ended(guard)
        return
    raise AssertionError(f"no free port for {name} in {PORT_TRIES} tries")
