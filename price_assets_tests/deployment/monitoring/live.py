"""A company as its operators see it: a ledger with rows as runs leave them, `serve-metrics`, Prometheus and Alertmanager with our files.

Only what makes one wait is shortened in their copies, and the addresses are those of doubles: everything else is what is shipped.
"""

import json
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from price_assets.demo.guard import ended, guarded
from price_assets.demo.server import Server, free_port
from price_assets.operations.export_run import ExportRun, Reason, Status, Trigger
from price_assets.operations.export_runs import Ledger
from price_assets_tests.deployment.monitoring.files import parsed, read
from price_assets_tests.servers.http import Answer, Request, served
from price_assets_tests.servers.postgres import Database, new_database
from price_assets_tests.servers.prometheus import Prometheus, alertmanager, prometheus
from price_assets_tests.servers.smtp import MailServer, mail_server
from price_assets_tests.shop import PRICE_LIST, Shop, command

SCHEMA = "price_lists_ledger"
"""Where role.sql has the ledger's tables made, as docs/deploy.md calls it."""
PATIENCE = 120.0
"""Seconds that anything may take on a busy machine."""
LOGIN = ("prices@example.com", "mail-secret")


@dataclass
class Monitoring:
    """What runs, and what has arrived."""

    shop: Shop
    ledger_database: Database
    ledger: Ledger
    prometheus: Prometheus
    mails: MailServer
    stop_metrics: Callable[[], object]
    told: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def titles(self) -> list[str]:
        """The titles of what arrived at the webhook."""
        return [attachment["title"] for message in self.told for attachment in message["attachments"]]

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, (what, self.titles(), self.prometheus.ask("alerts"), self.prometheus.ask("targets"))
            time.sleep(0.1)


def rows(name: str, days: Sequence[int], **changes: Any) -> list[ExportRun]:
    """A row of a published day for each of so many days ago, at this time of the day."""
    now = datetime.now(UTC)
    made: list[ExportRun] = []
    for ago in days:
        began = now - timedelta(days=ago, seconds=90)
        usual: dict[str, Any] = {
            "run_id": f"{name}-{ago}",
            "price_list": name,
            "export_date": began.date(),
            "status": Status.SUCCESS,
            "trigger": Trigger.SCHEDULE,
            "started": began,
            "finished": began + timedelta(seconds=40),
            "revision": "3fa9c1d2e4b5",
            "rows": 48_211,
            "files": 2,
            "bytes": 9_400_000,
            "file_bytes": {"csv": 6_200_000, "xlsx": 3_200_000},
        }
        made.append(ExportRun(**usual | changes))
    return made


def failed(name: str, ago: int) -> list[ExportRun]:
    """A row of a day whose checks blocked it."""
    nothing: dict[str, Any] = {"revision": None, "rows": None, "files": None, "bytes": None, "file_bytes": {}}
    return rows(name, [ago], run_id=f"{name}-{ago}-blocked", status=Status.BLOCKED, reason=Reason.ROWS, error="price_change: 30% moved", **nothing)


@contextmanager
def monitoring(server: Server, folder: Path) -> Generator[Monitoring]:
    """Run all of it within this block."""
    told: list[dict[str, Any]] = []

    def hear(request: Request) -> Answer:
        told.append(json.loads(request.body))
        return Answer(200, b"ok")

    with ExitStack() as stack:
        shop = Shop(folder, stack.enter_context(new_database(server)))
        for name in ("retail", "dealers", "newcomer"):
            shop.write_list(PRICE_LIST.replace("name: shop", f"name: {name}"), name=name)
        shop.database.execute("UPDATE prices SET valid_until = 'infinity'")  # today is exported, whenever that is
        database = stack.enter_context(new_database(server))
        database.execute(f"CREATE SCHEMA {SCHEMA}; ALTER ROLE {server.user} IN DATABASE {database.name} SET search_path = {SCHEMA}")
        url = f"postgresql://{server.user}:{quote(server.password, safe='')}@{server.host}:{server.port}/{database.name}"
        shop.environment["EXPORT_RUNS_URL"] = url
        ledger = Ledger(url)
        stack.callback(ledger.close)
        assert ledger.write([*rows("retail", range(14, -1, -1)), *failed("retail", 5), *rows("shop", [2, 1, 0]), *rows("dealers", range(14, 1, -1))])
        assert ledger.heartbeat(datetime.now(UTC))

        port = free_port()
        served_metrics = guarded(
            command("serve-metrics"), environment=shop.process_environment(METRICS_PORT=str(port)), output=folder / "metrics.log"
        )
        stack.callback(ended, served_metrics)

        webhook = stack.enter_context(served(hear))
        mails = stack.enter_context(mail_server(LOGIN, without=("LOGIN",)))
        routes = stack.enter_context(alertmanager(*_alertmanager(webhook, mails.port)))
        asked = stack.enter_context(prometheus(*_prometheus(port, routes)))
        running = Monitoring(shop, database, ledger, asked, mails, lambda: ended(served_metrics), told)
        running.wait_until(lambda: bool(asked.query("export_build_info and on () (count_over_time(export_build_info[1m]) > 2)")), "the first scrapes")
        yield running


def _prometheus(metrics_port: int, alertmanager: str) -> tuple[str, dict[str, str]]:
    configuration, rules = parsed("prometheus.yaml"), parsed("rules.yaml")
    configuration["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    configuration["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [alertmanager]
    (job,) = configuration["scrape_configs"]
    job["scrape_timeout"] = "1s"
    job["static_configs"][0]["targets"] = [f"127.0.0.1:{metrics_port}"]
    for rule in rules["groups"][0]["rules"]:
        rule["for"] = "3s"
    return yaml.safe_dump(configuration), {"rules.yaml": yaml.safe_dump(rules)}


def _alertmanager(webhook: str, mail_port: int) -> tuple[str, dict[str, str]]:
    configuration = parsed("alertmanager.yaml")
    configuration["global"] |= {
        "smtp_smarthost": f"127.0.0.1:{mail_port}",
        "smtp_require_tls": False,
        "smtp_auth_username": LOGIN[0],
        "smtp_auth_password_file": "mail-password",
        "slack_api_url_file": "slack-url",
    }
    configuration["route"] |= {"group_wait": "1s", "group_interval": "1s"}
    files = {"mail-password": LOGIN[1], "slack-url": f"{webhook}/services/T0/B0/secret", "alertmanager.tmpl": read("alertmanager.tmpl")}
    return yaml.safe_dump(configuration), files
