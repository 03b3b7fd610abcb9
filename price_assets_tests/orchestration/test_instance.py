from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from price_assets.demo.server import Server
from price_assets_tests.deployment.running_dagster import RunningDagster, open_instance, running_dagster
from price_assets_tests.shop import Shop

BACKENDS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest.fixture
def stopped(shop: Shop, postgres_server: Server) -> Iterator[RunningDagster]:
    """A deployment of which nothing runs."""
    with running_dagster(shop, postgres_server, daemon=False, webserver=False) as running:
        yield running


def backends(running: RunningDagster, what: str = "pid") -> list[int]:
    """The connections that are open, or what is done to them."""
    host, port, user, password, name = (running.environment[f"DAGSTER_PG_{each}"] for each in ("HOST", "PORT", "USERNAME", "PASSWORD", "DB"))
    with psycopg.connect(host=host, port=int(port), user=user, password=password, dbname=name) as connection:
        return [row[0] for row in connection.execute(f"SELECT {what} {BACKENDS} ORDER BY 1".encode()).fetchall()]


def test_the_daemon_keeps_its_connections_and_replaces_those_that_have_died(stopped: RunningDagster, monkeypatch: pytest.MonkeyPatch) -> None:
    """[DG72]."""
    monkeypatch.setattr("sys.argv", [str(Path("bin") / "dagster-daemon"), "run"])
    with open_instance(stopped.home, stopped.environment) as instance:

        def ask() -> None:
            assert instance.get_runs_count() == 0
            assert instance.get_asset_keys() == []
            assert instance.all_instigator_state() == []

        ask()
        kept = backends(stopped)
        ask()
        assert len(kept) == 3
        assert backends(stopped) == kept
        assert all(backends(stopped, "pg_terminate_backend(pid, 5000)"))
        ask()
        assert not set(backends(stopped)) & set(kept)


def test_others_keep_none(stopped: RunningDagster) -> None:
    """A run's pod would hold three of them for as long as it lives."""
    with open_instance(stopped.home, stopped.environment) as instance:
        instance.get_runs_count()
        assert stopped.wait_until(lambda: not backends(stopped), "its connection is closed")
