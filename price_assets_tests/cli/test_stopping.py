"""A run that is stopped by a signal: its exit code, and what it leaves behind: nothing."""

import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from price_assets_tests.shop import DAY, NEXT_DAY, Shop, command, log_lines

ENDLESS = """
SELECT g::text AS sku, 'x' AS name, 1.00 AS price, 1 AS stock FROM (SELECT generate_series(1, 1000000000) AS g) AS rows
WHERE :export_date > DATE '2026-01-01' ORDER BY now()
"""
"""Rows come at once and for minutes: what it is ordered by needs no sort."""

WAITING = "SELECT pg_sleep(300)::text AS sku, 'x' AS name, 1.00 AS price, 1 AS stock WHERE :export_date > DATE '2026-01-01'"
"""The first row is waited for: ConnectorX holds the GIL, and no handler of Python's can run [PJ11]."""


def running_queries(shop: Shop) -> int:
    running = "application_name LIKE 'price_assets%' AND state = 'active' AND query LIKE '%q(c1%'"
    return int(shop.database.execute(f"SELECT count(*) FROM pg_stat_activity WHERE {running}")[0][0])


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def start(shop: Shop, *arguments: str, **changes: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command("export", *arguments), env=shop.process_environment(**changes), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_between_steps_ends_with_its_code(shop: Shop, number: signal.Signals, code: int) -> None:
    with start(shop, "--from", "2026-11-20", "--to", NEXT_DAY) as process:
        until((shop.storage / "shop" / "latest" / "manifest.json").exists)
        process.send_signal(number)
        _, stderr = process.communicate()
    assert process.returncode == code, stderr
    assert f"Stopped by {number.name}" in stderr
    assert "Traceback" not in stderr


@pytest.mark.parametrize(("sql", "number", "code"), [(ENDLESS, signal.SIGINT, 130), (WAITING, signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_a_signal_in_the_middle_of_a_read_ends_the_query_and_leaves_nothing(shop: Shop, sql: str, number: signal.Signals, code: int) -> None:
    shop.write_list(sql=sql)
    temporary = shop.folder / "tmp"
    temporary.mkdir()
    with start(shop, "--date", DAY, TMPDIR=str(temporary)) as process:
        until(lambda: running_queries(shop))
        if sql == ENDLESS:
            until(lambda: any(path.stat().st_size for path in temporary.rglob("*.parquet")))
        process.send_signal(number)
        until(lambda: not running_queries(shop))
        _, stderr = process.communicate()
    assert process.returncode == code, stderr
    (line,) = log_lines(stderr)
    assert line["message"] == f"Stopped by {number.name}; a day is published whole or not at all, and the next run finishes what was begun."
    assert not list(temporary.iterdir())
    assert not (shop.storage / "shop").exists()
