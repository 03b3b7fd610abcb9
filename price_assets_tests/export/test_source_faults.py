"""What can happen to the source: each ends in one line that says what to do, with its exit code, in time, and with nothing left behind."""

import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import stamina

from price_assets.errors import ContractMismatch, ExitCode, PriceAssetsError, SourceRefused, SourceUnavailable
from price_assets.export import extraction, postgres, reader, source_errors
from price_assets.export.contract import Column, ColumnType
from price_assets.export.extraction import extract
from price_assets.export.postgres import open_session
from price_assets.export.price_list import PriceList
from price_assets.export.source_errors import SourceBusy
from price_assets.settings import SourceSettings
from price_assets_tests.servers.postgres import Database, connect
from price_assets_tests.servers.standby import start_pair

WAIT = timedelta(seconds=2)
"""For a connection: no less is what psycopg does."""


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Tries follow each other without a wait, and there are as many as ever."""
    with stamina.set_testing(True, attempts=extraction.TRIES):
        yield


def failure(source: SourceSettings, folder: Path, query: str = "SELECT 'x' AS sku, 1 AS price", *, by_copy: bool = False) -> PriceAssetsError:
    """The error that an extraction ends in, which is one line and leaves no file."""
    columns = tuple(Column(name=name, type=ColumnType.parse(type_)) for name, type_ in (("sku", "text"), ("price", "decimal(12,2)")))
    price_list = PriceList(name="faulty", sql=query, start=date(2026, 1, 1), key=("sku",), columns=columns)
    with pytest.raises(PriceAssetsError) as caught:
        extract(price_list, date(2026, 11, 24), source, folder, beside_threads=by_copy)
    assert "\n" not in str(caught.value)
    assert source.password not in str(caught.value)
    assert list(folder.iterdir()) == []
    return caught.value


def nobody_is_left(database: Database) -> bool:
    """Whether no connection to the database is open, within a moment: a server needs one to see that a client has gone."""
    deadline = time.monotonic() + 10
    while database.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()") != [(0,)]:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def tries(caplog: pytest.LogCaptureFixture) -> int:
    return sum(message.startswith("Try ") for message in caplog.messages)


# Before there is a connection


@contextmanager
def filtered_port() -> Generator[int]:
    """A port that answers nothing, not even that it is closed: its queue of connections is full, and the kernel drops what comes."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


@contextmanager
def silent_port() -> Generator[int]:
    """A port whose server takes a connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize("port", [filtered_port, silent_port])
def test_who_does_not_answer_is_tried_three_times_and_given_up(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture, port: Callable[[], ExitStack]
) -> None:
    began = time.monotonic()
    with port() as number:
        error = failure(replace(database.source, port=number, connect_timeout=WAIT), tmp_path)
    assert type(error) is SourceBusy
    assert error.exit_code == ExitCode.FAILED
    assert "does not answer: " in str(error)
    assert "timeout" in str(error)
    assert str(error).endswith("Check DB_HOST and DB_PORT, and that it is up")
    assert tries(caplog) == 3
    assert 3 * WAIT.total_seconds() - 0.5 < time.monotonic() - began < 30


def test_a_name_that_nobody_knows_names_the_setting(database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    error = failure(replace(database.source, host="nowhere.invalid"), tmp_path)
    assert type(error) is SourceBusy
    assert error.exit_code == ExitCode.FAILED
    assert str(error).startswith("The host 'nowhere.invalid' is not known: ")
    assert str(error).endswith("Check DB_HOST")
    assert tries(caplog) == 3


def test_a_wrong_password_is_one_failed_login_and_no_second_try(database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """[PJ9]"""
    with database.connect() as connection:
        connection.execute("CREATE ROLE guesser LOGIN PASSWORD 'right'")
        error = failure(replace(database.source, user="guesser", password="s3cret-guess"), tmp_path)
        connection.execute("DROP ROLE guesser")
    assert type(error) is SourceRefused
    assert error.exit_code == ExitCode.REFUSED
    assert 'password authentication failed for user "guesser". Check the DB_* variables' in str(error)
    assert database.server.log.read_text(errors="replace").count('password authentication failed for user "guesser"') == 1
    assert tries(caplog) == 0


def test_a_missing_database_is_a_persons_to_mend(database: Database, tmp_path: Path) -> None:
    error = failure(replace(database.source, database="nothing"), tmp_path)
    assert (type(error), error.exit_code) == (SourceRefused, ExitCode.REFUSED)
    assert 'database "nothing" does not exist. Check the DB_* variables' in str(error)


@pytest.mark.parametrize("limit", [0, 1], ids=["none", "one"])
def test_too_many_connections_may_pass(database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture, limit: int) -> None:
    """With one, the session gets it and the reader none."""
    with database.connect() as connection:
        connection.execute(f"CREATE ROLE crowded LOGIN PASSWORD 'p4ssword' CONNECTION LIMIT {limit}".encode())
        error = failure(replace(database.source, user="crowded", password="p4ssword"), tmp_path, by_copy=True)
        connection.execute("DROP ROLE crowded")
    assert type(error) is SourceBusy
    assert error.exit_code == ExitCode.FAILED
    assert 'takes no connection now: too many connections for role "crowded". ' in str(error)
    assert tries(caplog) == 3
    assert nobody_is_left(database)


def test_connectorx_without_a_second_connection_says_so() -> None:
    """It tries for 30 seconds [CX6]; this is what it then says."""
    said = 'timed out waiting for connection: db error: FATAL: too many connections for role "crowded"'
    error = source_errors.of_reader(RuntimeError(said))
    assert type(error) is SourceBusy
    assert str(error).startswith('Postgres takes no second connection: FATAL: too many connections for role "crowded". An export takes two')


# While it is read


@pytest.mark.parametrize("by_copy", [False, True], ids=["ConnectorX", "COPY"])
def test_a_backend_that_is_ended_in_the_middle_of_the_read_is_tried_again(
    database: Database,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    by_copy: bool,  # noqa: FBT001
) -> None:
    dying = "CASE WHEN g = 150000 THEN pg_terminate_backend(pg_backend_pid()) ELSE true END"
    error = failure(
        database.source, tmp_path, f"SELECT g::text AS sku, 1 AS price FROM generate_series(1, 200000) AS g WHERE {dying}", by_copy=by_copy
    )
    assert type(error) is SourceBusy
    assert error.exit_code == ExitCode.FAILED
    assert "(57P01). The server stops, starts, or was told to end this connection" in str(error) or "went away in the middle of the read" in str(
        error
    )
    assert tries(caplog) == 3
    assert nobody_is_left(database)
    assert "panicked" not in capfd.readouterr().err


@pytest.mark.parametrize("by_copy", [False, True], ids=["ConnectorX", "COPY"])
def test_a_statement_timeout_is_not_tried_again(
    database: Database,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    by_copy: bool,  # noqa: FBT001
) -> None:
    source = replace(database.source, statement_timeout=timedelta(seconds=1))
    error = failure(source, tmp_path, "SELECT pg_sleep(300)::text AS sku, 1 AS price", by_copy=by_copy)
    assert (type(error), error.exit_code) == (SourceUnavailable, ExitCode.FAILED)
    assert "statement timeout (57014). Where it took too long, make the query faster, or raise DB_STATEMENT_TIMEOUT" in str(error)
    assert tries(caplog) == 0
    assert nobody_is_left(database)


def test_a_locked_table_is_waited_for_and_given_up(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert postgres.LOCK_TIMEOUT == "30s"
    monkeypatch.setattr(postgres, "LOCK_TIMEOUT", "200ms")
    database.execute("CREATE TABLE prices AS SELECT 'x' AS sku, 1 AS price")
    with database.connect() as other, other.transaction():
        other.execute("LOCK TABLE prices")
        error = failure(database.source, tmp_path, "SELECT sku, price FROM prices")
    assert type(error) is SourceBusy
    assert error.exit_code == ExitCode.FAILED
    assert "lock timeout (55P03). Something changes a table of the query and holds its lock, pg_locks says what" in str(error)
    assert tries(caplog) == 3
    assert nobody_is_left(database)


CHANGES = """
import sys, psycopg
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    while True:
        connection.execute("UPDATE prices SET price = price + 1")
        connection.execute("VACUUM prices")
"""


@pytest.mark.parametrize("by_copy", [False, True], ids=["ConnectorX", "COPY"])
def test_a_standby_ends_what_stands_in_its_way(tmp_path: Path, caplog: pytest.LogCaptureFixture, by_copy: bool) -> None:  # noqa: FBT001
    """It says what may help; the next try may be luckier, so there are three. One may find its idle session ended, which tells less."""
    with start_pair() as pair:
        with connect(pair.primary, "postgres") as primary:
            primary.execute("CREATE TABLE prices AS SELECT 'x' AS sku, 1 AS price")
            written = primary.execute("SELECT pg_current_wal_lsn()").fetchone()
        with connect(pair.standby, "postgres") as standby:
            assert written
            deadline = time.monotonic() + 30
            while standby.execute("SELECT pg_last_wal_replay_lsn() >= %s", written).fetchone() != (True,):
                assert time.monotonic() < deadline
                time.sleep(0.02)
        address = f"host=127.0.0.1 port={pair.primary.port} user=postgres password={pair.primary.password}"
        source = SourceSettings.from_environment(pair.standby.environment())
        with subprocess.Popen([sys.executable, "-c", CHANGES, address], stderr=subprocess.DEVNULL) as changing:
            query = "SELECT sku, price FROM prices WHERE pg_sleep(300) IS NOT NULL"
            error = failure(source, tmp_path, query, by_copy=by_copy)
            changing.kill()
    assert type(error) is SourceBusy
    assert error.exit_code == ExitCode.FAILED
    assert "due to conflict with recovery" in caplog.text
    assert "(40001). Where it is a standby, raise max_standby_streaming_delay or switch hot_standby_feedback on" in caplog.text
    assert tries(caplog) == 3


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (
            "ALTER TABLE prices RENAME price TO cost",
            SourceRefused,
            'faulty.sql:3: Postgres refused the query: column "price" does not exist (42703)',
        ),
        (
            "ALTER TABLE prices ALTER price TYPE float8",
            ContractMismatch,
            "faulty.sql:3: the query does not fit the contract: 'price' is double precision",
        ),
        ("DROP TABLE prices", SourceRefused, 'faulty.sql:4: Postgres refused the query: relation "prices" does not exist (42P01)'),
    ],
)
def test_what_changed_overnight_is_named_with_its_line(database: Database, tmp_path: Path, change: str, error: type[Exception], said: str) -> None:
    database.execute("CREATE TABLE prices AS SELECT 'x' AS sku, 1 AS price")
    database.execute(change)
    found = failure(database.source, tmp_path, "SELECT\n  sku,\n  price\nFROM prices")
    assert type(found) is error
    assert found.exit_code == ExitCode.REFUSED
    assert said in str(found)


# A connection whose other end is gone without a word


def options(port: int) -> dict[int, dict[str, int]]:
    """By its own port, what the kernel was told of each connection of this process to a port: seconds, but for the number of probes."""
    found: dict[int, dict[str, int]] = {}
    for descriptor in list(Path("/proc/self/fd").iterdir()):
        try:
            if not stat.S_ISSOCK(descriptor.stat().st_mode):
                continue
            with socket.socket(fileno=os.dup(int(descriptor.name))) as each:
                if each.family == socket.AF_INET and each.getpeername()[1] == port:
                    found[each.getsockname()[1]] = {
                        "keepalive": each.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
                        "idle": each.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
                        "interval": each.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
                        "probes": each.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
                        "unanswered": each.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) // 1000,
                    }
        except OSError:  # gone, or not connected
            continue
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="NO TCP_USER_TIMEOUT HERE, so it is not tested that a dead connection is noticed")
@pytest.mark.parametrize("by_copy", [False, True], ids=["ConnectorX", "COPY"])
def test_a_dead_connection_would_be_noticed_within_three_minutes(database: Database, by_copy: bool) -> None:  # noqa: FBT001
    """Two connections, the session's and the reader's; each asks after 30 seconds of silence, six times, and waits 90 for an answer (tcp(7))."""
    others = options(database.server.port)
    with open_session(database.source, "alive") as session:
        frames = reader.read(session, "SELECT repeat(md5(generate_series(1, 1000000000)::text), 30) AS a", beside_threads=by_copy)
        next(frames)
        found = options(database.server.port)
        frames.close()
    ours = [told for port, told in found.items() if port not in others]
    assert ours == [{"keepalive": 1, "idle": 30, "interval": 10, "probes": 6, "unanswered": 90}] * 2
