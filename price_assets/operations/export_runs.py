"""The ledger: a row in Postgres for each export run. It is optional, and whoever writes to it goes on where it is down.

Dagster's runs are written down by a sensor, which sees them however they ended; the exporter without Dagster's services writes its own.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
from psycopg.types.json import Jsonb

from price_assets.errors import PriceAssetsError, Stopped
from price_assets.operations.alerts.notifications import Delivery
from price_assets.operations.alerts.problem import Message
from price_assets.operations.export_run import ExportRun, Reason, Status, Trigger
from price_assets.operations.export_runs_connection import LedgerConnection, Silent, answered_within, connect, of_connect, of_statement
from price_assets.operations.export_runs_schema import PATIENCE, is_current, migrate

__all__ = ["ExportRun", "Ledger", "Reason", "Status", "Trigger"]

log = logging.getLogger(__name__)
Given = TypeVar("Given")

STATEMENT_TIMEOUT = 5.0
"""Seconds, in the server."""
ANSWER_TIMEOUT = 8.0
"""Seconds, here: of a server that hangs."""
PAUSE = 60.0
"""Seconds in which a ledger that did not answer is not written to, so that it costs an export of many days little."""
AT_ONCE = 500
"""Runs that one transaction writes."""
LONGEST = timedelta(hours=24)
"""No run of the exporter's own goes on for longer: Postgres holds no snapshot open for a day."""

COLUMNS = "run_id, price_list, export_date, status, trigger, started, finished, revision, rows, files, bytes, file_bytes, reason, error"

WRITE = f"""
INSERT INTO export_runs AS there ({COLUMNS})
VALUES (%(run_id)s, %(price_list)s, %(export_date)s, %(status)s, %(trigger)s, %(started)s, %(finished)s, %(revision)s, %(rows)s, %(files)s, %(bytes)s,
        %(file_bytes)s, %(reason)s, %(error)s)
ON CONFLICT (run_id, price_list, export_date) DO UPDATE SET
    status = excluded.status, started = excluded.started, finished = excluded.finished, revision = excluded.revision, rows = excluded.rows,
    files = excluded.files, bytes = excluded.bytes, file_bytes = excluded.file_bytes, reason = excluded.reason, error = excluded.error
WHERE excluded.status <> 'running'
  AND (there.status = 'running' OR (there.reason = 'killed' AND excluded.reason IS DISTINCT FROM 'killed')
       OR (there.status IN ('failed', 'canceled') AND excluded.status IN ('success', 'unchanged', 'superseded')))
"""
"""A run that was given up may have published all the same: what ended well wins, and so does what is known over that it was killed, which
is only concluded. Otherwise what was written first stands."""

ABANDON = """
UPDATE export_runs SET status = 'failed', finished = %(started)s, reason = 'killed',
    error = 'The process went away without a word: it was killed, or its machine was.'
WHERE status = 'running' AND trigger IN ('cli', 'accept') AND run_id <> %(run_id)s
  AND ((price_list = %(price_list)s AND export_date = %(export_date)s) OR started < %(started)s - %(longest)s)
"""

NOTIFIED = """
INSERT INTO export_notifications (id, title, channel, outcome, tries, said)
VALUES (%(id)s, %(title)s, %(channel)s, %(outcome)s, %(tries)s, %(said)s) ON CONFLICT (id) DO NOTHING
"""

HEARTBEAT = """
INSERT INTO export_daemon AS there (heartbeat) VALUES (%(at)s)
ON CONFLICT (id) DO UPDATE SET heartbeat = greatest(there.heartbeat, excluded.heartbeat)
"""


class Ledger:
    """The tables of one database, made when they are first needed. Threads may share it.

    `write`, `begin`, `notified` and `heartbeat` never raise: they say whether it is done. What does not answer is one line in the log, and is left
    alone for a minute. What reads raises Failed, and SettingError where a person must mend something.
    """

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: LedgerConnection | None = None
        self._role = ""
        self._silent_until = float("-inf")
        self._complained = ""

    def write(self, runs: Iterable[ExportRun]) -> bool:
        """Write these down; True where that is done. Of a run that is there already only its end is news."""
        # In one order, so that no two writers wait for each other.
        rows = [_row(run) for run in sorted(runs, key=lambda run: (run.price_list, run.export_date, run.started))]
        parts = [rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE)]
        return all(self._quietly(lambda connection, part=part: connection.cursor().executemany(WRITE, part)) for part in parts)

    def begin(self, run: ExportRun) -> bool:
        """The same for a run of the exporter's own that begins; what an earlier process left running of this list and day was killed."""
        row = _row(run) | {"longest": LONGEST}
        return self._quietly(lambda connection: (connection.execute(ABANDON, row), connection.execute(WRITE, row)))

    def notified(self, message: Message, deliveries: Sequence[Delivery]) -> bool:
        """Write down what became of a message, a row a channel."""
        rows = [
            {
                "id": uuid4(),
                "title": _text(message.title),
                "channel": _text(each.channel),
                "outcome": "accepted" if each.accepted else "failed",
                "tries": each.tries,
                "said": _text(each.said),
            }
            for each in deliveries
        ]
        return self._quietly(lambda connection: connection.cursor().executemany(NOTIFIED, rows)) if rows else True

    def heartbeat(self, at: datetime) -> bool:
        """Write down that Dagster's daemon was seen to work at this time."""
        return self._quietly(lambda connection: connection.execute(HEARTBEAT, {"at": at}))

    def last(self, names: Sequence[str] = (), *, limit: int = 20) -> list[ExportRun]:
        """The newest runs first, of all lists or of those."""
        chosen = "WHERE price_list = ANY(%(names)s)" if names else ""
        statement = f"SELECT {COLUMNS} FROM export_runs {chosen} ORDER BY started DESC, price_list, run_id LIMIT %(limit)s"
        return [_run(row) for row in self.read(statement, {"names": list(names), "limit": limit})]

    def price_lists(self) -> list[str]:
        """The names of all lists that ever had a run, sorted."""
        return [row["price_list"] for row in self.read("SELECT DISTINCT price_list FROM export_runs ORDER BY 1")]

    def read(self, statement: str, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """The rows of a query."""
        return self._ask(lambda connection: connection.execute(statement.encode(), parameters).fetchall())

    @property
    def complaint(self) -> str:
        """Why the last of what was to be written down could not be; nothing where it could."""
        return self._complained

    def close(self) -> None:
        """Give the connection back; the next call opens one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _quietly(self, ask: Callable[[LedgerConnection], object]) -> bool:
        if self._clock() < self._silent_until:
            return False
        try:
            self._ask(ask)
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the ledger must not break what it tells of
            self._silent_until = self._clock() + PAUSE
            said = str(error) if isinstance(error, PriceAssetsError) else f"{type(error).__name__} in the ledger"
            if said != self._complained:
                self._complained = said
                log.warning("Not written down; the export goes on without. %s", said)
            return False
        if self._complained:
            self._complained = ""
            log.info("The ledger at EXPORT_RUNS_URL is written to again.")
        return True

    def _ask(self, ask: Callable[[LedgerConnection], Given]) -> Given:
        """In one transaction; once more over a new connection where the kept one had gone."""
        with self._lock:
            try:
                if self._connection is not None:
                    try:
                        return _in_transaction(self._connection, ask)
                    except psycopg.OperationalError as error:
                        if not self._connection.closed or isinstance(error, Silent):
                            raise
                        self.close()
                self._connection = self._opened()
                return _in_transaction(self._connection, ask)
            except psycopg.Error as error:
                self.close()
                raise of_statement(error, self._role) from None
            except BaseException:
                self.close()  # whatever was under way is not to be met by the next call
                raise

    def _opened(self) -> LedgerConnection:
        try:
            connection = connect(self._url)
        except psycopg.Error as error:
            raise of_connect(error) from None
        self._role = connection.info.user
        try:
            if not _in_transaction(connection, is_current):
                _in_transaction(connection, migrate, seconds=PATIENCE)
        except BaseException:
            connection.close()
            raise
        return connection


def _in_transaction(connection: LedgerConnection, ask: Callable[[LedgerConnection], Given], seconds: float | None = None) -> Given:
    with answered_within(connection, seconds or ANSWER_TIMEOUT), connection.transaction():
        connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT:g}s'".encode())
        return ask(connection)


def _row(run: ExportRun) -> dict[str, Any]:
    return vars(run) | {"file_bytes": Jsonb(dict(run.file_bytes)), "error": None if run.error is None else _text(run.error)}


def _run(row: dict[str, Any]) -> ExportRun:
    read: dict[str, Any] = {name: row[name] and row[name].astimezone(UTC) for name in ("started", "finished")}
    read |= {"status": Status(row["status"]), "trigger": Trigger(row["trigger"]), "reason": row["reason"] and Reason(row["reason"])}
    return ExportRun(**row | read)


def _text(said: str) -> str:
    """One line that Postgres can hold: neither NUL nor half a surrogate pair."""
    return " ".join(said.replace("\0", " ").split()).encode(errors="replace").decode()[:2000]
