"""A connection to the ledger's database, and what is said of one that can't be had: in bounded time, and without a secret."""

import os
import re
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

import psycopg
from psycopg import conninfo
from psycopg.rows import dict_row

from price_assets import setting_values as values
from price_assets.errors import Failed, PriceAssetsError, Refused, SettingError
from price_assets.export import source_errors
from price_assets.export.postgres import NO_FILE, NO_PASSWORD, without_pg_variables
from price_assets.settings import VERIFYING

LedgerConnection: TypeAlias = psycopg.Connection[dict[str, Any]]

PARAMETERS: dict[str, Any] = {
    "connect_timeout": 3,  # of each address; nobody waits longer for a ledger that is down
    "application_name": "price_assets ledger",
    "client_encoding": "UTF8",
    "gssencmode": "disable",
    "sslcert": NO_FILE,
    "sslkey": NO_FILE,
    "sslcrl": NO_FILE,
    "sslrootcert": NO_FILE,
    "sslpassword": NO_PASSWORD,
    "passfile": NO_FILE,
}
"""What the URL may say otherwise. Only the URL counts: neither `PG*` variables nor files of the home directory are read."""


WRITTEN = ("export_runs", "export_notifications", "export_totals", "export_daemon")
READ = ("export_runs_version", "export_runs_shown")
"""Tables and views that a role needs which writes runs down."""


class Silent(psycopg.OperationalError):
    """The server did not answer in time; the connection is of no more use."""


def connect(url: str) -> LedgerConnection:
    """Connect as the URL says; rows are dictionaries. Raises psycopg.Error, and SettingError where there are no authorities to verify by."""
    given: dict[str, Any] = PARAMETERS | conninfo.conninfo_to_dict(url)
    if given.get("sslmode") in VERIFYING and given["sslrootcert"] in (NO_FILE, "system"):
        try:
            given["sslrootcert"] = str(values.system_certificates())  # libpq's own "system" finds nothing [PJ17]
        except ValueError as error:
            raise SettingError(f"EXPORT_RUNS_URL: {error}") from None
    with without_pg_variables():
        # No statement is prepared: PgBouncer gives each transaction another connection.
        return LedgerConnection.connect(**given, row_factory=dict_row, prepare_threshold=None, autocommit=True)


@contextmanager
def answered_within(connection: LedgerConnection, seconds: float) -> Generator[None]:
    """Hang up after so many seconds; what waits for an answer ends with `Silent` then. A server that hangs keeps no time-out of its own."""
    late = threading.Event()
    with socket.socket(fileno=os.dup(connection.fileno())) as wire:

        def hang_up() -> None:
            late.set()
            with suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(seconds, hang_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        except psycopg.OperationalError:
            if late.is_set():
                raise Silent(f"it did not answer for {seconds:g} seconds") from None
            raise
        finally:
            timer.cancel()


def of_connect(error: psycopg.Error) -> PriceAssetsError:
    """Why nobody could connect: SettingError where a person must mend it, else Failed."""
    said = re.sub(r"^connection failed: |^connection to server ", "", str(error).partition("\n")[0]).rstrip(".")
    if isinstance(source_errors.of_connect(error, ""), Refused):
        return SettingError(f"EXPORT_RUNS_URL: no connection to the ledger: {said}.")
    return Failed(f"The ledger at EXPORT_RUNS_URL does not answer: {said}.")


def of_statement(error: psycopg.Error, user: str) -> PriceAssetsError:
    """Why a statement failed: SettingError where a person must mend it, else Failed."""
    said = (error.diag.message_primary or str(error).partition("\n")[0]).rstrip(".")
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return SettingError(f"EXPORT_RUNS_URL: {said}. Let the tables' owner run: {grant(user)}")
    return Failed(f"The ledger at EXPORT_RUNS_URL failed: {said}.")


def grant(user: str) -> str:
    """The statement that lets a role write the ledger; one that only reads needs no more than SELECT."""
    return f"GRANT SELECT, INSERT, UPDATE ON {', '.join((*WRITTEN, *READ))} TO {quoted(user)};"


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return name if re.fullmatch("[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'
