"""What the plain exporter tells by itself, to a real HTTP server in the place of Slack: no daemon runs beside it."""

import json
import shlex
import signal
import sys
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from price_assets.cli.telling import Progress
from price_assets.errors import Stopped
from price_assets.export.layout import ALERTS
from price_assets.operations.alerts import heartbeat, notifications
from price_assets_tests.cli.command import Command, Ended
from price_assets_tests.cli.test_stopping import WAITING, running_queries, start, until
from price_assets_tests.servers.http import Answer, Request, served
from price_assets_tests.shop import DAY, NEXT_DAY, PRICE_LIST, QUERY, Shop

CAREFUL = PRICE_LIST + "checks: {price_change: {ratio: 0.5, share: 0.1}}\n"


@dataclass
class Slack:
    """What has arrived, each as one text; and how it answers. `beats`: how often the heartbeat was asked for."""

    shop: Shop
    price_assets: Command
    url: str = ""
    status: int = 200
    texts: list[str] = field(default_factory=list[str])
    beats: int = 0

    def answer(self, request: Request) -> Answer:
        if request.path == "/beat":
            self.beats += 1
        else:
            self.texts.append(json.dumps(json.loads(request.body), ensure_ascii=False).replace("\\n", "\n").replace('\\"', '"'))
        return Answer(self.status, b"ok")

    @property
    def webhook(self) -> str:
        """As Slack writes it."""
        return f"{self.url}/services/T0001/B0001/secretsecret"

    def export(self, *arguments: str, **changes: str | None) -> tuple[Ended, list[str]]:
        """`price-assets export`, and the messages that it sent."""
        before = len(self.texts)
        ended = self.price_assets("export", *arguments, SLACK_WEBHOOK_URL=self.webhook, **changes)
        return ended, self.texts[before:]


@pytest.fixture
def slack(shop: Shop, price_assets: Command, monkeypatch: pytest.MonkeyPatch) -> Generator[Slack]:
    monkeypatch.setattr(heartbeat, "PAUSE", 0.01)
    monkeypatch.setattr(notifications, "PAUSE", 0.01)
    slack = Slack(shop, price_assets)
    with served(slack.answer) as slack.url:
        yield slack


def test_a_list_that_fails_is_one_message_and_its_next_try_none_and_a_success_says_so(slack: Slack) -> None:
    slack.shop.write_list(sql=QUERY.replace("stock FROM", "stok AS stock FROM"))
    ended, (told,) = slack.export("--date", DAY)
    assert ended.code == 2
    for said in (
        f'shop {DAY} failed: lists/shop.sql:1: Postgres refused the query: column "stok" does not exist',
        "Step: snapshot",
        "Partners have nothing: no day is published.",
        f"price-assets export shop --date {DAY}",
        "docs/operations.md#failed",
    ):
        assert said in told
    assert slack.export("--date", DAY)[1] == []
    slack.shop.write_list()
    ended, (told,) = slack.export("--date", DAY)
    assert ended.code == 0
    assert f"shop {DAY} is published after all" in told
    assert "2 problems, the last at" in told
    assert slack.export("--date", DAY)[1] == []


def test_a_success_without_a_failure_before_it_is_no_message_and_leaves_no_state(slack: Slack) -> None:
    assert slack.export("--date", DAY)[1] == []
    assert not (slack.shop.storage / ALERTS).exists()


def test_a_blocked_day_says_what_broke_the_check_and_its_command_works_as_it_stands(slack: Slack) -> None:
    slack.shop.write_list(CAREFUL)
    slack.export("--date", DAY)
    slack.shop.database.execute("UPDATE prices SET price = price * 3 WHERE sku <> '001'")
    ended, (told,) = slack.export("--date", NEXT_DAY)
    assert ended.code == 3
    for said in (
        f"shop {NEXT_DAY} is blocked by price_change",
        f"price_change: 2 of 3 keys (66.7 %) moved by more than 50 % since {DAY}, where at most 10 % may",
        "- 002 has price 3.15 (was 1.05, +200.0 %)",
        f"Partners still have {DAY}.",
        "docs/operations.md#blocked",
    ):
        assert said in told
    assert slack.export("--date", NEXT_DAY)[1] == []  # the same checks, the same day: no news
    (command,) = [line for line in told.splitlines() if line.startswith("price-assets accept")]
    assert slack.price_assets(*shlex.split(command.replace("…", "asked Anna"))[1:]).code == 0
    slack.shop.database.execute("UPDATE prices SET name = 'x' WHERE sku = '001'")
    _, (told,) = slack.export("--date", "2026-11-23")  # whichever export is next looks after it
    assert f"shop {NEXT_DAY} is published after all" in told


def test_two_lists_that_fail_for_one_cause_are_one_message(slack: Slack) -> None:
    broken = QUERY.replace("stock FROM", "stok AS stock FROM")
    slack.shop.write_list(sql=broken)
    slack.shop.write_list(PRICE_LIST.replace("shop", "spares"), broken, "spares")
    ended, (told,) = slack.export("--date", DAY)
    assert ended.code == 2
    assert f"shop and spares {DAY} failed: lists/shop.sql:1: Postgres refused the query" in told
    assert f"price-assets export shop spares --date {DAY}" in told


def test_a_broken_list_is_told_of_beside_the_others(slack: Slack) -> None:
    slack.shop.write_list(PRICE_LIST.replace("shop", "torn").replace("key:", "keys:"), name="torn")
    _, (told,) = slack.export("--date", DAY)
    assert f"torn {DAY} failed: " in told
    assert "torn.yaml:8:1: unknown key 'keys'" in told
    assert f"shop {DAY}" not in told


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"DB_HOST": None}, f"shop {DAY} failed: Not set: DB_HOST"),
        ({"RUN_DATE": "tomorrow"}, "RUN_DATE: 'tomorrow' is no date"),
        ({"EXPORT_TIMEZONE": "Mars"}, "EXPORT_TIMEZONE: 'Mars'"),
        ({"STORAGE_BUCKET": "ftp://x"}, "STORAGE_BUCKET is to be s3://bucket"),
        ({"PRICE_LISTS_DIR": "/nowhere"}, "every price list"),
    ],
    ids=["DB_HOST", "RUN_DATE", "EXPORT_TIMEZONE", "STORAGE_BUCKET", "PRICE_LISTS_DIR"],
)
def test_a_setting_that_is_refused_is_told_of(slack: Slack, changes: dict[str, str | None], said: str) -> None:
    ended, (told,) = slack.export(**({"RUN_DATE": DAY} | changes))
    assert ended.code == 2
    assert said in told
    assert "secretsecret" not in "".join(ended.said) + ended.stdout


def test_a_list_that_is_gone_is_told_of_but_not_to_whoever_typed_it(slack: Slack, monkeypatch: pytest.MonkeyPatch) -> None:
    ended, (told,) = slack.export("shoop")
    assert ended.code == 2
    assert f"shoop {datetime.now(UTC).date()} failed: There is no price list 'shoop'; did you mean 'shop'?" in told
    monkeypatch.setattr("price_assets.cli.telling.sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    ended, told = slack.export("shoop")
    assert (ended.code, told) == (2, [])


@pytest.mark.parametrize("arguments", [("--date", "24.11.2026"), ("--day", DAY), ("shop", "--from", "2020-01-01"), ("shoop", "--date", DAY)])
def test_days_that_somebody_asks_for_in_vain_alert_nobody_else(slack: Slack, arguments: tuple[str, ...]) -> None:
    ended, told = slack.export(*arguments)
    assert (ended.code, told) == (2, [])


def test_without_a_storage_it_is_told_all_the_same_and_again(slack: Slack) -> None:
    slack.shop.storage.write_text("a file in the way")
    for _ in range(2):
        ended, (told,) = slack.export("--date", DAY)
        assert ended.code == 2
        assert f"shop {DAY} failed: " in told


def test_a_state_that_cannot_be_read_is_begun_anew(slack: Slack) -> None:
    slack.shop.storage.mkdir()
    (slack.shop.storage / ALERTS).write_text('{"version": 2, "colour": "red"}')
    slack.shop.write_list(sql=QUERY.replace("stock FROM", "stok AS stock FROM"))
    assert len(slack.export("--date", DAY)[1]) == 1
    assert slack.export("--date", DAY)[1] == []


def test_a_channel_that_is_down_changes_nothing_of_the_export_and_is_told_by_the_next_one(slack: Slack) -> None:
    slack.status = 500
    slack.shop.write_list(sql=QUERY.replace("stock FROM", "stok AS stock FROM"))
    ended, _ = slack.export("--date", DAY)
    assert ended.code == 2
    assert "No channel accepted this message" in "\n".join(ended.said)
    held = f"Told of by a later export, since too many messages went out or none was accepted: shop {DAY}: lists/shop.sql:1: Postgres refused"
    assert held in "\n".join(ended.said)
    slack.status = 200
    _, (told,) = slack.export("--date", DAY)
    assert f"shop {DAY} failed" in told
    assert "Failed 2 times by now." in told


def test_wrong_settings_of_a_channel_are_a_line_of_the_log_and_no_more(slack: Slack) -> None:
    ended, told = slack.export("--date", DAY, SMTP_HOST="mail.example.com")
    assert (ended.code, told) == (0, [])
    assert "Not everything was told: Not set: SMTP_FROM, SMTP_TO" in "\n".join(ended.said)


def test_a_bug_is_told_of_without_its_words(slack: Slack, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise LookupError("hunter2")

    monkeypatch.setattr("price_assets.export.exporter.open_store", broken)
    with pytest.raises(AssertionError, match="hunter2"):
        slack.export("--date", DAY)
    (told,) = slack.texts
    assert f"shop {DAY} failed: The exporter broke off: LookupError" in told
    assert "hunter2" not in told


def test_a_link_to_the_run_is_given_where_the_run_can_be_seen(slack: Slack) -> None:
    slack.shop.write_list(sql=QUERY.replace("stock FROM", "stok AS stock FROM"))
    home = slack.shop.folder / "home"
    home.mkdir()
    _, (gone,) = slack.export("--date", DAY, DAGSTER_UI_URL="https://dagster.example.com")
    _, (kept,) = slack.export("--date", NEXT_DAY, DAGSTER_UI_URL="https://dagster.example.com", DAGSTER_HOME=str(home))
    assert "dagster.example.com" not in gone
    assert "Run: https://dagster.example.com/runs/" in kept


def test_sigterm_is_told_of_and_sigint_is_not(slack: Slack, monkeypatch: pytest.MonkeyPatch) -> None:
    slack.shop.write_list(sql=WAITING)
    with start(slack.shop, "--date", DAY, SLACK_WEBHOOK_URL=slack.webhook) as process:
        until(lambda: running_queries(slack.shop))
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate()
    assert process.returncode == 143, stderr
    (told,) = slack.texts
    assert f"shop {DAY} failed: Stopped by SIGTERM" in told
    monkeypatch.setenv("SLACK_WEBHOOK_URL", slack.webhook)
    Progress(("shop",), error=Stopped(signal.SIGINT)).tell()
    assert slack.texts == [told]


def test_a_day_that_was_published_when_sigterm_came_has_not_failed(slack: Slack, monkeypatch: pytest.MonkeyPatch) -> None:
    handle = dg.DagsterInstance.handle_new_event

    def stopping(instance: dg.DagsterInstance, event: dg.EventLogEntry, **more: Any) -> None:
        handle(instance, event, **more)
        if event.dagster_event_type is dg.DagsterEventType.RUN_SUCCESS:
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(dg.DagsterInstance, "handle_new_event", stopping)
    ended, (told,) = slack.export("--from", DAY, "--to", NEXT_DAY)
    assert (ended.code, slack.shop.published(NEXT_DAY)) == (143, None)
    assert slack.shop.published(DAY)
    assert f"shop {NEXT_DAY} failed: Stopped by SIGTERM" in told
    assert f"shop {DAY}" not in told
    assert slack.export("--date", NEXT_DAY)[0].code == 143
    assert f"shop {NEXT_DAY} is published after all" in slack.texts[-1]


def test_once_every_list_of_today_is_published_the_last_export_sums_up_and_asks_for_the_heartbeat(slack: Slack) -> None:
    slack.shop.database.execute("UPDATE prices SET valid_until = '9999-01-01'")
    slack.shop.write_list(PRICE_LIST.replace("shop", "spares"), name="spares")
    asked: dict[str, str | None] = {"NOTIFY_SUMMARY": "true", "HEARTBEAT_URL": f"{slack.url}/beat"}
    assert slack.export("shop", **asked)[1] == []
    assert slack.beats == 0
    today = datetime.now(UTC).date()
    _, (told,) = slack.export("spares", **asked)
    assert f"Price lists of {today}: 2 of 2 published" in told
    assert slack.beats == 1
    assert slack.export(**asked)[1] == []
    assert slack.beats == 1


def test_a_heartbeat_that_is_not_answered_is_asked_for_by_the_next_export(slack: Slack) -> None:
    slack.shop.database.execute("UPDATE prices SET valid_until = '9999-01-01'")
    slack.status = 500
    ended, _ = slack.export(HEARTBEAT_URL=f"{slack.url}/beat")
    assert ended.code == 0
    assert "HEARTBEAT_URL was not pinged in 3 tries: HTTP 500" in "\n".join(ended.said)
    slack.status = 200
    slack.export(HEARTBEAT_URL=f"{slack.url}/beat")
    assert slack.beats == 4


def test_without_a_channel_nothing_is_imported_for_it(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setitem(sys.modules, "price_assets.operations.alerts.exporter_alerts", None)  # importing it raises
    Progress(("shop",), error=Stopped(signal.SIGTERM)).tell()
    assert not caplog.records
    monkeypatch.setenv("NOTIFY_URLS", "json://127.0.0.1:1")
    Progress(("shop",), error=Stopped(signal.SIGTERM)).tell()
    assert [record.message for record in caplog.records] == ["Nobody was told"]
