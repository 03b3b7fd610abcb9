"""Where everything stands in the storage. Keys are relative to `STORAGE_PREFIX`.

::

    {list}/publications.json                                 the register
    {list}/latest/{list}.csv | .xlsx | manifest.json         copies of the newest published day
    {list}/{date}/{list}_{date}.csv | .xlsx | manifest.json  copies of what that day has published
    _files/{list}/{date}/{list}_{date}.{sha12}.csv | .xlsx   a file, immutable
    _files/{list}/{date}/manifest.{revision}.json            its manifest, immutable
    _snapshots/{list}/{date}/{snapshot}.parquet              a snapshot, immutable
    _alerts.json                                             what the exporter has told the channels of
    .doctor/…                                                what `price-assets doctor` tries, gone again when it ends

A price list's name starts with a letter, so none collides with what begins otherwise. deploy/retention/ lets `_files/` and `_snapshots/` expire.
"""

from datetime import date
from typing import Literal

from price_assets.export.price_list import FormatName

ALERTS = "_alerts.json"
"""The state of the exporter's alerts; a daemon keeps its own."""
LATEST: Literal["latest"] = "latest"
Place = date | Literal["latest"]
"""Where copies stand: `latest`, or the folder of a day."""


def register_key(price_list: str) -> str:
    """The register of a price list."""
    return f"{price_list}/publications.json"


def file_name(price_list: str, export_date: date, format: FormatName) -> str:  # noqa: A002 (the word of the design)
    """What a partner's download is called, wherever it comes from."""
    return f"{price_list}_{export_date}.{format}"


def file_key(price_list: str, export_date: date, format: FormatName, sha256: str) -> str:  # noqa: A002
    """A file, under the key that its bytes decide; `sha256` is the whole hex digest."""
    return f"_files/{price_list}/{export_date}/{price_list}_{export_date}.{sha256[:12]}.{format}"


def manifest_key(price_list: str, export_date: date, revision: str) -> str:
    """The manifest of a revision."""
    return f"_files/{price_list}/{export_date}/manifest.{revision}.json"


def snapshot_key(price_list: str, export_date: date, snapshot: str) -> str:
    """The Parquet of a snapshot; `snapshot` is its name."""
    return f"_snapshots/{price_list}/{export_date}/{snapshot}.parquet"


def probe_key(name: str) -> str:
    """Where a storage is tried out."""
    return f".doctor/{name}"


def copy_key(price_list: str, place: Place, format: FormatName) -> str:  # noqa: A002
    """The address of a format that never changes."""
    name = f"{price_list}.{format}" if place == LATEST else file_name(price_list, place, format)
    return f"{price_list}/{place}/{name}"


def beside_key(price_list: str, place: Place) -> str:
    """The manifest beside the copies."""
    return f"{price_list}/{place}/manifest.json"
