"""Real processes on real stores: races, and `kill -9`. What every interleaving would do, `test_protocol_model` shows."""

import os
import signal
import time
from collections import Counter
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from price_assets.export.commit import read_register
from price_assets.export.publication import publish
from price_assets.export.settle import settle
from price_assets.export.storage import Store, open_store
from price_assets.settings import StorageSettings
from price_assets_tests import forked
from price_assets_tests.chance import kills, seeded
from price_assets_tests.export import publisher
from price_assets_tests.export.publisher import Asked
from price_assets_tests.export.stores import DAY, LIST, Partner, candidate, withdraw
from price_assets_tests.follower import Follower, following, reader
from price_assets_tests.servers.s3 import S3Server

SIXTEEN = range(16)


@pytest.fixture(autouse=True)
def _needs_real_conditional_writes(request: pytest.FixtureRequest) -> None:
    if "storage_settings" in request.fixturenames and request.getfixturevalue("storage_settings").scheme == "s3":
        server: S3Server = request.getfixturevalue("s3")
        if not server.real:
            pytest.skip("moto's server compares and puts in two steps: only a real S3 server can show this")


def environment(settings: StorageSettings) -> dict[str, str]:
    """What a partner's program is told."""
    return {**os.environ, "STORAGE_BUCKET": f"{settings.scheme}://{settings.bucket}", "STORAGE_PREFIX": settings.prefix}


def race(settings: StorageSettings, folder: Path, asked: list[Asked]) -> list[tuple[str, str]]:
    """Publish them all at once, each in a process of its own; gives the outcomes with the runs' ids, as they came."""
    start, said = forked.CONTEXT.Barrier(len(asked)), forked.CONTEXT.SimpleQueue()
    processes = [forked.start(publisher.once, settings, folder, each, start, said) for each in asked]
    try:
        for process in processes:
            process.join(60)
            assert process.exitcode == 0
        return [said.get() for _ in processes]
    finally:
        for process in processes:
            process.kill()
            process.join()


@pytest.mark.parametrize(
    ("asked", "outcomes"),
    [
        pytest.param([Asked(f"rows {n}") for n in SIXTEEN], {"published": 1, "superseded": 15}, id="sixteen rows, read at one moment"),
        pytest.param([Asked("rows", n) for n in SIXTEEN], {"published": 1, "unchanged": 15}, id="the same rows, read at sixteen moments"),
        pytest.param(
            [Asked(rows) for rows in ("these", "those") * 8], {"published": 1, "unchanged": 7, "superseded": 8}, id="two kinds of rows, eight each"
        ),
    ],
)
def test_of_sixteen_that_publish_one_day_at_once_one_does_and_fifteen_say_why_not(
    storage_settings: StorageSettings, partner: Partner, tmp_path: Path, asked: list[Asked], outcomes: dict[str, int]
) -> None:
    said = race(storage_settings, tmp_path, asked)
    assert Counter(outcome for outcome, _ in said) == outcomes
    (event,) = read_register(partner.store, LIST).day(DAY).events
    assert [run for outcome, run in said if outcome == "published"] == [event.run_id]
    partner.follow()
    partner.copies_are_right()


def test_of_sixteen_rows_read_at_sixteen_moments_the_newest_stand(
    storage_settings: StorageSettings, store: Store, partner: Partner, tmp_path: Path
) -> None:
    """Who comes before a newer one is published, and replaced; who comes after it is superseded; and each says which."""
    newest = candidate(store, tmp_path, "rows 15", minute=15)
    said = race(storage_settings, tmp_path, [Asked(f"rows {n}", n) for n in SIXTEEN])
    day = read_register(store, LIST).day(DAY)
    assert day.published == newest.published
    assert {run for outcome, run in said if outcome == "published"} == {event.run_id for event in day.events}
    assert {outcome for outcome, _ in said} <= {"published", "superseded"}
    times = [event.source_time for event in day.events if event.source_time]
    assert times == sorted(set(times))
    partner.follow()
    partner.copies_are_right()


def test_sixteen_that_publish_rows_which_were_withdrawn_are_blocked_and_leave_one_event(
    storage_settings: StorageSettings, store: Store, partner: Partner, tmp_path: Path
) -> None:
    publish(store, candidate(store, tmp_path, "rows"))
    withdraw(store)
    said = race(storage_settings, tmp_path, [Asked("rows", n) for n in SIXTEEN])
    assert {outcome for outcome, _ in said} == {"blocked"}
    assert [event.event for event in read_register(store, LIST).day(DAY).events] == ["published", "withdrawn", "blocked"]
    partner.copies_are_right()


def test_sixteen_days_published_at_once_are_sixteen_commits(
    storage_settings: StorageSettings, store: Store, partner: Partner, tmp_path: Path
) -> None:
    days = [DAY - timedelta(days=n) for n in SIXTEEN]
    said = race(storage_settings, tmp_path, [Asked("rows", export_date=day) for day in days])
    assert {outcome for outcome, _ in said} == {"published"}
    register = read_register(store, LIST)
    assert (register.commits, register.latest, list(register.days)) == (16, DAY, days[::-1])
    assert partner.follow() == 32
    partner.copies_are_right()


def test_publishers_killed_at_random_moments_leave_nothing_that_a_reader_could_mistake(
    storage_settings: StorageSettings, store: Store, partner: Partner, tmp_path: Path
) -> None:
    """Three at a time publish three days, as on the prototype [ST1]; whoever dies is replaced."""
    chance, began = seeded(), time.monotonic()

    def start() -> BaseProcess:
        return forked.start(publisher.for_ever, storage_settings, tmp_path, chance.randrange(10**9), began)

    publishers = [start() for _ in range(3)]
    with following(environment(storage_settings), LIST) as seen:
        try:
            for _ in range(4 * kills()):
                wait_for_commits(store, read_register(store, LIST).commits + 1)
                time.sleep(chance.uniform(0, 0.1))
                process = publishers.pop(chance.randrange(3))
                process.kill()
                process.join()
                assert process.exitcode == -signal.SIGKILL  # until then it was at work
                publishers.append(start())
        finally:
            for process in publishers:
                process.kill()
                process.join()
    assert seen["looks"] > 1
    assert seen["revisions"] > 1
    settle(store, LIST)
    Follower(reader(environment(storage_settings)), LIST).settled()
    last = publish(store, candidate(store, tmp_path, "the last", minute=int((time.monotonic() - began) * 1000) + 10_000))
    assert last.outcome == "published"
    partner.follow()
    partner.copies_are_right()


def wait_for_commits(store: Store, commits: int) -> None:
    deadline = time.monotonic() + 60
    while read_register(store, LIST).commits < commits:
        assert time.monotonic() < deadline, "nobody publishes"
        time.sleep(0.01)


def test_a_folder_survives_a_death_before_any_call_that_locks_syncs_or_renames(tmp_path: Path) -> None:
    """What a power cut would do to the disk itself is beyond a test [ST8]; here each of the calls is the last. Every kind of write is among them."""
    settings = StorageSettings(scheme="file", bucket=str(tmp_path / "storage"), prefix="")
    store, follower = open_store(settings), Follower(reader(environment(settings)), LIST)
    publish(store, candidate(store, tmp_path, "rows"))
    number, process = 0, None
    while process is None or process.exitcode:
        number += 1
        process = forked.start(publisher.until_call, settings, tmp_path, f"rows {number}", number)
        process.join(60)
        assert process.exitcode in (-signal.SIGKILL, 0)
        follower.look()
        assert publish(store, candidate(store, tmp_path, f"rows after {number}", minute=2 * number + 1)).outcome == "published"
        follower.settled()
    assert number > 20
