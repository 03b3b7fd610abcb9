"""Two published days of a price list, compared: their stored rows by key, and their columns."""

from dataclasses import dataclass
from datetime import date

from price_assets.errors import StorageRefused
from price_assets.export import layout
from price_assets.export.check_result import CheckResult
from price_assets.export.comparing_checks import Past, PublishedDay, columns_check
from price_assets.export.comparison import Comparison, compare
from price_assets.export.exporter import Exporter
from price_assets.export.price_list import PriceList, contract_of
from price_assets.export.published_days import published_manifest
from price_assets.export.snapshot import Snapshot


@dataclass(frozen=True)
class Difference:
    """What differs between two days; `columns` says what of their columns does, as the check of that name would."""

    before: Snapshot
    after: Snapshot
    comparison: Comparison
    columns: CheckResult


def diff(exporter: Exporter, price_list: PriceList, before: date, after: date) -> Difference:
    """Compare the published rows of two days, in the order in which they are given, by the list's key and prices of today.

    Raises UsageError where a day has published nothing, StorageRefused where its rows are no longer stored.
    """
    first, second = (_rows(exporter, price_list.name, day) for day in (before, after))
    known = PublishedDay(before, first.rows, contract_of(first.columns))
    comparison = compare(first, second, price_list.key, price_list.prices)
    return Difference(first, second, comparison, columns_check(second, Past(newest=known)))


def _rows(exporter: Exporter, price_list: str, day: date) -> Snapshot:
    manifest = published_manifest(exporter.store, price_list, day)
    key = layout.snapshot_key(price_list, day, manifest.snapshot)
    if exporter.store.head(key) is None:
        raise StorageRefused(f"The rows of {price_list} {day} are no longer stored ({exporter.store.address(key)} is gone): compare other days.")
    return exporter.stored_snapshot(price_list, day, manifest.snapshot, run_id="")
