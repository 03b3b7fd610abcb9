"""A ledger in a database of the tests, and runs to write into it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from price_assets.operations.export_runs import ExportRun, Status, Trigger
from price_assets_tests.servers.postgres import Database

DAY = date(2026, 11, 24)
SIX = datetime(2026, 11, 24, 6, tzinfo=UTC)


def url_of(database: Database, user: str | None = None, password: str | None = None, parameters: str = "") -> str:
    """EXPORT_RUNS_URL of this database."""
    env = database.environment()
    login = f"{quote(user or env['DB_USER'], safe='')}:{quote(password or env['DB_PASSWORD'], safe='')}"
    return f"postgresql://{login}@{env['DB_HOST']}:{env['DB_PORT']}/{quote(env['DB_NAME'], safe='')}{parameters}"


def a_run(status: Status = Status.RUNNING, price_list: str = "shop", run_id: str = "1", **how: Any) -> ExportRun:
    """A run of six o'clock, which took three seconds where it has ended."""
    begun = ExportRun(run_id=run_id, price_list=price_list, export_date=DAY, status=status, trigger=Trigger.SCHEDULE, started=SIX)
    ended = {} if status is Status.RUNNING else {"finished": SIX + timedelta(seconds=3)}
    return replace(begun, **ended | how)
