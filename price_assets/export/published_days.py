"""The published day that a person asks for, or why there is none: told so that the next try is right."""

from datetime import date

from price_assets.errors import UsageError
from price_assets.export.commit import read_manifest, read_register
from price_assets.export.expired import lasting_manifest
from price_assets.export.manifest import Manifest
from price_assets.export.register import Register
from price_assets.export.storage import Store


def published_manifest(store: Store, price_list: str, export_date: date | None = None) -> Manifest:
    """What the day has published; the newest published day where none is asked for.

    Raises UsageError where nothing is published, StorageRefused where the register names what is not there.
    """
    register = read_register(store, price_list)
    wanted = export_date or register.latest
    if wanted is None:
        if any(day.was_published for day in register.days.values()):
            raise UsageError(f"{price_list} has nothing published any more: all of it was withdrawn, as `price-assets history {price_list}` tells.")
        raise UsageError(f"{price_list} has published nothing yet: `price-assets export {price_list}` does.")
    published = register.day(wanted).published
    if published is None:
        raise UsageError(f"{price_list} {wanted} {_why(register, wanted)}; {_nearest(register, wanted)}.")
    return lasting_manifest(store, price_list, wanted, published) or read_manifest(store, published.manifest)


def _why(register: Register, wanted: date) -> str:
    day = register.day(wanted)
    if day.was_published:
        return "has nothing published any more: it was withdrawn"
    return "was blocked, and has published nothing" if day.events else "has published nothing"


def _nearest(register: Register, wanted: date) -> str:
    days = sorted(export_date for export_date, day in register.days.items() if day.published)
    before, after = [day for day in days if day < wanted][-1:], [day for day in days if day > wanted][:1]
    if not days:
        return "nor has any other day"
    near = [str(day) for day in (*before, *after)]
    return f"the nearest published day{' is' if len(near) == 1 else 's are'} {' and '.join(near)}"
