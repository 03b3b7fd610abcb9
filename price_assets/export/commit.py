"""The register in the storage: read it, and change it by compare-and-swap."""

import random
import time
from collections.abc import Callable
from datetime import date

from pydantic import ValidationError

from price_assets.errors import StorageRefused, StorageUnavailable
from price_assets.export import layout
from price_assets.export.layout import LATEST
from price_assets.export.manifest import Manifest
from price_assets.export.register import Day, Event, Published, Register
from price_assets.export.storage import Contested, Found, Head, Store

REFUSALS = 5
"""So often a storage may refuse to change what nobody else has changed: an answer is lost now and then, never each time."""


def read_register(store: Store, price_list: str) -> Register:
    """The register; an empty one where there is none yet. Raises StorageRefused where it can't be read."""
    return _parse_register(store, price_list, store.get(layout.register_key(price_list)))


def read_manifest(store: Store, key: str) -> Manifest:
    """A manifest that the register names. Raises StorageRefused where it is missing or can't be read."""
    if manifest := find_manifest(store, key):
        return manifest
    raise StorageRefused(
        f"{store.address(key)} is not there, though the register names it: it has expired, or somebody deleted it. Export the day again."
    )


def find_manifest(store: Store, key: str) -> Manifest | None:
    """A manifest, or None where there is none. Raises StorageRefused where it can't be read, or is another's."""
    found = store.get(key)
    if found is None:
        return None
    try:
        manifest = Manifest.model_validate_json(found.data)
    except ValidationError as error:
        raise StorageRefused(
            f"{store.address(key)} is no manifest that this release can read: {first_problem(error)}. "
            "Restore its last good version, or delete it and export its day again."
        ) from None
    if layout.manifest_key(manifest.price_list, manifest.export_date, manifest.revision) != key:
        raise StorageRefused(
            f"{store.address(key)} is the manifest of {manifest.price_list} {manifest.export_date}, {manifest.revision}: restore it."
        )
    return manifest


def whole_manifest(store: Store, published: Published) -> Manifest | None:
    """The manifest of what is published, where it and every file that it names are there, as they were put; else None: render and publish again."""
    manifest = find_manifest(store, published.manifest)
    whole = manifest and all(store.head(file.key) == Head(file.bytes, file.sha256) for file in manifest.files)
    return manifest if whole else None


def damaged_revision(store: Store, day: Day) -> str | None:
    """The revision that a day has published, where something of it is no longer there as it was put."""
    return day.published.revision if day.published and not whole_manifest(store, day.published) else None


def commit(store: Store, price_list: str, export_date: date, event: Event, decide: Callable[[Day], Day | None]) -> tuple[Register, bool]:
    """One change of a day. Gives the register, and whether the change is in it.

    `decide` gives the day's new entry, or None for no change; it is asked again after each conflict. After an answer that was lost the
    register is read again and the event's nonce looked for [ST4, ST5]: whether a put landed is never guessed.
    """
    key = layout.register_key(price_list)
    expected: str | None = ""
    refusals = 0
    while True:
        found = store.get(key)
        if found is None:
            _never_was(store, price_list)
        register = _parse_register(store, price_list, found)
        day = register.day(export_date)
        if any(event.nonce == earlier.nonce for earlier in day.events):
            return register, True
        entry = decide(day)
        if entry is None:
            return register, False
        version = found.version if found else None
        refusals = refusals + 1 if version == expected else 0
        expected = version
        register = register.committed(export_date, entry, event)
        try:
            put_if(store, key, register.to_json(), found)
        except Contested as contested:
            if refusals == REFUSALS:
                raise StorageUnavailable(
                    f"{store.address(key)}: the storage does not confirm the change of the register: {contested}. Run again."
                ) from None
            time.sleep(random.uniform(0, 0.05 * 2**refusals))  # noqa: S311 (only keeps rivals apart)
        else:
            return register, True


def _never_was(store: Store, price_list: str) -> None:
    """A first register is begun only where there was none before: with one that was lost go the withdrawals and what days are compared with."""
    beside = layout.beside_key(price_list, LATEST)
    if store.get(beside) and store.get(layout.register_key(price_list)) is None:  # asked again: a rival may have begun it, and settled
        raise StorageRefused(
            f"{store.address(layout.register_key(price_list))} is gone, though {beside} says that days were published: restore its last good "
            f"version. To begin anew without what it knew, delete {beside}."
        )


def put_if(store: Store, key: str, data: bytes, found: Found | None) -> None:
    """Put, if what is there is still what was found. Raises Contested."""
    if found is None:
        store.create(key, data)
    else:
        store.swap(key, data, found.version)


def _parse_register(store: Store, price_list: str, found: Found | None) -> Register:
    if found is None:
        return Register(price_list=price_list)
    address = store.address(layout.register_key(price_list))
    try:
        register = Register.model_validate_json(found.data)
    except ValidationError as error:
        raise StorageRefused(
            f"{address} is no register that this release can read: {first_problem(error)}. "
            "Use the release that wrote it, or restore the object's last good version."
        ) from None
    if register.price_list != price_list:
        raise StorageRefused(f"{address} is the register of {register.price_list!r}: restore that of {price_list!r}, or take it away.")
    return register


def first_problem(error: ValidationError) -> str:
    """The first thing that is wrong with what was read."""
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'the text'}: {first['msg']}"
