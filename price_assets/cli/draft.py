"""`price-assets draft`: the YAML of a price list, from its SQL."""

import os
from datetime import date, datetime
from pathlib import Path
from shlex import quote

import click

from price_assets.cli.arguments import Day, ends_honestly
from price_assets.errors import ExitCode


@click.command()
@click.argument("file", metavar="FILE.sql", type=click.Path(path_type=Path))
@click.option(
    "--date",
    "day",
    type=Day(),
    metavar="D",
    help="The list's first day, and what :export_date stands for while the query is described.  [default: today in EXPORT_TIMEZONE]",
)
@ends_honestly
def draft(file: Path, *, day: date | None) -> ExitCode:
    """Write the YAML of a price list beside its SQL: name, columns, types and key, as the server describes the query.

    The query is not run, and a YAML that is there is never overwritten. What the server does not say, such as whether an expression is
    ever null, is guessed and marked by a comment. Only the DB_* variables are needed.

    \b
        price-assets draft lists/wholesale.sql
    then look at the guesses, and on with
        price-assets preview wholesale
    """
    from price_assets import logs
    from price_assets.export.price_list_files import shown
    from price_assets.operations import draft as drafts
    from price_assets.settings import SourceSettings, log_format

    logs.configure(log_format(os.environ))
    source = SourceSettings.from_environment()
    drafted = drafts.draft(file, day or datetime.now(source.timezone).date(), source)
    written = drafts.write(drafted, file)
    guessed = {0: "no guess", 1: "1 guess"}.get(drafted.guesses, f"{drafted.guesses} guesses")
    columns = "1 column" if len(drafted.columns) == 1 else f"{len(drafted.columns)} columns"
    click.echo(f"{shown(written)}: {columns}, key {', '.join(drafted.key)}, {guessed}")
    lists = file.parent.resolve()
    here = Path(os.environ.get("PRICE_LISTS_DIR") or "/").resolve() == lists
    click.echo(f"Next: {'' if here else f'export PRICE_LISTS_DIR={quote(str(lists))}; '}price-assets preview {drafted.name}", err=True)
    return ExitCode.OK
