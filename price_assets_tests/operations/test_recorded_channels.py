"""What became of each message is in the ledger, and a ledger that is down keeps nobody from being told."""

import pytest

from price_assets.operations.alerts import channels, notifications
from price_assets.operations.alerts.problem import Message
from price_assets.operations.recorded_channels import RecordedChannels
from price_assets.settings import NotifySettings
from price_assets_tests.operations.ledgers import url_of
from price_assets_tests.servers.http import Answer, served
from price_assets_tests.servers.postgres import Database

MESSAGE = Message("shop 2026-11-24 failed", ("step: snapshot",), "failure")
CANARY = "T0CANARY/B0CANARY/k4naryXYZ"


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifications, "PAUSE", 0.0)
    monkeypatch.setattr(channels, "ANSWER_SECONDS", 0.3)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)


def test_each_delivery_is_written_down(database: Database) -> None:
    env = {"EXPORT_RUNS_URL": url_of(database)}
    for status in (200, 403):
        with served(lambda _, status=status: Answer(status, b"ok")) as address:
            sent = RecordedChannels.from_environment(NotifySettings(slack_webhook_url=f"{address}/services/{CANARY}"), env).send(MESSAGE)
        assert [each.accepted for each in sent] == [status == 200]
    found = database.execute("SELECT title, channel, outcome, tries, said FROM export_notifications ORDER BY sent")
    assert [row[:4] for row in found] == [(MESSAGE.title, "slack", "accepted", 1), (MESSAGE.title, "slack", "failed", 1)]
    assert "403" in found[1][4]
    assert "k4nary" not in str(found)


@pytest.mark.parametrize("url", [None, "postgresql://u:p@127.0.0.1:1/ledger", "nonsense"])
def test_people_are_told_whatever_is_wrong_with_the_ledger(url: str | None) -> None:
    env = {"EXPORT_RUNS_URL": url} if url else {}
    with served(lambda _: Answer(200, b"ok")) as address:
        (sent,) = RecordedChannels.from_environment(NotifySettings(slack_webhook_url=f"{address}/services/{CANARY}"), env).send(MESSAGE)
    assert sent.accepted
