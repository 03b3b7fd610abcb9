"""The watcher's own process: ends an export's queries in the server when the export is asked to stop, or is gone.

`watcher.py` starts it as a script, isolated from the environment; it imports psycopg and the standard library alone. On its standard input it
gets one JSON object: `path`, where packages are found; `connection`, psycopg's parameters, the password among them; `application_name`, what
the queries are found by; and `signals`, the numbers that stop. Its argument is the descriptor of a socket into which Python's C handler writes
the number of every signal that the export gets, whoever holds the GIL [PJ11]; the socket hangs up when the export is gone.
"""

import importlib
import json
import select
import socket
import sys
import time
from collections.abc import Mapping
from typing import Any

STEP = 0.1
"""Seconds between two looks, where there is something to end; three times as long after each failure to connect."""

PATIENCE = 0.5
"""Seconds until a query that was cancelled and still runs is ended with its connection."""

AFTERWARDS = (1.0, 10.0)
"""Seconds for which queries of an export that is gone are looked for: at least, and at most."""

END = """
SELECT CASE WHEN %s THEN pg_terminate_backend(pid) ELSE pg_cancel_backend(pid) END
FROM pg_stat_activity WHERE application_name = %s AND state = 'active' AND pid <> pg_backend_pid()
"""


def main() -> None:
    """Wait for a signal or the end of the export, then end its queries. The export kills this process when it has nothing to end any more."""
    told = json.load(sys.stdin)
    sys.path[:] = told["path"]
    importlib.import_module("psycopg")  # now, beside the export's own beginning, and not when every moment counts
    watched = socket.socket(fileno=int(sys.argv[1]))
    while not _stops(watched, told["signals"]):
        time.sleep(STEP)
    _end_queries(watched, told["connection"], told["application_name"])


def _stops(watched: socket.socket, signals: list[int]) -> bool:
    """Wait until something came; whether it stops the export. It is looked at and left there: the export wants to know of it too."""
    came = watched.recv(65536, socket.MSG_PEEK)
    return any(number in signals for number in came) or _hung_up(watched)


def _hung_up(watched: socket.socket) -> bool:
    looking = select.poll()
    looking.register(watched, 0)
    return any(event & select.POLLHUP for _, event in looking.poll(0))


def _end_queries(watched: socket.socket, parameters: Mapping[str, Any], application_name: str) -> None:
    """Again and again, for a query may begin after the signal came."""
    import psycopg  # noqa: PLC0415

    connection: psycopg.Connection[Any] | None = None
    began, gone_since, failures = time.monotonic(), None, 0
    while True:
        running = 1
        try:
            connection = connection or psycopg.connect(**parameters, autocommit=True, prepare_threshold=None)
            running = connection.execute(END, (time.monotonic() > began + PATIENCE, application_name)).rowcount
        except psycopg.Error:
            connection, failures = None, failures + 1
        if gone_since is None and _hung_up(watched):
            gone_since = time.monotonic()
        if gone_since is not None and time.monotonic() > gone_since + AFTERWARDS[bool(running)]:
            return
        time.sleep(STEP * 3**failures)


if __name__ == "__main__":
    main()
