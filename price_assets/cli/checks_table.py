"""What the checks say of a snapshot, for people: a line each, and below it the rows that break one."""

from typing import Any

from rich.text import Text

from price_assets.cli.terminal import plain_table, show, visible
from price_assets.export.check_result import CheckResult
from price_assets.export.verdict import Verdict

PASSED, NOTED, FAILED = Text("passed", "green"), Text("noted", "yellow"), Text("failed", "red")


def print_checks(verdict: Verdict) -> None:
    """The checks in their order, then up to ten offending rows of each that failed."""
    table = plain_table()
    table.add_column("check", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("found", overflow="fold")
    for result in verdict.results:
        excuse = None if result.passed else verdict.excuse(result)
        found = f"{result.summary}. {excuse}" if excuse else result.summary
        table.add_row(result.check, PASSED if result.passed else NOTED if excuse else FAILED, Text(found))
    show(table)
    for result in verdict.failed:
        if result.offending:
            show()
            _print_offending(result)


def _print_offending(result: CheckResult) -> None:
    number = int(result.numbers.get("offending", len(result.offending)))
    shown = f"the first {len(result.offending)} of {number:,}" if number > len(result.offending) else "all"
    table = plain_table()
    table.title, table.title_justify, table.title_style = f"What fails {result.check}, {shown}:", "left", ""
    table.add_column("key", overflow="fold")
    table.add_column("column", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("what is wrong", overflow="fold")
    for row in result.offending:
        key = Text("") if row["key"] is None else visible(row["key"])
        table.add_row(key, visible(row["column"]), visible(row["value"]), Text(row["rule"] or ""))
    show(table)


def as_dicts(verdict: Verdict) -> list[dict[str, Any]]:
    """The same for a program, with the names that `export --json` has."""
    return [
        {"check": result.check, "passed": result.passed, "summary": result.summary, **result.numbers}
        | ({"offending_rows": result.offending} if result.offending else {})
        | ({"note": excuse} if not result.passed and (excuse := verdict.excuse(result)) else {})
        for result in verdict.results
    ]
