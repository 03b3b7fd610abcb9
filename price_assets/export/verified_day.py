"""A day that is published, read again: its manifest, its stored rows, its files, the copies. Nothing is believed that can be read.

Where the manifest is gone or altered, one beside the copies that holds good speaks for it, so that the files are looked at all the same.
Where the manifest and all of the files are gone, and the day is an old one, it has expired: of such a day the copies alone are looked at.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from price_assets.errors import StorageRefused
from price_assets.export import layout
from price_assets.export.contract import Contract
from price_assets.export.damage import Damage, Finding, Mends
from price_assets.export.expired import files_are_gone, witness
from price_assets.export.layout import LATEST, Place
from price_assets.export.manifest import Manifest
from price_assets.export.manifest_proof import against_sizes, against_snapshot, against_totals, contradictions, parse
from price_assets.export.price_list import FORMATS, PriceList
from price_assets.export.register import Published, Register
from price_assets.export.snapshot import Snapshot
from price_assets.export.storage import Found, Store
from price_assets.export.storing import digest, open_stored
from price_assets.export.verified_copies import Copies
from price_assets.export.verified_files import Files

YOUNG = timedelta(days=30)
"""So long after its publication nothing of a day may expire, as docs/retention.md asks: what is gone sooner was deleted, and is damage."""


@dataclass(frozen=True)
class DayReport:
    """What was found. `files` and `bytes` are of those of the `published` files that are whole; `note` says why rows were not `compared`.

    Of an `expired` day no file is left, which is no damage; `published` counts its copies, 0 where they have expired, too.

    Without an export date it is about the list: its register, or that it has published nothing. `error`: something could not be read.
    """

    price_list: str
    export_date: date | None
    revision: str | None = None
    published: int = 0
    files: int = 0
    bytes: int = 0
    rows: int | None = None
    compared: bool = False
    note: str = ""
    expired: bool = False
    findings: tuple[Finding, ...] = ()
    error: StorageRefused | None = None


@dataclass
class DayVerification:
    """`reads`: the source can still be asked for the day; `whose` names the file that has a sha256; `told` hears what is read next."""

    store: Store
    register: Register
    export_date: date
    folder: Path
    definition: PriceList | None
    timezone: ZoneInfo
    reads: bool
    whose: Callable[[str], str | None]
    told: Callable[[str], None]

    _findings: list[Finding] = field(default_factory=list[Finding])
    _notes: list[str] = field(default_factory=list[str])

    def run(self) -> DayReport:
        """Look at everything, once."""
        name, published = self.register.price_list, self.register.day(self.export_date).published
        besides: dict[Place, Found | None] = {place: self.store.get(layout.beside_key(name, place)) for place in self._places()}
        if published:
            return self._published(published, besides)
        mends = Mends(name, self.export_date, renders=False, reads=self.reads)
        copies = Copies(self.store, self.register, self.export_date, self.folder, self.whose, self.told, mends)
        return DayReport(name, self.export_date, findings=tuple(copies.findings(besides)))

    def _published(self, published: Published, besides: dict[Place, Found | None]) -> DayReport:
        name = self.register.price_list
        witnesses = [sound for found in besides.values() if (sound := witness(found, published))]
        if self._has_expired(published, witnesses, besides):
            return self._expired(published, next(iter(witnesses), None), besides)
        manifest, damage, doubts = self._manifest(published, witnesses)
        base = next(iter(witnesses), manifest) if doubts else manifest
        snapshot = self._snapshot(published)
        mends = Mends(name, self.export_date, renders=snapshot is not None and self.definition is not None, reads=self.reads)
        contracts = list(_contracts([each for each in (base, *witnesses) if each], snapshot))
        files = Files(self.store, self.folder, self.definition, self.timezone, self.whose, self.told, contracts, snapshot, mends)
        try:
            if base:
                files.look(base, sound=base is not manifest or not doubts)
            if manifest:
                doubts += [*files.doubts, *_denied(manifest, snapshot, files)]
            truth = manifest if not doubts else next((each for each in witnesses if not _denied(each, snapshot, files)), None)
        finally:
            if snapshot:
                snapshot.path.unlink(missing_ok=True)
        if doubts:
            lost = "" if base else "; nothing else says which files are published, so they were not looked at"
            mend = mends.missing_manifest() if damage is Damage.MISSING_MANIFEST else mends.altered_manifest()
            self._findings.insert(0, Finding(damage, self.store.address(published.manifest), "; ".join(doubts) + lost, mend))
        copies = Copies(
            self.store,
            self.register,
            self.export_date,
            self.folder,
            self.whose,
            self.told,
            mends,
            files.due,
            truth,
            set(files.sizes),
            manifest_is_whole=not doubts,
        )
        self._notes += files.notes
        return DayReport(
            name,
            self.export_date,
            published.revision,
            published=len(base.files) if base else 0,
            files=len(files.sizes),
            bytes=sum(files.sizes.values()),
            rows=truth and truth.rows,
            compared=not self._notes,
            note="; ".join(dict.fromkeys(self._notes)),
            findings=(*self._findings, *files.findings, *(copies.findings(besides) if base else copies.besides(besides))),
        )

    def _has_expired(self, published: Published, witnesses: Sequence[Manifest], besides: Mapping[Place, Found | None]) -> bool:
        said = [event.time for event in self.register.day(self.export_date).events if event.revision == published.revision]
        if not said or datetime.now(UTC) - max(said) < YOUNG or self.store.get(published.manifest):
            return False
        if witnesses:
            return files_are_gone(self.store, witnesses[0])
        copies = [layout.copy_key(self.register.price_list, place, name) for place in besides for name in FORMATS]
        return not any(besides.values()) and not any(self.store.head(key) for key in copies)

    def _expired(self, published: Published, manifest: Manifest | None, besides: Mapping[Place, Found | None]) -> DayReport:
        """The copies by the manifest beside them, and the rows, where they are still stored: they may be rendered again."""
        snapshot = self._snapshot(published)
        if snapshot:
            snapshot.path.unlink()
        renders = snapshot is not None and self.definition is not None
        mends = Mends(self.register.price_list, self.export_date, renders=renders, reads=self.reads, expired=True)
        due = {file.format: file for file in manifest.files} if manifest else {}
        copies = Copies(self.store, self.register, self.export_date, self.folder, self.whose, self.told, mends, due, manifest)
        findings = (*self._findings, *(copies.findings(besides) if manifest else ()))
        return DayReport(self.register.price_list, self.export_date, published.revision, published=len(due), findings=findings, expired=True)

    def _places(self) -> list[Place]:
        """Where this day's copies stand: at `latest` too, if it is the newest, or the last that was withdrawn."""
        ever = [day for day, entry in self.register.days.items() if entry.was_published]
        newest = self.register.latest or max(ever, default=None)
        return [self.export_date, LATEST] if newest == self.export_date else [self.export_date]

    def _manifest(self, published: Published, witnesses: Sequence[Manifest]) -> tuple[Manifest | None, Damage, list[str]]:
        """The manifest, if it can be read; and what it would be damaged by, and how that shows so far."""
        found = self.store.get(published.manifest)
        if found is None:
            return None, Damage.MISSING_MANIFEST, ["is not there, though the register names it"]
        try:
            manifest = parse(found.data)
        except ValueError as error:
            return None, Damage.ALTERED_MANIFEST, [str(error)]
        doubts = list(contradictions(manifest, published))
        if not doubts and len(witnesses) > 1 and witnesses[0] == witnesses[1] != manifest:
            doubts = [f"both manifests beside the copies say otherwise: {', '.join(manifest.differs_in(witnesses[0]))}"]
        return manifest, Damage.ALTERED_MANIFEST, doubts

    def _snapshot(self, published: Published) -> Snapshot | None:
        """The stored rows, proven by their name. Where they have expired that is no damage."""
        name = self.register.price_list
        key = layout.snapshot_key(name, self.export_date, published.snapshot)
        path = self.folder / f"{published.snapshot}.parquet"
        if not self.store.fetch(key, path):
            self._notes.append("it is no longer stored")
            return None
        try:
            if (head := self.store.head(key)) and head.sha256 not in (None, digest(path)):
                raise ValueError("has other bytes than were put")  # noqa: TRY301 - as it may have, and the same rows
            return open_stored(path, name, self.export_date, published.snapshot)
        except ValueError as error:
            damage = Damage.ALTERED if path.stat().st_size else Damage.EMPTY
            path.unlink()
            self._notes.append("it is damaged")
            mend = Mends(name, self.export_date, renders=False, reads=self.reads).snapshot()
            self._findings.append(Finding(damage, self.store.address(key), str(error), mend))
            return None


def _contracts(manifests: Sequence[Manifest], snapshot: Snapshot | None) -> Iterator[Contract]:
    """Those of the manifests, as far as they can be read, and the one that the rows were stored with."""
    for manifest in manifests:
        with suppress(ValueError):
            yield manifest.columns
    if snapshot:
        yield snapshot.columns


def _denied(manifest: Manifest, snapshot: Snapshot | None, files: Files) -> list[str]:
    """What the rows and the files say otherwise: the snapshot, where it is stored, else the files."""
    said: list[str] = []
    with suppress(ValueError):  # a contract that can't be read is a contradiction already
        if snapshot:
            said += against_snapshot(manifest, snapshot)
    if not snapshot:
        for name, found in files.totals.items():
            said += against_totals(manifest, f"the {name}", found)
    return [*said, *against_sizes(manifest, files.sizes)]
