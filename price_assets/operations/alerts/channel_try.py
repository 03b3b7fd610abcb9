"""One try to get a message through a channel, and what the channel said, in words that hold no secret."""

import ast
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from apprise import Apprise, NotifyFormat, NotifyLogEntry, NotifyType

from price_assets.errors import PriceAssetsError, StorageUnavailable
from price_assets.operations.alerts.channels import ASSET, Channel
from price_assets.operations.alerts.plain_words import plainly
from price_assets.operations.alerts.problem import Level, Message
from price_assets.operations.alerts.redaction import redacted
from price_assets.operations.registers import side_by_side

_TYPES: dict[Level, NotifyType] = {
    "failure": NotifyType.FAILURE,
    "warning": NotifyType.WARNING,
    "success": NotifyType.SUCCESS,
    "info": NotifyType.INFO,
}
_AGAIN = (408, 425, 429)
"""Of the answers that say that the request is wrong, those that say that it may be right later."""
_STATUS = r"\berror=(\d{3})\b"
"""How Apprise's plugins log the status of an answer."""
_REMARK = 160
"""So many characters of what a server remarks are told."""


@dataclass(frozen=True)
class Answer:
    """How a try ended. `said` is one line, empty where there is nothing to tell; `lasting`: another try would end the same way."""

    accepted: bool
    said: str = ""
    lasting: bool = False


def tried(channel: Channel, message: Message, seconds: float) -> Answer:
    """Send it once, and wait for so long at most. Raises Failed where Apprise does."""
    reached: list[object] = []
    service = channel.service

    def mark_delivered(key: object, per_message: bool = False) -> None:  # noqa: FBT001, FBT002 - as Apprise calls it
        reached.append(key)
        type(service).mark_delivered(service, key, per_message)

    vars(service)["mark_delivered"] = mark_delivered  # of several addressees, whom it has reached [NT8]
    apprise = Apprise(asset=ASSET)
    apprise.add(service)
    title, body = channel.text(message)
    kind = _TYPES[message.level]
    result = side_by_side(
        [""], lambda _: apprise.notify(body, title, kind, body_format=NotifyFormat.TEXT, log_level=logging.DEBUG), max(seconds, 0.1)
    )[""]
    if isinstance(result, PriceAssetsError) and not isinstance(result, StorageUnavailable):
        raise result
    late = isinstance(result, StorageUnavailable)
    if result and not late:
        return Answer(accepted=True)
    entries = [] if late else list(result.logs())
    said = f"no answer within {seconds:.0f} s" if late else "; ".join(dict.fromkeys(_told(entries, channel.secrets))) or "it did not say why"
    if reached:
        return Answer(accepted=True, said=f"not all of its addressees: {said}")
    return Answer(accepted=False, said=said, lasting=not late and _is_lasting(entries))


def _told(entries: list[NotifyLogEntry], secrets: frozenset[str]) -> Iterator[str]:
    """What is worth telling of the lines that a plugin logs [NT3]."""
    causes = [cause[1] for each in entries if (cause := re.match(r"(?:Socket|Notification) Exception: (.*)", each.message, re.DOTALL))]
    warnings = [each.message for each in entries if each.level not in ("TRACE", "DEBUG", "INFO")]
    statuses = [status[1] for line in warnings if (status := re.search(_STATUS, line))]
    if statuses:
        remarks = [
            _remark(redacted(_read(each.message.partition("\n")[2]), secrets)) for each in entries if each.message.startswith("Response Details:")
        ]
        yield from (": ".join(filter(None, (f"HTTP {status}", *remarks[:1]))) for status in statuses)
    else:
        yield from (plainly(redacted(_read(each), secrets)) for each in causes or warnings)


def _remark(details: str) -> str:
    """The first line of what came with an HTTP status; a page for browsers says nothing."""
    text = details.strip()
    return "" if text.startswith("<") else text.partition("\n")[0].strip()[:_REMARK]


def _read(text: str) -> str:
    """As text, where it is what Python shows of bytes, of a reply (code, bytes, …), or of replies by address."""
    try:
        found: object = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text
    if isinstance(found, bytes):
        return found.decode(errors="replace")
    if isinstance(found, dict):
        replies = cast("dict[object, object]", found)
        return "; ".join(f"{address}: {_read(repr(reply))}" for address, reply in replies.items())
    if isinstance(found, tuple):
        return " ".join(each.decode(errors="replace") if isinstance(each, bytes) else str(each) for each in cast("tuple[object, ...]", found))
    return text


def _is_lasting(entries: list[NotifyLogEntry]) -> bool:
    lines = "\n".join(each.message for each in entries)
    statuses = [int(status) for status in re.findall(_STATUS, lines)]
    replies = [int(code) for code in re.findall(r"\(([45]\d\d), b['\"]", lines)]
    return (
        any(300 <= status < 500 and status not in _AGAIN for status in statuses)  # noqa: PLR2004 - the classes of HTTP
        or (bool(replies) and min(replies) >= 500)  # noqa: PLR2004 - a permanent reply of SMTP (RFC 5321)
        or "certificate verify failed" in lines
        or "extension not supported by server" in lines
    )
