"""`price-assets settle`: the partners' copies follow the register."""

import logging
import os

import click

from price_assets.cli.arguments import complete_names, ends_honestly, known
from price_assets.cli.catalogue import all_price_lists
from price_assets.cli.signals import stopped_by_signals
from price_assets.errors import ExitCode, Failed, Refused, worst

log = logging.getLogger(__name__)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_names)
@ends_honestly
def settle(names: tuple[str, ...]) -> ExitCode:
    """Put right what stands at the partners' addresses, of all price lists or those NAMEd.

    Every export does this for its own list; this command mends what a process left behind that died half way. It reads the storage
    alone, and never changes what is published. A list that can't be settled is a line of the log, and the next one is settled.

    \b
        price-assets settle
        price-assets settle wholesale
    """
    from price_assets import logs
    from price_assets.export.exporter import Exporter
    from price_assets.settings import ExportSettings, log_format

    logs.configure(log_format(os.environ))
    existing = list(all_price_lists(ExportSettings.from_environment()))
    codes: list[ExitCode] = []
    with stopped_by_signals():
        exporter = Exporter(os.environ)
        exporter.store.preflight()
        for name in known(names, existing):
            try:
                report = exporter.settle(name)
            except (Failed, Refused) as error:
                log.error("%s: %s", name, error)  # noqa: TRY400 - its line says all
                codes.append(error.exit_code)
                continue
            done = (
                [f"copied {key}" for key in report.copied]
                + [f"deleted {key}" for key in report.deleted]
                + [f"wrote {key}" for key in report.manifests]
            )
            click.echo(f"{name}: {', '.join(done) if report.changed else 'nothing to do'}")
    return worst(codes)
