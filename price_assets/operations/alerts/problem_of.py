"""An export run that did not end well → the Problem that somebody on call must hear of."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from price_assets.export.offending_rows import OffendingRow, row_text
from price_assets.export.register import Register
from price_assets.operations.alerts.problem import Kind, Problem

ROWS_TOLD = 5
"""Rows of a check that a message shows; all ten are in the log, in Dagster and in `--json`."""


def problem_of_run(
    price_list: str,
    export_date: date,
    at: datetime,
    error: str,
    *,
    blocked: bool = False,
    step: str = "",
    checks: Iterable[Mapping[str, Any]] = (),
    partners: str = "",
    run_id: str = "",
) -> Problem:
    """What `error`, the run's one line, and its checks say; `blocked` without a check that failed is a value that does not fit, and so a failure.

    `checks` are those of `export --json`: each has `check`, `passed`, `summary`, and where there are some `offending_rows`, and a `note` where
    the failed check was excused. The cause of a blocked day names its checks and nothing else, so that days which the same checks block have
    one cause; what the checks say are its details. `partners` is the sentence of `partners_have`.
    """
    failed = [check for check in checks if not check["passed"] and not check.get("note")] if blocked else []
    names = ", ".join(sorted(str(check["check"]) for check in failed))
    return Problem(
        kind=Kind.BLOCKED if names else Kind.FAILED,
        price_list=price_list,
        export_date=export_date,
        at=at,
        cause=f"blocked by {names}" if names else error,
        step=step,
        details=(*(line for check in failed for line in check_lines(check)), *([partners] if partners else [])),
        remedy=accept_command(error, price_list, export_date) if names else "",
        run_id=run_id,
    )


def check_lines(check: Mapping[str, Any]) -> list[str]:
    """What a failed check found, then a line each of the first rows that broke it."""
    rows: list[OffendingRow] = [row for row in check.get("offending_rows", ()) if row["key"]]
    more = max(int(check.get("offending", 0)), len(rows)) - len(rows[:ROWS_TOLD])
    told = [f"- {row_text(row)}" for row in rows[:ROWS_TOLD]]
    return [f"{check['check']}: {check['summary']}", *told, *([f"- {more:,} more"] if told and more else [])]


def accept_command(error: str, price_list: str, export_date: date) -> str:
    """The command at the end of a blocked day's line, or nothing: what can't be accepted ends otherwise, whatever its rows hold."""
    command = rf'price-assets accept {re.escape(price_list)} --date {export_date} --snapshot [0-9a-f]{{12}}(?: --check [a-z_]+)* --reason "…"'
    found = re.search(rf"; or, if they are right: ({command})$", error)
    return found[1] if found else ""


def partners_have(register: Register, export_date: date) -> str:
    """What partners find meanwhile, in one sentence."""
    if register.day(export_date).published:
        return f"Partners still have what was published of {export_date} before."
    if register.latest is None:
        return "Partners have nothing: no day is published."
    return f"Partners still have {register.latest}."
