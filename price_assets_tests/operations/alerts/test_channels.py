"""What the settings make of NOTIFY_URLS, and the certificates that webhooks are verified by."""

import json
import ssl
from pathlib import Path

import pytest

from price_assets.operations.alerts import notifications
from price_assets.operations.alerts.notifications import Channels
from price_assets.operations.alerts.problem import Message
from price_assets.settings import NotifySettings
from price_assets_tests.servers.certificates import Authority
from price_assets_tests.servers.http import Answer, Request, served

MESSAGE = Message("title", ("<b>first</b> & more", "second"), "warning")


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifications, "PAUSE", 0.0)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)


def test_whatever_apprise_knows_is_a_channel_with_a_name_that_tells_no_secret() -> None:
    urls = (
        "tgram://123456789:abcdefg_k4nary/12315544/",
        "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdk4nary",
        "tgram://987654321:abcdefg_k4nary/12315544/",
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_k4nary",
        "mailto://me:k4nary@example.com",
    )
    channels = Channels(NotifySettings(slack_webhook_url="https://hooks.slack.com/services/T/B/k4nary", urls=urls))
    assert channels.names == ("slack", "telegram", "slack 2", "telegram 2", "discord", "e-mail")
    assert channels.faults == ()
    assert "k4nary" not in repr(channels) + repr(vars(channels)["_opened"])


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("telegrm://k4nary/k4nary2", ", telegrm://…, is no channel that Apprise knows; did you mean 'tgram'?"),
        ("qqqqqq://k4nary", ", qqqqqq://…, is no channel that Apprise knows; all that it knows are on https://appriseit.com/services/"),
        ("k4nary", " has no schema: write schema://…, as on https://appriseit.com/services/"),
        ("k4nary:k4nary@example.com", " has no schema: write schema://…, as on https://appriseit.com/services/"),
        ("TGRAM://k4nary", ", tgram://…, is not written as Apprise takes it: see https://appriseit.com/services/telegram/"),
        ("https://k4nary.example.com/k4nary", ", https://…, is no channel that Apprise knows"),
        ("mqtt://k4nary/topic", ", mqtt://…, wants a package that is not installed: https://appriseit.com/services/mqtt/"),
    ],
)
def test_an_entry_that_can_not_be_used_is_told_by_its_position_and_schema(url: str, said: str, caplog: pytest.LogCaptureFixture) -> None:
    with served(lambda _: Answer(200)) as address:
        channels = Channels(NotifySettings(urls=(address.replace("http", "json"), url)))
        (fault,) = channels.faults
        (well, lacking) = channels.send(MESSAGE)
    assert str(fault).startswith(f"NOTIFY_URLS: entry 2{said}")
    assert channels.names == ("json",)
    assert well.accepted
    assert (lacking.channel, lacking.accepted, lacking.tries, lacking.said, lacking.lasting) == (
        "entry 2 of NOTIFY_URLS",
        False,
        0,
        str(fault),
        True,
    )
    everything = f"{fault!r} {lacking!r} {[record.getMessage() for record in caplog.records if record.name != 'apprise']}"
    assert "k4nary" not in everything


def test_what_is_too_long_for_a_channel_comes_in_parts_unless_its_address_says_otherwise() -> None:
    """[NT13]"""
    asked: list[Request] = []

    def answer(request: Request) -> Answer:
        asked.append(request)
        return Answer(200)

    long = Message("title", ("x" * 30_000, "y" * 30_000), "info")
    with served(answer) as address:
        url = address.replace("http", "json")
        Channels(NotifySettings(urls=(url,))).send(long)
        parts = [json.loads(request.body)["message"] for request in asked]
        assert [len(part) for part in parts] == [30_000, 30_000]
        asked.clear()
        Channels(NotifySettings(urls=(f"{url}?overflow=upstream",))).send(long)
    assert [len(json.loads(request.body)["message"]) for request in asked] == [60_001]


def test_a_webhook_is_verified_by_the_named_authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """[NT7]"""
    authority = Authority("the shop's")
    certified = authority.certify(tmp_path, "hooks", hosts=("localhost",))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certified.certificate, certified.key)
    with served(lambda _: Answer(200), context) as address:
        settings = NotifySettings(slack_webhook_url=address, urls=(address.replace("https", "jsons"),))
        refused = Channels(settings).send(MESSAGE)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.write(tmp_path / "authority.crt")))
        told = Channels(settings).send(MESSAGE)
        elsewhere = Channels(NotifySettings(slack_webhook_url=address.replace("localhost", "127.0.0.1"))).send(MESSAGE)
    assert {(each.accepted, each.tries, each.said) for each in refused} == {
        (False, 1, "its certificate does not verify: unable to get local issuer certificate")
    }
    assert [each.accepted for each in told] == [True, True]
    assert [(each.accepted, "does not verify" in each.said) for each in elsewhere] == [(False, True)]
