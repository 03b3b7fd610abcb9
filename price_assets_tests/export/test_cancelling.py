"""Whatever ends an export ends its query in the server: a signal, also while ConnectorX holds the GIL, and `kill -9` [PJ11, CX9]."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from price_assets.export import reader, watcher
from price_assets.export.postgres import open_session
from price_assets.export.watcher import watched
from price_assets_tests.export import stopped_export
from price_assets_tests.servers.postgres import Database

SOON = 10.0
"""Seconds; on a machine with nothing else to do it is a tenth of one. All that is ended here would last for minutes."""

SLEEP = "SELECT pg_sleep(300)::text AS sku"
SORT = "SELECT g::text AS sku FROM generate_series(1, 30000000) AS g ORDER BY md5(g::text)"  # nothing comes before all is there
NAME = "price_assets stopped"


def active(database: Database, name: str = NAME) -> list[tuple[Any, ...]]:
    """The queries that run under such a name."""
    return database.execute(f"SELECT pid, query FROM pg_stat_activity WHERE application_name LIKE '{name}%' AND state = 'active'")


def until(happened: Callable[[], object], seconds: float = 60.0) -> float:
    """Wait for it, and say how long that took."""
    began = time.monotonic()
    while not happened():
        assert time.monotonic() < began + seconds
        time.sleep(0.03)
    return time.monotonic() - began


@contextmanager
def exporting(database: Database, folder: Path, sql: str, **options: bool) -> Generator["subprocess.Popen[str]"]:
    """A process that reads; the block begins when the server runs its query."""
    rows = folder / "rows"
    rows.mkdir()
    environment = {**os.environ, **database.environment(), "TMPDIR": str(rows)}
    command = [sys.executable, stopped_export.__file__, str(rows), json.dumps({"sql": sql, **options})]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            until(lambda: [query for _, query in active(database) if "q(c1)" in query] or process.poll() is not None)
            assert process.poll() is None, process.communicate()[1]
            yield process
        finally:
            process.kill()


def children(pid: int) -> dict[int, tuple[str, str]]:
    """Process → command line and environment, of what this process has started (proc(5))."""
    found: dict[int, tuple[str, str]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found[int(folder.name)] = ((folder / "cmdline").read_text(), (folder / "environ").read_text())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


@pytest.mark.parametrize(
    ("number", "code", "sql", "options"),
    [(signal.SIGTERM, 143, SLEEP, {}), (signal.SIGINT, 130, SORT, {}), (signal.SIGTERM, 143, SORT, {"beside_threads": True})],
    ids=["SIGTERM", "SIGINT", "COPY"],
)
def test_a_signal_before_the_first_row_ends_the_query(  # noqa: PLR0917 - fixtures and cases
    database: Database, tmp_path: Path, number: signal.Signals, code: int, sql: str, options: dict[str, bool]
) -> None:
    with exporting(database, tmp_path, sql, **options) as process:
        process.send_signal(number)
        until(lambda: not active(database), SOON)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == code
    assert stderr == f"Stopped by {number.name}; a day is published whole or not at all, and the next run finishes what was begun.\n"
    assert list((tmp_path / "rows").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="NO /proc HERE, so it is not tested that the watcher goes with its export and shows no password")
@pytest.mark.parametrize("options", [{}, {"beside_threads": True}], ids=["ConnectorX", "COPY"])
def test_a_killed_export_leaves_neither_query_nor_watcher_and_no_password_was_shown(
    database: Database, tmp_path: Path, options: dict[str, bool]
) -> None:
    with exporting(database, tmp_path, SLEEP, **options) as process:
        ((pid, (command, environment)),) = children(process.pid).items()
        assert "watcher_process" in command
        assert database.source.password not in command + environment
        assert "DB_" not in environment
        process.kill()
        until(lambda: not active(database), SOON)
    until(lambda: not Path(f"/proc/{pid}").exists(), SOON)


@contextmanager
def running(database: Database, name: str, statement: str) -> Generator[list[str]]:
    """A session of somebody else's process, that runs this under the name; yields the SQLSTATE that it ended with, once it has."""
    ended: list[str] = []

    def run() -> None:
        with closing(database.connect()) as connection:
            connection.execute(f"SET application_name = '{name}'".encode())
            try:
                connection.execute(statement.encode())
            except psycopg.Error as error:
                ended.append(error.sqlstate or "connection lost")

    thread = threading.Thread(target=run)
    thread.start()
    try:
        until(lambda: [query for _, query in active(database, name) if query == statement])
        yield ended
    finally:
        database.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'")
        thread.join()


@pytest.fixture
def handled() -> Iterator[list[int]]:
    """The signals that a handler of Python's got."""
    got: list[int] = []
    previous = {number: signal.signal(number, lambda number, _: got.append(number)) for number in (*watcher.STOPPING, signal.SIGUSR1)}
    yield got
    for number, handler in previous.items():
        signal.signal(number, handler)


def connection_of(database: Database) -> dict[str, Any]:
    with open_session(database.source, "parameters") as session:
        return session.parameters


def test_a_stopping_signal_ends_what_runs_under_the_name_and_nothing_else(database: Database, handled: list[int]) -> None:
    with running(database, "mine", "SELECT pg_sleep(300)") as mine, running(database, "other", "SELECT pg_sleep(301)") as other:
        with watched(connection_of(database), "mine"):
            signal.raise_signal(signal.SIGTERM)
            until(lambda: mine, SOON)
        assert (mine, other, handled) == (["57014"], [], [signal.SIGTERM])


def test_another_signal_ends_nothing(database: Database, handled: list[int]) -> None:
    with watched(connection_of(database), "calm"):
        signal.raise_signal(signal.SIGUSR1)
        database.execute("SET application_name = 'calm'; SELECT pg_sleep(1)")
    assert handled == [signal.SIGUSR1]


WATCHING = """
import json, sys, time
from price_assets.export.watcher import watched
with watched(json.load(sys.stdin), "orphan"):
    print("watching", flush=True)
    time.sleep(300)
"""


def test_the_watcher_itself_ends_what_a_killed_process_left(database: Database) -> None:
    """The server notices a client that is gone from version 14 on, and where no PgBouncer is its client [CX9]."""
    with running(database, "orphan", "SELECT pg_sleep(300)") as ended:
        with subprocess.Popen([sys.executable, "-c", WATCHING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps(connection_of(database)))
            process.stdin.close()
            assert process.stdout.readline() == "watching\n"
            process.kill()
        until(lambda: ended, SOON)
    assert ended == ["57014"]


def test_a_query_that_heeds_no_cancelling_loses_its_connection(database: Database, handled: list[int]) -> None:
    database.execute(
        "CREATE FUNCTION stubborn() RETURNS void LANGUAGE plpgsql AS "
        "$$ BEGIN LOOP BEGIN PERFORM pg_sleep(300); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$"
    )
    with running(database, "stubborn", "SELECT stubborn()") as ended, watched(connection_of(database), "stubborn"):
        signal.raise_signal(signal.SIGTERM)
        until(lambda: ended, SOON)
    assert ended == ["57P01"]
    assert handled


def test_a_query_that_begins_after_the_signal_is_ended_too(database: Database, handled: list[int]) -> None:
    with watched(connection_of(database), "late"):
        signal.raise_signal(signal.SIGINT)
        with running(database, "late", "SELECT pg_sleep(300)") as ended:
            until(lambda: ended, SOON)
    assert handled == [signal.SIGINT]


def test_whoever_watched_signals_before_still_learns_of_them(database: Database, handled: list[int]) -> None:
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        theirs.settimeout(0)
        ours.settimeout(0)
        before = signal.set_wakeup_fd(ours.fileno())
        try:
            with watched(connection_of(database), "told"):
                signal.raise_signal(signal.SIGUSR1)
                signal.raise_signal(signal.SIGTERM)
            assert signal.set_wakeup_fd(-1) == ours.fileno()
            assert list(theirs.recv(100)) == handled == [signal.SIGUSR1, signal.SIGTERM]
        finally:
            signal.set_wakeup_fd(before)


def test_in_another_thread_signals_are_left_alone_and_copy_reads(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python sets a wake-up descriptor in the main thread only; there a handler runs, which COPY does not hold up."""
    monkeypatch.setattr(reader, "read_by_connectorx", None)
    rows: list[tuple[Any, ...]] = []

    def read_there() -> None:
        with open_session(database.source, "thread") as session, watched(session.parameters, "thread"):
            rows.extend(row for frame in reader.read(session, "SELECT 1::int8 AS a") for row in frame.rows())

    before = signal.set_wakeup_fd(-1)
    thread = threading.Thread(target=read_there)
    thread.start()
    thread.join()
    assert signal.set_wakeup_fd(before) == -1
    assert rows == [(1,)]


def test_a_watcher_that_does_not_live_is_told_of(database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with caplog.at_level(logging.WARNING, logger=watcher.__name__), watched(connection_of(database), "blind"):
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
    assert "ended itself with 1" in caplog.text
