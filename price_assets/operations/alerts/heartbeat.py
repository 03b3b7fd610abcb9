"""Tells a monitor elsewhere that all is published: it raises the alarm when HEARTBEAT_URL is not asked for in time."""

import os
import time

from price_assets.errors import PriceAssetsError
from price_assets.operations.alerts.plain_words import plainly
from price_assets.operations.alerts.redaction import redacted, secrets_of
from price_assets.operations.registers import side_by_side
from price_assets.variables import HEARTBEAT_URL

TRIES = 3
PAUSE = 1.0
"""Seconds before the second try; before each further one twice as long."""
SECONDS = (3.0, 5.0)
"""So long the server may take to connect, and to answer."""
IN_ALL = 12.0
"""So long all tries may take: `SECONDS` bound neither a name server that is away nor a server that sends a byte a second."""
_PINGED = range(200, 300)


def ping(url: str) -> str | None:
    """Ask for it; None where it was answered with 2xx, else one line why not, which does not hold the address. Raises nothing."""
    said = side_by_side([""], lambda _: _pinged(url), IN_ALL)[""]
    return f"{HEARTBEAT_URL.name} was not pinged: no answer within {IN_ALL:.0f} s" if isinstance(said, PriceAssetsError) else said


def _pinged(url: str) -> str | None:
    import requests  # noqa: PLC0415 - few ticks ping

    said = ""
    for number in range(1, TRIES + 1):
        try:
            authorities = os.environ.get("SSL_CERT_FILE") or True  # which requests does not read by itself [NT7]
            with requests.get(url, timeout=SECONDS, allow_redirects=False, stream=True, verify=authorities) as answer:
                if answer.status_code in _PINGED:
                    return None
                said = f"HTTP {answer.status_code}"
        except (OSError, ValueError) as error:  # whatever requests raises is an OSError
            said = plainly(redacted(str(error), secrets_of(url)))
        if number < TRIES:
            time.sleep(PAUSE * 2 ** (number - 1))
    return f"{HEARTBEAT_URL.name} was not pinged in {TRIES} tries: {said}"
