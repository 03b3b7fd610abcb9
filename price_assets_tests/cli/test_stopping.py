"""A run that is stopped or killed: readers keep the last complete day, and the next run finishes the job."""

import random
import signal
import subprocess
import time

import pytest

from price_assets_tests.shop import DAY, NEXT_DAY, Shop, command

SLOW = "SELECT sku, name, price, stock FROM prices, pg_sleep(20) WHERE :export_date >= valid_on ORDER BY sku\n"


def running_queries(shop: Shop) -> int:
    return int(shop.database.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'price_assets%' AND state = 'active'")[0][0])


def wait_for_query(shop: Shop) -> None:
    deadline = time.monotonic() + 60
    while not running_queries(shop):
        assert time.monotonic() < deadline, "the query never started"
        time.sleep(0.05)


def start(shop: Shop, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(command("export", *arguments), env=shop.process_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


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
        deadline = time.monotonic() + 60
        while not (shop.storage / "shop" / "latest" / "manifest.json").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(number)
        _, stderr = process.communicate()
    assert process.returncode == code, stderr
    assert f"Stopped by {number.name}" in stderr
    assert "Traceback" not in stderr
