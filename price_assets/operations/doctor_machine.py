"""The machine that a run is on: room for temporary files, against what the newest published day takes; and DAGSTER_HOME, where it is set."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.filesize import decimal

from price_assets.errors import Failed, SettingError
from price_assets.export import layout
from price_assets.export.commit import read_manifest, read_register
from price_assets.export.expired import lasting_manifest
from price_assets.export.storage import Store
from price_assets.operations.finding import FINDABLE, Area, Finding, ok, warning, wrong

AREA: Area = "this machine"
AMPLE = 2
"""So many times what the newest day takes is no cause for a word."""


def examine_temporary_files(store: Store | None, price_lists: Sequence[str]) -> Iterator[Finding]:
    """Free bytes of the temp folder. `store` is None where it can't be reached."""
    try:
        folder = tempfile.gettempdir()
    except FileNotFoundError:
        error = SettingError("TMPDIR: no temp folder can be written, not /tmp either. Mount one, and set TMPDIR to it.")
        yield wrong(AREA, "temp space", error)
        return
    free = shutil.disk_usage(folder).free
    said = f"{decimal(free)} free in {folder}"
    try:
        needs = [(_needs(store, name), name) for name in price_lists] if store else []
    except FINDABLE as error:
        yield wrong("storage", "register", error)
        return
    most, name = max(needs, default=(0, ""))
    if not most:
        yield ok(AREA, "temp space", f"{said}; nothing of these lists is published yet to measure by")
        return
    said = f"{said}; the newest day of {name} takes about {decimal(most)}"
    if free < most:
        yield wrong(AREA, "temp space", Failed(f"{said}. Make room, or set TMPDIR to a folder that has it."))
    elif free < AMPLE * most:
        yield warning(AREA, "temp space", f"{said}. Make room, or set TMPDIR to a folder that has more.")
    else:
        yield ok(AREA, "temp space", said)


def examine_dagster_home(environment: Mapping[str, str]) -> Iterator[Finding]:
    """What the runs' history is kept in, where it is set."""
    home = environment.get("DAGSTER_HOME")
    if home is None:
        return
    path = Path(home)
    if not path.is_absolute() or not path.is_dir() or not os.access(path, os.W_OK | os.X_OK):
        why = "is no absolute path" if not path.is_absolute() else "is no folder" if not path.is_dir() else "can't be written by this user"
        yield wrong(AREA, "DAGSTER_HOME", SettingError(f"DAGSTER_HOME {home!r} {why}: set it to a folder that can be written, or unset it."))
    elif not (path / "dagster.yaml").is_file():
        lacks = "has no dagster.yaml, so Dagster's defaults hold and runs of one list may overlap: copy this project's there"
        yield warning(AREA, "DAGSTER_HOME", f"{home} {lacks}")
    else:
        yield ok(AREA, "DAGSTER_HOME", home)


def _needs(store: Store, price_list: str) -> int:
    """Bytes: two snapshots, today's and the one it is compared with, and the largest file twice, for it is made of parts; 0 before the first day."""
    register = read_register(store, price_list)
    published = register.day(register.latest).published if register.latest else None
    if not published or not register.latest:
        return 0
    manifest = lasting_manifest(store, price_list, register.latest, published) or read_manifest(store, published.manifest)
    snapshot = store.head(layout.snapshot_key(price_list, register.latest, published.snapshot))
    return 2 * (snapshot.bytes if snapshot else 0) + 2 * max(file.bytes for file in manifest.files)
