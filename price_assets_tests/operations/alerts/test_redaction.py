"""Secrets are masked however they are written, and the rest of a text stays; and none shows of a webhook, whatever goes wrong."""

import base64
import json
import logging
from urllib.parse import quote, quote_plus

import pytest

from price_assets.operations.alerts import channels, notifications
from price_assets.operations.alerts.notifications import Channels
from price_assets.operations.alerts.plain_words import plainly
from price_assets.operations.alerts.problem import Message
from price_assets.operations.alerts.redaction import redacted, secrets_of, written
from price_assets.settings import NotifySettings
from price_assets_tests.servers.http import Answer, Request, served
from price_assets_tests.servers.smtp import silent_server

SECRET = "k4n@ry/#%25 +ö'\"\\"


@pytest.mark.parametrize(
    "shown",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        json.dumps(SECRET),
        repr(SECRET.encode()),
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_secret_is_masked_however_it_is_written(shown: str) -> None:
    assert "***" in redacted(f"it said {shown}.", written(SECRET))
    assert "k4n" not in redacted(f"it said {shown}.", written(SECRET))
    assert redacted(f"it said {shown}.", written(SECRET)).startswith("it said ")


def test_each_part_of_an_address_is_a_secret_but_those_that_are_none() -> None:
    secrets = secrets_of("https://me:pass%2Fword@hooks.example.com:8443/services/T0/B0KEY/abc?token=xyz", but=("hooks.example.com", "8443"))
    text = "hooks.example.com:8443 said: B0KEY, abc and xyz of pass/word (pass%2Fword), T0; bWU6cGFzcy93b3Jk"
    assert redacted(text, secrets) == "hooks.example.com:8443 said: ***, *** and *** of *** (***), T0; ***"
    assert redacted("GET /services/T0/B0KEY/abc?token=xyz", secrets) == "GET /***"


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (
            "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1006)",
            "its certificate does not verify: self-signed certificate",
        ),
        ("[Errno 111] Connection refused", "nobody listens at that host and port"),
        ("[Errno -3] Temporary failure in name resolution", "there is no such host"),
        ("The read operation timed out", "no answer in time"),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)", "it does not speak TLS at that port"),
        ("Connection unexpectedly closed", "it closed the connection"),
        ("[Errno 101] Network is unreachable", "there is no way to that host"),
        ("something\r\n else", "something else"),
        ("x" * 1000, "x" * 300),
    ],
)
def test_what_python_says_is_told_in_plain_words(cause: str, words: str) -> None:
    assert plainly(cause) == words


@pytest.mark.parametrize("how", ["echo", "refused", "silent", "no host", "not TLS"])
def test_no_part_of_a_webhook_shows_anywhere(
    how: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither in what is returned nor in any log line of any library, nor on descriptor 2. [NT3]"""
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(notifications, "PAUSE", 0.0)
    monkeypatch.setattr(channels, "ANSWER_SECONDS", 0.3)

    def echo(request: Request) -> Answer:
        return Answer(404, f"no such webhook: {request.path} {request.headers.get('authorization')}".encode())

    with served(echo) as echoing, silent_server() as silent:
        host = {
            "echo": echoing.partition("//")[2],
            "refused": "127.0.0.1:1",
            "silent": f"127.0.0.1:{silent}",
            "no host": "nowhere.invalid",
            "not TLS": echoing.partition("//")[2],
        }[how]
        scheme = "https" if how == "not TLS" else "http"
        told = Channels(
            NotifySettings(
                slack_webhook_url=f"{scheme}://us3r:p4ss%2Fw0rd@{host}/services/T0CANARY/B0CANARY/k4naryXYZ?token=qu3rycanary",
                urls=(f"json{'s' * (scheme == 'https')}://us3r:p4ss%2Fw0rd@{host}/T0CANARY/B0CANARY/k4naryXYZ?-token=qu3rycanary&rto=0.3",),
            )
        )
        deliveries = told.send(Message("title", ("a line",), "failure"))
    seen = [record.getMessage() for record in caplog.records if record.name != "apprise"]  # pytest sees those too, and nobody else
    assert [delivery.accepted for delivery in deliveries] == [False, False]
    everything = f"{deliveries!r} {told!r} {told.names} {vars(told)!r} {seen} {capfd.readouterr()}"
    traces = ("CANARY", "k4nary", "p4ss", "w0rd", "qu3ry", "dXMzcjp")
    assert not [trace for trace in traces if trace in everything]
    assert not logging.getLogger("apprise").propagate
