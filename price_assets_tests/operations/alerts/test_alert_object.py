"""The state of the exporter's alerts in a storage, with others who write it too, and a storage that is slow, full or gone."""

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from price_assets.errors import Failed, StorageRefused, StorageUnavailable
from price_assets.export.folder import Folder
from price_assets.export.layout import ALERTS
from price_assets.export.storage import Contested, Found
from price_assets.operations.alerts import alert_object, exporter_alerts
from price_assets.operations.alerts.alert_object import AlertObject, Alerts
from price_assets.operations.alerts.exporter_alerts import Ended, tell
from price_assets.operations.alerts.exporter_day import Today
from price_assets.operations.alerts.notifications import Delivery
from price_assets.operations.alerts.problem import Message
from price_assets_tests.operations.alerts.on_call import DAY, MORNING, problem

TODAY = Today(DAY, (), "0 6 * * *", ZoneInfo("UTC"))


class Meddled(Folder):
    """A folder where something happens before each write."""

    def __init__(self, root: Path, before: Callable[[int], object]) -> None:
        super().__init__(root, "")
        self.writes, self._before = 0, before

    def create(self, key: str, data: bytes) -> None:
        self.writes += 1
        self._before(self.writes)
        super().create(key, data)

    def swap(self, key: str, data: bytes, version: str) -> None:
        self.writes += 1
        self._before(self.writes)
        super().swap(key, data, version)


def beaten(state: Alerts) -> None:
    state.heartbeat = MORNING


def test_what_is_written_is_read_again_and_nothing_is_written_for_nothing(tmp_path: Path) -> None:
    alerts = AlertObject(Folder(tmp_path, ""))
    assert alerts.read() == Alerts()
    assert alerts.change(lambda _: None) is False
    assert not (tmp_path / ALERTS).exists()
    assert alerts.change(beaten) is True
    assert alerts.change(beaten) is False
    assert AlertObject(Folder(tmp_path, "")).read().heartbeat == MORNING


def test_what_another_wrote_meanwhile_is_kept(tmp_path: Path) -> None:
    def rival(writes: int) -> None:
        if writes <= 2:
            AlertObject(Folder(tmp_path, "")).change(lambda state: setattr(state, "summary", MORNING + timedelta(days=writes)))

    assert AlertObject(Meddled(tmp_path, rival)).change(beaten) is True
    assert AlertObject(Folder(tmp_path, "")).read() == Alerts(summary=MORNING + timedelta(days=2), heartbeat=MORNING)


def test_one_that_is_never_first_gives_up(tmp_path: Path) -> None:
    def rival(_: int) -> None:
        raise Contested("always")

    with pytest.raises(Failed, match="changed each time that it was to be written"):
        AlertObject(Meddled(tmp_path, rival)).change(beaten)


def test_without_a_storage_nothing_is_remembered() -> None:
    assert AlertObject(None).change(beaten) is False
    assert AlertObject(None).read() == Alerts()


def test_a_storage_that_does_not_answer_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(Folder):
        def get(self, key: str) -> Found | None:  # noqa: ARG002
            time.sleep(30)
            return None

    monkeypatch.setattr(alert_object, "SECONDS", 0.1)
    began = time.monotonic()
    with pytest.raises(StorageUnavailable):
        AlertObject(Silent(tmp_path, "")).read()
    assert time.monotonic() - began < 10


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """The messages that reach somebody."""
    messages: list[Message] = []

    class Ears:
        @classmethod
        def from_environment(cls, *_: object) -> "Ears":
            return cls()

        def send(self, message: Message) -> tuple[Delivery, ...]:
            messages.append(message)
            return (Delivery("ear", accepted=True, tries=1),)

    monkeypatch.setattr(exporter_alerts, "RecordedChannels", Ears)
    return messages


def failed(*names: str, at: datetime = MORNING) -> Ended:
    return Ended([problem(name, at) for name in names])


def test_exporters_that_end_together_lose_nothing_of_what_each_told(tmp_path: Path, heard: list[Message]) -> None:
    def other(writes: int) -> None:
        if writes == 1:
            tell(failed("dealers"), TODAY, Folder(tmp_path, ""), {}, MORNING)

    tell(failed("retail"), TODAY, Meddled(tmp_path, other), {}, MORNING)
    assert len(heard) == 2
    incidents = AlertObject(Folder(tmp_path, "")).read().incidents
    assert sorted(incidents.open()) == [("dealers", DAY), ("retail", DAY)]
    assert not any(incident.waiting for incident in incidents.incidents.values())


def test_each_list_of_its_own_cronjob_is_told_of_at_once_and_many_are_counted(tmp_path: Path, heard: list[Message]) -> None:
    for number in range(20):
        tell(failed(f"list_{number}"), TODAY, Folder(tmp_path, ""), {}, MORNING)
    assert len(heard) == 6  # nobody would read twenty
    later = MORNING.replace(minute=6)
    tell(failed("retail", at=later), TODAY, Folder(tmp_path, ""), {}, later)
    assert heard[-1].title.startswith("15 more price lists failed since 06:00")


def test_a_storage_that_refuses_to_remember_is_a_line_of_the_log(tmp_path: Path, heard: list[Message], caplog: pytest.LogCaptureFixture) -> None:
    def refuse(_: int) -> None:
        raise StorageRefused("no right to put")

    tell(failed("retail"), TODAY, Meddled(tmp_path, refuse), {}, MORNING)
    assert len(heard) == 1
    assert "What was told can't be remembered, and may be told again: no right to put" in caplog.messages


def test_a_backfill_of_thousands_that_fails_is_a_message_or_a_few(heard: list[Message]) -> None:
    days = [date.fromordinal(DAY.toordinal() - number) for number in range(2_500)]
    tell(Ended([problem("retail", export_date=day, run=str(day)) for day in days]), TODAY, None, {}, MORNING)
    assert [message.title.split(":")[0] for message in heard] == ["2,000 days of retail failed", "500 more days failed since 06"]


def test_a_message_for_which_there_is_no_time_is_in_the_log(heard: list[Message], monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    monkeypatch.setattr(exporter_alerts, "BEGUN", -1)
    tell(failed("retail"), TODAY, None, {}, MORNING)
    assert not heard
    assert "There was no time to tell: retail 2026-11-26 failed" in caplog.text


@pytest.mark.parametrize(
    ("now", "cron", "tick"),
    [
        ("05:55", "0 6 * * *", "2026-11-26T06:00:00+00:00"),
        ("06:01", "0 6 * * *", "2026-11-26T06:00:00+00:00"),
        ("11:00", "0 6,12 * * *", "2026-11-26T06:00:00+00:00"),
        ("12:00", "0 6,12 * * *", "2026-11-26T12:00:00+00:00"),
        ("12:00", "0 6 * * 1", None),
    ],
)
def test_a_day_is_told_of_once_a_time_of_the_cron_and_by_an_exporter_that_comes_early_too(now: str, cron: str, tick: str | None) -> None:
    at = datetime.fromisoformat(f"2026-11-26T{now}:00+00:00")
    found = Today(DAY, (), cron, TODAY.timezone).tick(at)
    assert (found.at.isoformat() if found else None) == tick
