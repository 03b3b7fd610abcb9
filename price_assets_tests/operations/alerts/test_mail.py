"""Messages sent through real mail servers: with and without login, by STARTTLS and TLS, and what they refuse."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from price_assets.operations.alerts import channels, notifications
from price_assets.operations.alerts.notifications import Channels, Delivery
from price_assets.operations.alerts.problem import Message
from price_assets.settings import NotifySettings, SmtpSettings
from price_assets_tests.servers.certificates import Authority
from price_assets_tests.servers.smtp import MailServer, mail_server, silent_server

MESSAGE = Message("Прайс retail 2026-11-24: не опубликован", ("Цена <b>-1.00</b> & «Болт»", "", "https://dagster.example.com/runs/1"), "failure")
PASSWORD = "k4n@ry:/?#%41&=+'\"\\ ;"


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifications, "PAUSE", 0.0)
    monkeypatch.setattr(channels, "ANSWER_SECONDS", 1.0)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def authority(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """An authority of our own, and a server's half of TLS with its certificate for localhost."""
    made = Authority("the shop's")
    certified = made.certify(folder, "mail", hosts=("localhost",))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certified.certificate, certified.key)
    return made.write(folder / "authority.crt"), context


def mail(server: MailServer | int, **changes: Any) -> Channels:
    port = server if isinstance(server, int) else server.port
    settings: dict[str, Any] = {
        "host": "localhost",
        "port": port,
        "security": "none",
        "sender": "prices@example.com",
        "recipients": ("anna@example.com",),
    }
    return Channels(NotifySettings(smtp=SmtpSettings(**(settings | changes))))


def sent(channels: Channels) -> Delivery:
    (delivery,) = channels.send(MESSAGE)
    assert not [trace for trace in ("k4n@ry", "k4n%40ry", "azRuQHJ5") if trace in repr(delivery)]
    return delivery


def test_a_mail_is_what_a_person_reads() -> None:
    with mail_server() as server:
        assert sent(mail(server)) == Delivery("mail to anna@example.com", accepted=True, tries=1, variable="SMTP_*")
    ((sender, recipients, content, encrypted),) = [(each.sender, each.recipients, each.content, each.encrypted) for each in server.mails]
    assert (sender, recipients, encrypted) == ("prices@example.com", ("anna@example.com",), False)
    assert content["Subject"] == MESSAGE.title
    assert (content["From"], content["To"]) == ("prices@example.com", "anna@example.com")
    assert content.get_content_type() == "text/plain"
    assert content.get_content().splitlines() == list(MESSAGE.lines)
    assert content["Message-ID"]
    assert content["Date"]
    assert not content.defects
    assert server.logins == []


def test_a_message_without_lines_and_one_with_bytes_of_no_text_arrive() -> None:
    with mail_server() as server:
        deliveries = [mail(server).send(Message(title, lines, "info"))[0] for title, lines in (("title", ()), ("a\udcff", ("b\udcff",)))]
    assert [delivery.accepted for delivery in deliveries] == [True, True]
    assert [each.content.get_content().strip() for each in server.mails] == ["title", "b?"]


def test_each_recipient_gets_one_over_one_login_and_the_next_message_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """[NT6]"""
    monkeypatch.setattr(notifications, "SECONDS", 4.0)
    to = ("anna@example.com", "boris@localhost", "it+prices@example.com")
    with mail_server(("prices", PASSWORD)) as server:
        told = mail(server, recipients=to, user="prices", password=PASSWORD)
        assert sent(told).accepted
        assert sent(told).accepted
    assert told.names == ("mail to anna@example.com, boris@localhost, it+prices@example.com",)
    assert [each.recipients for each in server.mails] == [(address,) for address in to] * 2
    assert [each.content["To"] for each in server.mails[:3]] == list(to)
    assert server.logins == [("prices", PASSWORD)] * 2


@pytest.mark.parametrize("user", ["prices", "prices@example.com", "shop\\prices%40 x", "a:b/c"])
def test_any_character_of_ascii_may_be_in_user_and_password(user: str) -> None:
    """[NT11]"""
    with mail_server((user, PASSWORD)) as server:
        assert sent(mail(server, user=user, password=PASSWORD)).accepted
    assert server.mails[0].sender == "prices@example.com"


def test_a_login_that_is_refused_is_tried_once_and_the_password_not_told() -> None:
    with mail_server(("prices", "another")) as server:
        server.refusal = f"535 5.7.8 no {PASSWORD} here"
        delivery = sent(mail(server, user="prices", password=PASSWORD))
    assert (delivery.accepted, delivery.tries, delivery.lasting) == (False, 1, True)
    assert delivery.said == "535 5.7.8 no *** here"
    assert len(server.logins) == 2  # by PLAIN and by LOGIN: smtplib tries whatever the server offers [NT14]


def test_a_server_that_wants_a_login_and_gets_none_says_so() -> None:
    with mail_server(("prices", PASSWORD)) as server:
        delivery = sent(mail(server))
    assert (delivery.tries, delivery.said, delivery.lasting) == (1, "530 5.7.0 Authentication required prices@example.com", True)


@pytest.mark.parametrize(("name", "user", "password"), [("SMTP_PASSWORD", "prices", "k4n@ryö"), ("SMTP_USER", "прайс", "k4n@ry")])
def test_letters_that_no_login_can_hold_are_told_before(name: str, user: str, password: str) -> None:
    """[NT5]"""
    with mail_server((user, password)) as server:
        told = mail(server, user=user, password=password)
        delivery = sent(told)
        (fault,) = told.faults
    assert str(fault).startswith(f"{name} holds letters other than ASCII")
    assert (delivery.accepted, delivery.tries, delivery.said, delivery.lasting) == (False, 0, str(fault), True)
    assert not server.logins


@pytest.mark.parametrize(
    ("sender", "to", "fault"),
    [
        ("o'neil@example.com", ("anna@example.com",), "SMTP_FROM: o'neil@example.com is no address that Apprise can send from: take another one."),
        ("прайс@пример.рф", ("anna@example.com",), "SMTP_FROM: прайс@пример.рф is no address that Apprise can send from: take another one."),
        (
            "prices@example.com",
            ("anna@example.com", "o'neil@example.com", "a..b@example.com"),
            "SMTP_TO: o'neil@example.com, a..b@example.com is no address that Apprise can send to: take another one.",
        ),
    ],
)
def test_no_address_is_dropped_or_changed_in_silence(sender: str, to: tuple[str, ...], fault: str) -> None:
    """[NT12]"""
    told = mail(1, sender=sender, recipients=to)
    assert [str(each) for each in told.faults] == [fault]
    assert told.names == ()


def test_one_of_several_recipients_who_is_refused_does_not_have_the_others_told_again(caplog: pytest.LogCaptureFixture) -> None:
    """[NT8]"""
    with mail_server() as server:
        server.replies["boris@example.com"] = ["550 5.1.1 no such user"]
        delivery = sent(mail(server, recipients=("anna@example.com", "boris@example.com")))
        assert (delivery.accepted, delivery.tries) == (True, 1)
        assert delivery.said == "not all of its addressees: boris@example.com: 550 5.1.1 no such user"
        assert "Told in part: mail to anna@example.com, boris@example.com: not all of its addressees" in caplog.text
        server.replies["anna@example.com"] = ["550 5.1.1 nobody"]
        nobody = sent(mail(server, recipients=("anna@example.com", "boris@example.com")))
    assert (nobody.accepted, nobody.tries, nobody.lasting) == (False, 1, True)
    assert nobody.said == "anna@example.com: 550 5.1.1 nobody; boris@example.com: 550 5.1.1 no such user"
    assert len(server.mails) == 1


def test_what_is_refused_for_now_is_tried_again() -> None:
    with mail_server() as server:
        server.replies["MAIL"] = ["451 4.7.1 greylisted", "421 4.3.2 busy", "250 OK"]
        assert (sent(mail(server)).accepted, sent(mail(server)).tries) == (True, 1)
        server.replies["MAIL"] = ["451 4.7.1 greylisted"]
        delivery = sent(mail(server))
    assert (delivery.accepted, delivery.tries, delivery.lasting) == (False, 3, False)
    assert delivery.said == "451 4.7.1 greylisted prices@example.com"


def test_a_server_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "ANSWER_SECONDS", 0.2)
    with silent_server() as port:
        deliveries = [sent(mail(port, security=security)) for security in ("none", "starttls", "tls")]
    assert [(each.accepted, each.tries, each.said) for each in deliveries] == [(False, 3, "no answer in time")] * 3


def test_nobody_listens_and_no_host() -> None:
    assert [sent(mail(1, host=host)).said for host in ("localhost", "nowhere.invalid")] == [
        "nobody listens at that host and port",
        "there is no such host",
    ]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_tls_is_verified(security: str, authority: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch) -> None:
    """[NT4]"""
    certificate, context = authority
    with mail_server(
        ("prices", PASSWORD), starttls=context if security == "starttls" else None, tls=context if security == "tls" else None
    ) as server:
        login = {"security": security, "user": "prices", "password": PASSWORD}
        unknown = sent(mail(server, **login))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert sent(mail(server, **login)).accepted
        of_another = sent(mail(server, host="127.0.0.1", **login))
    assert [each.encrypted for each in server.mails] == [True]
    assert len(server.logins) == 1  # whoever could not prove who he is got no password
    assert (unknown.tries, unknown.lasting) == (1, True)
    assert unknown.said == "its certificate does not verify: unable to get local issuer certificate"
    assert of_another.said == "its certificate does not verify: IP address mismatch, certificate is not valid for '127.0.0.1'."


def test_a_server_without_starttls_gets_neither_password_nor_mail() -> None:
    """[NT4]"""
    with mail_server(("prices", PASSWORD)) as server:
        delivery = sent(mail(server, security="starttls", user="prices", password=PASSWORD))
    assert (delivery.accepted, delivery.tries, delivery.lasting) == (False, 1, True)
    assert delivery.said == "STARTTLS extension not supported by server."
    assert not server.logins
    assert not server.mails


def test_a_server_that_wants_starttls_says_so(authority: tuple[Path, ssl.SSLContext]) -> None:
    with mail_server(starttls=authority[1]) as server:
        delivery = sent(mail(server))
    assert (delivery.lasting, delivery.said) == (True, "530 Must issue a STARTTLS command first prices@example.com")
