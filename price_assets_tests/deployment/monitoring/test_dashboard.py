"""The dashboard: each panel's query, asked of the real Prometheus and the real Postgres, has an answer."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from price_assets.demo.server import Server
from price_assets.operations.alerts.notifications import Delivery
from price_assets.operations.alerts.problem import Message
from price_assets_tests.deployment.monitoring.files import parsed, read
from price_assets_tests.deployment.monitoring.live import Monitoring, failed, monitoring, rows
from price_assets_tests.deployment.ops import ops

PROMETHEUS = {"type": "prometheus", "uid": "${prometheus}"}
POSTGRES = {"type": "grafana-postgresql-datasource", "uid": "${postgres}"}
LISTS = ("retail", "shop", "dealers")


def panels() -> list[dict[str, Any]]:
    return [panel for panel in parsed("grafana.json")["panels"] if panel["type"] != "row"]


def targets(datasource: dict[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for panel in panels():
        for target in panel["targets"]:
            if target["datasource"] == datasource:
                yield panel["title"], target


def test_every_panel_asks_a_datasource_that_the_dashboard_lets_one_choose() -> None:
    variables = {variable["name"]: variable for variable in parsed("grafana.json")["templating"]["list"]}
    assert {name: variables[name]["query"] for name in ("prometheus", "postgres")} == {
        "prometheus": "prometheus",
        "postgres": "grafana-postgresql-datasource",
    }
    for panel in panels():
        assert panel["datasource"] in (PROMETHEUS, POSTGRES)
        assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])
        assert panel["description"]


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    every = parsed("grafana.json")["panels"]
    assert len({panel["id"] for panel in every}) == len(every)
    cells = [
        (x, y) for at in (panel["gridPos"] for panel in every) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


@pytest.fixture(scope="module")
def live(postgres_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitoring]:
    """One where runs have ended, failed and been told of while Prometheus looked."""
    folder: Path = tmp_path_factory.mktemp("company")
    with monitoring(postgres_server, folder) as running:
        assert running.shop.run("export", "shop", DB_PASSWORD="wrong").returncode == 2
        assert running.ledger.write([*rows("retail", [0], run_id="again"), *failed("dealers", 0)])
        message = Message("retail 2026-11-24 failed", (), "failure")
        assert running.ledger.notified(message, [Delivery("slack", accepted=False, tries=3, said="503", lasting=False)])
        running.wait_until(lambda: "ExportFailed" in running.prometheus.firing(), "an alert fires")
        running.wait_until(lambda: bool(running.prometheus.query("increase(export_notifications_failed_total[1d]) > 0")), "all of it was scraped")
        (grants,) = re.findall(r"```sql\n(.*?)```", read("README.md"), re.DOTALL)
        running.ledger_database.execute(grants)
        yield running
        running.ledger_database.execute("DROP OWNED BY grafana; DROP ROLE grafana")


@ops
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("monitoring")
@pytest.mark.parametrize(("title", "target"), [pytest.param(title, target, id=f"{title}-{target['refId']}") for title, target in targets(PROMETHEUS)])
@pytest.mark.parametrize("chosen", [".*", "(" + "|".join(LISTS) + ")"], ids=["all", "three"])
def test_a_panel_of_prometheus_shows_something(live: Monitoring, title: str, target: dict[str, Any], chosen: str) -> None:
    expression = target["expr"].replace("$price_list", chosen)
    assert "$" not in expression, title
    answer = live.prometheus.query(expression)
    assert answer, title
    assert any(math.isfinite(float(sample["value"][1])) for sample in answer)
    names = re.findall(r"{{(\w+)}}", target.get("legendFormat", ""))
    assert all(sample["metric"].get(name) for sample in answer for name in names), "the legend names a label that is not there"


@ops
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("monitoring")
@pytest.mark.parametrize(("title", "target"), [pytest.param(title, target, id=title) for title, target in targets(POSTGRES)])
def test_a_panel_of_the_ledger_shows_something(live: Monitoring, title: str, target: dict[str, Any]) -> None:
    statement = re.sub(r"\$__timeFilter\((\w+)\)", r"\1 BETWEEN now() - interval '14 days' AND now()", target["rawSql"])
    statement = statement.replace("${price_list:sqlstring}", ",".join(f"'{name}'" for name in LISTS))
    assert "$" not in statement, title
    server, database = live.ledger_database.server, live.ledger_database.name
    with psycopg.connect(host=server.host, port=server.port, user="grafana", password="…", dbname=database) as connection:  # as the README makes it
        cursor = connection.execute(statement.encode())
        assert cursor.fetchall(), title
        if target["format"] == "time_series":
            assert [column.name for column in cursor.description or ()] == ["time", "metric", "runs"]


@ops
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("monitoring")
def test_the_dashboard_lets_one_choose_among_the_lists(live: Monitoring) -> None:
    (variable,) = (each for each in parsed("grafana.json")["templating"]["list"] if each["name"] == "price_list")
    metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["definition"]).groups()  # pyright: ignore[reportOptionalMemberAccess]
    assert set(live.prometheus.ask(f"label/{label}/values", **{"match[]": metric})) == {*LISTS, "newcomer"}
