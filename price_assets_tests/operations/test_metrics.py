"""What Prometheus scrapes: names and labels as promised, counters that survive, and the truth about a ledger that is down."""

import http.client
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from price_assets.errors import SettingError
from price_assets.operations.alerts.notifications import Delivery
from price_assets.operations.alerts.problem import Message
from price_assets.operations.export_run import ExportRun, Reason, Status, Trigger
from price_assets.operations.export_runs import Ledger
from price_assets.operations.metrics import LISTS, Metrics
from price_assets.operations.metrics_server import answer, serving
from price_assets.settings import ExportSettings
from price_assets_tests.operations.ledgers import DAY, SIX, a_run, url_of
from price_assets_tests.servers.postgres import Database

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOWHERE = "postgresql://u:k4n@127.0.0.1:1/ledger"
Samples = dict[str, float]
"""`name{label="value"}` → value."""


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "shop.yaml").write_text("name: shop\n")
    return folder


@pytest.fixture
def ledger(database: Database) -> Iterator[Ledger]:
    with closing(Ledger(url_of(database))) as made:
        yield made


def metrics_of(ledger: Ledger, lists: Path, now: datetime = NOON) -> Metrics:
    return Metrics(ledger, ExportSettings.from_environment({"PRICE_LISTS_DIR": str(lists)}), lambda: now)


def scraped(ledger: Ledger, lists: Path, now: datetime = NOON) -> Samples:
    status, _, body = answer(metrics_of(ledger, lists, now), "/metrics", "")
    assert status == 200
    return samples(body)


def samples(body: bytes) -> Samples:
    found: Samples = {}
    for family in text_string_to_metric_families(body.decode()):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def published(run_id: str, day: date = DAY, took: float = 3, at: datetime = SIX, **how: Any) -> ExportRun:
    rows: dict[str, Any] = {
        "status": Status.SUCCESS,
        "rows": 100,
        "files": 2,
        "bytes": 30,
        "file_bytes": {"csv": 10, "xlsx": 20},
        "trigger": Trigger.SCHEDULE,
    }
    return a_run(run_id=run_id, export_date=day, started=at, finished=at + timedelta(seconds=took), **rows | how)


def write_all_kinds(ledger: Ledger) -> None:
    later = SIX + timedelta(minutes=5)
    assert ledger.write(
        [
            published("1", took=3),
            published("2", took=300, at=later, rows=101, file_bytes={"csv": 11, "xlsx": 22}),
            published("3", took=60, at=later + timedelta(minutes=9), rows=101, status=Status.UNCHANGED),
            a_run(Status.FAILED, run_id="4", reason=Reason.SOURCE),
            a_run(Status.FAILED, run_id="5", reason=Reason.SOURCE),
            a_run(Status.BLOCKED, run_id="6", reason=Reason.ROWS),
            a_run(Status.MISSED, "gone", run_id="7", reason=Reason.MISSED),
            a_run(Status.CANCELED, run_id="8"),
            a_run(Status.WITHDRAWN, run_id="9"),
            a_run(run_id="10"),
        ]
    )
    assert ledger.notified(Message("x", (), "info"), [Delivery("slack", accepted=False, tries=3), Delivery("mail", accepted=True, tries=1)])
    assert ledger.heartbeat(NOON)


def test_the_numbers_are_those_of_the_ledger(ledger: Ledger, lists: Path) -> None:
    write_all_kinds(ledger)
    found = scraped(ledger, lists)
    expected = {
        'export_duration_seconds_bucket{le="2",price_list="shop"}': 0,
        'export_duration_seconds_bucket{le="5",price_list="shop"}': 1,
        'export_duration_seconds_bucket{le="60",price_list="shop"}': 2,
        'export_duration_seconds_bucket{le="300",price_list="shop"}': 3,
        'export_duration_seconds_bucket{le="3600",price_list="shop"}': 3,
        'export_duration_seconds_bucket{le="+Inf",price_list="shop"}': 3,
        'export_duration_seconds_sum{price_list="shop"}': 363,
        'export_duration_seconds_count{price_list="shop"}': 3,
        'export_files_total{format="csv",price_list="shop"}': 2,
        'export_files_total{format="xlsx",price_list="shop"}': 2,
        'export_failed_total{price_list="shop",reason="source"}': 2,
        'export_failed_total{price_list="shop",reason="rows"}': 1,
        'export_failed_total{price_list="shop",reason="killed"}': 0,
        'export_failed_total{price_list="gone",reason="missed"}': 1,
        'export_rows{price_list="shop"}': 101,
        'export_last_success_timestamp_seconds{price_list="shop"}': (SIX + timedelta(minutes=15)).timestamp(),
        'export_last_attempt_timestamp_seconds{price_list="shop"}': (SIX + timedelta(minutes=14)).timestamp(),
        "export_notifications_failed_total": 1,
        "export_daemon_heartbeat_timestamp_seconds": NOON.timestamp(),
    }
    assert {name: found.get(name) for name in expected} == expected
    assert sum(value for name, value in found.items() if name.startswith("export_build_info{")) == 1
    assert 'export_last_success_timestamp_seconds{price_list="gone"}' not in found


def test_names_and_labels_are_those_that_are_promised(ledger: Ledger, lists: Path) -> None:
    write_all_kinds(ledger)
    _, _, body = answer(metrics_of(ledger, lists), "/metrics", "")
    families = text_string_to_metric_families(body.decode())
    found = {family.name: (family.type, {label for sample in family.samples for label in sample.labels}) for family in families}
    assert found == {
        "export_duration_seconds": ("histogram", {"price_list", "le"}),
        "export_files": ("counter", {"price_list", "format"}),
        "export_failed": ("counter", {"price_list", "reason"}),
        "export_rows": ("gauge", {"price_list"}),
        "export_file_bytes": ("gauge", {"price_list", "format"}),
        "export_last_success_timestamp_seconds": ("gauge", {"price_list"}),
        "export_last_attempt_timestamp_seconds": ("gauge", {"price_list"}),
        "export_notifications_failed": ("counter", set()),
        "export_daemon_heartbeat_timestamp_seconds": ("gauge", set()),
        "export_build_info": ("gauge", {"version", "python"}),
    }


def test_promtool_finds_nothing_to_say(ledger: Ledger, lists: Path) -> None:
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("NO PROMTOOL HERE, so the metrics are not linted: apt-get install prometheus")
    write_all_kinds(ledger)
    _, _, body = answer(metrics_of(ledger, lists), "/metrics", "")
    done = subprocess.run([promtool, "check", "metrics"], input=body, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_list_that_never_ran_shows_with_zeros_from_its_first_day_on(ledger: Ledger, lists: Path) -> None:
    (lists / "late.yaml").write_text("name: late\nstart: 2026-11-25\nformats: {csv: {}}\n")
    (lists / "broken.yml").write_text("name: [\n")
    found = scraped(ledger, lists)
    assert found['export_last_success_timestamp_seconds{price_list="shop"}'] == 0
    assert found['export_last_attempt_timestamp_seconds{price_list="broken"}'] == 0
    assert {name for name in found if 'price_list="shop"' in name and "failed" in name} == {
        f'export_failed_total{{price_list="shop",reason="{reason}"}}' for reason in Reason
    }
    assert not [name for name in found if "late" in name]
    assert not [name for name in found if name.startswith(("export_rows", "export_file_bytes", "export_daemon"))]

    (lists / "shop.yaml").unlink()
    found = scraped(ledger, lists, NOON + timedelta(days=1))
    assert {name for name in found if "late" in name and "files" in name} == {'export_files_total{format="csv",price_list="late"}'}
    assert not [name for name in found if "shop" in name]


def test_an_old_days_backfill_hides_nothing(ledger: Ledger, lists: Path) -> None:
    assert ledger.write(
        [published("1", day=DAY - timedelta(days=1), at=SIX - timedelta(days=1)), a_run(Status.FAILED, run_id="2", reason=Reason.SOURCE)]
    )
    before = scraped(ledger, lists)
    assert before['export_last_success_timestamp_seconds{price_list="shop"}'] == (SIX - timedelta(days=1, seconds=-3)).timestamp()
    assert before['export_last_attempt_timestamp_seconds{price_list="shop"}'] == SIX.timestamp()
    assert ledger.write([published("3", day=DAY - timedelta(days=20), at=NOON, rows=5)])
    after = scraped(ledger, lists)
    for name in ("last_success_timestamp_seconds", "last_attempt_timestamp_seconds", "rows"):
        assert after[f'export_{name}{{price_list="shop"}}'] == before[f'export_{name}{{price_list="shop"}}']


def test_a_scrape_costs_little_on_a_ledger_of_many_runs(database: Database, ledger: Ledger) -> None:
    """Each list's newest runs come from an index, and the counters are sums already: no plan reads the runs from end to end."""
    assert ledger.last() == []
    database.execute("""
        ALTER TABLE export_runs DISABLE TRIGGER USER;
        INSERT INTO export_runs (run_id, price_list, export_date, status, trigger, started, finished)
        SELECT d || ' ' || l, 'list_' || l, date '2020-01-01' + d, 'success', 'schedule', timestamptz '2020-01-01' + d * interval '1 day',
               timestamptz '2020-01-01' + d * interval '1 day' + interval '3 seconds'
        FROM generate_series(1, 500) d, generate_series(1, 40) l;
        ANALYZE export_runs
    """)
    [row] = ledger.read(f"EXPLAIN (ANALYZE, FORMAT json) {LISTS}", {"names": [f"list_{number}" for number in range(1, 41)]})
    scans = [node for node in nodes(row["QUERY PLAN"][0]["Plan"]) if node.get("Relation Name") == "export_runs"]
    assert {(node["Node Type"], node["Index Name"]) for node in scans} == {("Index Scan", "export_runs_day"), ("Index Scan", "export_runs_published")}
    assert all(node["Actual Rows"] <= 1 for node in scans)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def test_where_the_ledger_is_down_a_scrape_fails_and_says_why(lists: Path) -> None:
    metrics = metrics_of(Ledger(NOWHERE), lists)
    status, _, body = answer(metrics, "/metrics", "")
    assert status == 503
    assert body.startswith(b"# The ledger at EXPORT_RUNS_URL does not answer: ")
    assert {name.partition("{")[0] for name in samples(body)} == {"export_build_info"}
    status, _, body = answer(metrics, "/healthz", "")
    assert status == 503
    assert b"Connection refused" in body
    assert b"k4n" not in body


def get(port: int, path: str, host: str = "127.0.0.1", accept: str = "") -> tuple[int, str, str]:
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", path, headers={"Accept": accept})
        response = connection.getresponse()
        return response.status, response.headers["Content-Type"], response.read().decode()
    finally:
        connection.close()


def test_it_is_served_on_every_interface(ledger: Ledger, lists: Path) -> None:
    write_all_kinds(ledger)
    with serving(metrics_of(ledger, lists), 0) as port:
        status, content_type, body = get(port, "/metrics")
        assert (status, content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
        assert samples(body.encode())["export_notifications_failed_total"] == 1
        openmetrics = get(port, "/metrics", accept="application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.3")
        assert openmetrics[1].startswith("application/openmetrics-text; version=1.0.0")
        assert openmetrics[2].endswith("# EOF\n")
        assert get(port, "/healthz") == (200, "text/plain; charset=utf-8", "ok\n")
        assert get(port, "/")[0] == 404
        if socket.has_dualstack_ipv6():
            assert get(port, "/healthz", host="::1")[0] == 200
        taken = f"METRICS_PORT: nothing can listen on port {port}: Address already in use"
        with pytest.raises(SettingError, match=taken), serving(metrics_of(ledger, lists), port):
            pass
    with pytest.raises(ConnectionRefusedError):
        get(port, "/healthz")
