"""What the doctor says of the channels: without sending anything, and after a test message to each."""

import json
from collections.abc import Mapping

import pytest

from price_assets.errors import ExitCode
from price_assets.operations.alerts import channels, notifications
from price_assets.operations.doctor_notifications import examine_notifications
from price_assets_tests.servers.http import Answer, Request, served
from price_assets_tests.servers.smtp import mail_server, silent_server

MAIL = {"SMTP_HOST": "localhost", "SMTP_SECURITY": "none", "SMTP_FROM": "prices@example.com", "SMTP_TO": "anna@example.com"}
LOGIN = {"SMTP_USER": "prices", "SMTP_PASSWORD": "k4nary"}
NONE = "none is set, so alerts are lines of the log: set SLACK_WEBHOOK_URL, SMTP_HOST or NOTIFY_URLS"
ELSEWHERE = "Look at the host and port in {}, at what stands in between, and at the server."


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifications, "PAUSE", 0.0)
    monkeypatch.setattr(channels, "ANSWER_SECONDS", 0.3)


def found(environment: Mapping[str, str], *, notify: bool = True) -> list[tuple[str, str, str]]:
    findings = list(examine_notifications(environment, notify=notify))
    assert {finding.area for finding in findings} <= {"notifications"}
    assert "k4nary" not in repr(findings)
    return [(finding.subject, finding.state, finding.said) for finding in findings]


def test_what_is_set_is_listed_and_nothing_is_sent() -> None:
    with mail_server() as server:
        environment = MAIL | {
            "SMTP_PORT": str(server.port),
            "SLACK_WEBHOOK_URL": "http://127.0.0.1:1/k4nary",
            "NOTIFY_URLS": "json://127.0.0.1:1/k4nary nowhere://k4nary",
            "HEARTBEAT_URL": "http://127.0.0.1:1/k4nary",
        }
        unsent = "is set; nothing was sent, which --notify does"
        assert found(environment, notify=False)[:3] == [(name, "ok", unsent) for name in ("slack", "mail to anna@example.com", "json")]
        unknown, heartbeat = found(environment, notify=False)[3:]
    assert unknown[:2] == ("NOTIFY_URLS", "wrong")
    assert unknown[2].startswith("entry 2, nowhere://…, is no channel that Apprise knows")
    assert heartbeat == ("HEARTBEAT_URL", "ok", "is set; it was not pinged, for that says that all is published")
    assert not server.mails


@pytest.mark.parametrize(("notify", "state"), [(False, "ok"), (True, "warning")])
def test_without_any_channel_the_ways_to_one_are_said(state: str, *, notify: bool) -> None:
    assert found({}, notify=notify) == [("channels", state, NONE)]


def test_each_channel_gets_one_message_and_the_heartbeat_is_not_pinged() -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Answer:
        asked.append(request)
        return Answer(200)

    with served(answer) as address, mail_server(("prices", "k4nary")) as server:
        json_address = address.replace("http", "json")
        environment = (
            MAIL
            | LOGIN
            | {
                "SMTP_PORT": str(server.port),
                "SLACK_WEBHOOK_URL": f"{address}/k4nary",
                "NOTIFY_URLS": f"{json_address}/two\n{json_address}/three",
                "HEARTBEAT_URL": f"{address}/ping",
            }
        )
        said = found(environment)
    assert said[:-1] == [(name, "ok", "accepted the test message") for name in ("slack", "mail to anna@example.com", "json", "json 2")]
    assert sorted(request.path for request in asked) == ["/k4nary", "/three", "/two"]
    text = next(json.loads(request.body)["text"] for request in asked if request.path == "/k4nary")
    assert text.startswith("*Test message of price-assets*\nWhoever reads this will be told when a price list is not published.\nSent by ")
    assert [mail.content["Subject"] for mail in server.mails] == ["Test message of price-assets"]


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (404, ExitCode.REFUSED, "HTTP 404: no_service. Have a new address made, and set SLACK_WEBHOOK_URL to it."),
        (302, ExitCode.REFUSED, "HTTP 302: no_service. Write the address that it leads to."),
        (503, ExitCode.FAILED, "HTTP 503: no_service. The server is there, and takes nothing now: look at it, or try again later."),
    ],
)
def test_what_a_webhook_says_is_told_with_what_to_do(status: int, code: ExitCode, said: str) -> None:
    with served(lambda _: Answer(status, b"no_service")) as address:
        (finding,) = examine_notifications({"SLACK_WEBHOOK_URL": f"{address}/k4nary"}, notify=True)
    assert (finding.state, finding.exit_code, finding.said) == ("wrong", code, said)


def test_what_a_mail_server_says_is_told_with_what_to_do() -> None:
    with mail_server(("prices", "another")) as server:
        here = MAIL | {"SMTP_PORT": str(server.port)}
        ((_, _, login),) = found(here | LOGIN)
        ((_, _, starttls),) = found(here | LOGIN | {"SMTP_SECURITY": "starttls"})
        ((_, _, without),) = found(here)
        server.login = None
        server.replies["anna@example.com"] = ["550 5.1.1 nobody"]
        ((_, _, recipient),) = found(here)
        ((_, state, part),) = found(here | {"SMTP_TO": "anna@example.com boris@example.com"})
        ((subject, _, unusable),) = found(here | {"SMTP_TO": "o'neil@example.com"})
    assert login == "535 5.7.8 Authentication credentials invalid. Mend SMTP_USER and SMTP_PASSWORD."
    assert starttls == "STARTTLS extension not supported by server. Set SMTP_SECURITY to tls or none, whichever the server takes."
    assert without == "530 5.7.0 Authentication required prices@example.com. Mend SMTP_USER and SMTP_PASSWORD."
    assert recipient == "anna@example.com: 550 5.1.1 nobody. Mend SMTP_TO and SMTP_FROM."
    assert state == "warning"
    assert part == "not all of its addressees: anna@example.com: 550 5.1.1 nobody. Mend SMTP_TO and SMTP_FROM."
    assert subject == "SMTP_TO"
    assert unusable == "o'neil@example.com is no address that Apprise can send to: take another one."


def test_a_server_that_never_answers_is_worth_a_retry() -> None:
    with silent_server() as port:
        (finding,) = examine_notifications(MAIL | {"SMTP_PORT": str(port)}, notify=True)
    assert (finding.state, finding.exit_code) == ("wrong", ExitCode.FAILED)
    assert finding.said == f"no answer in time. {ELSEWHERE.format('SMTP_*')}"


@pytest.mark.parametrize("environment", [{"SLACK_WEBHOOK_URL": "k4nary"}, {"SMTP_TO": "anna@example.com"}, MAIL | {"SMTP_USER": "prices"}])
def test_with_wrong_settings_nothing_is_sent(environment: dict[str, str]) -> None:
    assert found(environment) == [("all", "skipped", "their settings are wrong")]
