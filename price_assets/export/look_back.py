"""What a snapshot is compared with: the published days, as the register and their manifests tell them."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path

from price_assets.errors import StorageRefused
from price_assets.export import layout
from price_assets.export.comparing_checks import Past, PublishedDay
from price_assets.export.comparison import Comparison, compare
from price_assets.export.expired import lasting_manifest
from price_assets.export.manifest import Manifest
from price_assets.export.price_list import PriceList
from price_assets.export.register import Register
from price_assets.export.snapshot import Snapshot
from price_assets.export.storage import Store
from price_assets.export.storing import fetch_snapshot


def look_back(store: Store, register: Register, price_list: PriceList, snapshot: Snapshot, folder: Path) -> Past:
    """Read what the checks of this snapshot want to know of the days before. A published day of which nothing is left is passed over."""
    day = register.day(snapshot.export_date)
    before = next(_manifests(store, register, until=snapshot.export_date), None)
    comparison, damage = None, None
    try:
        comparison = before and compared(store, price_list, before, snapshot, folder)
    except StorageRefused as error:  # rows that are damaged are no reason to stop a list that does not ask for them
        damage = str(error)
    return Past(
        newest=_said(next(_manifests(store, register), None)),
        before=_said(before),
        comparison=comparison,
        damage=damage,
        expired=before is None and any(entry.published for export_date, entry in register.days.items() if export_date < snapshot.export_date),
        withdrawn=snapshot.name in day.withdrawn,
    )


def compared(store: Store, price_list: PriceList, before: Manifest, snapshot: Snapshot, folder: Path) -> Comparison | None:
    """Compare with the rows of a published day; None where they are no longer stored. Raises StorageRefused where they are damaged."""
    if before.snapshot == snapshot.name:  # one name, the same rows
        return Comparison(before.export_date, common=snapshot.rows, added=0, removed=0, repriced=0, moved=0, largest=())
    if store.head(layout.snapshot_key(price_list.name, before.export_date, before.snapshot)) is None:
        return None
    rule = price_list.checks.price_change
    stood = fetch_snapshot(store, price_list.name, before.export_date, before.snapshot, folder)
    try:
        return compare(stood, snapshot, price_list.key, price_list.prices, ratio=Fraction(rule.ratio) if rule else None)
    finally:
        stood.path.unlink()


def _manifests(store: Store, register: Register, until: date = date.max) -> Iterator[Manifest]:
    """Of the published days before `until`, the newest first."""
    for export_date, day in sorted(register.days.items(), reverse=True):
        if export_date < until and day.published and (manifest := lasting_manifest(store, register.price_list, export_date, day.published)):
            yield manifest


def _said(manifest: Manifest | None) -> PublishedDay | None:
    return manifest and PublishedDay(manifest.export_date, manifest.rows, manifest.contract)
