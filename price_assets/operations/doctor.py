"""Looks at everything that a run needs, says how each thing is, and goes on after what is wrong where that makes sense."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import datetime

from price_assets.errors import UsageError, did_you_mean
from price_assets.export.price_list import PriceList
from price_assets.export.price_list_files import load_price_lists
from price_assets.export.storage import open_store
from price_assets.operations.doctor_ledger import examine_ledger
from price_assets.operations.doctor_machine import examine_dagster_home, examine_temporary_files
from price_assets.operations.doctor_notifications import examine_notifications
from price_assets.operations.doctor_settings import examine_settings, is_wrong, readable, source_is_whole
from price_assets.operations.doctor_source import examine_queries, examine_source
from price_assets.operations.doctor_storage import examine_storage
from price_assets.operations.finding import FINDABLE, Area, Finding, ok, skipped, wrong
from price_assets.settings import ExportSettings, SourceSettings, StorageSettings, run_date
from price_assets.variables import PRICE_LISTS_DIR, STORAGE_BUCKET, STORAGE_PREFIX

AREA: Area = "price lists"


def examine(environment: Mapping[str, str], names: Sequence[str] = (), *, notify: bool = False) -> Generator[Finding]:
    """Each finding as soon as it is made; of the price lists all, or those named; to `notify` sends a message to each channel.

    Raises nothing but what stops the process.
    """
    yield from examine_settings(environment)
    usable = readable(environment)
    settings = ExportSettings.from_environment(usable)
    price_lists: list[PriceList] = []
    if is_wrong(PRICE_LISTS_DIR, environment):
        yield skipped(AREA, "all", "PRICE_LISTS_DIR is wrong")
    else:
        for found in _loaded(settings, names):
            if isinstance(found, PriceList):
                price_lists.append(found)
                made = " and ".join(found.formats.made)
                yield ok(AREA, found.name, f"{len(found.columns)} columns, key {', '.join(found.key)}; {made}, from {found.start}")
            else:
                yield found
    day = run_date(usable) or datetime.now(settings.timezone).date()
    source = _source(environment, usable)
    if source is None:
        yield skipped("source", "all", "its settings are wrong")
    elif (yield from examine_source(source)):
        yield from examine_queries(source, price_lists, day)
    elif price_lists:
        yield skipped("source", "queries", "nobody can log in")
    if is_wrong(STORAGE_BUCKET, environment) or is_wrong(STORAGE_PREFIX, environment):
        store = None
        yield skipped("storage", "all", "its settings are wrong")
    else:
        try:
            store = open_store(StorageSettings.from_environment(environment))
        except FINDABLE as error:
            store = None
            yield wrong("storage", "settings", error)
        else:
            if not (yield from examine_storage(store)):
                store = None
    yield from examine_ledger(environment)
    yield from examine_temporary_files(store, [price_list.name for price_list in price_lists])
    yield from examine_dagster_home(environment)
    yield from examine_notifications(environment, notify=notify)


def _loaded(settings: ExportSettings, names: Sequence[str]) -> Iterator[PriceList | Finding]:
    """Each price list that loads, and what is wrong with the others and with the names."""
    try:
        found = load_price_lists(settings.price_lists_dir, start=settings.start_date, formats=settings.formats)
    except FINDABLE as error:
        yield wrong(AREA, "folder", error)
        return
    existing = [each.name for each in found]
    for name in names:
        if name not in existing:
            there_are = f"; there are {', '.join(existing)}"
            yield wrong(AREA, name, UsageError(f"There is no price list {name!r}{did_you_mean(name, existing) or there_are}"))
    for each in found:
        if not names or each.name in names:
            yield each if isinstance(each, PriceList) else wrong(AREA, each.name, each.error)


def _source(environment: Mapping[str, str], usable: Mapping[str, str]) -> SourceSettings | None:
    """The source's settings, where they are right; a wrong EXPORT_TIMEZONE is told, and no reason not to look at the source."""
    if not source_is_whole(environment):
        return None
    try:
        return SourceSettings.from_environment(usable)
    except FINDABLE:
        return None
