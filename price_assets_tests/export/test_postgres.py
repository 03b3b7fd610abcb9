import os
import socket
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import sql

from price_assets.errors import SourceRefused, SourceUnavailable
from price_assets.export import source_errors
from price_assets.export.postgres import Session, connect, open_session
from price_assets.export.reader import read
from price_assets.settings import SourceSettings
from price_assets_tests.servers.postgres import Database

EVERY_CHARACTER = "".join(map(chr, range(0x21, 0x7F))) + " ё漢😀"


@contextmanager
def role(database: Database, name: str, password: str = EVERY_CHARACTER) -> Generator[SourceSettings]:
    """A role of its own, so that what the server's log says of it is of this test."""
    names = {"role": sql.Identifier(name), "password": sql.Literal(password)}
    with database.connect() as connection:
        connection.execute(sql.SQL("CREATE ROLE {role} LOGIN PASSWORD {password}").format(**names))
        try:
            yield replace(database.source, user=name, password=password)
        finally:
            connection.execute(sql.SQL("DROP OWNED BY {role}; DROP ROLE {role}").format(**names))


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port whose server accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def failed_logins(database: Database, user: str) -> int:
    return database.server.log.read_text().count(f'password authentication failed for user "{user}"')


def setting(session: Session, name: str) -> str:
    row = session.connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    assert row is not None
    return row[0]


def test_a_password_of_any_characters_works_in_both_clients(database: Database) -> None:
    """[CX11]: and so do a role and a database of odd names."""
    database.execute('CREATE DATABASE "odd/na%me ?#@ё"')
    try:
        with role(database, "odd:ro/le@%ё") as source, open_session(replace(source, database="odd/na%me ?#@ё"), "both") as session:
            [frame] = read(session, "SELECT current_user::text AS who, current_database()::text AS place")
            assert frame.rows() == [("odd:ro/le@%ё", "odd/na%me ?#@ё")]
    finally:
        database.execute('DROP DATABASE "odd/na%me ?#@ё"')


@pytest.mark.parametrize("sslmode", ["disable", "prefer"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_wrong_password_is_one_failed_login_and_no_busy_server(database: Database, sslmode: str, host: str) -> None:
    """[PJ9]: libpq makes two with `prefer`, psycopg one an address, ConnectorX seven."""
    user = f"wrong_{sslmode}_{host}"
    with role(database, user) as source:
        with pytest.raises(SourceRefused, match=f"{user}@{host}:.*password authentication failed") as caught:
            connect(replace(source, password="s3cret-guess", sslmode=sslmode, host=host))
        assert failed_logins(database, user) == 1
    assert "s3cret-guess" not in str(caught.value)


def test_prefer_does_without_tls_where_there_is_none_and_require_does_not(database: Database) -> None:
    with open_session(replace(database.source, sslmode="prefer"), "tls") as session:
        assert "sslmode=disable" in session.reader_url
        [frame] = read(session, "SELECT 1::int8 AS a")
        assert frame.rows() == [(1,)]
    with pytest.raises(SourceRefused, match="server does not support SSL"):
        connect(replace(database.source, sslmode="require"))


def test_nothing_is_read_from_pg_variables_or_from_the_home_directory(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = database.source
    (tmp_path / ".pgpass").write_text(f"*:*:*:*:{source.password}\n")
    (tmp_path / ".pgpass").chmod(0o600)
    (tmp_path / ".pg_service.conf").write_text("[elsewhere]\nhost=192.0.2.1\n")
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql" / "root.crt").write_text("no certificate")
    variables = {
        "PGHOST": "192.0.2.1",
        "PGHOSTADDR": "192.0.2.1",
        "PGPORT": "1",
        "PGPASSWORD": source.password,
        "PGUSER": "nobody",
        "PGDATABASE": "nothing",
        "PGOPTIONS": "-c statement_timeout=1",
        "PGSERVICE": "elsewhere",
        "PGSSLMODE": "verify-full",
        "PGTZ": "Asia/Tokyo",
        "PGCLIENTENCODING": "LATIN1",
        "PGTARGETSESSIONATTRS": "standby",
        "PGREQUIREAUTH": "none",
    }
    for name, value in {**variables, "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    with closing(connect(source)) as connection:
        row = connection.execute("SELECT current_database(), current_setting('statement_timeout'), current_setting('timezone')").fetchone()
    assert row is not None
    assert row[:2] == (database.name, "0")
    assert row[2] != "Asia/Tokyo"
    with pytest.raises(SourceRefused, match="no password supplied"):
        connect(replace(source, password=""))
    assert {name: os.environ[name] for name in variables} == variables


def test_each_refusal_says_what_it_is(database: Database) -> None:
    with pytest.raises(SourceRefused, match=r'database "nothing" does not exist. Check the DB_\* variables'):
        connect(replace(database.source, database="nothing"))
    with pytest.raises(source_errors.SourceBusy, match=r"Connection refused.*Check DB_HOST and DB_PORT"):
        connect(replace(database.source, port=1))
    with pytest.raises(source_errors.SourceBusy, match=r"The host 'nowhere\.invalid' is not known"):
        connect(replace(database.source, host="nowhere.invalid"))


def test_a_silent_server_is_given_up_after_the_connect_timeout(database: Database, silent_port: int) -> None:
    begun = time.monotonic()
    with pytest.raises(source_errors.SourceBusy, match="timeout"):
        connect(replace(database.source, port=silent_port, connect_timeout=timedelta(seconds=2)))
    assert time.monotonic() - begun < 10


def test_too_many_connections_are_a_busy_server(database: Database) -> None:
    with role(database, "crowded") as source:
        database.execute("ALTER ROLE crowded CONNECTION LIMIT 1")
        with closing(connect(source)), pytest.raises(source_errors.SourceBusy, match="too many connections for role"):
            connect(source)


def test_every_setting_is_made_inside_the_transaction_alone(database: Database) -> None:
    """[PJ4, PJ13]"""
    source = replace(database.source, timezone=ZoneInfo("Asia/Yekaterinburg"), statement_timeout=timedelta(seconds=90))
    with open_session(source, "price_assets demo 12345678") as session:
        made = {
            "TimeZone": "Asia/Yekaterinburg",
            "statement_timeout": "90s",
            "application_name": "price_assets demo 12345678",
            "transaction_isolation": "repeatable read",
            "transaction_read_only": "on",
            "client_connection_check_interval": "1s",
            "DateStyle": "ISO, YMD",
            "bytea_output": "hex",
            "IntervalStyle": "postgres",
        }
        assert {name: setting(session, name) for name in made} == made
        columns = ", ".join(f"current_setting('{name}') AS \"{name}\"" for name in made)
        [frame] = read(session, f"SELECT {columns}")
        assert frame.to_dicts() == [made]
        session.connection.rollback()
        assert setting(session, "application_name") == ""


def test_the_reader_sees_the_sessions_point_in_time(database: Database) -> None:
    """[CX5]"""
    database.execute("CREATE TABLE products AS SELECT 1 AS id")
    before = datetime.now(UTC)
    with open_session(database.source, "point") as session:
        database.execute("INSERT INTO products VALUES (2)")
        [frame] = read(session, "SELECT count(*) AS n FROM products")
        assert frame.rows() == [(1,)]
        assert before <= session.source_time <= datetime.now(UTC)
        assert session.source_time.utcoffset() == timedelta(0)


def test_nothing_can_be_written(database: Database) -> None:
    """[CX7]: a function may write without the SQL saying so."""
    database.execute("CREATE TABLE t (a int); CREATE FUNCTION sneak() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING a'")
    with open_session(database.source, "write") as session, pytest.raises(SourceRefused, match="read-only transaction"):
        list(read(session, "SELECT sneak() AS a"))
    assert database.execute("SELECT count(*) FROM t") == [(0,)]


@pytest.mark.parametrize(
    ("query", "error", "said"),
    [
        ("SELECT 1 / (3 - g) AS a FROM generate_series(1, 10) AS g", SourceRefused, r"division by zero \(22012\)"),
        ("SELECT 1 / (300000 - g) AS a FROM generate_series(1, 1000000) AS g", SourceRefused, r"division by zero \(22012\)"),
        ("SELECT ('é\"' || g)::int8 AS a FROM generate_series(1, 3) AS g", SourceRefused, r'type bigint: "é"1" \(22P02\)'),
        ("SELECT pg_sleep(60)::text AS a", SourceUnavailable, r"statement timeout \(57014\)\. .* raise DB_STATEMENT_TIMEOUT"),
        (
            "SELECT pg_terminate_backend(pg_backend_pid())::text AS a",
            source_errors.SourceBusy,
            r"administrator command \(57P01\)|its connection was closed",
        ),
    ],
)
def test_what_fails_while_reading_is_told_by_its_sqlstate(database: Database, query: str, error: type[Exception], said: str) -> None:
    """[CX8]: ConnectorX panics, and a panic is no Exception."""
    source = replace(database.source, statement_timeout=timedelta(seconds=2))
    with open_session(source, "failing") as session, pytest.raises(error, match=said) as caught:
        list(read(session, query))
    assert type(caught.value) is error


def test_a_session_that_is_ended_is_a_busy_server(database: Database) -> None:
    def use_an_ended_one() -> None:
        with open_session(database.source, "ended") as session:
            database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ended'")
            session.connection.execute("SELECT 1")

    with pytest.raises(source_errors.SourceBusy, match="57P01"):
        use_an_ended_one()


SLOW = "SELECT generate_series(1, 1000000000)::int8 AS a"  # in the FROM clause it would be made whole before the first row


def running(database: Database, name: str) -> int:
    return database.execute(f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}' AND state = 'active'")[0][0]


@pytest.mark.parametrize("session_is_gone", [False, True])
def test_an_abandoned_read_is_ended_in_the_server(database: Database, session_is_gone: bool) -> None:  # noqa: FBT001
    """[CX9]: alone it would run to its end."""
    with open_session(database.source, "abandoned") as session, closing(read(session, SLOW)) as frames:
        assert len(next(frames)) > 0
        assert running(database, "abandoned") == 1
        if session_is_gone:
            session.connection.close()
    deadline = time.monotonic() + 2
    while running(database, "abandoned"):
        assert time.monotonic() < deadline, "the query still runs"
        threading.Event().wait(0.02)


@pytest.mark.parametrize(
    ("severity", "said", "error"),
    [
        ("FATAL", "sorry, too many clients already", source_errors.SourceBusy),
        ("FATAL", "the database system is starting up", source_errors.SourceBusy),
        ("ВАЖНО", "извините, уже слишком много клиентов", source_errors.SourceBusy),
        ("ВАЖНО", "система баз данных запускается", source_errors.SourceBusy),
        ("ВАЖНО", 'пользователь "x" не прошёл проверку подлинности (по паролю)', SourceRefused),
        ("FATAL", 'no pg_hba.conf entry for host "10.0.0.1", user "x", database "y", no encryption', SourceRefused),
    ],
)
def test_a_server_refuses_in_its_own_language(severity: str, said: str, error: type[Exception]) -> None:
    text = f'connection failed: connection to server at "10.0.0.1", port 5432 failed: {severity}:  {said}'
    assert type(source_errors.of_connect(psycopg.OperationalError(text), "x@y:5432/z")) is error
