"""Bring what stands at the partners' addresses to what the register says: the copies are settled, not written.

Copies can't be conditional, so one looks again until nothing differs. The manifest beside them is put last, by compare-and-swap: its version
is read before the register, and the register's commits are in it, so that no version ever comes back and a late writer always loses.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date

from price_assets.errors import StorageRefused, StorageUnavailable
from price_assets.export import layout
from price_assets.export.commit import find_manifest, put_if, read_manifest, read_register
from price_assets.export.expired import files_are_gone, witness
from price_assets.export.layout import LATEST, Place
from price_assets.export.manifest import Manifest, ManifestFile, beside_json
from price_assets.export.price_list import FORMATS, FormatName
from price_assets.export.register import Published, Register
from price_assets.export.storage import Contested, Found, Head, Store

LOOKS = 100
"""So often a place is looked at before one gives up: many more than there are rivals."""


@dataclass
class SettleReport:
    """What was done, as keys: copies made or replaced, copies deleted, manifests beside them put."""

    copied: list[str] = field(default_factory=list[str])
    deleted: list[str] = field(default_factory=list[str])
    manifests: list[str] = field(default_factory=list[str])

    @property
    def changed(self) -> bool:
        """Whether anything differed."""
        return bool(self.copied or self.deleted or self.manifests)


@dataclass(frozen=True)
class _Look:
    """What stood at a place before the register was read."""

    place: Place
    beside: Found | None
    copies: dict[FormatName, Head | None]


def settle(store: Store, price_list: str, days: Iterable[date] | None = None) -> SettleReport:
    """Settle `latest` and these days; all that the register knows where none are given.

    Raises StorageUnavailable where a storage answers and what it was asked for still doesn't show, and StorageRefused where what is published is
    damaged; the other places are settled all the same.
    """
    if days is None:
        days = sorted(read_register(store, price_list).days, reverse=True)
    places: list[Place] = [LATEST, *days]
    report = SettleReport()
    refused: list[StorageRefused] = []
    for _ in range(LOOKS):
        looks = [_look(store, price_list, place) for place in places]
        register = read_register(store, price_list)
        places = [look.place for look in looks if _mends(store, register, look, report, refused)]
        if not places and refused:
            raise refused[0]
        if not places:
            return report
    stuck = store.address(layout.beside_key(price_list, places[0]))
    raise StorageUnavailable(f"{stuck}: the copies still differ after {LOOKS} looks. Run `price-assets settle` again.")


def _look(store: Store, price_list: str, place: Place) -> _Look:
    beside = store.get(layout.beside_key(price_list, place))
    return _Look(place, beside, {name: store.head(layout.copy_key(price_list, place, name)) for name in FORMATS})


def _mends(store: Store, register: Register, look: _Look, report: SettleReport, refused: list[StorageRefused]) -> bool:
    """The same, but for what stands in the way: it is kept, so that one damaged day does not hold up the others."""
    try:
        return _mend(store, register, look, report)
    except StorageRefused as error:
        refused.append(error)
        return False


def _mend(store: Store, register: Register, look: _Look, report: SettleReport) -> bool:
    """Do what is due at a place. True asks for another look."""
    standing = register.at(look.place)
    if look.beside is None and not standing.ever:
        return False
    manifest = _manifest(store, standing.published, look) if standing.published else None
    if standing.published and manifest is None:
        return False
    wanted: dict[FormatName, ManifestFile] = {file.format: file for file in manifest.files} if manifest else {}
    if _mend_copies(store, register.price_list, look, wanted, report):
        return True
    due = beside_json(register.price_list, standing, manifest)
    if look.beside and look.beside.data == due:
        return False
    key = layout.beside_key(register.price_list, look.place)
    try:
        put_if(store, key, due, look.beside)
    except Contested:
        return True
    report.manifests.append(key)
    return True


def _manifest(store: Store, published: Published, look: _Look) -> Manifest | None:
    """What must stand at the place. Of a day that has expired the manifest beside its copies tells; None where of its folder, too, nothing is left.

    Raises StorageRefused where the manifest alone is gone.
    """
    if manifest := find_manifest(store, published.manifest):
        return manifest
    if look.place != LATEST and look.beside is None and not any(look.copies.values()):
        return None
    beside = witness(look.beside, published)
    return beside if beside and files_are_gone(store, beside) else read_manifest(store, published.manifest)


def _mend_copies(store: Store, price_list: str, look: _Look, wanted: dict[FormatName, ManifestFile], report: SettleReport) -> bool:
    due = [
        (file, layout.copy_key(price_list, look.place, name)) for name, file in wanted.items() if look.copies[name] != Head(file.bytes, file.sha256)
    ]
    over = [layout.copy_key(price_list, look.place, name) for name, there in look.copies.items() if there and name not in wanted]
    for file, key in due:
        _expect_whole(store, file, key)
    _copy(store, due)
    report.copied.extend(key for _, key in due)
    for key in over:
        store.delete(key)
        report.deleted.append(key)
    return bool(due or over)


def _copy(store: Store, due: Sequence[tuple[ManifestFile, str]]) -> None:
    """All at once, for it is the storage that works."""
    with ThreadPoolExecutor(len(FORMATS), "copy") as threads:
        for copied in [threads.submit(store.copy, file.key, key) for file, key in due]:
            copied.result()


def _expect_whole(store: Store, file: ManifestFile, copy: str) -> None:
    """Raises StorageRefused: a damaged file must not go on to the partners. One that is not there the copying itself refuses."""
    if store.head(file.key) not in (None, Head(file.bytes, file.sha256)):
        raise StorageRefused(
            f"{store.address(file.key)} is not as it was put, so {store.address(copy)} is not made from it. `price-assets verify` says what mends it."
        )
