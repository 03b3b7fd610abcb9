"""The channels of alerts, with what became of each message written down in the ledger, where there is one."""

import os

from price_assets.errors import SettingError
from price_assets.operations.alerts.notifications import Channels, Delivery
from price_assets.operations.alerts.problem import Message
from price_assets.operations.export_runs import Ledger
from price_assets.settings import NotifySettings, export_runs_url
from price_assets.variables import Environment


class RecordedChannels(Channels):
    """Like Channels. A ledger that is down holds a message up for some seconds, and after it was sent."""

    def __init__(self, settings: NotifySettings, ledger: Ledger | None) -> None:
        super().__init__(settings)
        self._ledger = ledger

    @classmethod
    def from_environment(cls, settings: NotifySettings, env: Environment = os.environ) -> "RecordedChannels":
        """By EXPORT_RUNS_URL; where that is malformed, which others say, people are told all the same."""
        try:
            url = export_runs_url(env)
        except SettingError:
            url = None
        return cls(settings, Ledger(url) if url else None)

    def send(self, message: Message) -> tuple[Delivery, ...]:
        """Tell every channel, and log and write down how it went. Raises nothing but what stops the process."""
        deliveries = super().send(message)
        if self._ledger:
            self._ledger.notified(message, deliveries)
            self._ledger.close()
        return deliveries
