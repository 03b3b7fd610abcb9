"""The rules and the script of deploy/retention, held to the layout of the storage, to real parsers, and to a real Dagster."""

import json
import re
import subprocess
import sys
from datetime import date
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any, cast

import boto3
import dagster as dg
import psycopg
import pytest
from moto import mock_aws

from price_assets.demo.server import Server
from price_assets.export import layout
from price_assets.export.comparing_checks import EXPIRED
from price_assets.export.verified_day import YOUNG
from price_assets_tests.deployment.running_dagster import CLONE, RunningDagster, running_dagster
from price_assets_tests.shop import DAY, NEXT_DAY, Shop

RETENTION = CLONE / "deploy" / "retention"
DOCUMENT = (CLONE / "docs" / "retention.md").read_text()
EXPORT_DATE = date(2026, 11, 24)
FILES = layout.file_key("shop", EXPORT_DATE, "csv", "0" * 64), layout.manifest_key("shop", EXPORT_DATE, "0" * 12)
SNAPSHOT = layout.snapshot_key("shop", EXPORT_DATE, "0" * 12)
LASTING = (
    layout.register_key("shop"),
    layout.ALERTS,
    *(key for place in (layout.LATEST, EXPORT_DATE) for key in (layout.copy_key("shop", place, "xlsx"), layout.beside_key("shop", place))),
)


def s3() -> dict[str, Any]:
    return json.loads((RETENTION / "s3.json").read_text())


def expiring(store: str) -> dict[str, int]:
    """Prefix → the days after which what is below it expires."""
    if store == "s3":
        return {rule["Filter"]["Prefix"]: rule["Expiration"]["Days"] for rule in s3()["Rules"] if "Expiration" in rule}
    rules = json.loads((RETENTION / "gcs.json").read_text())["lifecycle"]["rule"]
    live = [rule["condition"] for rule in rules if rule["action"] == {"type": "Delete"} and "age" in rule["condition"]]
    return {prefix: condition["age"] for condition in live for prefix in condition["matchesPrefix"]}


@pytest.mark.parametrize("store", ["s3", "gcs"])
def test_files_and_rows_expire_and_nothing_else_does(store: str) -> None:
    rules = expiring(store)
    assert all(any(key.startswith(prefix) for prefix in rules) for key in (*FILES, SNAPSHOT))
    assert not [key for key in LASTING if any(key.startswith(prefix) for prefix in rules)]
    assert min(rules.values()) > YOUNG.days
    assert f"{YOUNG.days} days" in DOCUMENT
    assert expiring("s3") == expiring("gcs")


def test_the_rules_for_s3_are_taken_by_its_client_and_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client: Any = cast("Any", boto3).client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="prices")
        client.put_bucket_lifecycle_configuration(Bucket="prices", LifecycleConfiguration=s3())
        assert client.get_bucket_lifecycle_configuration(Bucket="prices")["Rules"] == s3()["Rules"]


def test_pending_uploads_go_after_a_day() -> None:
    """A killed exporter leaves them [ST11]."""
    uploads = [rule for rule in s3()["Rules"] if rule.get("AbortIncompleteMultipartUpload") == {"DaysAfterInitiation": 1}]
    assert [rule["Filter"] for rule in uploads] == [{"Prefix": ""}]
    rules = json.loads((RETENTION / "gcs.json").read_text())["lifecycle"]["rule"]
    assert {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 1}} in rules


def test_the_rule_by_which_checks_pass_is_named() -> None:
    assert re.search(rf"^## {EXPIRED}$", DOCUMENT, re.MULTILINE | re.IGNORECASE)


def recorded(running: RunningDagster) -> dict[str, set[str]]:
    """Table → the runs of which it has rows."""
    host, port, user, password, name = (running.environment[f"DAGSTER_PG_{each}"] for each in ("HOST", "PORT", "USERNAME", "PASSWORD", "DB"))
    with psycopg.connect(host=host, port=int(port), user=user, password=password, dbname=name) as connection:
        tables = connection.execute("SELECT table_name FROM information_schema.columns WHERE column_name = 'run_id' AND table_schema = 'public'")
        return {
            table: {run for (run,) in connection.execute(f"SELECT DISTINCT run_id FROM {table} WHERE run_id <> ''".encode())}
            for (table,) in tables.fetchall()
        }


def test_old_runs_are_purged_with_all_that_was_recorded_of_them_and_the_others_stay(shop: Shop, postgres_server: Server) -> None:
    """Dagster itself leaves the results of their checks [DG69]."""
    spec = spec_from_file_location("purge_runs", RETENTION / "purge_runs.py")
    assert spec
    assert spec.loader
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    with running_dagster(shop, postgres_server, daemon=False, webserver=False) as running:
        shop.export("--from", DAY, "--to", NEXT_DAY, **running.environment)
        command = [sys.executable, str(RETENTION / "purge_runs.py"), "400"]
        done = subprocess.run(command, env=running.environment, capture_output=True, text=True, check=True)
        assert done.stdout == "0 runs deleted\n"
        newest, oldest = running.instance.get_run_records()
        newer, older = newest.dagster_run.run_id, oldest.dagster_run.run_id
        before = {table for table, runs in recorded(running).items() if older in runs}
        assert {"runs", "run_tags", "event_logs", "asset_check_executions"} <= before
        assert script.purge(running.instance, newest.create_timestamp) == 1
        after = recorded(running)
        assert {table for table, runs in after.items() if older in runs} == set()
        assert {table for table, runs in after.items() if newer in runs} == before
        assert running.instance.get_materialized_partitions(dg.AssetKey(["shop", "publication"])) == {NEXT_DAY}
