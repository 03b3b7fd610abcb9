"""Keeps secrets out of what is said: they are masked however they are written."""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, unquote

_SHORTEST = 3
"""A part of an address that is shorter is no secret, and masking it would only spoil the text."""


def redacted(text: str, secrets: Iterable[str]) -> str:
    """The text without them; the longest first, for one may hold another."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def secrets_of(address: str, but: Iterable[str] = ()) -> frozenset[str]:
    """The whole address, and each part of it that could be a secret; `but` are those that are none, such as the host of a webhook."""
    rest = address.partition("://")[2] or address
    login = re.match(r"[^/?#]*(?=@)", rest)  # in base64 it goes over the wire (RFC 7617)
    parts = {rest, rest.partition("/")[2], login[0] if login else "", *re.split(r"[\s/:?&=@,;+#]+", rest)}
    return frozenset(each for part in parts if len(part) >= _SHORTEST and part not in but for each in written(part))


def written(secret: str) -> set[str]:
    """A secret as it is and without percent signs; each also with them, as it stands in Python's and in JSON's quotes, and in base64."""
    return {form for text in (secret, unquote(secret)) for form in _forms(text)}


def _forms(text: str) -> Iterator[str]:
    yield from (text, quote(text), quote(text, safe=""), quote_plus(text))
    yield from (each[1:-1] for each in (repr(text), repr(text.encode())[1:], json.dumps(text), json.dumps(text, ensure_ascii=False)))
    yield base64.b64encode(text.encode()).decode()
