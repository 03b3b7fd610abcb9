"""What a price list has published, read again from the storage: the register, and day by day what it names.

One damaged object never hides another: where the register can't be read, the manifests beside the copies say what is looked at.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from price_assets.errors import StorageRefused
from price_assets.export import layout
from price_assets.export.commit import find_manifest, first_problem
from price_assets.export.damage import Damage, Finding
from price_assets.export.layout import LATEST
from price_assets.export.manifest_proof import parse_beside
from price_assets.export.price_list import PriceList
from price_assets.export.register import Day, Published, Register
from price_assets.export.storage import Found, Store
from price_assets.export.verified_day import DayReport, DayVerification

LOOKS = 3
"""So often a day is read that somebody publishes meanwhile."""
RESTORE = "restore its last good version: it alone says what is published, and what happened to it"


@dataclass
class Verification:
    """Of one price list. `definition` is None where it does not load, or has left its folder; `told` hears what is read next."""

    store: Store
    folder: Path
    price_list: str
    definition: PriceList | None
    timezone: ZoneInfo
    told: Callable[[str], None] = field(default=lambda _: None)

    def run(self, wanted: date | None = None, *, every_day: bool = False) -> Iterator[DayReport]:
        """The wanted day, or every day that was ever published, the newest first; else the newest published one.

        What is wrong with the register is a report without a day. Raises StorageUnavailable, and StorageRefused where the register is forbidden.
        """
        found = self.store.get(layout.register_key(self.price_list))
        register, findings = self._read(found, wanted)
        if findings:
            yield DayReport(self.price_list, None, findings=findings)
        if wanted:
            days = [wanted] if wanted in register.days or not findings else []
        else:
            ever = [day for day, entry in sorted(register.days.items(), reverse=True) if entry.was_published]
            days = ever if every_day else [register.latest] if register.latest else ever[:1]
        for number, day in enumerate(days, start=1):
            self.told(f"{self.price_list} {day}" + (f", day {number} of {len(days)}" if len(days) > 1 else ""))
            yield self._day(register, found, day)
        if not days and not findings:
            yield DayReport(self.price_list, None)

    def _day(self, register: Register, found: Found | None, day: date) -> DayReport:
        """A day; looked at again where it is not whole and the register has changed in the meantime, as it does while somebody publishes."""
        report = self._look(register, day)
        for _ in range(LOOKS - 1):
            now = self.store.get(layout.register_key(self.price_list)) if report.findings else found
            if (now and now.version) == (found and found.version):
                break
            found = now
            register, _ = self._read(found, day)
            report = self._look(register, day)
        return report

    def _look(self, register: Register, day: date) -> DayReport:
        reads = self.definition is not None and (self.definition.past_dates or day == datetime.now(self.timezone).date())
        look = DayVerification(
            self.store, register, day, self.folder, self.definition, self.timezone, reads=reads, whose=_Whose(self.store, register), told=self.told
        )
        try:
            return look.run()
        except StorageRefused as error:  # an object that nobody may read; the other days are read all the same
            return DayReport(self.price_list, day, error=error)

    def _read(self, found: Found | None, wanted: date | None) -> tuple[Register, tuple[Finding, ...]]:
        """The register, and what is wrong with it; where it can't be read, one that says what stands beside the copies."""
        address = self.store.address(layout.register_key(self.price_list))
        stand_in = Register(price_list=self.price_list)
        if found is None:
            stand_in = self._beside(wanted)
            what = f"is not there, and yet {self.price_list} has published: an export now would begin a new one, without the history"
            return stand_in, (Finding(Damage.MISSING, address, what, RESTORE),) if stand_in.days else ()
        try:
            register = Register.model_validate_json(found.data)
        except ValidationError as error:
            what = f"can't be read: {first_problem(error)}" if found.data else "is empty"
        else:
            if register.price_list == self.price_list:
                wrong = list(_contradictions(register))
                newest = max((day for day, entry in register.days.items() if entry.published), default=None)
                finding = Finding(Damage.UNREADABLE_REGISTER, address, f"contradicts itself: {'; '.join(wrong)}", RESTORE)
                return register.model_copy(update={"latest": newest}), (finding,) if wrong else ()
            what = f"is the register of {register.price_list!r}"
        mend = f"{RESTORE}; or use the release that wrote it" if "version" in what else RESTORE
        return self._beside(wanted), (Finding(Damage.UNREADABLE_REGISTER, address, what, mend),)

    def _beside(self, wanted: date | None) -> Register:
        """A register of what the manifests beside the copies name. It has no commits, so that nobody holds them against it."""
        days: dict[date, Day] = {}
        for place in (LATEST, wanted):
            found = self.store.get(layout.beside_key(self.price_list, place)) if place else None
            try:
                manifest = parse_beside(found.data)[1] if found else None
            except ValueError:
                continue
            if manifest and manifest.price_list == self.price_list:
                published = Published(
                    revision=manifest.revision,
                    snapshot=manifest.snapshot,
                    content=manifest.content,
                    source_time=manifest.source_time,
                    manifest=layout.manifest_key(self.price_list, manifest.export_date, manifest.revision),
                )
                days[manifest.export_date] = Day(published=published, newest_source_time=manifest.source_time)
        return Register(price_list=self.price_list, latest=max(days, default=None), days=days)


def _contradictions(register: Register) -> Iterator[str]:
    """What no commit of ours has ever made."""
    newest = max((day for day, entry in register.days.items() if entry.published), default=None)
    if register.latest != newest:
        yield f"latest is {register.latest} where the newest published day is {newest}"
    for day, entry in register.days.items():
        published = entry.published
        if published is None:
            continue
        if published.manifest != (key := layout.manifest_key(register.price_list, day, published.revision)):
            yield f"{day} names {published.manifest} where its revision makes {key}"
        if not any((event.revision, event.snapshot) == (published.revision, published.snapshot) for event in entry.events):
            yield f"{day} has published revision {published.revision} of snapshot {published.snapshot}, of which no event tells"


class _Whose:
    """Knows the files of every revision that a list ever published, by their sha256. Nothing is read before somebody asks."""

    def __init__(self, store: Store, register: Register) -> None:
        self._store, self._register = store, register
        self._known: dict[str, str] | None = None

    def __call__(self, sha256: str) -> str | None:
        """As `the csv of 2026-11-23, revision …`."""
        if self._known is None:
            self._known = dict(self._files())
        return self._known.get(sha256)

    def _files(self) -> Iterator[tuple[str, str]]:
        for day, entry in self._register.days.items():
            revisions = {event.revision for event in entry.events} | {entry.published and entry.published.revision}
            for revision in filter(None, revisions):
                try:
                    manifest = find_manifest(self._store, layout.manifest_key(self._register.price_list, day, revision))
                except StorageRefused:
                    continue  # a damaged one knows nothing; it has a finding of its own
                for file in manifest.files if manifest else ():
                    yield file.sha256, f"the {file.format} of {day}, revision {revision}"
