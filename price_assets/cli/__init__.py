"""The command line: reads arguments, calls, prints. Results go to stdout, talk to stderr; each command's exit code says how it ended.

Modules of this package import what they need where they use it, so that `--help` costs no import of Dagster or Polars.
"""

import click

from price_assets import __version__
from price_assets.cli.export import export
from price_assets.cli.settle import settle


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", message="price-assets %(version)s")
def main() -> None:
    """Price lists from Postgres to CSV and XLSX in object storage, right or not at all.

    \b
    Export today's price lists:
        price-assets export
    One list, a past week:
        price-assets export wholesale --from 2026-11-16 --to 2026-11-22
    Put the partners' copies right:
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


main.add_command(export)
main.add_command(settle)
