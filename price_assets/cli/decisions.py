"""What a person decides: `price-assets accept` and `withdraw`; and what was decided: `price-assets history`."""

import getpass
import json
import logging
import os
from dataclasses import asdict
from datetime import UTC, date, datetime

import click

from price_assets.cli.arguments import Day, complete_names, ends_honestly
from price_assets.cli.catalogue import has_happened, is_due, whole_price_list
from price_assets.cli.signals import stopped_by_signals
from price_assets.errors import ExitCode, UsageError

log = logging.getLogger(__name__)

NAME = click.argument("name", metavar="NAME", shell_complete=complete_names)
DATE = click.option("--date", "day", type=Day(), metavar="D", required=True, help="The export date, YYYY-MM-DD.")
REASON = click.option("--reason", metavar="TEXT", required=True, help="Why. It stays in the register for good.")
BY = click.option("--by", metavar="WHO", help="Who decided it.  [default: the user of this machine]")
JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON instead of a table.")


@click.command()
@NAME
@DATE
@click.option("--snapshot", metavar="S", required=True, help="The snapshot, 12 hex digits, as the failed run or `history` names it.")
@click.option("--check", "checks", multiple=True, metavar="C", help="A check that it failed; given once for each of them.")
@REASON
@BY
@JSON
@ends_honestly
def accept(name: str, *, day: date, snapshot: str, checks: tuple[str, ...], reason: str, by: str | None, as_json: bool) -> ExitCode:
    """Publish a stored snapshot that a check blocked, or that was withdrawn or replaced.

    Its stored rows are rendered, verified and published; the source is not read. The decision, who took it and why, is in the register for good.

    \b
    Let a price jump pass that is meant:
        price-assets accept wholesale --date 2026-11-24 --snapshot 550cd0706e3b \\
            --check price_change --reason "spring sale, asked Anna"
    Go back to what was published before; it failed no check, so none is named:
        price-assets withdraw wholesale --date 2026-11-24 --reason "wrong discount"
        price-assets accept wholesale --date 2026-11-24 --snapshot 17c7d0e2a911 --reason "as of 07:00"

    Rows that were published since anything happened to the snapshot are not replaced: withdraw them first, and they stay back.

    Ends with 1 where what the day has published changes meanwhile.
    """
    from price_assets import logs
    from price_assets.cli.output import print_json, print_table
    from price_assets.export.decided_by import decided_by
    from price_assets.export.exporter import Exporter
    from price_assets.export.storing import snapshot_name
    from price_assets.operations.own_runs import OwnRuns, Trigger
    from price_assets.settings import log_format

    logs.configure(log_format(os.environ))
    by, reason = decided_by(_user() if by is None else by, reason)
    own_runs = OwnRuns.from_environment(os.environ, Trigger.ACCEPT)
    with stopped_by_signals() as raise_if_stopped:
        exporter = Exporter(os.environ)
        price_list = whole_price_list(name, exporter.settings)
        snapshot = snapshot_name(snapshot, name)
        is_due(price_list, day, exporter.settings)
        exporter.store.preflight()
        exporter.acceptance(price_list, day, snapshot, checks, by=by, reason=reason)  # what is wrong with it is said before anything starts

        from price_assets.definitions import defs
        from price_assets.orchestration.exporter_instance import exporter_instance
        from price_assets.orchestration.in_process import export_day

        decided = {"snapshot": snapshot, "checks": list(checks), "reason": reason, "by": by}
        with exporter_instance(os.environ.get("DAGSTER_HOME")) as instance, own_runs.run(name, day) as run:
            exported = export_day(defs, instance, name, day, accept=decided, run_id=run.run_id)
            run.ends(exported)
        raise_if_stopped()
        if exported.error:
            with logs.about(name, day, exported.run_id):
                log.error("%s: %s", exported.outcome, exported.error)
        (print_json if as_json else print_table)([exported])
    return exported.exit_code


@click.command()
@NAME
@DATE
@REASON
@BY
@ends_honestly
def withdraw(name: str, *, day: date, reason: str, by: str | None) -> ExitCode:
    """Take back what a day has published.

    Its copies go, and `latest` falls back to the newest day that is still published. The same rows do not come back by themselves, nor with another
    header, until somebody accepts them; other rows of the source are published as ever.

    \b
        price-assets withdraw wholesale --date 2026-11-24 --reason "the discount was wrong"

    Ends with 1 where the day is published anew meanwhile.
    """
    from price_assets import logs
    from price_assets.export.commit import read_register
    from price_assets.export.decided_by import decided_by
    from price_assets.export.exporter import Exporter
    from price_assets.export.withdrawal import withdraw as withdraw_day
    from price_assets.operations.own_runs import OwnRuns
    from price_assets.settings import log_format

    logs.configure(log_format(os.environ))
    by, reason = decided_by(_user() if by is None else by, reason)
    own_runs, began = OwnRuns.from_environment(os.environ), datetime.now(UTC)
    with stopped_by_signals():
        exporter = Exporter(os.environ)
        exporter.store.preflight()
        has_happened(exporter, name)
        outcome = withdraw_day(exporter.store, name, day, by=by, reason=reason)
        if outcome == "withdrawn":
            own_runs.withdrawn(name, day, began)
        latest = read_register(exporter.store, name).latest
        click.echo(f"{name} {day}: {outcome}; latest is {latest or 'empty'} now")
    return ExitCode.OK


@click.command()
@NAME
@click.option("--date", "day", type=Day(), metavar="D", help="Of this export date alone.")
@JSON
@ends_honestly
def history(name: str, *, day: date | None, as_json: bool) -> ExitCode:
    """Tell what was published, blocked, accepted and withdrawn: when, by which run, by whom and why.

    It is read from the storage alone: the register and the manifests. `*` marks what is published now.

    \b
        price-assets history wholesale
        price-assets history wholesale --date 2026-11-24 --json
    """
    from price_assets import logs
    from price_assets.cli.output import plain, print_history
    from price_assets.export.exporter import Exporter
    from price_assets.export.history import history as history_of
    from price_assets.settings import log_format

    logs.configure(log_format(os.environ))
    exporter = Exporter(os.environ)
    exporter.store.preflight(writes=False)
    has_happened(exporter, name)
    events = list(history_of(exporter.store, name, day))
    if as_json:
        click.echo(json.dumps([asdict(event) for event in events], ensure_ascii=False, default=plain, indent=2))
    elif events:
        print_history(events)
    else:
        click.echo(f"{name}{f' {day}' if day else ''}: nothing has happened yet")
    return ExitCode.OK


def _user() -> str:
    """Raises UsageError where the user of this process has no name, as in many a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the first before Python 3.13
        raise UsageError("The user of this machine has no name: say by --by who decided it.") from None
