"""A command without a process of its own, and a day published without Dagster: for what shows the same so, at a tenth of the time."""

import logging
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from click.testing import CliRunner

from price_assets.cli import main
from price_assets.export.exporter import Exporter
from price_assets.export.price_list import PriceList
from price_assets.export.price_list_files import load_price_lists
from price_assets.export.publication import Publication
from price_assets_tests.shop import Shop


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


def run(shop: Shop, *arguments: str, **changes: str | None) -> Ended:
    """`price-assets` with the shop's environment, its log as text; a variable that is None is not set."""
    variables: dict[str, str | None] = dict.fromkeys(os.environ) | shop.process_environment(LOG_FORMAT="text") | changes
    with logging_as_it_was():
        done = CliRunner().invoke(main, list(arguments), env=variables)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Ended(done.exit_code, done.stdout, done.stderr)


@contextmanager
def logging_as_it_was() -> Generator[None]:
    """Take back at the end what a command does to the root logger: its handler would write to a stream that is closed by then."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:], root.level = handlers, level


def publish(shop: Shop, day: str, accepted: tuple[str, ...] = ()) -> Publication:
    """Take, check, render and publish a day, by the steps that the assets call; with the checks that somebody accepts, where there are some."""
    exporter = Exporter(shop.process_environment())
    settings = exporter.settings
    lists = load_price_lists(settings.price_lists_dir, start=settings.start_date, formats=settings.formats)
    (price_list,) = [each for each in lists if each.name == "shop" and isinstance(each, PriceList)]
    export_date = date.fromisoformat(day)
    taken = exporter.take(price_list, export_date, "run", from_snapshots=False)
    name = taken.snapshot.name
    acceptance = exporter.acceptance(price_list, export_date, name, accepted, by="anna", reason="it is right") if accepted else None
    verdict = exporter.judge(price_list, taken, "run", acceptance)
    verdict.raise_if_blocked()
    files = [exporter.render(price_list, verdict.judged, format_name, "run") for format_name in price_list.formats.made]
    return exporter.publish(price_list, verdict.judged, files, "run")
