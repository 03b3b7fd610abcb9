"""Real processes on real stores: races, and `kill -9`. What every interleaving would do, `test_protocol_model` shows."""

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from price_assets.export.commit import read_register
from price_assets.export.publication import publish
from price_assets.export.storage import Store
from price_assets.settings import StorageSettings
from price_assets_tests.export.stores import DAY, LIST, Partner, candidate
from price_assets_tests.servers.s3 import S3Server


def start(settings: StorageSettings, rows: str, minute: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "price_assets_tests.export.publisher", settings.scheme, settings.bucket, settings.prefix, rows, str(minute)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])


@pytest.fixture(autouse=True)
def _needs_real_conditional_writes(storage_settings: StorageSettings, request: pytest.FixtureRequest) -> None:
    if storage_settings.scheme == "s3":
        server: S3Server = request.getfixturevalue("s3")
        if not server.real:
            pytest.skip("moto's server compares and puts in two steps: only a real S3 server can show this")


def test_of_processes_that_publish_one_day_at_once_one_publishes(storage_settings: StorageSettings, store: Store, partner: Partner) -> None:
    """Two sets of rows, read at the same moment, by three processes each: a tie stays with the first."""
    processes = [start(storage_settings, rows, 0) for rows in ("these", "those") * 3]
    try:
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        outcomes = Counter(process.communicate(timeout=60)[0].strip() for process in processes)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert outcomes == {"published": 1, "unchanged": 2, "superseded": 3}
    register = read_register(store, LIST)
    assert (register.commits, len(register.day(DAY).events)) == (1, 1)
    partner.follow()
    partner.copies_are_right()


def test_killed_at_random_moments_no_reader_ever_sees_half_a_day(
    storage_settings: StorageSettings, store: Store, partner: Partner, tmp_path: Path
) -> None:
    seen = 0
    minute = 0
    for _ in range(5):
        process = start(storage_settings, "", minute)
        assert process.stdout
        process.stdout.readline()  # it is at work
        until = time.monotonic() + random.uniform(0, 0.3)
        while time.monotonic() < until:
            seen += partner.follow()
        process.kill()
        minute += 1 + len(process.communicate()[0].splitlines())
        seen += partner.follow()
        minute = max(minute, len(read_register(store, LIST).day(DAY).events)) + 1
    last = publish(store, candidate(store, tmp_path, "the last", minute=minute + 10_000))
    assert last.outcome == "published"
    assert seen >= 10
    partner.follow()
    partner.copies_are_right()
    events = read_register(store, LIST).day(DAY).events
    assert len({event.nonce for event in events}) == len(events)
    times = [event.source_time for event in events if event.source_time]
    assert times == sorted(times)
