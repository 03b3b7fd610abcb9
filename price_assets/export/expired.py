"""Days whose files have expired: a lifecycle rule of the bucket took them, and what stands beside the copies still tells of them.

No rule is known here, so a day has expired where its manifest and all of its files are gone. Where only some are, that is damage.
"""

from datetime import date

from price_assets.export import layout
from price_assets.export.commit import find_manifest
from price_assets.export.manifest import Manifest
from price_assets.export.manifest_proof import contradictions, parse_beside
from price_assets.export.register import Published
from price_assets.export.storage import Found, Store


def lasting_manifest(store: Store, price_list: str, export_date: date, published: Published) -> Manifest | None:
    """The manifest of what a day has published; where that is gone, the one beside the day's copies. None where neither is there.

    Raises StorageRefused where it is there and can't be read.
    """
    return find_manifest(store, published.manifest) or witness(store.get(layout.beside_key(price_list, export_date)), published)


def witness(found: Found | None, published: Published) -> Manifest | None:
    """The manifest in one beside the copies, if it is of what is published and holds good by itself."""
    try:
        manifest = parse_beside(found.data)[1] if found else None
    except ValueError:
        return None
    return manifest if manifest and not [*contradictions(manifest, published)] else None


def files_are_gone(store: Store, manifest: Manifest) -> bool:
    """Whether none of the files that a manifest names is there."""
    return not any(store.head(file.key) for file in manifest.files)
