"""A run that is stopped or killed: readers keep the last complete day, and the next run finishes the job."""

import random
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from price_assets_tests.shop import DAY, NEXT_DAY, Shop, command

ENDLESS = """
SELECT g::text AS sku, 'x' AS name, 1.00 AS price, 1 AS stock FROM (SELECT generate_series(1, 1000000000) AS g) AS rows
WHERE :export_date > DATE '2026-01-01' ORDER BY now()
"""
"""Rows come at once and for minutes: what it is ordered by needs no sort."""


def running_queries(shop: Shop) -> int:
    return int(shop.database.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'price_assets%'")[0][0])


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def start(shop: Shop, *arguments: str, **changes: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command("export", *arguments), env=shop.process_environment(**changes), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_run_killed_at_any_moment_leaves_the_last_complete_day_and_the_next_run_finishes(shop: Shop, seed: int) -> None:
    shop.export("--date", DAY)
    before = shop.published(DAY)
    began = time.monotonic()
    shop.export("--date", DAY)
    whole = time.monotonic() - began
    with start(shop, "--date", NEXT_DAY) as process:
        # From the moment that it can have connected to the moment that it may have ended: the interesting part of its life.
        time.sleep(random.Random(seed).uniform(0.4, 1.1) * whole)
        process.kill()
        process.communicate()
    assert shop.published(DAY) == before
    assert shop.published(NEXT_DAY) in (None, shop.copies(NEXT_DAY) or shop.published(NEXT_DAY))
    assert shop.register()["latest"] in (DAY, NEXT_DAY)
    shop.export("--date", NEXT_DAY)
    assert shop.copies(NEXT_DAY) == shop.copies("latest") == shop.published(NEXT_DAY)
    assert shop.copies(DAY) == before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_between_steps_ends_with_its_code(shop: Shop, number: signal.Signals, code: int) -> None:
    with start(shop, "--from", "2026-11-20", "--to", NEXT_DAY) as process:
        until((shop.storage / "shop" / "latest" / "manifest.json").exists)
        process.send_signal(number)
        _, stderr = process.communicate()
    assert process.returncode == code, stderr
    assert f"Stopped by {number.name}" in stderr
    assert "Traceback" not in stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_in_the_middle_of_a_read_ends_the_query_and_leaves_nothing(shop: Shop, number: signal.Signals, code: int) -> None:
    shop.write_list(sql=ENDLESS)
    temporary = shop.folder / "tmp"
    temporary.mkdir()
    with start(shop, "--date", DAY, TMPDIR=str(temporary)) as process:
        until(lambda: any(path.stat().st_size for path in temporary.rglob("*.parquet")))
        assert running_queries(shop)
        process.send_signal(number)
        _, stderr = process.communicate()
    assert process.returncode == code, stderr
    assert f"Stopped by {number.name}" in stderr
    until(lambda: not running_queries(shop))
    assert not list(temporary.iterdir())
    assert not (shop.storage / "shop").exists()
