"""An alert's way: a run that really fails, the ledger, `serve-metrics`, Prometheus, Alertmanager, and at its end Slack's webhook and a mailbox."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from price_assets.demo.server import Server
from price_assets_tests.deployment.monitoring.live import LOGIN, monitoring
from price_assets_tests.deployment.ops import ops


@ops
@pytest.mark.timeout(600)
def test_alerts_arrive_and_end(postgres_server: Server, tmp_path: Path) -> None:
    with monitoring(postgres_server, tmp_path) as live:
        # A list that nobody exported for two days, and one that never was.
        live.wait_until(lambda: "dealers: nothing was published for a day and a half" in live.titles(), "ExportStale arrives")
        live.wait_until(lambda: "newcomer: never published" in live.titles(), "ExportNeverPublished arrives")
        assert "ExportOverdue" in live.prometheus.firing()
        assert not any("overdue" in title for title in live.titles() if "dealers" in title)  # the same list is told of once
        live.wait_until(lambda: any(mail.content["Subject"].startswith("dealers: nothing") for mail in live.mails.mails), "it is mailed, too")
        assert set(live.mails.logins) == {LOGIN}
        mail = next(mail for mail in live.mails.mails if mail.content["Subject"].startswith("dealers: nothing"))
        assert mail.recipients == ("on-call@example.com",)
        assert "docs/operations.md#exportstale" in mail.content.get_body().get_content()  # pyright: ignore[reportOptionalMemberAccess, reportUnknownArgumentType]

        # A run that fails, and the next one, which does not.
        done = live.shop.run("export", "shop", DB_PASSWORD="wrong")
        assert done.returncode == 2, done.stderr
        live.wait_until(lambda: "shop: the last export failed (source)" in live.titles(), "ExportFailed arrives")
        text = next(each["text"] for message in live.told for each in message["attachments"] if each["title"].startswith("shop: the last export"))
        assert "1 of the last day's exports of shop failed for the reason source" in text
        assert text.endswith("What to do: docs/operations.md#exportfailed")
        live.shop.export("shop")
        live.wait_until(lambda: "Resolved: shop: the last export failed (source)" in live.titles(), "ExportFailed ends")

        # A daemon that stops, and starts again.
        assert "Dagster's daemon does not run" not in live.titles()
        live.ledger_database.execute("UPDATE export_daemon SET heartbeat = heartbeat - interval '10 minutes'")
        live.wait_until(lambda: "Dagster's daemon does not run" in live.titles(), "ExportDaemonDead arrives")
        assert live.ledger.heartbeat(datetime.now(UTC))
        live.wait_until(lambda: "Resolved: Dagster's daemon does not run" in live.titles(), "ExportDaemonDead ends")

        # Nothing is known any more.
        before = len(live.told)
        live.stop_metrics()
        live.wait_until(lambda: "Nothing is known about the exports" in live.titles()[before:], "ExportMetricsDown arrives")
        assert all("secret" not in str(message) for message in live.told)
