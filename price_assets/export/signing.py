"""Addresses that let anybody read one object for a while, as object storages sign them."""

from datetime import timedelta
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError

from price_assets.errors import StorageRefused, StorageUnavailable, UsageError
from price_assets.export.storage import LONGEST_SIGNED
from price_assets.export.storage_errors import cause, may_pass

if TYPE_CHECKING:
    from obstore.store import GCSStore, S3Store


def sign(client: "S3Store | GCSStore", key: str, lasts: timedelta, address: str, mend: str) -> str:
    """The signed address of an object. `address` is the one without a signature, `mend` says which credentials can sign.

    Raises UsageError for what would live too long: Google's client refuses to sign it, and S3's signs what the storage refuses [ST23].
    """
    if lasts > LONGEST_SIGNED:
        raise UsageError(f"A signed address lives for {LONGEST_SIGNED.days} days at most, not for {lasts}.")
    try:
        return obstore.sign(client, "GET", key, lasts)
    except BaseError as error:
        text = str(error)
        if may_pass(text):
            raise StorageUnavailable(f"{address} was not signed: whoever gives the signature does not answer ({cause(text)}). Run again.") from error
        raise StorageRefused(f"{address} can't be signed with these credentials ({cause(text)}). {mend}.") from error
