"""A small process beside each reading, which ends its query in the server when this process is stopped or killed.

ConnectorX holds the GIL while it waits for the server: no handler and no thread of Python runs, and what is abandoned goes on in the server
[CX9, PJ11]. So Python's C handler, which needs no GIL, writes the number of a signal into a socket (`signal.set_wakeup_fd`) whose other end is
watched by another process. It cancels the query by its `application_name`; ConnectorX then raises, and the handler runs: ours, or Dagster's.
The end of this process is the end of that socket, so a `kill -9` is seen too.
"""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

STOPPING = (signal.SIGINT, signal.SIGTERM)
"""The signals that ask an export to end."""

_SCRIPT = Path(__file__).with_name("watcher_process.py")
_ENVIRONMENT = ("LD_LIBRARY_PATH", "SSL_CERT_DIR", "SSL_CERT_FILE")
"""What libpq and OpenSSL may need; no setting of ours, and so no secret, is among it."""


@contextmanager
def watched(connection: Mapping[str, Any], application_name: str) -> Generator[None]:
    """Within this block, what runs in the server under this name ends when a stopping signal comes, and when this process is gone.

    `connection` are psycopg's parameters; they reach the other process by a pipe, so that no list of processes shows the password. In a thread
    that is not the main one signals can't be watched, which Python allows there alone: then it is only the end of this process.
    """
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs), _woken(ours, theirs) if in_main_thread() else nullcontext():
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", _SCRIPT, str(theirs.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            start_new_session=True,  # a Ctrl-C in the terminal is for us
        )
        try:
            told = {"path": sys.path, "connection": connection, "application_name": application_name, "signals": STOPPING}
            assert process.stdin  # noqa: S101 - it is a pipe
            with suppress(BrokenPipeError), process.stdin as pipe:  # where it has ended already, that is told below
                pipe.write(json.dumps(told).encode())
            yield
        finally:
            if process.poll() is not None:
                log.warning("What ends a query when this process is stopped has ended itself with %s; is psycopg whole?", process.returncode)
            process.kill()
            process.wait()


def in_main_thread() -> bool:
    """Whether signals reach this thread."""
    return threading.current_thread() is threading.main_thread()


@contextmanager
def _woken(ours: socket.socket, theirs: socket.socket) -> Generator[None]:
    """The numbers of signals go into our end, and at the end from there to whoever had asked for them before."""
    ours.settimeout(0)
    previous = signal.set_wakeup_fd(ours.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous, warn_on_full_buffer=False)
        with suppress(BlockingIOError):
            came = theirs.recv(65536, socket.MSG_DONTWAIT)
            if previous != -1:
                os.write(previous, came)
