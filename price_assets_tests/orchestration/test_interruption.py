"""Dagster's own interruption of a run ends its query in the server: SIGTERM, as Kubernetes sends it, and the UI's Terminate [KU13, DG59]."""

import json
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

import dagster as dg

from price_assets.operations.export_run import Reason, Status
from price_assets.orchestration.interruption import ended_by_a_thread
from price_assets.orchestration.ledger_rows import rows_of
from price_assets_tests.orchestration import interrupted_runs
from price_assets_tests.shop import DAY, Shop

SLEEP = "SELECT pg_sleep(300)::text AS sku, 'x' AS name, 1.00 AS price, 1 AS stock WHERE :export_date > DATE '2026-01-01'"


def test_a_run_that_is_interrupted_ends_its_query_and_leaves_nothing(shop: Shop) -> None:
    shop.write_list(sql=SLEEP)
    home, temporary = shop.folder / "home", shop.folder / "tmp"
    home.mkdir()
    temporary.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    environment = shop.process_environment(DAGSTER_HOME=str(home), TMPDIR=str(temporary))
    command = [sys.executable, interrupted_runs.__file__, DAY, str(shop.folder / "told")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    signalled, terminated = json.loads((shop.folder / "told").read_text())
    assert (signalled["status"], terminated["status"]) == ("FAILURE", "CANCELED")
    assert max(signalled["seconds"], terminated["seconds"]) < 10  # a fraction of a second, on a machine with nothing else to do
    assert "panicked" not in done.stderr
    assert not list(temporary.iterdir())
    assert not (shop.storage / "shop").exists()
    with dg.DagsterInstance.from_config(str(home)) as instance:
        rows = [row for record in instance.get_run_records(ascending=True) for row in rows_of(instance, record)]
    assert [(row.status, row.reason, bool(row.finished)) for row in rows] == [(Status.FAILED, Reason.KILLED, True), (Status.CANCELED, None, True)], (
        rows
    )


@contextmanager
def thread_named(name: str) -> Generator[None]:
    ends = threading.Event()
    thread = threading.Thread(target=ends.wait, name=name)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()


def test_a_process_that_a_thread_may_end_is_known_by_that_thread() -> None:
    assert not ended_by_a_thread()
    with thread_named("another"):
        assert not ended_by_a_thread()
    with thread_named("termination-handler"):
        assert ended_by_a_thread()
