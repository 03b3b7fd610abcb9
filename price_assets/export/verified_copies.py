"""What stands at a day's addresses that never change, read again: the copies by their bytes, and the manifests beside them."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from price_assets.export import layout
from price_assets.export.damage import Damage, Finding, Mends
from price_assets.export.layout import Place
from price_assets.export.manifest import Manifest, ManifestFile, beside_json
from price_assets.export.manifest_proof import parse_beside
from price_assets.export.price_list import FORMATS, FormatName
from price_assets.export.register import Register
from price_assets.export.storage import Found, Head, Store
from price_assets.export.stored_bytes import brought, difference


@dataclass(frozen=True)
class Copies:
    """`due` is what must stand there, by format; `whole` the keys of files that are as they were published, `truth` a manifest that holds good."""

    store: Store
    register: Register
    export_date: date
    folder: Path
    whose: Callable[[str], str | None]
    told: Callable[[str], None]
    mends: Mends
    due: Mapping[str, ManifestFile] = field(default_factory=dict[str, ManifestFile])
    truth: Manifest | None = None
    whole: Collection[str] = ()
    manifest_is_whole: bool = True

    def findings(self, besides: Mapping[Place, Found | None]) -> Iterator[Finding]:
        """Of each place whose manifest is given as it was found."""
        for place, beside in besides.items():
            for format_name in FORMATS:
                yield from self._copy(place, format_name)
            yield from self.besides({place: beside})

    def besides(self, besides: Mapping[Place, Found | None]) -> Iterator[Finding]:
        """Of the manifests beside the copies alone: where no other one is whole, nobody knows what the copies must be."""
        for place, beside in besides.items():
            if what := self._beside(place, beside):
                address = self.store.address(layout.beside_key(self.register.price_list, place))
                yield Finding(Damage.STALE_COPY, address, what, self.mends.copy(shows=True, source=self.manifest_is_whole))

    def _copy(self, place: Place, format_name: FormatName) -> Iterator[Finding]:
        key, file = layout.copy_key(self.register.price_list, place, format_name), self.due.get(format_name)
        if file is None:
            if self.store.head(key):
                why = f"{self.export_date} has no {format_name}" if self.due else f"nothing of {self.export_date} is published"
                mend = self.mends.copy(shows=True, source=self.manifest_is_whole)
                yield Finding(Damage.STALE_COPY, self.store.address(key), f"still stands, though {why}", mend)
            return
        due = Head(file.bytes, file.sha256)
        self.told(f"{key}, {file.bytes:,} bytes")
        with brought(self.store, key, self.folder) as found:
            damaged = difference(found, due, self.whose)
        if damaged:
            shows = self.store.head(key) != due
            mend = self.mends.copy(shows=shows, source=self.manifest_is_whole and file.key in self.whole)
            yield Finding(Damage.STALE_COPY, self.store.address(key), damaged[1], mend)

    def _beside(self, place: Place, found: Found | None) -> str | None:
        """What is wrong with the manifest beside the copies."""
        standing = self.register.at(place)
        if found is None:
            return "is not there" if standing.ever else None
        revision = standing.published and standing.published.revision
        due, _ = parse_beside(beside_json(self.register.price_list, standing, self.truth))
        due["revision"] = revision
        try:
            said, _ = parse_beside(found.data)
        except ValueError as error:
            return str(error)
        if said.get("revision") != revision:
            whose = f"revision {said['revision']} of {said.get('export_date')}" if said.get("revision") else "nothing"
            return f"is that of {whose}, where {f'revision {revision}' if revision else 'nothing'} is published"
        known = due.keys() | said.keys() if self.truth or revision is None else {"commits"}  # all that is known without a manifest
        if not self.register.commits:
            known = known - {"commits"}  # the register could not be read
        wrong = sorted(name for name in known if said.get(name) != due.get(name))
        if wrong == ["commits"]:
            return f"is of an earlier commit, {said.get('commits')} where {due['commits']} is due"
        return f"says otherwise than what is published: {', '.join(wrong)}" if wrong else None
