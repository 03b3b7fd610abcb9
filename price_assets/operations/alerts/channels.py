"""The channels that the settings name, each a plugin of Apprise; importing this costs 0.2 CPU-s, and NOTIFY_URLS 0.5 more [NT1].

Slack's webhook is the JSON plugin with its keys renamed, not the Slack plugin: that one knows hooks.slack.com alone, and so neither Mattermost,
Rocket.Chat nor a proxy of one's own [NT2].
"""

import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import quote, urlsplit

from apprise import Apprise, AppriseAsset, NotificationManager, NotifyBase, OverflowMode
from apprise.exception import AppriseImproperlyConfigured
from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.email import NotifyEmail

from price_assets.errors import SettingError, did_you_mean
from price_assets.operations.alerts.problem import Message
from price_assets.operations.alerts.redaction import secrets_of, written
from price_assets.setting_values import SmtpSecurity
from price_assets.settings import NotifySettings, SmtpSettings
from price_assets.variables import NOTIFY_URLS, SLACK_WEBHOOK_URL

SMTP = "SMTP_*"
ANSWER_SECONDS = 4.0
"""So long a server may take to connect, and for each of its answers."""
ASSET = AppriseAsset(
    app_id="price_assets",
    http_redirects=False,  # a POST that is sent on becomes a GET, and a sign-in page answers it with 200 [NT10]
    service_timeout=0,  # who waits for a message bounds it: Apprise's own bound would hold up the end of the process [NT15]
)
_apprise = logging.getLogger("apprise")
_apprise.propagate = False  # its lines hold the addresses of webhooks; what is worth telling is told by us, without them [NT3]
_apprise.setLevel(logging.DEBUG)  # why a connection failed is told at this level only [NT3]


@dataclass(frozen=True)
class Channel:
    """One of Apprise's services. `secrets` are what must not show in anything that is said of it; `text` gives its title and body."""

    name: str
    variable: str
    service: NotifyBase = field(repr=False)
    secrets: frozenset[str] = field(repr=False)
    text: Callable[[Message], tuple[str, str]] = field(repr=False)


@dataclass(frozen=True)
class Fault:
    """A channel that is set and can't be used. The error names its variable, and of an entry in NOTIFY_URLS the position and the schema."""

    channel: str
    variable: str
    error: SettingError


def open_channels(settings: NotifySettings) -> tuple[list[Channel], list[Fault]]:
    """Every channel that can be used, and what is wrong with the others. Nothing is connected to."""
    channels: list[Channel] = []
    faults: list[Fault] = []
    for found in _opened(settings):
        if isinstance(found, Channel):
            _trust_named_authorities(found.service)
            channels.append(found)
        else:
            faults.append(found)
    return channels, faults


def _opened(settings: NotifySettings) -> Iterator[Channel | Fault]:
    if settings.slack_webhook_url:
        yield _slack(settings.slack_webhook_url)
    if settings.smtp:
        yield _mail(settings.smtp)
    names = ["slack"] if settings.slack_webhook_url else []
    for position, url in enumerate(settings.urls, 1):
        found = _other(url, position, names)
        yield found
        if isinstance(found, Channel):
            names.append(found.name)


def _slack(url: str) -> Channel:
    """A webhook that takes `{"text": …}`."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    service = NotifyJSON(
        schema="jsons" if parts.scheme == "https" else "json",
        host=f"[{host}]" if ":" in host else host,
        port=parts.port,
        user=parts.username,
        password=parts.password,
        fullpath=parts.path + (f"?{parts.query}" if parts.query else ""),
        payload={"message": "text", "title": "", "version": "", "attachments": "", "type": ""},
        asset=ASSET,
        cto=ANSWER_SECONDS,
        rto=ANSWER_SECONDS,
    )
    return Channel("slack", SLACK_WEBHOOK_URL.name, service, secrets_of(url, but=(host, str(parts.port))), _slack_text)


SMTP_MODES: dict[SmtpSecurity, str] = {"starttls": "starttls", "tls": "ssl", "none": "insecure"}
"""Our words, and Apprise's. The first two verify the server's certificate, and STARTTLS is not left out where a server lacks it [NT4]."""


def _mail(smtp: SmtpSettings) -> Channel | Fault:
    """A mail to each of the recipients, over one connection with one login."""
    for name, text in (("SMTP_USER", smtp.user), ("SMTP_PASSWORD", smtp.password)):
        if text and not text.isascii():
            return _fault("mail", f"{name} holds letters other than ASCII, and Python can not log in to a mail server with them: change it.")  # [NT5]
    wrong_sender = _fault("mail", f"SMTP_FROM: {smtp.sender} is no address that Apprise can send from: take another one.")
    try:
        service = NotifyEmail(
            schema="mailto",
            host=smtp.host,
            smtp_host=smtp.host,
            port=smtp.port,
            user=_escaped(smtp.user),
            password=_escaped(smtp.password),
            secure_mode=SMTP_MODES[smtp.security],
            from_addr=smtp.sender,
            targets=list(smtp.recipients),
            asset=ASSET,
            cto=ANSWER_SECONDS,
        )
    except AppriseImproperlyConfigured:
        return wrong_sender
    service.request_rate_per_sec = 0  # else a second mail waits for 5.5 s [NT6]
    sender: object = service.from_addr[1]
    targets: list[tuple[object, str]] = service.targets
    if sender != smtp.sender:  # it reads o'neil@example.com as neil@example.com [NT12]
        return wrong_sender
    taken = [address for _, address in targets]
    if lacking := [address for address in smtp.recipients if address not in taken]:
        return _fault("mail", f"SMTP_TO: {', '.join(lacking)} is no address that Apprise can send to: take another one.")
    secrets: set[str] = set()
    if smtp.password:
        secrets = written(smtp.password) | written(f"\0{smtp.user}\0{smtp.password}")  # the latter goes over the wire (RFC 4616)
    return Channel(f"mail to {', '.join(smtp.recipients)}", SMTP, service, frozenset(secrets), _plain_text)


def _fault(channel: str, said: str) -> Fault:
    return Fault(channel, NOTIFY_URLS.name if NOTIFY_URLS.name in channel else SMTP, SettingError(said))


def _other(url: str, position: int, taken: Iterable[str]) -> Channel | Fault:
    """Whatever Apprise knows by its address; of one that it doesn't, only the position and the schema may be told."""
    service = Apprise.instantiate(url, asset=ASSET)
    if service is None:
        return _fault(f"entry {position} of {NOTIFY_URLS.name}", f"{NOTIFY_URLS.name}: entry {position}{_why_not(url)}")
    if "overflow_mode" not in vars(service):  # the address does not say, and what is too long would be refused [NT13]
        service.overflow_mode = OverflowMode.SPLIT
    name = str(service.service_name).lower()
    numbers = (f"{name} {number}" for number in range(2, position + 2))
    unique = name if name not in taken else next(each for each in numbers if each not in taken)
    return Channel(unique, NOTIFY_URLS.name, service, secrets_of(url), _plain_text)


def _why_not(url: str) -> str:
    found = re.match(r"([a-z][a-z0-9+.-]{0,30})://", url, re.IGNORECASE)
    if not found:
        return " has no schema: write schema://…, as on https://appriseit.com/services/"
    schema, known = found[1].lower(), NotificationManager()
    schemas = cast("list[str]", known.schemas())
    if schema not in schemas:
        near = did_you_mean(schema, schemas) or "; all that it knows are on https://appriseit.com/services/"
        return f", {schema}://…, is no channel that Apprise knows{near}"
    plugin = cast("type[NotifyBase]", known[schema])
    return f", {schema}://…, " + (
        f"is not written as Apprise takes it: see {plugin.setup_url}"
        if plugin.enabled
        else f"wants a package that is not installed: {plugin.setup_url}"
    )


def _trust_named_authorities(service: NotifyBase) -> None:
    """Let `SSL_CERT_FILE` hold for all channels: smtplib reads it, and requests, which most plugins use, does not [NT7]."""
    named = os.environ.get("SSL_CERT_FILE")
    if named and service.verify_certificate:
        vars(service)["verify_certificate"] = named


def _slack_text(message: Message) -> tuple[str, str]:
    """Escaped as Slack asks, so that nothing from a price list is a mention, a link or markup; Mattermost takes a bare @channel for one, too."""
    escaped = [_unmentioned(line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")) for line in (message.title, *message.lines)]
    return "", "\n".join((f"*{escaped[0]}*", *escaped[1:]))


def _unmentioned(line: str) -> str:
    return re.sub(r"@(?=(?:all|channel|everyone|here)\b)", "@\u200b", line)


def _plain_text(message: Message) -> tuple[str, str]:
    return message.title, "\n".join(message.lines) or message.title


def _escaped(text: str | None) -> str | None:
    """As an address would hold it: Apprise undoes it [NT11]."""
    return text and quote(text, safe="")
