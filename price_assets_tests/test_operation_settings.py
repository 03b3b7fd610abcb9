"""The settings of what surrounds a run: when it is due, when somebody is told, and by which channels."""

from datetime import timedelta

import pytest

from price_assets.errors import SettingError
from price_assets.operations.export_runs import Ledger
from price_assets.settings import ExportSettings, NotifySettings, SmtpSettings, WatchSettings
from price_assets.variables import VARIABLES

CANARY = "k4n@ry"
MAIL = {"SMTP_HOST": "mail.example.com", "SMTP_FROM": "prices@example.com", "SMTP_TO": "anna@example.com"}


def refusal(**environment: str) -> str:
    with pytest.raises(SettingError) as caught:
        _ = [group.from_environment(environment) for group in (ExportSettings, WatchSettings, NotifySettings)]
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_all_have_defaults() -> None:
    assert ExportSettings.from_environment({}).cron == "0 6 * * *"
    assert WatchSettings.from_environment({}) == WatchSettings(timedelta(minutes=30), 3, 3)
    assert NotifySettings.from_environment({}) == NotifySettings()


def test_what_is_watched_is_read() -> None:
    env = {"EXPORT_DEADLINE": "1h30m", "CATCH_UP_DAYS": "31", "CATCH_UP_TRIES": "20"}
    assert WatchSettings.from_environment(env) == WatchSettings(timedelta(minutes=90), 31, 20)


@pytest.mark.parametrize(
    ("text", "cron"),
    [("30 6 * * 1-5", "30 6 * * 1-5"), (" 0  6,18 * * * ", "0 6,18 * * *"), ("*/15 * * * *", "*/15 * * * *"), ("0 6 * * MON", "0 6 * * MON")],
)
def test_when_it_is_due_is_a_cron(text: str, cron: str) -> None:
    assert ExportSettings.from_environment({"EXPORT_CRON": text}).cron == cron


@pytest.mark.parametrize("text", ["06:00", "0 6 * *", "0 0 6 * * *", "0 25 * * *", "0 6 31 2 *", "@daily", "daily"])
def test_what_is_no_cron_is_refused_with_examples(text: str) -> None:
    assert refusal(EXPORT_CRON=text) == (
        f"EXPORT_CRON: {text!r} is no cron: write minute, hour, day, month and weekday, such as 0 6 * * * or 30 6 * * 1-5"
    )


def test_who_is_told_is_read_whole() -> None:
    read = NotifySettings.from_environment(
        MAIL
        | {
            "SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T/B/x?a=b",
            "SMTP_PORT": "2525",
            "SMTP_SECURITY": "none",
            "SMTP_USER": "prices",
            "SMTP_PASSWORD": " p@:/?#%&='\"\\ \n",
            "SMTP_TO": "anna@example.com, boris@example.com it+prices@localhost,",
            "NOTIFY_URLS": "tgram://token/chat\n  discord://id/token ",
            "NOTIFY_SUMMARY": "true",
            "HEARTBEAT_URL": "http://[::1]:8000/ping/x",
            "DAGSTER_UI_URL": "https://dagster.example.com/prices/",
            "RUNBOOK_URL": "https://wiki.example.com/prices",
        }
    )
    smtp = SmtpSettings(
        host="mail.example.com",
        port=2525,
        security="none",
        user="prices",
        password=" p@:/?#%&='\"\\ \n",
        sender="prices@example.com",
        recipients=("anna@example.com", "boris@example.com", "it+prices@localhost"),
    )
    assert read == NotifySettings(
        slack_webhook_url="https://hooks.slack.com/services/T/B/x?a=b",
        smtp=smtp,
        urls=("tgram://token/chat", "discord://id/token"),
        summary=True,
        heartbeat_url="http://[::1]:8000/ping/x",
        dagster_ui_url="https://dagster.example.com/prices",
        runbook_url="https://wiki.example.com/prices",
    )


@pytest.mark.parametrize(("security", "port"), [(None, 587), ("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_follows_from_how_the_connection_is_kept_secret(security: str | None, port: int) -> None:
    smtp = SmtpSettings.from_environment(MAIL | ({"SMTP_SECURITY": security} if security else {}))
    assert smtp
    assert (smtp.port, smtp.security) == (port, security or "starttls")
    assert (smtp.user, smtp.password) == (None, None)


@pytest.mark.parametrize("host", ["mail", "mail.example.com", "10.0.0.1", "::1", "fe80::1%eth0"])
def test_a_mail_server_is_a_name_or_an_address(host: str) -> None:
    smtp = SmtpSettings.from_environment(MAIL | {"SMTP_HOST": host})
    assert smtp
    assert smtp.host == host


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"SMTP_TO": "anna@example.com"}, "SMTP_TO wants SMTP_HOST beside it, else no mail is sent."),
        ({"SMTP_PASSWORD": CANARY, "SMTP_PORT": "25"}, "SMTP_PASSWORD, SMTP_PORT wants SMTP_HOST beside it, else no mail is sent."),
        ({"SMTP_HOST": "mail"}, "Not set: SMTP_FROM, SMTP_TO. SMTP_HOST wants an address that mail comes from, and whom it goes to."),
        ({"SMTP_HOST": "mail", "SMTP_TO": "anna@example.com"}, "Not set: SMTP_FROM."),
        (MAIL | {"SMTP_USER": "prices"}, "SMTP_USER wants SMTP_PASSWORD beside it; unset both where the mail server asks for no login."),
        (MAIL | {"SMTP_PASSWORD": CANARY}, "SMTP_PASSWORD wants SMTP_USER beside it; unset both where the mail server asks for no login."),
        (MAIL | {"SMTP_PASSWORD": ""}, "SMTP_PASSWORD is empty: give it a value, or unset it."),
    ],
)
def test_what_belongs_together_for_mail_is_told(environment: dict[str, str], message: str) -> None:
    assert message in refusal(**environment)


@pytest.mark.parametrize(
    "url",
    [
        f"hooks.slack.com/{CANARY}",
        f"ftp://{CANARY}/x",
        "https://",
        f"https:///{CANARY}",
        f"https://h:99999/{CANARY}",
        f"https://[::1/{CANARY}",
        f"http://:80/{CANARY}",
        f"https://h/{CANARY} x",
    ],
)
@pytest.mark.parametrize("name", ["SLACK_WEBHOOK_URL", "HEARTBEAT_URL"])
def test_an_address_that_is_a_secret_is_not_repeated(name: str, url: str) -> None:
    assert refusal(**{name: url}) == f"{name} is no address: write http://host/path or https://host/path"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("EXPORT_DEADLINE", "0", "EXPORT_DEADLINE: 0 is out of range"),
        *(("CATCH_UP_DAYS", text, f"CATCH_UP_DAYS: {text!r} is no whole number from 1 to 31") for text in ("0", "32", "-1", "1.5", "three")),
        *(("CATCH_UP_TRIES", text, f"CATCH_UP_TRIES: {text!r} is no whole number from 1 to 20") for text in ("0", "21", "٣")),
        *(
            ("SMTP_HOST", text, "SMTP_HOST is to be one host name or IP address and nothing else: port, user and password go to SMTP_PORT, SMTP_USER")
            for text in ("mail:25", f"smtp://me:{CANARY}@mail", "[::1]", "mail.example.com/", "a b", "/run/mail")
        ),
        ("SMTP_PORT", "0", "SMTP_PORT: '0' is no port"),
        ("SMTP_SECURITY", "ssl", "SMTP_SECURITY: 'ssl' is not one of starttls, tls, none"),
        ("SMTP_SECURITY", "STARTTLS", "SMTP_SECURITY: 'STARTTLS' is not one of starttls, tls, none; did you mean 'starttls'?"),
        *(
            ("SMTP_FROM", text, f"SMTP_FROM: {text!r} is no mail address: write name@example.com")
            for text in ("prices", "Prices <p@x>", "a@b@c", "@x")
        ),
        ("SMTP_TO", "anna@example.com; boris@example.com", "SMTP_TO: 'anna@example.com;' is no mail address"),
        ("SMTP_TO", ",", "SMTP_TO: '' is no mail address"),
        ("NOTIFY_URLS", " \n", "NOTIFY_URLS is white space and nothing else"),
        ("NOTIFY_SUMMARY", "yes", "NOTIFY_SUMMARY: 'yes' is not one of on, off, true, false"),
        ("DAGSTER_UI_URL", "dagster.example.com", "DAGSTER_UI_URL is no address: write http://host/path or https://host/path"),
    ],
)
def test_a_wrong_value_is_refused_with_the_way_out(name: str, value: str, message: str) -> None:
    assert message in refusal(**(MAIL if name.startswith("SMTP_") else {}) | {name: value})


def test_no_secret_is_in_a_repr() -> None:
    secrets = {variable.name: f"http://x/{CANARY}" for variable in VARIABLES if variable.secret and variable.name != "DB_PASSWORD"}
    read = NotifySettings.from_environment(MAIL | {"SMTP_USER": "prices"} | secrets)
    assert CANARY not in repr(read)
    assert set(secrets) == {"SLACK_WEBHOOK_URL", "SMTP_PASSWORD", "NOTIFY_URLS", "HEARTBEAT_URL", "EXPORT_RUNS_URL"}
    assert CANARY not in repr(Ledger(secrets["EXPORT_RUNS_URL"]))
