"""The published files of a day, read again: each by its bytes, and each that is whole by its rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from price_assets.errors import Failed
from price_assets.export.contract import Contract, Kind
from price_assets.export.damage import Damage, Finding, Mends
from price_assets.export.manifest import Manifest, ManifestFile
from price_assets.export.price_list import PriceList, content_name
from price_assets.export.reread import Totals, compare_workbook, totals
from price_assets.export.snapshot import Snapshot
from price_assets.export.storage import Head, Store
from price_assets.export.stored_bytes import StoredBytes, brought, difference


@dataclass
class Files:
    """`contracts`: what the files may have been made by, the likeliest first. `definition`, `whose`, `told` as in `verified_day`.

    What is found is gathered: `due` is what each format must be, `sizes` has the bytes of those that are whole by their key, `totals` what they add
    up to; `doubts` is what speaks against the manifest, and `notes` says of which rows could not be compared, and why.
    """

    store: Store
    folder: Path
    definition: PriceList | None
    timezone: ZoneInfo
    whose: Callable[[str], str | None]
    told: Callable[[str], None]
    contracts: Sequence[Contract]
    snapshot: Snapshot | None
    mends: Mends

    due: dict[str, ManifestFile] = field(default_factory=dict[str, ManifestFile])
    sizes: dict[str, int] = field(default_factory=dict[str, int])
    totals: dict[str, Totals] = field(default_factory=dict[str, Totals])
    doubts: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    findings: list[Finding] = field(default_factory=list[Finding])

    def look(self, manifest: Manifest, *, sound: bool) -> None:
        """At each file that it names. What an unsound manifest says of a file's sha256 counts less than the file's key, which has 12 digits of it."""
        for file in manifest.files:
            self.told(f"{manifest.price_list} {manifest.export_date}: {file.name}, {file.bytes:,} bytes")
            with brought(self.store, file.key, self.folder) as found:
                if found and not sound and f".{found.sha256[:12]}." in file.key:
                    file = file.model_copy(update={"sha256": found.sha256})  # noqa: PLW2901
                self.due[file.format] = file
                if damaged := difference(found, Head(file.bytes, file.sha256), self.whose):
                    shows = self.store.head(file.key) != Head(file.bytes, file.sha256)
                    self.findings.append(Finding(damaged[0], self.store.address(file.key), damaged[1], self.mends.file(shows=shows)))
                elif found:
                    self.sizes[file.key] = found.bytes
                    self._read_rows(manifest, file, found)

    def _read_rows(self, manifest: Manifest, file: ManifestFile, found: StoredBytes) -> None:
        """Of a file that is whole, by its bytes: so a contract that does not read it, where another one does, is not the one it was made by."""
        failures: list[Failed] = []
        for columns in self.contracts:
            try:
                read = totals(found.path, file.format, columns)
                if self.snapshot:
                    read.expect(Totals(self.snapshot.rows, self.snapshot.control_sums))
                if self.snapshot and file.format == "xlsx":
                    self._compare_workbook(manifest, columns, found.path, self.snapshot)
            except Failed as error:
                failures.append(error)
            else:
                self.totals[file.format] = read
                break
        if not failures:
            return
        why = str(failures[0]).removesuffix(".").removesuffix("; run it again")
        if file.format in self.totals or self.snapshot is None:
            self.doubts.append(f"its contract does not read the {file.format}, which is whole by its sha256: {why}")
        else:
            what = f"has the bytes that were published, and other rows than its snapshot: {why}"
            self.findings.append(Finding(Damage.ALTERED, self.store.address(file.key), what, self.mends.file(shows=False)))

    def _compare_workbook(self, manifest: Manifest, columns: Contract, path: Path, snapshot: Snapshot) -> None:
        """A timestamptz shows in the time zone of its day: it is today's where today's definition makes the same content."""
        if any(column.type.kind is Kind.TIMESTAMPTZ for column in columns):
            mine = self.definition
            again = mine and content_name(snapshot.name, mine.description, columns, mine.formats, str(self.timezone))
            if again != manifest.content:
                self.notes.append("the xlsx shows moments, and EXPORT_TIMEZONE or the list's options are not those that it was made with")
                return
        compare_workbook(path, replace(snapshot, columns=columns), self.timezone)
