"""The source, step by step as a run meets it: its name, its port, TLS, login, rights, clock; and each price list's query against its contract."""

import ipaddress
import re
import socket
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg

from price_assets.errors import SourceUnavailable
from price_assets.export import source_errors
from price_assets.export.extraction import project
from price_assets.export.postgres import CHECKS_ITS_CLIENT, connect, open_session
from price_assets.export.price_list import PriceList
from price_assets.export.sql import scan
from price_assets.operations.doctor_rights import examine_rights
from price_assets.operations.finding import FINDABLE, Area, Finding, ok, skipped, warning, wrong
from price_assets.settings import SourceSettings

AREA: Area = "source"
NAME = "price_assets doctor"
CLOCKS_DIFFER = 10.0
"""Seconds from which on two clocks are worth a word. Only what day it is depends on ours."""

_ABOUT_TLS = re.compile(r"^No connection to Postgres .*(SSL|TLS|certificate|private key)", re.DOTALL)
_ENCRYPTED = "SELECT version, cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl"
_VERIFY = "Set DB_SSLMODE=verify-full, and DB_SSLROOTCERT to the certificate of the authority that signed the server's"


def examine_source(source: SourceSettings) -> Generator[Finding, None, bool]:
    """Look at the source; whether a run can log in is what the generator returns."""
    answers = yield from _examine_network(source)
    if not answers:
        yield skipped(AREA, "TLS, login, rights", "nothing answers")
        return False
    try:
        connection = connect(source)
    except FINDABLE as error:
        tls = _ABOUT_TLS.search(str(error))
        yield wrong(AREA, "TLS" if tls else "login", error)
        yield skipped(AREA, "login, rights" if tls else "rights", "there is no connection")
        return False
    with closing(connection):
        try:
            yield _tls(connection, source)
            yield ok(AREA, "login", f"{source.user} at database {source.database}")
            yield _version(connection)
            yield examine_rights(connection, AREA)
            yield _clock(connection)
        except psycopg.Error as error:
            yield wrong(AREA, "session", source_errors.of_statement(error))
            return False
    try:
        with open_session(source, NAME) as session, closing(session.connect_again()) as reader:
            for statement in session.reader_statements:
                reader.execute(statement.encode())
    except FINDABLE as error:
        yield wrong(AREA, "two sessions", error)
        return False
    yield ok(AREA, "two sessions", "the second reads at the first one's point in time, as an export does")
    return True


def examine_queries(source: SourceSettings, price_lists: Sequence[PriceList], day: date) -> Iterator[Finding]:
    """Of each list: whether its query is one, gives the contract's columns, and may be run by this role. Nothing is run."""
    try:
        with open_session(source, NAME) as session:
            for price_list in price_lists:
                yield _query(session, price_list, max(day, price_list.start))
    except FINDABLE as error:
        yield wrong(AREA, "queries", error)


def _query(session: Any, price_list: PriceList, day: date) -> Finding:
    subject, file = f"query of {price_list.name}", price_list.sql_file
    try:
        with session.connection.transaction(force_rollback=True):
            projection = project(price_list, scan(price_list.sql, file), day, session)
            try:
                session.connection.execute(f"EXPLAIN {projection.sql}".encode())  # unlike parsing it asks for the rights to the tables
            except psycopg.Error as error:
                raise source_errors.of_statement(error, f"{file}: ") from None
    except SourceUnavailable:
        raise
    except FINDABLE as error:
        return wrong(AREA, subject, error)
    return ok(AREA, subject, f"gives the {len(price_list.columns)} columns of the contract")


@dataclass(frozen=True)
class _Tried:
    address: str
    milliseconds: float
    problem: str = ""


def _examine_network(source: SourceSettings) -> Generator[Finding, None, bool]:
    if source.host.startswith("/"):
        path = Path(source.host) / f".s.PGSQL.{source.port}"
        if path.is_socket():
            yield ok(AREA, "socket", str(path))
            return True
        yield wrong(AREA, "socket", SourceUnavailable(f"There is no socket {path}. Check DB_HOST and DB_PORT, and that the server is up."))
        return False
    try:
        found = socket.getaddrinfo(source.host, source.port, type=socket.SOCK_STREAM)
    except OSError as error:
        yield wrong(AREA, "DNS", SourceUnavailable(f"The host {source.host!r} is not known: {error.strerror}. Check DB_HOST."))
        return False
    addresses = list(dict.fromkeys(str(address[4][0]) for address in found))
    yield ok(AREA, "DNS", f"{source.host} is {', '.join(addresses)}" if addresses != [source.host] else f"{source.host}, an address")
    tried = [_try(address, source) for address in addresses]
    silent = "; ".join(f"{each.address}: {each.problem}" for each in tried if each.problem)
    answering = [each for each in tried if not each.problem]
    if not answering:
        yield wrong(
            AREA, "TCP", SourceUnavailable(f"Port {source.port} does not answer ({silent}). Check DB_PORT, firewalls, and that the server is up.")
        )
        return False
    reached = ", ".join(f"{each.address} port {source.port} in {each.milliseconds:.0f} ms" for each in answering)
    yield warning(AREA, "TCP", f"{reached}; but not {silent}: each run may wait for it") if silent else ok(AREA, "TCP", reached)
    return True


def _try(address: str, source: SourceSettings) -> _Tried:
    began = monotonic()
    try:
        socket.create_connection((address, source.port), timeout=source.connect_timeout.total_seconds()).close()
    except TimeoutError:
        return _Tried(address, 0, f"no answer within {source.connect_timeout.total_seconds():g} s")
    except OSError as error:
        return _Tried(address, 0, error.strerror or str(error))
    return _Tried(address, (monotonic() - began) * 1000)


def _tls(connection: psycopg.Connection[Any], source: SourceSettings) -> Finding:
    mode = f"DB_SSLMODE {source.sslmode}"
    if not connection.pgconn.ssl_in_use:
        if _stays_here(source.host):
            return ok(AREA, "TLS", f"none ({mode}), and the connection does not leave this machine")
        offered = "switched off here" if source.sslmode == "disable" else "which the server does not offer: switch it on there (`ssl = on`)"
        return warning(AREA, "TLS", f"none ({mode}), {offered}. Password and prices can be read, and changed, on their way. {_VERIFY}.")
    row = connection.execute(_ENCRYPTED).fetchone()
    version = f"{row[0]}, {row[1]}" if row else "as far as a pooler in between"
    if source.sslmode == "verify-full":
        return ok(AREA, "TLS", f"{version}; {mode}: authority and name of the server are verified")
    if source.sslmode == "verify-ca" or (source.sslmode == "require" and source.sslrootcert):
        return ok(AREA, "TLS", f"{version}; {mode}: the server's authority is verified, its name is not")
    return warning(AREA, "TLS", f"{version}; {mode} does not verify who answers, so anybody in between can be the server. {_VERIFY}.")


def _stays_here(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.startswith("/")


def _version(connection: psycopg.Connection[Any]) -> Finding:
    row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
    said = f"PostgreSQL {connection.info.parameter_status('server_version')}{', a standby' if row and row[0] else ''}"
    if connection.info.server_version < CHECKS_ITS_CLIENT:
        return warning(AREA, "server", f"{said}: before 14 it does not notice a run that died, whose query then goes on to its end. Upgrade it.")
    return ok(AREA, "server", said)


def _clock(connection: psycopg.Connection[Any]) -> Finding:
    before = datetime.now(UTC)
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row  # noqa: S101 - such a SELECT gives one row
    return clock(AREA, before, row[0], datetime.now(UTC))


def clock(area: Area, before: datetime, theirs: datetime, after: datetime) -> Finding:
    """Their clock, which was read between two looks at ours."""
    ahead = max((theirs - after).total_seconds(), 0) or min((theirs - before).total_seconds(), 0)
    if abs(ahead) < CLOCKS_DIFFER:
        return ok(area, "clock", "as this machine's")
    said = f"{abs(ahead):,.0f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    return warning(area, "clock", f"{said}, {after:%Y-%m-%d %H:%M:%S} UTC. Set the wrong one right (NTP): ours decides which day is today.")
