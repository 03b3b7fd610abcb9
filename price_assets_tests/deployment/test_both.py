"""A CronJob's exporter and Dagster, which both export the same day at the same time."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from price_assets_tests.deployment.catalogue import days_ago
from price_assets_tests.deployment.deployed import Deployment

pytestmark = [pytest.mark.xdist_group("dagster"), pytest.mark.timeout(600)]

WAITING = "SELECT count(DISTINCT pid) FROM pg_locks WHERE relation = 'paints'::regclass AND NOT granted"


def test_a_cronjob_and_dagster_that_export_one_day_at_once_publish_it_once(deployment: Deployment) -> None:
    dagster, shop, day = deployment.dagster, deployment.catalogue, days_ago(5)
    with ThreadPoolExecutor() as beside, shop.database.connect() as holder:
        with holder.transaction():
            holder.execute("LOCK TABLE paints")  # so that both come to the source before either can read
            run_id = dagster.launch("paints", day)
            exporter = beside.submit(shop.run, "export", "paints", "--date", str(day), "--json")
            dagster.wait_until(lambda: holder.execute(WAITING).fetchone() == (2,), "both wait for the source")
        run, exported = dagster.ended(run_id), exporter.result()

    assert run.is_success, dagster.last_words()
    assert exported.returncode == 0, exported.stderr
    (event,) = shop.register("paints")["days"][str(day)]["events"]
    (told,) = json.loads(exported.stdout)
    assert (event["event"], {told["outcome"]} <= {"published", "unchanged"}) == ("published", True)
    assert event["run_id"] == (told["run_id"] if told["outcome"] == "published" else run_id)
    assert shop.copies(str(day), "paints") == shop.published(str(day), "paints")
