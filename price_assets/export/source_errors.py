"""What Postgres and its two clients say, as the errors of this package: worth a try now, worth one later, or a person's to mend.

A statement's error carries its SQLSTATE (PostgreSQL documentation, Appendix A), through ConnectorX inside the text of a Rust panic [CX8].
A refused connection carries none in libpq's answer, only text: libpq's own is English, the server's is in its own language.
"""

import re

import psycopg

from price_assets.errors import PriceAssetsError, SourceRefused, SourceUnavailable


class SourceBusy(SourceUnavailable):
    """It may be over in a moment, so it is tried again within the run: no connection, too many, starting or stopping, deadlock, lock time-out."""


_TWO_CONNECTIONS = "An export takes two connections, and a third to cancel its query: look at max_connections, and at the role's CONNECTION LIMIT"
_OVER_SOON = "The server stops, starts, or was told to end this connection; export again when it is up"
_STATES: tuple[tuple[str, type[PriceAssetsError], str], ...] = (
    ("08", SourceBusy, "Look at the network between here and the server"),
    ("40P01", SourceBusy, "Export again, when what locks its tables is done"),
    ("40", SourceBusy, "Where it is a standby, raise max_standby_streaming_delay or switch hot_standby_feedback on; or export from the primary"),
    ("53300", SourceBusy, _TWO_CONNECTIONS),
    ("53", SourceUnavailable, "The server lacks memory, disk or the like; its log says more"),
    ("55P03", SourceBusy, "Something changes a table of the query and holds its lock, pg_locks says what; export again when that is done"),
    ("57014", SourceUnavailable, "Where it took too long, make the query faster, or raise DB_STATEMENT_TIMEOUT"),
    ("57P04", SourceUnavailable, "The database was dropped; check DB_NAME"),
    ("57", SourceBusy, _OVER_SOON),
    ("25P03", SourceBusy, _OVER_SOON),
    ("25P04", SourceUnavailable, "An export is one transaction: raise transaction_timeout for its role"),
    ("58", SourceUnavailable, "The server's own system failed; its log says more"),
    ("XX", SourceUnavailable, "That is an error within the server; its log says more"),
)
"""Class or code, what it is, what to do; the first that fits counts. Everything else a person must mend."""

_REFUSED = (
    ("25006", "A price list only reads: take what writes, or locks rows, out of the query"),
    ("42501", "Grant it to the role in DB_USER, which needs to read and nothing else"),
    ("42P01", "Check its name and its schema, and DB_NAME"),
)
"""What a person may do about a refusal that does not say so by itself."""
_WRITES = "data-modifying"  # in a WITH: a feature that is not supported where a query is read from (0A000), as many others

# Where the server answered, its message stands behind a severity: `failed: FATAL:  database "x" does not exist`.
_ANSWERED = re.compile(r"failed: (?P<severity>[^\s:]+):  (?P<said>.*)", re.DOTALL)
# Of the server's refusals these pass by themselves; in English, and in Russian as a server with lc_messages = ru_RU says them.
_ANSWERED_BUSY = re.compile(
    r"too many|remaining connection slots|starting up|shutting down|recovery|not accepting|terminating"
    r"|слишком много|оставшиеся слоты|запускается|останавливается|восстановлени|не принимает",
)
_NO_TLS = "server does not support SSL"
# What libpq itself finds wrong, and what to do. It does not say why a certificate did not verify.
_OURS_TO_MEND = {
    _NO_TLS: "Switch TLS on in the server (`ssl = on`), or set DB_SSLMODE to prefer, which does without where there is none",
    "does not match host name": "Set DB_HOST to a name that is in the server's certificate",
    "certificate verify failed|signature failure": "Its certificate has expired, or no authority in DB_SSLROOTCERT (unset: the system's) signed it",
    "root certificate file": "Check DB_SSLROOTCERT",
    "SSL error: (?!unexpected eof)|certificate|private key": "Check DB_SSLCERT and DB_SSLKEY",
    "no password supplied|authentication method|channel binding": "Check DB_PASSWORD",
}
_WENT_AWAY = "Its log says why, or the network between here and there; export again when it is up"
_SECOND_REFUSED = re.compile(r"^timed out waiting for connection: db error: (?P<said>.*)", re.DOTALL)  # by ConnectorX's pool
_REASON = re.compile(r"^connection to server at .*? failed: ")
_PANIC = re.compile(r'code: SqlState\((?:E|Other\("E?)(?P<sqlstate>\w{5}).*?message: "(?P<said>(?:[^"\\]|\\.)*)"')


def of_sqlstate(sqlstate: str, said: str, where: str = "") -> PriceAssetsError:
    """The error of a statement: by its SQLSTATE, with what the server said."""
    for state, error, advice in _STATES:
        if sqlstate.startswith(state):
            return error(f"Postgres ended the query: {said} ({sqlstate}). {advice}")
    advice = next((advice for state, advice in _REFUSED if state == sqlstate or (state == "25006" and _WRITES in said)), None)
    return SourceRefused(f"{where}Postgres refused the query: {said} ({sqlstate}){f'. {advice}' if advice else ''}")


def of_statement(error: psycopg.Error, where: str = "") -> PriceAssetsError:
    """The error of a statement that psycopg ran, or of the connection that went away meanwhile. `where` is `wholesale.sql:3: `, or nothing."""
    if error.sqlstate:
        diagnosis = error.diag
        said = ". ".join(part.rstrip(".") for part in (diagnosis.message_primary, diagnosis.message_detail, diagnosis.message_hint) if part)
        return of_sqlstate(error.sqlstate, said or str(error), where)
    return SourceBusy(f"Postgres went away: {str(error).strip().rstrip('.')}. {_WENT_AWAY}")


def of_connect(error: psycopg.Error, where: str) -> PriceAssetsError:
    """The error of a connection that could not be made; `where` is `user@host:port/database`."""
    text = str(error).removeprefix("connection failed: ")
    if answered := _ANSWERED.search(text):
        said = answered["said"]
        if _ANSWERED_BUSY.search(said):
            return SourceBusy(f"Postgres at {where} takes no connection now: {said}. Export again when it does, or look at its limits")
        return SourceRefused(f"Postgres at {where} refused the connection: {said}. Check the DB_* variables")
    if advice := next((advice for said, advice in _OURS_TO_MEND.items() if re.search(said, text)), None):
        return SourceRefused(f"No connection to Postgres at {where}: {_REASON.sub('', text)}. {advice}")
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
        return SourceBusy(f"Postgres went away in the middle of the read: its connection was closed. {_WENT_AWAY}")
    if isinstance(error, RuntimeError):  # psycopg prepared the statement a moment ago, and it was right: what fails now is the connection
        if answered := _SECOND_REFUSED.search(text):
            return SourceBusy(f"Postgres takes no second connection: {answered['said']}. {_TWO_CONNECTIONS}")
        return SourceBusy(f"Postgres went away before the read: {text}. {_WENT_AWAY}")
    return SourceUnavailable(f"The reader failed: {text}")
