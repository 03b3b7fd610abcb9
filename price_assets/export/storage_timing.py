"""How long an object storage is waited for, and how often it is asked again."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from price_assets.export.storage_errors import is_refusal, was_repeated

if TYPE_CHECKING:  # they exist for type checkers alone
    from obstore.store import ClientConfig, RetryConfig

Timing = tuple["ClientConfig", "RetryConfig"]

PREFLIGHT: Timing = (
    {"connect_timeout": timedelta(seconds=2), "timeout": timedelta(seconds=8)},
    {"max_retries": 3, "retry_timeout": timedelta(seconds=8)},
)
WORK: Timing = (
    {"connect_timeout": timedelta(seconds=3), "timeout": timedelta(seconds=30)},
    {
        "max_retries": 1000,
        "retry_timeout": timedelta(seconds=90),
        "backoff": {"init_backoff": timedelta(seconds=0.5), "max_backoff": timedelta(seconds=8), "base": 2},
    },
)
"""Obstore's defaults wait too long for a silent server and not long enough for a busy one [ST14]."""
PAUSES = (0.5, 2.0, 8.0)
"""Seconds between tries of what the client does not try again."""


def repeated(do: Callable[[], object]) -> None:
    """Do what may be done twice, and again where the client did not by itself: it takes some requests for unsafe, and 4xx for final [ST20]."""
    for pause in PAUSES:
        try:
            do()
        except BaseError as error:
            text = str(error)
            if is_refusal(text) or was_repeated(text) or isinstance(error, (PermissionDeniedError, UnauthenticatedError)):
                raise
            time.sleep(pause)
        else:
            return
    do()
