"""Messages sent to real servers by HTTP: what arrives, what a channel that fails is heard of, and what is never told."""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from price_assets.errors import Stopped
from price_assets.operations.alerts import channel_try, channels, notifications
from price_assets.operations.alerts.notifications import Channels, Delivery, accepted
from price_assets.operations.alerts.problem import Message
from price_assets.settings import NotifySettings
from price_assets_tests.servers.http import Answer, Request, dripping_server, served
from price_assets_tests.servers.smtp import silent_server

MESSAGE = Message("retail 2026-11-24: не опубликован", ("Цена <b> & «Болт»", "step: snapshot"), "failure")
CANARY = "T0CANARY/B0CANARY/k4naryXYZ"


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifications, "PAUSE", 0.0)
    monkeypatch.setattr(channels, "ANSWER_SECONDS", 0.3)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)


def slack(address: str, *others: str) -> Channels:
    return Channels(NotifySettings(slack_webhook_url=f"{address}/services/{CANARY}", urls=others))


def ours(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Level and line of what is logged; pytest also captures what Apprise logs and nobody else sees."""
    return [(record.levelname, record.getMessage()) for record in caplog.records if record.name != "apprise"]


def answers(*given: Answer) -> tuple[list[Request], Callable[[Request], Answer]]:
    """Each answer in turn, the last for good; and the requests that came."""
    left, asked = list(given), list[Request]()

    def answer(request: Request) -> Answer:
        asked.append(request)
        return left.pop(0) if len(left) > 1 else left[0]

    return asked, answer


def test_slack_gets_its_own_json_and_nothing_else() -> None:
    """[NT2]"""
    asked, answer = answers(Answer(200, b"ok"))
    with served(answer) as address:
        assert slack(address).send(MESSAGE) == (Delivery("slack", accepted=True, tries=1, variable="SLACK_WEBHOOK_URL"),)
    (request,) = asked
    assert (request.method, request.path) == ("POST", f"/services/{CANARY}")
    assert request.headers["content-type"] == "application/json"
    text = "*retail 2026-11-24: не опубликован*\nЦена &lt;b&gt; &amp; «Болт»\nstep: snapshot"
    assert json.loads(request.body) == {"text": text}


def test_nothing_in_a_message_is_a_mention_or_a_link() -> None:
    asked, answer = answers(Answer(200))
    lines = ("<!channel> <@U123> <https://evil.example|click>", "@channel @here @all @everyone a@example.com")
    with served(answer) as address:
        slack(address).send(Message("<!here>", lines, "info"))
    text = json.loads(asked[0].body)["text"]
    assert not {"<", ">"} & set(text)
    assert "&lt;!channel&gt;" in text
    assert not [word for word in ("@channel", "@here", "@all", "@everyone") if word in text]
    assert "a@example.com" in text


def test_the_address_is_used_to_the_letter() -> None:
    asked, answer = answers(Answer(200))
    with served(answer) as address:
        Channels(NotifySettings(slack_webhook_url=f"{address.replace('//', '//me:p%40ss@')}/a%2Fb/?x=1&x=2&y=%26")).send(MESSAGE)
    assert asked[0].headers["authorization"] == "Basic bWU6cEBzcw=="
    assert asked[0].path == "/a/b/"
    assert asked[0].query == {"x": "1", "y": "&"}


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_what_may_be_right_later_is_tried_again(status: int) -> None:
    """[NT9]"""
    asked, answer = answers(Answer(status, b"not now", {"Retry-After": "1"}), Answer(200))
    with served(answer) as address:
        assert slack(address).send(MESSAGE) == (Delivery("slack", accepted=True, tries=2, variable="SLACK_WEBHOOK_URL"),)
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("status", "body"), [(400, b"invalid_payload"), (403, b"invalid_token"), (404, b"no_service"), (410, b"channel_is_archived")]
)
def test_what_a_person_must_mend_is_tried_once(status: int, body: bytes) -> None:
    asked, answer = answers(Answer(status, body))
    with served(answer) as address:
        (delivery,) = slack(address).send(MESSAGE)
    assert (delivery.accepted, delivery.tries, delivery.lasting) == (False, 1, True)
    assert delivery.said == f"HTTP {status}: {body.decode()}"
    assert len(asked) == 1


def test_a_channel_that_stays_down_is_tried_so_many_times() -> None:
    asked, answer = answers(Answer(500, b"<html><body>a page for browsers</body></html>"))
    with served(answer) as address:
        (delivery,) = slack(address).send(MESSAGE)
    assert delivery == Delivery("slack", accepted=False, tries=3, said="HTTP 500", variable="SLACK_WEBHOOK_URL")
    assert len(asked) == 3


def test_a_message_that_is_sent_on_to_a_page_is_not_told() -> None:
    """A sign-in page answers the GET that a redirected POST becomes. [NT10]"""
    asked, answer = answers(Answer(302, headers={"Location": "/login"}), Answer(200, b"<html>Sign in</html>"))
    with served(answer) as address:
        (delivery,) = slack(address).send(MESSAGE)
    assert (delivery.accepted, delivery.said, len(asked)) == (False, "HTTP 302", 1)


def test_nobody_listens() -> None:
    (delivery,) = slack("http://127.0.0.1:1").send(MESSAGE)
    assert (delivery.accepted, delivery.tries, delivery.said) == (False, 3, "nobody listens at that host and port")
    assert not delivery.lasting


def test_a_server_that_never_answers_is_given_up() -> None:
    with silent_server() as port:
        (delivery,) = slack(f"http://127.0.0.1:{port}").send(MESSAGE)
    assert (delivery.accepted, delivery.tries, delivery.said) == (False, 3, "no answer in time")


def test_all_tries_of_a_message_end_within_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that goes on and on is left behind."""
    monkeypatch.setattr(channels, "ANSWER_SECONDS", 5.0)
    monkeypatch.setattr(notifications, "SECONDS", 0.3)
    over = threading.Event()

    def answer(_: Request) -> Answer:
        over.wait(20)
        return Answer(200)

    with served(answer) as address:
        (delivery,) = slack(address).send(MESSAGE)
        over.set()
    assert (delivery.accepted, delivery.tries, delivery.lasting) == (False, 1, False)
    assert delivery.said.startswith("no answer within ")


def test_a_server_that_sends_a_byte_now_and_then_holds_up_neither_the_message_nor_the_end_of_the_process() -> None:
    """[NT15]"""
    code = """
import sys
from price_assets.operations.alerts import notifications
from price_assets.operations.alerts.problem import Message
from price_assets.settings import NotifySettings
notifications.SECONDS = 0.5
(delivery,) = notifications.Channels(NotifySettings(slack_webhook_url=sys.argv[1])).send(Message("title", (), "info"))
print(delivery.said)
"""
    with dripping_server() as port:
        done = subprocess.run([sys.executable, "-c", code, f"http://127.0.0.1:{port}/x"], capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout.startswith("no answer within "), done.stderr


def test_each_channel_gets_each_message_whatever_becomes_of_the_others(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "price_assets")
    asked, answer = answers(Answer(200))
    with silent_server() as silent, served(lambda _: Answer(500)) as broken, served(answer) as well:
        all_of_them = slack(
            broken, f"json://127.0.0.1:{silent}/one?rto=0.3", well.replace("http", "json") + "/two", well.replace("http", "json") + "/three"
        )
        deliveries = [all_of_them.send(MESSAGE), all_of_them.send(MESSAGE)]
    assert [[each.accepted for each in both] for both in deliveries] == [[False, False, True, True]] * 2
    assert all_of_them.names == ("slack", "json", "json 2", "json 3")
    assert all(map(accepted, deliveries))
    assert sorted(request.path for request in asked) == ["/three", "/three", "/two", "/two"]
    assert json.loads(asked[0].body)["title"] == MESSAGE.title
    assert json.loads(asked[0].body)["message"] == "\n".join(MESSAGE.lines)
    assert json.loads(asked[0].body)["type"] == "failure"
    lines = ours(caplog)
    assert lines[:3] == [
        ("INFO", "Told json 2, json 3: retail 2026-11-24: не опубликован"),
        ("WARNING", "Not told: slack (3 tries): HTTP 500"),
        ("WARNING", "Not told: json (3 tries): no answer in time"),
    ]
    assert len(lines) == 6


def test_a_message_that_nobody_accepted_is_in_the_log_whole(caplog: pytest.LogCaptureFixture) -> None:
    deliveries = slack("http://127.0.0.1:1").send(MESSAGE)
    assert not accepted(deliveries)
    ((level, line),) = ours(caplog)
    assert level == "ERROR"
    assert line == (
        "No channel accepted this message: retail 2026-11-24: не опубликован | Цена <b> & «Болт» | step: snapshot | "
        "slack (3 tries): nobody listens at that host and port"
    )


@pytest.mark.parametrize(("level", "logged"), [("failure", "ERROR"), ("warning", "WARNING"), ("success", "INFO"), ("info", "INFO")])
def test_without_any_channel_the_log_line_is_the_channel(level: str, logged: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "price_assets")
    deliveries = Channels(NotifySettings()).send(Message("title", ("a line",), level))  # pyright: ignore[reportArgumentType]
    assert deliveries == ()
    assert accepted(deliveries)
    assert ours(caplog) == [(logged, "title | a line")]


def test_whatever_goes_wrong_in_a_plugin_is_no_error_of_ours(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(CANARY)

    asked, answer = answers(Answer(200))
    with served(answer) as address:
        monkeypatch.setattr(channel_try, "redacted", broken)
        (delivery,) = slack("http://127.0.0.1:1").send(MESSAGE)
        assert (delivery.accepted, delivery.said) == (False, "RuntimeError in Apprise")
        monkeypatch.setattr(channels, "open_channels", broken)
        assert slack(address).send(MESSAGE) == (Delivery("notifications", accepted=False, tries=0, said="RuntimeError in Apprise"),)
    assert [line.partition(" | ")[0] for _, line in ours(caplog)] == [f"No channel accepted this message: {MESSAGE.title}"] * 2
    assert CANARY not in str(ours(caplog))
    assert not asked


def test_what_stops_the_process_is_not_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise Stopped(15)

    monkeypatch.setattr(channels, "open_channels", stopped)
    with pytest.raises(Stopped):
        slack("http://127.0.0.1:1").send(MESSAGE)


def test_apprise_is_not_imported_before_the_first_message() -> None:
    """[NT1]"""
    code = """
import sys
from price_assets.operations.alerts.heartbeat import ping
from price_assets.operations.alerts.notifications import Channels
from price_assets.operations.alerts.problem import Message
from price_assets.settings import NotifySettings
Channels(NotifySettings()).send(Message("title", (), "info"))
channels = Channels(NotifySettings(slack_webhook_url="http://127.0.0.1:1/"))
assert "apprise" not in sys.modules and "requests" not in sys.modules
channels.send(Message("title", (), "info"))
assert "apprise.plugins.custom_json" in sys.modules and "apprise.plugins.telegram" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "No channel accepted this message: title | slack (3 tries): nobody listens at that host and port\n"
