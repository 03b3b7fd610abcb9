"""Every write of the commit and of the settle, by name: a process that dies right after it leaves what readers may rely on, and a plain run finishes.

A process that dies before a write leaves what the write before it left, and one that dies after a read nothing at all; `test_processes` kills real
ones in the middle of a write.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from pathlib import Path

import pytest

from price_assets.errors import SnapshotBlocked
from price_assets.export import layout
from price_assets.export.commit import read_register
from price_assets.export.price_list import FORMATS
from price_assets.export.publication import publish, record_blocked
from price_assets.export.register import Decision
from price_assets.export.settle import settle
from price_assets.export.storage import Store
from price_assets.export.storing import store_snapshot
from price_assets_tests.export.stores import DAY, LIST, WRITES, Killed, KilledError, Partner, Wrapped, candidate, name12, snapshot, withdraw

YESTERDAY = DAY - timedelta(days=1)
PLACES: tuple[tuple[layout.Place, str], ...] = ((layout.LATEST, "latest"), (DAY, "the day"))
NAMES = {
    layout.register_key(LIST): "the register",
    **{layout.beside_key(LIST, place): f"{name}'s manifest" for place, name in PLACES},
    **{layout.copy_key(LIST, place, format_name): f"{name}'s {format_name}" for place, name in PLACES for format_name in FORMATS},
}
Work = Callable[[Store, Path], object]


def step(verb: str, key: str) -> str:
    """A write by the name of what is written."""
    ending = Path(key).suffix[1:]
    of_files = "the revision's manifest" if ending == "json" else "the snapshot" if ending == "parquet" else f"the {ending}"
    return f"{verb.removesuffix('_file')} {NAMES.get(key, of_files)}"


@dataclass(frozen=True)
class Operation:
    """Something that a process does, its writes in order, and what the day says when it is done: its events, and which rows are published."""

    name: str
    before: Work
    do: Work
    steps: tuple[str, ...]
    events: tuple[Decision, ...]
    rows: str | None


def nothing(_store: Store, _folder: Path) -> None:
    """An empty store."""


def today(store: Store, folder: Path) -> None:
    """Rows of the day and of the day before are published."""
    publish(store, candidate(store, folder, "yesterday's rows", export_date=YESTERDAY))
    publish(store, candidate(store, folder, "rows"))


def tomorrow(store: Store, folder: Path) -> None:
    """A later day is published."""
    publish(store, candidate(store, folder, "tomorrow's rows", export_date=DAY + timedelta(days=1)))


def taken_back(store: Store, folder: Path) -> None:
    """The rows of the day were withdrawn."""
    today(store, folder)
    withdraw(store)


def damaged(store: Store, folder: Path) -> None:
    """A copy is gone, another is cut, a third stands where none should, and so does a manifest."""
    publish(store, candidate(store, folder, "rows", formats=("csv",)))
    store.delete(layout.copy_key(LIST, DAY, "csv"))
    store.copy(layout.beside_key(LIST, DAY), layout.copy_key(LIST, layout.LATEST, "csv"))
    store.copy(layout.beside_key(LIST, DAY), layout.copy_key(LIST, DAY, "xlsx"))
    store.delete(layout.beside_key(LIST, layout.LATEST))


def block(store: Store, folder: Path) -> None:
    wrong = snapshot(folder, "wrong rows", minute=5)
    store_snapshot(store, wrong)
    record_blocked(store, wrong, ("key",), "run")


def take_back(store: Store, _folder: Path) -> None:
    if read_register(store, LIST).day(DAY).published:
        withdraw(store)
    settle(store, LIST, [DAY])


def publish_what_was_taken_back(store: Store, folder: Path) -> None:
    with suppress(SnapshotBlocked):
        publish(store, candidate(store, folder, "rows", minute=5))


FILES = ("put the csv", "put the xlsx")
COPIES = ("copy latest's csv", "copy latest's xlsx", "copy the day's csv", "copy the day's xlsx")
SWAPS = ("swap latest's manifest", "swap the day's manifest")
OPERATIONS = (
    Operation(
        "a first publication",
        nothing,
        lambda store, folder: publish(store, candidate(store, folder, "rows")),
        (*FILES, "create the revision's manifest", "create the register", *COPIES, "create latest's manifest", "create the day's manifest"),
        ("published",),
        "rows",
    ),
    Operation(
        "newer rows",
        today,
        lambda store, folder: publish(store, candidate(store, folder, "newer rows", minute=5)),
        (*FILES, "create the revision's manifest", "swap the register", *COPIES, *SWAPS),
        ("published", "published"),
        "newer rows",
    ),
    Operation(
        "a day before the newest",
        tomorrow,
        lambda store, folder: publish(store, candidate(store, folder, "rows")),
        (*FILES, "create the revision's manifest", "swap the register", "swap latest's manifest", *COPIES[2:], "create the day's manifest"),
        ("published",),
        "rows",
    ),
    Operation(
        "a format fewer",
        today,
        lambda store, folder: publish(store, candidate(store, folder, "rows", formats=("xlsx",))),
        (
            *FILES[1:],
            "create the revision's manifest",
            "swap the register",
            *("copy latest's xlsx", "delete latest's csv", "copy the day's xlsx", "delete the day's csv"),
            *SWAPS,
        ),
        ("published", "published"),
        "rows",
    ),
    Operation("a block", today, block, ("put the snapshot", "swap the register", *SWAPS), ("published", "blocked"), "rows"),
    Operation(
        "a withdrawal",
        today,
        take_back,
        ("swap the register", *COPIES[:2], "delete the day's csv", "delete the day's xlsx", *SWAPS),
        ("published", "withdrawn"),
        None,
    ),
    Operation(
        "rows that were withdrawn",
        taken_back,
        publish_what_was_taken_back,
        ("swap the register", *SWAPS),
        ("published", "withdrawn", "blocked"),
        None,
    ),
    Operation(
        "a settle of damage",
        damaged,
        lambda store, _folder: settle(store, LIST),
        ("copy latest's csv", "copy the day's csv", "delete the day's xlsx", "create latest's manifest"),
        ("published",),
        "rows",
    ),
)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_an_operation_writes_what_it_says_in_this_order(store: Store, tmp_path: Path, operation: Operation) -> None:
    operation.before(store, tmp_path)
    looking = Wrapped(store)
    operation.do(looking, tmp_path)
    written = [step(verb, key) for verb, key in looking.requests if verb in WRITES]
    assert copies_by_name(written) == list(operation.steps)


def copies_by_name(steps: list[str]) -> list[str]:
    """The copies of one place are made at once, in no order."""
    return [
        step
        for what, together in groupby(steps, lambda step: step[: step.rindex(" ")])
        for step in (sorted(together) if what[:4] == "copy" else together)
    ]


@pytest.mark.parametrize(
    ("operation", "write"),
    [
        pytest.param(operation, number, id=f"{operation.name}, {written}")
        for operation in OPERATIONS
        for number, written in enumerate(operation.steps, start=1)
    ],
)
def test_killed_after_a_write_readers_are_safe_and_the_next_run_finishes(
    store: Store, partner: Partner, tmp_path: Path, operation: Operation, write: int
) -> None:
    operation.before(store, tmp_path)
    with pytest.raises(KilledError):
        operation.do(Killed(store, write), tmp_path)
    partner.follow()
    operation.do(store, tmp_path)
    partner.follow()
    partner.copies_are_right()
    day = read_register(store, LIST).day(DAY)
    assert tuple(event.event for event in day.events) == operation.events
    assert (day.published and day.published.snapshot) == (operation.rows and name12(operation.rows))
