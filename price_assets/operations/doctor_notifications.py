"""The channels that alerts go to: which are set, and where a person asks for it, whether each accepts a message."""

import re
import socket
from collections.abc import Iterator, Mapping

from price_assets.errors import Failed, SettingError
from price_assets.operations.alerts.notifications import Channels, Delivery
from price_assets.operations.alerts.problem import Message
from price_assets.operations.finding import Area, Finding, ok, skipped, warning, wrong
from price_assets.settings import NotifySettings

AREA: Area = "notifications"
_REMEDIES = (
    (r"certificate", "Set SSL_CERT_FILE to the authority that signed it, and write the host as the certificate names it"),
    (r"STARTTLS", "Set SMTP_SECURITY to tls or none, whichever the server takes"),
    (r"AUTH extension", "Unset SMTP_USER and SMTP_PASSWORD, for the server takes no login as it is asked now"),
    (r"^53\d ", "Mend SMTP_USER and SMTP_PASSWORD"),
    (r"\b5\d\d ", "Mend SMTP_TO and SMTP_FROM"),
    (r"^HTTP 3", "Write the address that it leads to"),
)


def examine_notifications(environment: Mapping[str, str], *, notify: bool) -> Iterator[Finding]:
    """A line for each channel; with `notify` each is sent one message. The heartbeat is never pinged: that says that all is published."""
    try:
        settings = NotifySettings.from_environment(environment)
    except SettingError:
        yield skipped(AREA, "all", "their settings are wrong")
        return
    channels = Channels(settings)
    if notify:
        for delivery in channels.deliver(_test_message()):
            yield _finding(delivery)
    else:
        for name in channels.names:
            yield ok(AREA, name, "is set; nothing was sent, which --notify does")
        for error in channels.faults:
            yield _fault(str(error))
    if not channels.names and not channels.faults:
        said = "none is set, so alerts are lines of the log: set SLACK_WEBHOOK_URL, SMTP_HOST or NOTIFY_URLS"
        yield (warning if notify else ok)(AREA, "channels", said)
    if settings.heartbeat_url:
        yield ok(AREA, "HEARTBEAT_URL", "is set; it was not pinged, for that says that all is published")


def _test_message() -> Message:
    told = "Whoever reads this will be told when a price list is not published."
    return Message("Test message of price-assets", (told, f"Sent by price-assets doctor --notify on {socket.gethostname()}."), "info")


def _finding(delivery: Delivery) -> Finding:
    said = f"{delivery.said.rstrip('.')}. {_remedy(delivery)}."
    if delivery.accepted:
        return warning(AREA, delivery.channel, said) if delivery.said else ok(AREA, delivery.channel, "accepted the test message")
    if not delivery.tries:
        return _fault(delivery.said)
    return wrong(AREA, delivery.channel, (SettingError if delivery.lasting else Failed)(said))


def _fault(said: str) -> Finding:
    """What is wrong with a setting; it begins with its name."""
    return wrong(AREA, re.split(r"[: ]", said, maxsplit=1)[0], SettingError(said))


def _remedy(delivery: Delivery) -> str:
    """What to do about what the channel said."""
    http = delivery.said.startswith("HTTP")
    if not delivery.lasting and not delivery.accepted:
        later = "The server is there, and takes nothing now: look at it, or try again later"
        return later if http else f"Look at the host and port in {delivery.variable}, at what stands in between, and at the server"
    found = (remedy for pattern, remedy in _REMEDIES if re.search(pattern, delivery.said) and http == pattern.startswith("^HTTP"))
    return next(found, f"Have a new address made, and set {delivery.variable} to it" if http else f"Mend {delivery.variable}")
