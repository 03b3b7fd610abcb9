"""The command line: reads arguments, calls, prints. Results go to stdout, talk to stderr; each command's exit code says how it ended.

Modules of this package import what they need where they use it, so that `--help` costs no import of Dagster or Polars.
"""

import click

from price_assets import __version__
from price_assets.cli.decisions import accept, history, withdraw
from price_assets.cli.doctor import doctor
from price_assets.cli.draft import draft
from price_assets.cli.export import export
from price_assets.cli.preview import preview
from price_assets.cli.published import diff, link
from price_assets.cli.runs import runs
from price_assets.cli.serve_metrics import serve_metrics
from price_assets.cli.settle import settle
from price_assets.cli.status import status
from price_assets.cli.verify import verify


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", message="price-assets %(version)s")
def main() -> None:
    """Price lists from Postgres to CSV and XLSX in object storage, right or not at all.

    \b
    Export today's price lists:
        price-assets export
    One list, a past week:
        price-assets export wholesale --from 2026-11-16 --to 2026-11-22
    A price list of one's own, from its SQL; and what a run needs:
        price-assets draft lists/wholesale.sql
        price-assets doctor
    Publish what a check blocked, or take back what is published:
        price-assets accept wholesale --date 2026-11-24 --snapshot 550cd0706e3b --check price_change --reason "spring sale"
        price-assets withdraw wholesale --date 2026-11-24 --reason "wrong discount"
    Look before anything is published:
        price-assets preview wholesale
    What changed, and a file for somebody:
        price-assets diff wholesale 2026-11-23 2026-11-24
        price-assets link wholesale --format xlsx --expires 24h
    Whether every list is where it must be by now, and what happened to one:
        price-assets status
        price-assets history wholesale
    The last runs, and their numbers for Prometheus:
        price-assets runs
        price-assets serve-metrics
    Read again what is published, and put the partners' copies right:
        price-assets verify
        price-assets settle

    Everything else is set by environment variables: DB_HOST, DB_NAME, DB_USER, DB_PASSWORD name the
    source, STORAGE_BUCKET the target; the README lists them all.

    \b
    Exit codes: 0 done, 1 failed and worth a retry, 2 refused (a person must change something),
    3 the rows were refused (a check, or a value that does not fit), 130/143 stopped by a signal.

    \b
    Shell completion, e.g. for bash:
        eval "$(_PRICE_ASSETS_COMPLETE=bash_source price-assets)"
    """


for command in (draft, doctor, export, preview, diff, link, accept, withdraw, history, status, runs, verify, settle, serve_metrics):
    main.add_command(command)
