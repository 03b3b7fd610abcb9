"""`price-assets settle`: the partners' copies follow the register."""

import logging
import os

import click

from price_assets.cli.arguments import complete_names, ends_honestly, known
from price_assets.cli.catalogue import all_price_lists
from price_assets.cli.signals import stopped_by_signals
from price_assets.errors import ExitCode

log = logging.getLogger(__name__)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_names)
@ends_honestly
def settle(names: tuple[str, ...]) -> ExitCode:
    """Put right what stands at the partners' addresses, of all price lists or those NAMEd.

    Every export does this for its own list; this command mends what a process left behind that died half way. It reads the storage
    alone, and never changes what is published.

    \b
        price-assets settle
        price-assets settle wholesale
    """
    from price_assets import logs
    from price_assets.export.exporter import Exporter
    from price_assets.settings import ExportSettings, log_format

    logs.configure(log_format(os.environ))
    existing = list(all_price_lists(ExportSettings.from_environment()))
    with stopped_by_signals():
        exporter = Exporter(os.environ)
        exporter.store.preflight()
        for name in known(names, existing):
            report = exporter.settle(name)
            done = (
                [f"copied {key}" for key in report.copied]
                + [f"deleted {key}" for key in report.deleted]
                + [f"wrote {key}" for key in report.manifests]
            )
            click.echo(f"{name}: {', '.join(done) if report.changed else 'nothing to do'}")
    return ExitCode.OK
