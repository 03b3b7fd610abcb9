"""The session with the source: one psycopg connection in one read-only transaction, whose point in time the reader shares.

It finds what is wrong at once and by name, where ConnectorX would try for 30 seconds and log in seven times [CX6, PJ9].
"""

import os
import socket
import threading
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql

from price_assets.errors import PriceAssetsError, SourceRefused
from price_assets.export import source_errors
from price_assets.settings import SourceSettings

NO_FILE = "/dev/null/none"
"""A path at which nothing can be: libpq looks there instead of in the home directory, and finds nothing."""

NO_PASSWORD = "none"  # noqa: S105 - that is what it says
"""Of a client's key: without one libpq would ask for that of an encrypted key at the terminal [PJ18]."""

PINNED = {
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "standard_conforming_strings": "on",
    # This session has nothing to do while the other one reads.
    "idle_in_transaction_session_timeout": "0",
}
"""What `::text` depends on [PJ4], and what would end the session that holds the point in time."""

CHECKS_ITS_CLIENT = 140_000
"""From this server version on, a query can be made to notice that its client is gone [CX9]."""

KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10}
KEEPALIVE_PROBES = 6
UNANSWERED = 90
"""A dead connection is noticed after 30 + 6 × 10 seconds, and after as many where what was sent stays unacknowledged."""

LOCK_TIMEOUT = "30s"
"""A query waits only for who changes the table itself, and three tries of this are over within the time that tries have."""

_CANCEL = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = %s AND pid <> pg_backend_pid()"

_environment = threading.Lock()


@dataclass(frozen=True)
class Session:
    """`snapshot_id` is what a reader imports; `source_time` is the source's clock, in UTC, when that point in time was taken."""

    connection: psycopg.Connection[Any]
    source: SourceSettings
    application_name: str
    source_time: datetime
    snapshot_id: str

    @property
    def parameters(self) -> dict[str, Any]:
        """psycopg's, for another connection to the same address in the same way. They carry the password: for no message."""
        source, info = self.source, self.connection.info
        if source.sslmode != "prefer":
            return _parameters(source, info.hostaddr or None, source.sslmode)
        return _parameters(source, info.hostaddr or None, "require" if self.connection.pgconn.ssl_in_use else "disable")

    def connect_again(self) -> psycopg.Connection[Any]:
        """Another connection to the same address in the same way. Raises SourceUnavailable and SourceRefused."""
        try:
            with without_pg_variables():
                return psycopg.connect(**self.parameters, prepare_threshold=None)
        except psycopg.Error as error:
            raise source_errors.of_connect(error, _where(self.source)) from None

    @property
    def reader_url(self) -> str:
        """The connection of ConnectorX, with the TLS that psycopg settled on. It carries the password: for no message."""
        source = self.source
        tls = {"sslmode": "require" if self.connection.pgconn.ssl_in_use else "disable"}
        tls |= {name: str(path) for name, path in _tls_files(source).items() if path}
        parameters = {**tls, "connect_timeout": _seconds(source.connect_timeout), **KEEPALIVE}
        parameters |= {"keepalives_retries": KEEPALIVE_PROBES, "tcp_user_timeout": UNANSWERED}
        host = f"[{source.host}]" if ":" in source.host else quote(source.host, safe="")
        login = f"{quote(source.user, safe='')}:{quote(source.password, safe='')}"  # [CX11]
        return f"postgresql://{login}@{host}:{source.port}/{quote(source.database, safe='')}?{urlencode(parameters, quote_via=quote)}"

    @property
    def reader_statements(self) -> list[str]:
        """What the reader runs before its query: every setting inside its transaction, so that it works through PgBouncer [CX5, PJ13]."""
        begin = ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", f"SET TRANSACTION SNAPSHOT '{self.snapshot_id}'"]
        return begin + _settings(self.connection, self.source, self.application_name)

    def cancel_reader(self) -> None:
        """End the reader's query in the server; an abandoned one would run to its end [CX9]. Never raises: something else failed already."""
        with suppress(psycopg.Error):
            self.connection.rollback()
            self.connection.execute(_CANCEL, (self.application_name,))
            return
        with suppress(psycopg.Error, PriceAssetsError), closing(connect(self.source)) as connection:
            connection.execute(_CANCEL, (self.application_name,))


@contextmanager
def open_session(source: SourceSettings, application_name: str) -> Generator[Session]:
    """A transaction with its settings made and its point in time exported. Raises SourceUnavailable and SourceRefused.

    What psycopg raises inside the block leaves it as one of those two, too.
    """
    with closing(connect(source)) as connection:
        try:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            connection.execute("; ".join(_settings(connection, source, application_name)).encode())
            # The first statement that needs a point in time: it takes it.
            taken = connection.execute("SELECT clock_timestamp(), pg_export_snapshot()").fetchone()
            assert taken  # noqa: S101 - such a SELECT gives one row
            yield Session(connection, source, application_name, taken[0].astimezone(UTC), taken[1])
        except psycopg.Error as error:
            raise source_errors.of_statement(error) from None


def connect(source: SourceSettings) -> psycopg.Connection[Any]:
    """A connection to the first of the host's addresses that answers, with at most one failed login.

    libpq logs in twice under `sslmode=prefer`, and psycopg once at each address. So each address is asked for TLS first, and without it only where it
    offers none; an answer of a server ends the search. Nothing is read from PG* variables, `~/.pgpass` or `~/.postgresql`.
    Raises SourceUnavailable and SourceRefused.
    """
    modes = ("require", "disable") if source.sslmode == "prefer" else (source.sslmode,)
    failure: PriceAssetsError | None = None
    for address in _addresses(source):
        for mode in modes:
            try:
                with without_pg_variables():
                    return psycopg.connect(**_parameters(source, address, mode), prepare_threshold=None)
            except psycopg.Error as error:
                failure = source_errors.of_connect(error, _where(source))
                if mode == "require" and source_errors.offers_no_tls(error):
                    continue
                if isinstance(failure, SourceRefused):
                    raise failure from None
                break
    assert failure  # noqa: S101 - there is an address, and each that gives no connection gives a failure
    raise failure


def _where(source: SourceSettings) -> str:
    return f"{source.user}@{source.host}:{source.port}/{source.database}"


def _parameters(source: SourceSettings, address: str | None, sslmode: str) -> dict[str, Any]:
    return {
        "host": source.host,
        "hostaddr": address,
        "port": source.port,
        "dbname": source.database,
        "user": source.user,
        "password": source.password,
        "passfile": NO_FILE,
        "sslmode": sslmode,
        **{name: str(path or NO_FILE) for name, path in _tls_files(source).items()},
        "sslcrl": NO_FILE,
        "sslpassword": NO_PASSWORD,
        "gssencmode": "disable",
        "connect_timeout": _seconds(source.connect_timeout),
        "client_encoding": "UTF8",
        **KEEPALIVE,
        "keepalives_count": KEEPALIVE_PROBES,
        "tcp_user_timeout": UNANSWERED * 1000,
    }


def _tls_files(source: SourceSettings) -> dict[str, Any]:
    return {"sslrootcert": source.sslrootcert, "sslcert": source.sslcert, "sslkey": source.sslkey}


def _addresses(source: SourceSettings) -> Sequence[str | None]:
    if source.host.startswith("/"):
        return [None]  # the folder of a Unix socket
    try:
        found = socket.getaddrinfo(source.host, source.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise source_errors.SourceBusy(f"The host {source.host!r} is not known: {error.strerror}. Check DB_HOST") from None
    return list(dict.fromkeys(str(address[4][0]) for address in found))


def _seconds(duration: timedelta) -> int:
    return ceil(duration.total_seconds())


def _settings(connection: psycopg.Connection[Any], source: SourceSettings, application_name: str) -> list[str]:
    settings = {
        "application_name": application_name,
        "statement_timeout": f"{ceil(source.statement_timeout.total_seconds() * 1000)}ms",
        "lock_timeout": LOCK_TIMEOUT,
        "timezone": source.timezone.key,
        **PINNED,
    }
    if connection.info.server_version >= CHECKS_ITS_CLIENT:
        settings["client_connection_check_interval"] = "1s"
    return [sql.SQL("SET LOCAL {} = {}").format(sql.Identifier(name), value).as_string(connection) for name, value in settings.items()]


@contextmanager
def without_pg_variables() -> Generator[None]:
    """Hide what libpq reads of its own accord: some thirty PG* variables, and PGSERVICE for more; only DB_* counts here."""
    with _environment:
        held = {name: os.environ.pop(name) for name in [*os.environ] if name.startswith("PG")}
        try:
            yield
        finally:
            os.environ.update(held)
