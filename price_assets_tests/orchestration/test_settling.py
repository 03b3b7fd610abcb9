"""The sensor that settles: copies left behind are right again, whatever is wrong with other lists."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from price_assets.export import layout
from price_assets.export.exporter import Exporter
from price_assets.export.publication import publish
from price_assets.export.settle import SettleReport
from price_assets.orchestration import settling
from price_assets_tests.export.stores import LIST, candidate
from price_assets_tests.orchestration.morning import Morning, made

TODAY = date(2026, 11, 24)


@pytest.fixture
def morning(tmp_path: Path) -> Iterator[Morning]:
    """A deployment that has published a day of one list; the clock shows the real time, which events carry."""
    with made(tmp_path) as morning:
        morning.has_list(LIST)
        morning.now = datetime.now(UTC)
        publish(Exporter(morning.environment).store, candidate(Exporter(morning.environment).store, tmp_path, "rows", export_date=TODAY))
        yield morning


def copy(morning: Morning, place: layout.Place) -> Path:
    return morning.storage / layout.copy_key(LIST, place, "csv")


def test_a_settled_storage_is_said_to_be_so(morning: Morning) -> None:
    told = morning.tick("settle")
    assert (told.skip_message, told.cursor) == ("1 of 1 lists stand as they should.", LIST)


@pytest.mark.parametrize("place", [layout.LATEST, TODAY])
def test_a_copy_that_a_dying_process_left_is_right_again(morning: Morning, place: layout.Place) -> None:
    right = copy(morning, place).read_bytes()
    copy(morning, place).write_bytes(b"old")
    told = morning.tick("settle")
    assert copy(morning, place).read_bytes() == right
    assert told.skip_message == f"1 of 1 lists stand as they should; {LIST} was settled."


def test_days_that_nothing_has_happened_to_for_a_day_are_left_to_the_command(morning: Morning) -> None:
    copy(morning, TODAY).write_bytes(b"old")
    copy(morning, layout.LATEST).write_bytes(b"old")
    morning.now += timedelta(hours=25)
    morning.tick("settle")
    assert copy(morning, layout.LATEST).read_bytes() != b"old"
    assert copy(morning, TODAY).read_bytes() == b"old"


def test_a_list_that_can_t_be_settled_is_named_and_the_others_are_settled(morning: Morning) -> None:
    morning.has_list("broken")
    (morning.storage / "broken").mkdir()
    (morning.storage / "broken" / "publications.json").write_text("{")
    copy(morning, layout.LATEST).write_bytes(b"old")
    told = morning.tick("settle")
    assert copy(morning, layout.LATEST).read_bytes() != b"old"
    assert told.skip_message
    assert told.skip_message.startswith("1 of 2 lists stand as they should; broken can't be settled: ")


def test_a_storage_that_is_not_there_is_said_at_once(morning: Morning) -> None:
    del morning.environment["STORAGE_BUCKET"]
    assert (morning.tick("settle").skip_message or "").startswith("Nothing is settled: STORAGE_BUCKET is not set")


def test_what_a_tick_does_not_reach_the_next_one_begins_with(morning: Morning, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"list_{number:02}" for number in range(20)]
    for name in (LIST, *names):
        morning.has_list(name)
    begun: list[str] = []

    def slow(_: Exporter, name: str, since: datetime) -> SettleReport:
        begun.append(name)
        time.sleep(0.2)
        return SettleReport([], [], [f"{since}"] if name == "?" else [])

    monkeypatch.setattr(Exporter, "settle", slow)
    monkeypatch.setattr(settling, "SECONDS", 0.3)
    morning.tick("settle")
    first = set(begun)
    assert 8 <= len(first) < 21
    assert "lists not reached, the next tick goes on with them" in (morning.tick("settle").skip_message or "")
    morning.tick("settle")
    assert set(begun) == {LIST, *names}
    assert min({LIST, *names} - first) in begun[len(first) : len(first) + 8]
