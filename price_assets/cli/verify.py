"""`price-assets verify`: what is published, read again."""

import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from pathlib import Path
from shutil import get_terminal_size
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from price_assets.cli.arguments import Day, can_write_temporary_files, complete_names, ends_honestly
from price_assets.cli.catalogue import all_price_lists, has_happened
from price_assets.cli.signals import stopped_by_signals
from price_assets.errors import ExitCode, PriceAssetsError, Stopped, StorageRefused, UsageError, worst

if TYPE_CHECKING:
    from price_assets.export.exporter import Exporter
    from price_assets.export.verified_day import DayReport

log = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds between two lines that say how far it is, where no terminal shows it."""


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_names)
@click.option("--date", "day", type=Day(), metavar="D", help="This export date.  [default: each list's newest published day]")
@click.option("--all", "every_day", is_flag=True, help="Every day that was ever published.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON instead of lines.")
@ends_honestly
def verify(names: tuple[str, ...], *, day: date | None, every_day: bool, as_json: bool) -> ExitCode:
    """Read again what is published, of all price lists or those NAMEd, and tell what is damaged.

    The register, the manifests, every byte of every file against its sha256, the rows against the stored snapshot, and what stands at the partners'
    addresses. Each damaged object is a line that says what mends it. Nothing is changed, and the source is not asked.

    \b
    The newest day of each list:
        price-assets verify
    One day; everything there is, for a program:
        price-assets verify wholesale --date 2026-11-20
        price-assets verify wholesale --all --json

    \b
    What it finds:
        missing, empty, truncated, altered     a published file, or the rows that are stored with it
        missing-manifest, altered-manifest     what says which files a day has, and their sha256
        unreadable-register                    what says which days are published
        stale-copy                             what partners download is not what is published
    A day that is older than 30 days and has no file at all has expired, which is no damage: docs/retention.md.

    Ends with 1 where anything is damaged.
    """
    from price_assets import logs
    from price_assets.export.exporter import Exporter
    from price_assets.settings import log_format

    logs.configure(log_format(os.environ))
    if day and every_day:
        raise UsageError("--date goes without --all.")
    reports: list[DayReport] = []
    codes: list[ExitCode] = []
    with stopped_by_signals():
        exporter = Exporter(os.environ)
        exporter.settings  # noqa: B018 - the settings are read before anything is connected to
        can_write_temporary_files()
        exporter.store.preflight()
        progress = _Progress()
        for report in _reports(exporter, names, codes, day, every_day=every_day, progress=progress):
            reports.append(report)
            progress.clear()
            if report.error:
                codes.append(report.error.exit_code)
                log.error("%s %s: %s", report.price_list, report.export_date, report.error)
            if not as_json:
                _print(report)
        progress.clear()
    if as_json:
        click.echo(json.dumps([_as_json(report) for report in reports], ensure_ascii=False, indent=2))
    damaged = any(report.findings for report in reports)
    return worst([*codes, *[ExitCode.FAILED] * damaged])


def _reports(
    exporter: "Exporter", names: tuple[str, ...], codes: list[ExitCode], day: date | None, *, every_day: bool, progress: "_Progress"
) -> "Iterator[DayReport]":
    """One list after the other; a list that can't be read leaves its exit code, and the next one is read."""
    from price_assets.export.price_list import PriceList
    from price_assets.export.verification import Verification

    lists = all_price_lists(exporter.settings)
    for name in dict.fromkeys(names):
        with suppress(StorageRefused):  # a register that can't be read is a finding
            has_happened(exporter, name)
    with TemporaryDirectory(prefix="price-assets-") as folder:
        for name in dict.fromkeys(names or lists):
            found = lists.get(name)
            definition = found if isinstance(found, PriceList) else None
            verification = Verification(exporter.store, Path(folder), name, definition, exporter.settings.timezone, progress.tell)
            try:
                yield from verification.run(day, every_day=every_day)
            except PriceAssetsError as error:
                if isinstance(error, Stopped):
                    raise
                progress.clear()
                log.error("%s: %s", name, error)  # noqa: TRY400 - its line says all
                codes.append(error.exit_code)


def _print(report: "DayReport") -> None:
    """A line a finding, then one that sums the day up."""
    from price_assets.cli.output import shown

    for finding in report.findings:
        kind = click.style(f"{finding.damage:<20}", fg="red")
        click.echo(f"{kind}{shown(finding.object)} {finding.what}. To mend it: {finding.mend}.")
    click.echo(_summary(report))


def _summary(report: "DayReport") -> str:
    from rich.filesize import decimal

    subject = f"{report.price_list} {report.export_date}" if report.export_date else report.price_list
    if report.error:
        return f"{subject}: {click.style('not read to its end', fg='red')}"
    count = len(report.findings)
    state = click.style("1 damaged object" if count == 1 else f"{count} damaged objects", fg="red") if count else click.style("whole", fg="green")
    if report.expired:
        told = f"{subject}: {click.style('expired', fg='yellow')}, revision {report.revision}"
        return f"{told}, {state}" if count else f"{told}, {'its copies are whole' if report.published else 'and so have its copies'}"
    if report.revision is None:
        return f"{subject}: {state if count else 'nothing is published'}"
    some = report.files < report.published
    files = f"{report.files} of {report.published} files whole" if some else f"{report.files} file{'' if report.files == 1 else 's'}"
    told = f"{subject}: {state}; revision {report.revision}, {files}, {decimal(report.bytes)}"
    if report.rows is None or not report.files:
        return told
    how = "compared with the snapshot" if report.compared else "counted and added up in each file"
    why = "" if report.compared else f"; not compared with the snapshot: {report.note}"
    return f"{told}, {report.rows:,} rows {how}{why}"


def _as_json(report: "DayReport") -> dict[str, object]:
    return {
        "price_list": report.price_list,
        "export_date": report.export_date and str(report.export_date),
        "revision": report.revision,
        "whole": not report.findings and report.error is None,
        "published_files": report.published,
        "whole_files": report.files,
        "bytes": report.bytes,
        "rows": report.rows,
        "rows_compared": report.compared,
        "note": report.note,
        "expired": report.expired,
        "findings": [asdict(finding) for finding in report.findings],
        "error": report.error and str(report.error),
    }


class _Progress:
    """What is read now: a line on a terminal that the next one replaces; elsewhere a line of the log now and then."""

    def __init__(self) -> None:
        self._shows = sys.stderr.isatty()
        self._last = time.monotonic()

    def tell(self, what: str) -> None:
        """Something else is read from here on."""
        if self._shows:
            click.echo(f"\r\033[K{what[: get_terminal_size().columns - 1]}", nl=False, err=True)
        elif time.monotonic() - self._last >= EVERY:
            self._last = time.monotonic()
            log.info("reading %s", what)

    def clear(self) -> None:
        """Leave the terminal's line to somebody else."""
        if self._shows:
            click.echo("\r\033[K", nl=False, err=True)
