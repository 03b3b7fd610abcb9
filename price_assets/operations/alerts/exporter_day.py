"""Once all price lists of today are published: the summary, and the heartbeat, by whichever exporter is the last."""

import logging
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from price_assets.export.commit import read_register
from price_assets.export.register import Register
from price_assets.export.storage import Store
from price_assets.operations.alerts.alert_object import SECONDS, AlertObject, Alerts, in_time
from price_assets.operations.alerts.heartbeat import ping
from price_assets.operations.alerts.notifications import Channels
from price_assets.operations.alerts.summary import summary
from price_assets.operations.due import Tick, ticks_of
from price_assets.operations.registers import side_by_side
from price_assets.settings import NotifySettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Today:
    """The day on which the exporter began, in EXPORT_TIMEZONE, and the lists that are expected on it."""

    day: date
    names: tuple[str, ...]
    cron: str
    timezone: ZoneInfo

    def tick(self, now: datetime) -> Tick | None:
        """The newest time of EXPORT_CRON of that day, or its first where none has passed yet: a CronJob may come early. None: it has none."""
        found = list(ticks_of(self.cron, self.timezone, self.day))
        passed = [tick for tick in found if tick.at.astimezone(UTC) <= now.astimezone(UTC)]
        return (passed[-1] if passed else found[0]) if found else None


@dataclass(frozen=True)
class DayTelling:
    """What tells of it, and where it is written down that it was told."""

    alerts: AlertObject
    channels: Channels
    store: Store
    settings: NotifySettings

    def tell(self, today: Today, now: datetime, until: float) -> None:
        """Send the summary and ask for the heartbeat, each once a time of EXPORT_CRON, and not begun after `until` (monotonic).

        Raises PriceAssetsError where the storage does not answer.
        """
        tick, url = today.tick(now), self.settings.heartbeat_url
        if not tick or not (self.settings.summary or url):
            return
        told, at = self.alerts.read(), tick.at.astimezone(UTC)
        sums = self.settings.summary and tick.is_later_than(told.summary, now)
        beats = url and tick.is_later_than(told.heartbeat, now)
        if not (sums or beats) or not _all_published(today, self.store):
            return
        # The one that can write it down sends the summary: of several exporters that end together, one.
        if sums and time.monotonic() < until and self.alerts.change(lambda state: _note(state, summary=at)):
            self.channels.send(in_time(lambda: summary(self.store, today.names, today.day)))
        if beats and url and time.monotonic() < until:
            if said := ping(url):
                log.error("%s", said)
            else:
                self.alerts.change(lambda state: _note(state, heartbeat=at))


def _note(state: Alerts, *, summary: datetime | None = None, heartbeat: datetime | None = None) -> None:
    state.summary, state.heartbeat = summary or state.summary, heartbeat or state.heartbeat


def _all_published(today: Today, store: Store) -> bool:
    found = side_by_side(today.names, lambda name: read_register(store, name), SECONDS)
    return bool(found) and all(isinstance(each, Register) and each.day(today.day).published for each in found.values())
