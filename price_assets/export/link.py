"""An address of a published file that may be sent to somebody: it leads to the same bytes as long as it lives.

It is that of the immutable file, not of a copy at the partners' address: copies change at 06:00, and a download that is resumed after that, or a
link that is opened then, would give another day's prices under the name of this one.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from price_assets.errors import StorageRefused, UsageError
from price_assets.export.manifest import ManifestFile
from price_assets.export.published_days import published_manifest
from price_assets.export.storage import Store
from price_assets.settings import FORMATS, FormatName


@dataclass(frozen=True)
class Link:
    """The address of a file: signed, or of a folder its path."""

    export_date: date
    file: ManifestFile
    address: str

    @property
    def ends(self) -> bool:
        """Whether it is an address that stops leading anywhere; a path does not."""
        return "://" in self.address


def link(store: Store, price_list: str, export_date: date | None, format_name: FormatName | None, lasts: timedelta) -> Link:
    """Sign the address of a day's file, the newest published day's where none is asked for; by default the XLSX where it has one.

    Raises UsageError where nothing is published, or not in this format, StorageRefused where the file is gone or the credentials can't sign.
    """
    manifest = published_manifest(store, price_list, export_date)
    files = {file.format: file for file in manifest.files}
    wanted = format_name or max(files, key=FORMATS.index)
    if wanted not in files:
        raise UsageError(f"{price_list} {manifest.export_date} has no {wanted}: it was published as {' and '.join(files)}.")
    file = files[wanted]
    if store.head(file.key) is None:
        raise StorageRefused(
            f"{store.address(file.key)} is not there, though the register names it: it has expired, or somebody deleted it. Export the day again."
        )
    return Link(manifest.export_date, file, store.sign(file.key, lasts))
