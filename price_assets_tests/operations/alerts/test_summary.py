"""The daily summary of registers and manifests in a real folder."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from price_assets.errors import StorageUnavailable
from price_assets.export.folder import Folder
from price_assets.export.layout import manifest_key, register_key
from price_assets.export.manifest import Changes, Manifest
from price_assets.export.register import Event, Published, Register
from price_assets.operations.alerts.message_text import MESSAGE
from price_assets.operations.alerts.summary import NAMED, summary

DAY = date(2026, 11, 25)
SIX = datetime(2026, 11, 25, 6, 3, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path, "")


def event(what: str, **said: object) -> Event:
    return Event.model_validate({"nonce": "n", "time": SIX, "event": what, "snapshot": "S", **said})


def publish(store: Folder, name: str, rows: int, changes: tuple[int, int, int] | None = None, *, manifest: bool = True) -> None:
    """A day in the register, and its manifest."""
    key = manifest_key(name, DAY, "R")
    published = Published(revision="R", snapshot="S", content="C", source_time=SIX, manifest=key)
    register = Register(price_list=name)
    store.create(register_key(name), register.committed(DAY, register.day(DAY).publishing(published), event("published", revision="R")).to_json())
    if manifest:
        compared = changes and Changes(against=date(2026, 11, 24), added=changes[0], removed=changes[1], repriced=changes[2])
        said = {"price_list": name, "export_date": DAY, "revision": "R", "snapshot": "S", "content": "C", "source_time": SIX, "run_id": "run"}
        made = Manifest.model_validate(
            {**said, "rows": rows, "files": (), "control_sums": {}, "contract": (), "checks": (), "changes": compared, "versions": {}}
        )
        store.create(key, made.to_json())


def happened(store: Folder, name: str, *events: Event) -> None:
    register = Register(price_list=name)
    for each in events:
        register = register.committed(DAY, register.day(DAY), each)
    store.create(register_key(name), register.to_json())


def test_a_morning_on_which_all_went_well(folder: Folder) -> None:
    publish(folder, "retail", 48371, (10, 7, 868))
    publish(folder, "wholesale", 49582, (1100, 0, 1))
    publish(folder, "dealers", 64540)
    message = summary(folder, ["dealers", "retail", "wholesale"], DAY)
    assert (message.title, message.level) == ("Price lists of 2026-11-25: 3 of 3 published", "info")
    assert message.lines == (
        "dealers: 64,540 rows, first day",
        "retail: 48,371 rows, 10 added, 7 removed, 868 repriced",
        "wholesale: 49,582 rows, 1,100 added, 0 removed, 1 repriced",
        "In all: 162,493 rows, 1,110 added, 7 removed, 869 repriced",
    )


def test_what_is_not_published_comes_first_with_its_reason(folder: Folder) -> None:
    publish(folder, "alpha", 3, (0, 0, 0))
    happened(folder, "blocked", event("blocked", checks=("price_change", "ranges")))
    happened(folder, "withdrawn", event("withdrawn", by="Anna", reason="too early"))
    message = summary(folder, ["alpha", "absent", "blocked", "withdrawn"], DAY)
    assert (message.title, message.level) == ("Price lists of 2026-11-25: 1 of 4 published", "warning")
    assert message.lines == (
        "absent: not published",
        "blocked: not published, blocked by price_change, ranges since 06:03 UTC",
        "withdrawn: not published, withdrawn by Anna: too early",
        "alpha: 3 rows, 0 added, 0 removed, 0 repriced",
    )


def damage_register(store: Folder) -> None:
    store.create(register_key("damaged"), b"{")


def lose_manifest(store: Folder) -> None:
    publish(store, "damaged", 3, manifest=False)


@pytest.mark.parametrize(
    ("damage", "said"),
    [(damage_register, "is no register that this release can read"), (lose_manifest, "is not there, though the register names it")],
)
def test_what_cannot_be_read_is_said(folder: Folder, damage: Callable[[Folder], None], said: str) -> None:
    publish(folder, "alpha", 3)
    damage(folder)
    message = summary(folder, ["alpha", "damaged"], DAY)
    assert (message.title, message.level) == ("Price lists of 2026-11-25: 1 of 2 published", "warning")
    assert message.lines[0].startswith("damaged: ")
    assert said in message.lines[0]
    assert message.lines[1] == "alpha: 3 rows, first day"


def test_a_storage_that_does_not_answer_is_said(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise StorageUnavailable("nobody answers")

    monkeypatch.setattr(Folder, "preflight", fails)
    message = summary(folder, ["alpha"], DAY)
    assert (message.title, message.lines, message.level) == ("Price lists of 2026-11-25: the storage can't be read", ("nobody answers",), "warning")


def test_of_many_lists_thirty_are_named_and_the_others_counted(folder: Folder) -> None:
    names = [f"list_{number:03}" for number in range(200)]
    for name in names[:-1]:
        publish(folder, name, 10, (1, 2, 3))
    message = summary(folder, names, DAY)
    assert message.title == "Price lists of 2026-11-25: 199 of 200 published"
    assert len(message.lines) == NAMED + 2
    assert message.lines[0] == "list_199: not published"
    assert message.lines[-2:] == ("and 170 more", "In all: 1,990 rows, 199 added, 398 removed, 597 repriced")


def test_long_lines_are_cut_and_a_message_stays_short_enough_for_every_channel(folder: Folder) -> None:
    names = [f"list_{number:03}" for number in range(29)]
    for name in names:
        happened(folder, name, event("withdrawn", by="Anna", reason=f"because\nof {'x' * 1000}"))
    message = summary(folder, names, DAY)
    assert sum(len(line) + 1 for line in message.lines) <= MESSAGE
    assert message.lines[0].startswith("list_000: not published, withdrawn by Anna: because of xxx")
    assert message.lines[-1] == "and 21 more"
