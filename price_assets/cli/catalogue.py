"""The price lists that a command may be asked for."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from price_assets.cli.arguments import known
from price_assets.errors import UsageError, did_you_mean
from price_assets.settings import ExportSettings

if TYPE_CHECKING:
    from price_assets.export.exporter import Exporter
    from price_assets.export.price_list import PriceList
    from price_assets.export.price_list_files import BrokenPriceList


def all_price_lists(settings: ExportSettings) -> "dict[str, PriceList | BrokenPriceList]":
    """Those of PRICE_LISTS_DIR, by name, the broken ones too. Raises SettingError."""
    from price_assets.export.price_list_files import load_price_lists

    found = load_price_lists(settings.price_lists_dir, start=settings.start_date, formats=settings.formats)
    return {each.name: each for each in found}


def whole_price_list(name: str, settings: ExportSettings) -> "PriceList":
    """The one of that name. Raises UsageError where there is none, and the list's own error where it does not load."""
    from price_assets.export.price_list import PriceList

    lists = all_price_lists(settings)
    found = lists[known([name], list(lists))[0]]
    if isinstance(found, PriceList):
        return found
    raise found.error


def is_due(price_list: "PriceList", day: date, settings: ExportSettings) -> None:
    """Raise UsageError for a day before the list's first one, and for one after today."""
    not_in_the_future(day, settings)
    if day < price_list.start:
        raise UsageError(f"{price_list.name} starts on {price_list.start}; {day} lies before it.")


def not_in_the_future(day: date, settings: ExportSettings) -> None:
    """Raise UsageError for a day after today."""
    if day > (today := datetime.now(settings.timezone).date()):
        raise UsageError(f"{day} lies in the future; the newest day is {today}, today in {settings.timezone}.")


def has_happened(exporter: "Exporter", name: str) -> None:
    """Raise UsageError for a list that nobody ever heard of. One that has left its folder is fine: what it published is there still."""
    from price_assets.export.commit import read_register
    from price_assets.export.price_list import is_list_name

    lists = all_price_lists(exporter.settings)
    if name not in lists and not (is_list_name(name) and read_register(exporter.store, name).days):
        there_are = f", and the storage knows of none; there are {', '.join(lists)}."
        raise UsageError(f"There is no price list {name!r}{did_you_mean(name, lists) or there_are}")
