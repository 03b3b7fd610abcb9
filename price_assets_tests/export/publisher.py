"""Processes that publish made-up rows, for the tests to race and to kill: each function here is one, started by `forked.start`."""

import fcntl
import os
import random
import signal
import time
from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from price_assets.errors import SnapshotBlocked
from price_assets.export.publication import publish
from price_assets.export.storage import open_store
from price_assets.settings import StorageSettings
from price_assets_tests.export.stores import DAY, candidate


class Asked(NamedTuple):
    """Rows to publish, so many minutes after six that they were read, and their export date."""

    rows: str
    minute: int = 0
    export_date: date = DAY


def once(settings: StorageSettings, folder: Path, asked: Asked, start: Any, said: Any) -> None:
    """Prepare, wait for the others, publish; put what it came to and the run's id."""
    store = open_store(settings)
    mine = candidate(store, folder, asked.rows, minute=asked.minute, export_date=asked.export_date)
    start.wait(60)
    try:
        outcome = publish(store, mine).outcome
    except SnapshotBlocked:
        outcome = "blocked"
    except Exception as error:  # noqa: BLE001 - the test says that no such thing may happen
        outcome = repr(error)
    said.put((outcome, mine.run_id))


def for_ever(settings: StorageSettings, folder: Path, seed: int, began: float) -> None:
    """Publish other rows of one of three days again and again, each read a little later than those before."""
    chance = random.Random(seed)
    store = open_store(settings)
    for number in count():
        export_date = DAY - timedelta(days=chance.randrange(3))
        later = int((time.monotonic() - began) * 1000)
        publish(store, candidate(store, folder, f"rows {seed} {number}", minute=later, export_date=export_date))


def until_call(settings: StorageSettings, folder: Path, rows: str, number: int) -> None:
    """Publish only a CSV, and die, as by `kill -9`, right before the n-th call by which a folder locks, syncs to the disk, or renames."""
    calls = count(1)

    def deadly(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any) -> Any:
            if next(calls) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments)

        return called

    fcntl.flock, os.fsync, os.replace = deadly(fcntl.flock), deadly(os.fsync), deadly(os.replace)
    store = open_store(settings)
    publish(store, candidate(store, folder, rows, minute=2 * number, formats=("csv",)))
