"""Sends a message to every channel that the settings name, within bounds, and loses none without a log line.

Each channel is tried some times, beside the others, so that what is down or slow keeps no other waiting. Apprise is imported with the first use.
"""

import logging
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING

from price_assets.errors import SettingError, Stopped
from price_assets.operations.alerts.problem import Level, Message
from price_assets.settings import NotifySettings

if TYPE_CHECKING:
    from price_assets.operations.alerts.channels import Channel, Fault

TRIES = 3
SECONDS = 20.0
"""So long all tries of one message may take; a sensor's tick has a minute."""
PAUSE = 1.0
"""Seconds before the second try; before each further one twice as long. How long a server wants us to wait, Apprise does not tell [NT9]."""

_log = logging.getLogger(__name__)
_LEVELS: dict[Level, int] = {"failure": logging.ERROR, "warning": logging.WARNING, "success": logging.INFO, "info": logging.INFO}


@dataclass(frozen=True)
class Delivery:
    """How one channel took a message. `said` is one line without any secret, empty where all went well.

    Of a channel with several addressees, one of whom it has reached, `accepted` is true: who got it must not get it again and again.
    `lasting`: a person must mend something before another try can end otherwise. `variable` is the setting that it comes from.
    """

    channel: str
    accepted: bool
    tries: int
    said: str = ""
    lasting: bool = False
    variable: str = ""


def accepted(deliveries: Iterable[Delivery]) -> bool:
    """Whether somebody was told. Without any channel the log line tells it, so yes."""
    found = list(deliveries)
    return not found or any(delivery.accepted for delivery in found)


class Channels:
    """All channels. Making it costs nothing and raises nothing; what is wrong with the settings of one is among the `faults`."""

    def __init__(self, settings: NotifySettings) -> None:
        self._settings = settings

    @property
    def names(self) -> tuple[str, ...]:
        """Such as slack, mail to a@example.com, telegram; without secrets."""
        return tuple(channel.name for channel in self._opened[0])

    @property
    def faults(self) -> tuple[SettingError, ...]:
        """Why channels that are set can't be used: each names the variable, and of an entry in NOTIFY_URLS the position and the schema."""
        return tuple(fault.error for fault in self._opened[1])

    def send(self, message: Message) -> tuple[Delivery, ...]:
        """Tell every channel, and log how it went. Raises nothing but what stops the process."""
        deliveries = self.deliver(message)
        _report(message, deliveries)
        return deliveries

    def deliver(self, message: Message) -> tuple[Delivery, ...]:
        """The same without a log line, for who tells it otherwise."""
        try:
            channels, faults = self._opened
            deliveries = [
                Delivery(fault.channel, accepted=False, tries=0, said=str(fault.error), lasting=True, variable=fault.variable) for fault in faults
            ]
            if channels:
                with ThreadPoolExecutor(len(channels), "notify") as pool:
                    deliveries = [*pool.map(_delivered, channels, repeat(message)), *deliveries]
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with telling must not break what it tells of
            return (Delivery("notifications", accepted=False, tries=0, said=f"{type(error).__name__} in Apprise"),)
        return tuple(deliveries)

    @cached_property
    def _opened(self) -> "tuple[list[Channel], list[Fault]]":
        settings = self._settings
        if not (settings.slack_webhook_url or settings.smtp or settings.urls):
            return [], []
        from price_assets.operations.alerts.channels import open_channels  # noqa: PLC0415 - it imports Apprise

        return open_channels(settings)


def _delivered(channel: "Channel", message: Message) -> Delivery:
    """Try until it is accepted, until no further try can help, or until the time is up."""
    from price_assets.operations.alerts.channel_try import Answer, tried  # noqa: PLC0415 - it imports Apprise

    deadline = time.monotonic() + SECONDS
    answer, number = Answer(accepted=False), 0
    for number in range(1, TRIES + 1):
        try:
            answer = tried(channel, message, deadline - time.monotonic())
        except Exception as error:  # noqa: BLE001 - a plugin of somebody else's; its words may hold a secret
            answer = Answer(accepted=False, said=f"{type(error).__name__} in Apprise")
        pause = PAUSE * 2 ** (number - 1)
        if answer.accepted or answer.lasting or number == TRIES or time.monotonic() + pause >= deadline:
            break
        time.sleep(pause)
    return Delivery(channel.name, answer.accepted, number, answer.said, answer.lasting, channel.variable)


def _report(message: Message, deliveries: tuple[Delivery, ...]) -> None:
    """One line: told, or the whole message where nobody was told; and one for each channel that failed beside others."""
    told = [delivery.channel for delivery in deliveries if delivery.accepted]
    failed = [f"{each.channel} ({_count(each.tries)}): {each.said}" for each in deliveries if not each.accepted]
    whole = " | ".join((message.title, *message.lines))
    if not deliveries:
        _log.log(_LEVELS[message.level], "%s", whole)
    elif not told:
        _log.error("No channel accepted this message: %s | %s", whole, " | ".join(failed))
    else:
        _log.info("Told %s: %s", ", ".join(told), message.title)
        for line in failed:
            _log.warning("Not told: %s", line)
        for delivery in deliveries:
            if delivery.accepted and delivery.said:
                _log.warning("Told in part: %s: %s", delivery.channel, delivery.said)


def _count(tries: int) -> str:
    return "1 try" if tries == 1 else f"{tries} tries"
