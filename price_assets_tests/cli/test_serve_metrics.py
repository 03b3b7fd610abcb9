"""`price-assets serve-metrics` as a process of its own: started, scraped, stopped."""

import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from price_assets.demo.server import free_port
from price_assets_tests.cli.command import Command
from price_assets_tests.cli.test_stopping import until
from price_assets_tests.operations.ledgers import url_of
from price_assets_tests.shop import DAY, Shop, command


@contextmanager
def serving(shop: Shop, **changes: str) -> Generator[tuple["subprocess.Popen[str]", str]]:
    """The process, and where it serves."""
    port = free_port()
    environment = shop.process_environment(METRICS_PORT=str(port), LOG_FORMAT="text", **changes)
    with subprocess.Popen(command("serve-metrics"), env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def answered(address: str) -> tuple[int, str] | None:
    with suppress(URLError):
        try:
            with urlopen(address, timeout=10) as response:
                return response.status, response.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()
    return None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_what_was_exported_until_it_is_stopped(price_assets: Command, number: signal.Signals) -> None:
    url = url_of(price_assets.shop.database)
    assert price_assets("export", "--date", DAY, EXPORT_RUNS_URL=url).code == 0
    with serving(price_assets.shop, EXPORT_RUNS_URL=url) as (process, address):
        until(lambda: answered(f"{address}/healthz"))
        assert answered(f"{address}/healthz") == (200, "ok\n")
        status, body = answered(f"{address}/metrics") or (0, "")
        assert status == 200
        assert 'export_rows{price_list="shop"} 3.0\n' in body
        assert 'export_files_total{format="xlsx",price_list="shop"} 1.0\n' in body
        process.send_signal(number)
        _, stderr = process.communicate(timeout=10)
    assert process.returncode == 0
    served, stopped = stderr.splitlines()
    assert served.endswith(f"INFO    serves /metrics and /healthz on port {address.rpartition(':')[2]}")
    assert stopped.endswith("INFO    stopped")


def test_it_starts_and_says_so_where_the_ledger_is_down(shop: Shop) -> None:
    with serving(shop, EXPORT_RUNS_URL="postgresql://u:k4n@127.0.0.1:1/ledger") as (process, address):
        until(lambda: answered(f"{address}/healthz"))
        for path in ("healthz", "metrics"):
            status, body = answered(f"{address}/{path}") or (0, "")
            assert status == 503
            assert "The ledger at EXPORT_RUNS_URL does not answer: " in body
        process.terminate()
        _, stderr = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "k4n" not in stderr + body


def test_a_port_that_is_taken_is_named(shop: Shop) -> None:
    with serving(shop, EXPORT_RUNS_URL=url_of(shop.database)) as (_, address):
        until(lambda: answered(f"{address}/healthz"))
        port = address.rpartition(":")[2]
        done = shop.run("serve-metrics", EXPORT_RUNS_URL=url_of(shop.database), METRICS_PORT=port, LOG_FORMAT="text")
        assert done.returncode == 2
        assert f"METRICS_PORT: nothing can listen on port {port}: Address already in use. Choose another one." in done.stderr
        assert "Traceback" not in done.stderr


def test_it_imports_neither_dagster_nor_polars(shop: Shop) -> None:
    code = """
import os, sys, urllib.request
from price_assets.cli import main

class Scraped:
    def wait(self):
        urllib.request.urlopen(f"http://127.0.0.1:{os.environ['METRICS_PORT']}/metrics").read()

sys.modules["price_assets.cli.serve_metrics"].Event = Scraped
try:
    main(["serve-metrics"])
except SystemExit as end:
    print(end.code, sorted(set(sys.modules) & {"dagster", "polars", "pyarrow", "connectorx"}))
"""
    environment = shop.process_environment(EXPORT_RUNS_URL=url_of(shop.database), METRICS_PORT=str(free_port()))
    done = subprocess.run([command()[0], "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "0 []\n", done.stderr
