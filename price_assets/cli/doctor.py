"""`price-assets doctor`: whether everything is there that a run needs."""

import json
import os
import sys
from collections import Counter
from contextlib import closing, suppress
from dataclasses import asdict
from shutil import get_terminal_size
from textwrap import fill
from typing import TYPE_CHECKING

import click

from price_assets.cli.arguments import complete_names, ends_honestly
from price_assets.cli.signals import stopped_by_signals
from price_assets.errors import ExitCode, SettingError, worst

if TYPE_CHECKING:
    from price_assets.operations.finding import Finding

COLOURS = {"ok": "green", "warning": "yellow", "wrong": "red", "skipped": "cyan"}
STATE, SUBJECT = 9, 22
"""Columns of the terminal."""


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_names)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON instead of lines.")
@click.option("--notify", is_flag=True, help="Send a test message to each channel that alerts go to.")
@ends_honestly
def doctor(names: tuple[str, ...], *, as_json: bool, notify: bool) -> ExitCode:
    """Look at everything that a run needs, for all price lists or those NAMEd, and say what to do about what is wrong.

    Settings, price lists, the source (network, TLS, login, rights, each query against its contract), the storage (put, compare-and-swap,
    copy, delete, with objects of its own that are gone again), clocks, the ledger, temp space, the channels of alerts. It goes on after what is
    wrong, publishes nothing and runs no query.

    \b
        price-assets doctor
        price-assets doctor wholesale
        price-assets doctor --notify
    In a pipeline, what is not well:
        price-assets doctor --json | jq '.[] | select(.state != "ok")'

    Ends with 0, or with the code that an export would end with; a warning is no reason for another code, and a channel that does not accept
    the test message is one: 1 where it may later, 2 where a person must mend something.
    """
    from price_assets import logs
    from price_assets.operations.doctor import examine
    from price_assets.settings import log_format

    logs.configure(None)
    with suppress(SettingError):  # it is among the findings
        logs.configure(log_format(os.environ))
    findings: list[Finding] = []
    with stopped_by_signals(), closing(examine(os.environ, names, notify=notify)) as examined:
        for finding in examined:
            if not as_json:
                _print(finding, findings)
            findings.append(finding)
    if as_json:
        click.echo(json.dumps([{**asdict(finding), "exit_code": int(finding.exit_code)} for finding in findings], ensure_ascii=False, indent=2))
    code = worst(finding.exit_code for finding in findings)
    counted = Counter(finding.state for finding in findings)
    said = ", ".join(f"{counted[state]} {state}" for state in COLOURS if counted[state])
    exports = worst(finding.exit_code for finding in findings if finding.area != "notifications")
    click.echo(f"{said}. An export would {f'end with {int(exports)}' if exports else 'find what it needs'}.", err=True)
    return code


def _print(finding: "Finding", before: "list[Finding]") -> None:
    """A line; on a terminal it is folded below itself, and whose it is stands above the first of them."""
    if not before or before[-1].area != finding.area:
        click.echo(click.style(finding.area, bold=True))
    indent = 2 + STATE + SUBJECT
    said = finding.said
    if sys.stdout.isatty():
        said = fill(said, max(get_terminal_size().columns - indent, 40), break_long_words=False, break_on_hyphens=False)
    first, *rest = said.split("\n")
    click.echo(f"  {click.style(f'{finding.state:<{STATE}}', fg=COLOURS[finding.state])}{f'{finding.subject:<{SUBJECT - 1}} '}{first}")
    for line in rest:
        click.echo(" " * indent + line)
