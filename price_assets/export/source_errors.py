"""What Postgres and its two clients say, as the errors of this package: worth a try now, worth one later, or a person's to mend.

A statement's error carries its SQLSTATE (PostgreSQL documentation, Appendix A), through ConnectorX inside the text of a Rust panic [CX8].
A refused connection carries none in libpq's answer, only text: libpq's own is English, the server's is in its own language.
"""

import re

import psycopg

from price_assets.errors import PriceAssetsError, SourceRefused, SourceUnavailable


class SourceBusy(SourceUnavailable):
    """It may be over in a moment, so it is tried again within the run: no connection, too many, starting or stopping, deadlock, lock time-out."""


_BUSY = ("08", "40", "53300", "55P03", "57P01", "57P02", "57P03", "57P05", "25P03")
_UNAVAILABLE = ("53", "57", "58", "XX", "25P04")
_QUERY_CANCELED = "57014"

# Where the server answered, its message stands behind a severity: `failed: FATAL:  database "x" does not exist`.
_ANSWERED = re.compile(r"failed: (?P<severity>[^\s:]+):  (?P<said>.*)", re.DOTALL)
# Of the server's refusals these pass by themselves; in English, and in Russian as a server with lc_messages = ru_RU says them.
_ANSWERED_BUSY = re.compile(
    r"too many|remaining connection slots|starting up|shutting down|recovery|not accepting|terminating"
    r"|слишком много|оставшиеся слоты|запускается|останавливается|восстановлени|не принимает",
)
_NO_TLS = "server does not support SSL"
_OURS_TO_MEND = re.compile(rf"{_NO_TLS}|SSL error: |certificate|private key|no password supplied|authentication method|channel binding")
_PANIC = re.compile(r'code: SqlState\((?:E|Other\("E?)(?P<sqlstate>\w{5}).*?message: "(?P<said>(?:[^"\\]|\\.)*)"')


def of_sqlstate(sqlstate: str, said: str, where: str = "") -> PriceAssetsError:
    """The error of a statement: by its SQLSTATE, with what the server said."""
    if sqlstate == _QUERY_CANCELED:
        return SourceUnavailable(f"Postgres ended the query: {said}. DB_STATEMENT_TIMEOUT is how long a statement may take")
    if sqlstate.startswith(_BUSY):
        return SourceBusy(f"Postgres can't answer now: {said} ({sqlstate})")
    if sqlstate.startswith(_UNAVAILABLE):
        return SourceUnavailable(f"Postgres failed: {said} ({sqlstate})")
    return SourceRefused(f"{where}Postgres refused the query: {said} ({sqlstate})")


def of_statement(error: psycopg.Error, where: str = "") -> PriceAssetsError:
    """The error of a statement that psycopg ran, or of the connection that went away meanwhile. `where` is `wholesale.sql:3: `, or nothing."""
    if error.sqlstate:
        diagnosis = error.diag
        said = ". ".join(part for part in (diagnosis.message_primary, diagnosis.message_detail, diagnosis.message_hint) if part)
        return of_sqlstate(error.sqlstate, said or str(error), where)
    return SourceBusy(f"Postgres went away: {error}")


def of_connect(error: psycopg.Error, where: str) -> PriceAssetsError:
    """The error of a connection that could not be made; `where` is `user@host:port/database`."""
    text = str(error).removeprefix("connection failed: ")
    if answered := _ANSWERED.search(text):
        said = answered["said"]
        if _ANSWERED_BUSY.search(said):
            return SourceBusy(f"Postgres at {where} takes no connection now: {said}")
        return SourceRefused(f"Postgres at {where} refused the connection: {said}. Check the DB_* variables")
    if _OURS_TO_MEND.search(text):
        return SourceRefused(f"No connection to Postgres at {where}: {text}. Check DB_PASSWORD and the DB_SSL* variables")
    first = text.partition("\n")[0]  # libpq goes on with a question
    return SourceBusy(f"Postgres at {where} does not answer: {first}. Check DB_HOST and DB_PORT, and that it is up")


def offers_no_tls(error: psycopg.Error) -> bool:
    """Whether a connection failed because TLS was asked for and the server has none."""
    return _NO_TLS in str(error)


def of_reader(error: BaseException) -> PriceAssetsError:
    """The error of ConnectorX: a RuntimeError before the first row, a panic afterwards [CX8, PJ9]."""
    text = str(error)
    if found := _PANIC.search(text):
        said = found["said"].replace(r"\"", '"').replace(r"\'", "'").replace(r"\n", " ").replace("\\\\", "\\")
        return of_sqlstate(found["sqlstate"], said)
    if "PostgresError" in text:  # kind Io or Closed
        return SourceBusy("Postgres went away in the middle of the read: its connection was closed")
    if isinstance(error, RuntimeError):  # psycopg prepared the statement a moment ago, and it was right: what fails now is the connection
        return SourceBusy(f"Postgres went away before the read: {text}")
    return SourceUnavailable(f"The reader failed: {text}")
