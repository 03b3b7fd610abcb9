"""A process that publishes: `python -m price_assets_tests.export.publisher SCHEME BUCKET PREFIX ROWS MINUTE`.

With ROWS it says "ready", waits for a line, publishes those rows once and prints the outcome. Without, it publishes other rows each time, each
a minute newer than those before, until it is killed.
"""

# ruff: noqa: T201 (what it prints is what it is for)

import sys
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, cast

from price_assets.export.publication import publish
from price_assets.export.storage import Store, open_store
from price_assets.settings import StorageSettings
from price_assets_tests.export.stores import candidate


def once(store: Store, folder: Path, rows: str, minute: int) -> None:
    mine = candidate(store, folder, rows, minute=minute)
    print("ready", flush=True)
    sys.stdin.readline()
    print(publish(store, mine).outcome, flush=True)


def for_ever(store: Store, folder: Path, minute: int) -> None:
    for later in count(minute):
        publish(store, candidate(store, folder, f"rows {later}", minute=later))
        print(later, flush=True)


if __name__ == "__main__":
    scheme, bucket, prefix, rows, minute = sys.argv[1:]
    store = open_store(StorageSettings(cast(Literal["s3", "file"], scheme), bucket, prefix))
    with TemporaryDirectory() as folder:
        once(store, Path(folder), rows, int(minute)) if rows else for_ever(store, Path(folder), int(minute))
