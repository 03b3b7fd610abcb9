"""What an error of obstore's says: its texts run over many lines and quote the request, so the few things that matter are read out of them."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from html import unescape

from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, PreconditionError, UnauthenticatedError

from price_assets.export.storage import Contested

DAMAGED = ("BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "IncompleteBody")
"""S3's codes for a body that did not arrive as it was sent: the same put may go well the next time."""
EXPIRED = ("ExpiredToken", "InvalidToken")
"""S3's codes for a session token, which it gives with 400."""
METADATA = re.compile(r"/latest/(?:api|meta-data)/|/computeMetadata/")
"""In the address of a metadata server, of AWS and of Google."""


def status(text: str) -> int | None:
    """The HTTP status that the storage answered with; None where it did not answer."""
    found = re.search(r"status code: (\d{3})", text)
    return int(found[1]) if found else None


def code(text: str) -> str:
    """The storage's own code, such as NoSuchBucket; empty where it gave none."""
    found = re.search(r"<Code>([^<]*)</Code>", text)
    return found[1] if found else ""


def is_refusal(text: str) -> bool:
    """Whether the storage answered, and would answer the same again [ST7].

    That is 4xx but for time-out, conflict, too many and a damaged body; a kind of request that it does not know; and a redirect to nowhere,
    which is how S3 says that the bucket is in another region.
    """
    answered = status(text)
    if answered is None:
        return "redirect without LOCATION" in text
    return answered == 501 or (answered < 500 and answered not in (408, 409, 429) and code(text) not in DAMAGED)  # noqa: PLR2004 (HTTP's own)


def may_pass(text: str) -> bool:
    """Whether whoever gives credentials may do so later: it did not answer, or not well. No metadata server at all is for good: this is no cloud."""
    answered = status(text)
    if answered is None:
        return not METADATA.search(text) and ("External" not in text or "TransportError" in text)
    return answered >= 500 or answered == 429  # noqa: PLR2004 (HTTP's own)


def was_repeated(text: str) -> bool:
    """Whether the client has asked again by itself before it gave up."""
    return re.search(r"after [1-9]\d* retries", text) is not None


def cause(text: str) -> str:
    """The storage's own code and message, or what the client says, in one line; never the request, its address or a header."""
    said = code(text)
    if said:
        message = re.search(r"<Message>([^<]*)</Message>", text)
        return f"{said} ({unescape(message[1]).rstrip('.')})" if message and message[1] else said
    answered = status(text)
    if answered:
        return f"HTTP status {answered}"
    last = text.split("\n\nDebug source", 1)[0].rsplit(" - ", 1)[-1].rsplit(" credential provider: ", 1)[-1]
    return re.sub(r"\S+://\S+", "…", last)[:200].strip().rstrip(".")


@contextmanager
def conditional() -> Generator[None]:
    """A conditional write: what does not surely say that it was refused for good is Contested."""
    try:
        yield
    except (AlreadyExistsError, PreconditionError) as error:
        raise Contested(cause(str(error))) from error
    except BaseError as error:
        if isinstance(error, (PermissionDeniedError, UnauthenticatedError)) or is_refusal(str(error)):
            raise
        # It may have landed [ST5].
        raise Contested(cause(str(error))) from error
