"""What the processes of a deployment really write where LOG_FORMAT is json: one ECS object a line, whichever process it is."""

from datetime import date

import dagster as dg
import pytest
from jsonschema import Draft202012Validator

from price_assets.demo.server import Server
from price_assets_tests.deployment.logging.lines import SCHEMA, lines
from price_assets_tests.deployment.running_dagster import RunningDagster, running_dagster
from price_assets_tests.shop import DAY, NEXT_DAY, Shop


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("password", ["", "wrong"])
def test_the_exporter_speaks_by_the_schema(shop: Shop, password: str) -> None:
    done = shop.run("export", "shop", "--date", DAY, **({"DB_PASSWORD": password} if password else {}))
    said, others = lines(done.stderr)
    assert said
    assert not others
    assert said[-1]["price_assets"]["price_list"] == "shop"
    assert said[-1]["price_assets"]["export_date"] == DAY


@pytest.mark.timeout(600)
def test_daemon_webserver_code_server_and_runs_speak_by_the_schema(shop: Shop, postgres_server: Server) -> None:
    with running_dagster(shop, postgres_server, EXPORT_CRON="0 0 1 1 *") as dagster:
        good = dagster.launch("shop", date.fromisoformat(DAY))
        dagster.wait_until(lambda: _has_ended(dagster, good), "the run ends")
        shop.database.execute("UPDATE prices SET sku = '001'")
        blocked = dagster.launch("shop", date.fromisoformat(NEXT_DAY))
        dagster.wait_until(lambda: _has_ended(dagster, blocked), "the blocked run ends")
        dagster.wait_until(lambda: "on_failure" in _logs(dagster), "a sensor ticks")
        said, others = lines(_logs(dagster))

    # The code server says that it starts before it loads anything of ours [LG2]; a collector carries that line as a message.
    assert all("Starting Dagster code server" in line for line in others), others
    loggers = {line["log"]["logger"] for line in said}
    assert {
        "dagster.daemon.SensorDaemon",
        "dagster.daemon.QueuedRunCoordinatorDaemon",
        "dagster-webserver",
        "dagster.code_server",
        "dagster",
    } <= loggers

    of_runs = [line for line in said if line.get("price_assets", {}).get("run_id")]
    assert {(line["price_assets"]["price_list"], line["price_assets"]["export_date"], line["price_assets"]["run_id"]) for line in of_runs} == {
        ("shop", DAY, good),
        ("shop", NEXT_DAY, blocked),
    }
    assert any(line["message"].startswith("published, revision") for line in of_runs)
    (failed,) = (line for line in of_runs if line.get("event", {}).get("action") == "STEP_FAILURE")
    assert failed["log.level"] == "error"
    assert "is blocked by key" in failed["error"]["message"]


def _has_ended(dagster: RunningDagster, run_id: str) -> bool:
    run = dagster.instance.get_run_by_id(run_id)
    assert run
    return run.status in (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE)


def _logs(dagster: RunningDagster) -> str:
    return "".join((dagster.home / f"{part}.log").read_text() for part in ("daemon", "webserver"))
