"""What an export comes to, noted as it goes, and told to the channels of alerts at its end."""

import logging
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from price_assets.errors import ExitCode, PriceAssetsError, Stopped, StorageRefused, StorageUnavailable, UsageError

if TYPE_CHECKING:
    from price_assets.export.storage import Store
    from price_assets.operations.alerts.exporter_alerts import Ended
    from price_assets.operations.alerts.exporter_day import Today
    from price_assets.orchestration.in_process import ExportedDay

log = logging.getLogger(__name__)

CHANNELS = ("SLACK_WEBHOOK_URL", "SMTP_HOST", "NOTIFY_URLS", "HEARTBEAT_URL")
"""Without one of them nothing is told, and nothing is imported for it."""
EVERY_LIST = "every price list"
"""Where not even the names of the lists are known."""


@dataclass
class Progress:
    """An export as it goes.

    `names` and `day` are what was asked for, `of_certain_days` where somebody named them; `expected`, once they are known, the lists and days
    that it sets out to export; `store` is where they go, once that has answered. `error` is what ended it before its time.
    """

    names: tuple[str, ...] = ()
    day: date | None = None
    of_certain_days: bool = False
    expected: list[tuple[str, date]] = field(default_factory=list[tuple[str, date]])
    store: "Store | None" = None
    exported: "list[tuple[ExportedDay, datetime]]" = field(default_factory=list["tuple[ExportedDay, datetime]"])
    error: Exception | None = None
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def ended(self, day: "ExportedDay") -> None:
        """One of its days."""
        self.exported.append((day, datetime.now(UTC)))

    @contextmanager
    def noting_errors(self) -> Generator[None]:
        """Within this block, what ends the export before its time is noted."""
        try:
            yield
        except Exception as error:
            self.error = error
            raise

    def tell(self) -> None:
        """Send the messages that are due, where there is a channel. Raises nothing."""
        if not any(os.environ.get(name) for name in CHANNELS) or self._is_known_already:
            return
        try:
            from price_assets.operations.alerts.exporter_alerts import tell

            today = self._today()
            tell(self._ended(today), today, self._reached(), os.environ, datetime.now(today.timezone))
        except Exception:  # whatever is wrong with telling must not change how the export ends
            log.exception("Nobody was told")

    @property
    def _is_known_already(self) -> bool:
        """Whether nobody but the caller needs to know: who stopped it, or asked at a terminal, or of certain days, for what can't be."""
        interrupted = isinstance(self.error, Stopped) and self.error.exit_code is ExitCode.INTERRUPTED
        return interrupted or (isinstance(self.error, UsageError) and (self.of_certain_days or sys.stdin.isatty()))

    def _today(self) -> "Today":
        """The day on which it began, and the lists that are expected then; none where that can't be known."""
        from price_assets.cli.catalogue import all_price_lists
        from price_assets.export.price_list import PriceList
        from price_assets.operations.alerts.exporter_day import Today
        from price_assets.settings import ExportSettings

        try:
            settings = ExportSettings.from_environment()
            day = self.began.astimezone(settings.timezone).date()
            names = [name for name, each in all_price_lists(settings).items() if not isinstance(each, PriceList) or each.start <= day]
        except Exception:  # noqa: BLE001 - what broke the export may break this too, and is told of
            return Today(self.began.date(), (), "", ZoneInfo("UTC"))
        return Today(day, tuple(names), settings.cron, settings.timezone)

    def _ended(self, today: "Today") -> "Ended":
        from price_assets.operations.alerts.exporter_alerts import Ended
        from price_assets.operations.alerts.problem_of import problem_of_run

        ended = Ended()
        for day, utc in self.exported:
            at = utc.astimezone(today.timezone)
            if day.exit_code is ExitCode.OK:
                ended.published.append((day.price_list, day.export_date, at))
                continue
            problem = problem_of_run(
                day.price_list,
                day.export_date,
                at,
                day.error or day.outcome,
                blocked=day.exit_code is ExitCode.ROWS_REFUSED,
                step=day.step or "",
                checks=day.checks,
                run_id=day.run_id,
            )
            ended.problems.append(problem)
        if self.error:
            now, line = datetime.now(today.timezone), _line(self.error)
            ended.problems.extend(problem_of_run(name, day, now, line) for name, day in self._not_exported(today))
        return ended

    def _not_exported(self, today: "Today") -> list[tuple[str, date]]:
        """What it would have exported, as far as that is known."""
        if self.expected:
            done = {(day.price_list, day.export_date) for day, _ in self.exported}
            return [each for each in self.expected if each not in done]
        day = min(self.day or today.day, today.day)
        return [(name, day) for name in self.names or today.names or _file_names() or (EVERY_LIST,)]

    def _reached(self) -> "Store | None":
        """The storage, where it answers; it is not asked twice."""
        from price_assets.export.exporter import Exporter
        from price_assets.operations.alerts.alert_object import in_time

        if self.store or isinstance(self.error, StorageUnavailable | StorageRefused):
            return self.store
        try:
            store = Exporter(os.environ).store
            in_time(lambda: store.preflight(writes=False))
        except Exception:  # noqa: BLE001 - what broke the export may break this too, and is told of
            return None
        return store


def _line(error: Exception) -> str:
    """What is told of it: of what we did not foresee no word that it says, which may hold a secret."""
    return str(error) if isinstance(error, PriceAssetsError) else f"The exporter broke off: {type(error).__name__}. Its log tells where."


def _file_names() -> tuple[str, ...]:
    folder = Path(os.environ.get("PRICE_LISTS_DIR") or Path(__file__).parents[1] / "price_lists")
    return tuple(path.stem for path in sorted(folder.glob("*.y*ml")))
