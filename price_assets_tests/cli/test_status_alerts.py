"""What `price-assets status --notify` tells, to a real HTTP server in the place of Slack: of days that nobody else tells of, since nothing ran."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from price_assets.export.layout import ALERTS, register_key
from price_assets.operations.alerts import notifications
from price_assets_tests.cli.test_status import COMING, TODAY, YESTERDAY, Watching, watching
from price_assets_tests.servers.http import Answer, Request, served

__all__ = ["watching"]


class Slack:
    """What has arrived, each message as one text."""

    def __init__(self, watching: Watching) -> None:
        self.watching = watching
        self.url = ""
        self.texts: list[str] = []

    def answer(self, request: Request) -> Answer:
        self.texts.append(json.dumps(json.loads(request.body), ensure_ascii=False).replace("\\n", "\n").replace('\\"', '"'))
        return Answer(200, b"ok")

    def notify(self, *arguments: str, cron: str = "0 6 * * *", **changes: str) -> tuple[int, str, list[str]]:
        """`price-assets status --notify`: its exit code, its stderr, the messages that it sent."""
        before = len(self.texts)
        webhook = f"{self.url}/services/T0001/B0001/secretsecret"
        code, _, err = self.watching.status("--notify", *arguments, cron=cron, SLACK_WEBHOOK_URL=webhook, **changes)
        assert "secretsecret" not in err
        return code, err, self.texts[before:]


@pytest.fixture
def slack(watching: Watching, monkeypatch: pytest.MonkeyPatch) -> Generator[Slack]:
    monkeypatch.setattr(notifications, "PAUSE", 0.01)
    slack = Slack(watching)
    with served(slack.answer) as slack.url:
        yield slack


def test_what_is_due_and_not_there_is_one_message_a_cause_and_looking_again_is_none(slack: Slack) -> None:
    slack.watching.add("delta", (YESTERDAY, "published"))
    code, err, told = slack.notify()
    blocked, missing = sorted(told)
    assert code == 1
    assert f"beta {TODAY} is overdue: blocked by price_change" in blocked
    assert f"price-assets accept beta --date {TODAY} --snapshot 550cd0706e3b --check price_change" in blocked
    assert f"delta and gamma {TODAY} are overdue: nothing was published by 06:30" in missing
    for said in (f"price-assets export delta gamma --date {TODAY}", f"Partners still have {YESTERDAY}.", "docs/operations.md#overdue"):
        assert said in missing
    assert f"gamma {TODAY} is missing" in err
    assert slack.notify()[::2] == (1, [])


def test_what_is_published_after_all_is_said_once(slack: Slack) -> None:
    slack.notify("gamma")
    (slack.watching.lists.parent / "storage" / register_key("gamma")).unlink()
    slack.watching.publish("gamma", (TODAY, "published"))
    code, _, told = slack.notify("gamma")
    assert (code, ["gamma" in text and "is published after all" in text for text in told]) == (0, [True])
    assert slack.notify("gamma")[::2] == (0, [])


def test_where_all_is_well_nothing_is_told_and_nothing_is_written(slack: Slack) -> None:
    assert slack.notify("alpha")[::2] == (0, [])
    assert slack.notify(cron=COMING)[::2] == (0, [])
    assert not (slack.watching.lists.parent / "storage" / ALERTS).exists()


def test_without_the_option_nobody_is_told(slack: Slack) -> None:
    assert slack.watching.status(SLACK_WEBHOOK_URL=f"{slack.url}/services/T0001/B0001/secretsecret")[0] == 1
    assert slack.texts == []


def test_a_storage_that_cannot_be_read_is_told_of_and_ends_as_it_does_without(slack: Slack, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    code, _, (told,) = slack.notify(STORAGE_BUCKET=(tmp_path / "file").as_uri())
    assert (code, f"alpha, beta and gamma {TODAY} are overdue: The folder " in told) == (2, True)
    nobody = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_REGION": "us-east-1"}
    code, err, (told,) = slack.notify("alpha", "beta", STORAGE_BUCKET="s3://prices", **nobody)
    assert (code, f"alpha and beta {TODAY} are overdue: the storage does not answer: " in told) == (1, True)
    assert err.splitlines()[-1].startswith("ERROR   ")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"PRICE_LISTS_DIR": ""}, "every price list {today} failed: none: there is no price list in this folder"),
        ({"EXPORT_DEADLINE": "soon"}, "alpha, beta and gamma {today} failed: EXPORT_DEADLINE: 'soon'"),
        ({"STORAGE_BUCKET": "ftp://prices"}, "alpha, beta and gamma {today} failed: STORAGE_BUCKET"),
    ],
)
def test_what_lets_nothing_be_looked_at_is_told_once(slack: Slack, tmp_path: Path, changes: dict[str, str], says: str) -> None:
    """It is all that anybody hears of where for the same cause no export began, as without the ConfigMap of its lists."""
    (tmp_path / "none").mkdir()
    changes = {name: value or str(tmp_path / "none") for name, value in changes.items()}
    code, err, told = slack.notify(**changes)
    assert (code, len(told)) == (2, 1)
    assert says.format(today=TODAY) in told[0]
    assert err.splitlines()[-1].startswith("ERROR   ")
    assert len(slack.notify(**changes)[2]) == ("STORAGE_BUCKET" in changes)  # without a storage nothing is remembered
