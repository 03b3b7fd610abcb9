"""The settings, as the rest of the code takes them: each a group of environment variables, read and held against each other."""

import os
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from price_assets import setting_values as values
from price_assets import variables
from price_assets.errors import SettingError
from price_assets.setting_values import FORMATS, FormatName, Scheme, SmtpSecurity, SslMode
from price_assets.variables import Environment

__all__ = [
    "FORMATS",
    "ExportSettings",
    "FormatName",
    "NotifySettings",
    "SmtpSettings",
    "SourceSettings",
    "StorageSettings",
    "WatchSettings",
    "export_runs_url",
    "log_format",
    "metrics_port",
    "run_date",
]

VERIFYING = ("verify-ca", "verify-full")
"""The modes of TLS in which the server must prove who it is: by an authority's signature, and by its name in the certificate too."""


@dataclass(frozen=True, kw_only=True)
class SourceSettings:
    """The Postgres that the rows come from. Neither `PG*` variables nor `~/.pgpass` are read."""

    host: str
    port: int = 5432
    database: str
    user: str
    password: str = field(repr=False)
    sslmode: SslMode = "prefer"
    sslrootcert: Path | None = None
    sslcert: Path | None = None
    sslkey: Path | None = None
    statement_timeout: timedelta = timedelta(minutes=15)
    connect_timeout: timedelta = timedelta(seconds=5)
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    @property
    def verifies(self) -> bool:
        """Whether the server must prove who it is."""
        return self.sslmode in VERIFYING

    @classmethod
    def from_environment(cls, env: Environment = os.environ) -> "SourceSettings":
        """Read `DB_*` and `EXPORT_TIMEZONE`. Raises SettingError; of several that are not set it names all."""
        if missing := [
            each.name for each in (variables.DB_HOST, variables.DB_NAME, variables.DB_USER, variables.DB_PASSWORD) if each.name not in env
        ]:
            hint = " (to nothing, where the server asks for no password)" if missing == [variables.DB_PASSWORD.name] else ""
            raise SettingError(f"Not set: {', '.join(missing)}. Set {'them' if len(missing) > 1 else 'it'}{hint} to reach the source.")
        cert, key = variables.DB_SSLCERT.get(env), variables.DB_SSLKEY.get(env)
        if (cert is None) != (key is None):
            there, absent = (variables.DB_SSLCERT, variables.DB_SSLKEY) if cert else (variables.DB_SSLKEY, variables.DB_SSLCERT)
            raise SettingError(f"{there.name} wants {absent.name} beside it: a certificate is of no use without its key.")
        host, sslmode, sslrootcert = variables.DB_HOST.read(env), variables.DB_SSLMODE.read(env), variables.DB_SSLROOTCERT.get(env)
        if host.startswith("/") and sslmode not in ("disable", "prefer"):
            raise SettingError(
                f"{variables.DB_SSLMODE.name}: {sslmode} wants TLS, which the Unix socket in {variables.DB_HOST.name} never has: set it to disable."
            )
        if sslmode in VERIFYING and not sslrootcert:
            sslrootcert = _system_certificates(env)
        return cls(
            host=host,
            port=variables.DB_PORT.read(env),
            database=variables.DB_NAME.read(env),
            user=variables.DB_USER.read(env),
            password=variables.DB_PASSWORD.read(env),
            sslmode=sslmode,
            sslrootcert=sslrootcert,
            sslcert=cert,
            sslkey=key,
            statement_timeout=variables.DB_STATEMENT_TIMEOUT.read(env),
            connect_timeout=variables.DB_CONNECT_TIMEOUT.read(env),
            timezone=variables.EXPORT_TIMEZONE.read(env),
        )


def _system_certificates(env: Environment) -> Path:
    """The authorities that the system trusts, which OpenSSL lets `SSL_CERT_FILE` name."""
    named = env.get("SSL_CERT_FILE")
    try:
        return values.readable_file(named) if named else values.system_certificates()
    except ValueError as error:
        where = "SSL_CERT_FILE" if named else variables.DB_SSLROOTCERT.name
        raise SettingError(f"{where}: {error}") from None


@dataclass(frozen=True)
class StorageSettings:
    """Where files go. `bucket` is a name, or of a folder its absolute path; `prefix` has no slash at its ends."""

    scheme: Scheme
    bucket: str
    prefix: str = ""

    @classmethod
    def from_environment(cls, env: Environment = os.environ) -> "StorageSettings":
        """Read `STORAGE_BUCKET` and `STORAGE_PREFIX`. Raises SettingError."""
        scheme, bucket = variables.STORAGE_BUCKET.read(env)
        return cls(scheme, bucket, variables.STORAGE_PREFIX.read(env))


@dataclass(frozen=True)
class ExportSettings:
    """What is exported, and when; the definitions load with these alone.

    `cron` is in `timezone`; `automation`: schedules and sensors start switched on.
    """

    timezone: ZoneInfo
    start_date: date
    formats: tuple[FormatName, ...]
    price_lists_dir: Path
    automation: bool = True
    cron: str = "0 6 * * *"

    @classmethod
    def from_environment(cls, env: Environment = os.environ) -> "ExportSettings":
        """Read them; all have defaults. Raises SettingError."""
        return cls(
            variables.EXPORT_TIMEZONE.read(env),
            variables.EXPORT_START_DATE.read(env),
            variables.OUTPUT_FORMATS.read(env),
            variables.PRICE_LISTS_DIR.read(env),
            variables.EXPORT_AUTOMATION.read(env),
            variables.EXPORT_CRON.read(env),
        )


@dataclass(frozen=True)
class WatchSettings:
    """When a missing day is exported by itself, and when an alert says that it is missing."""

    deadline: timedelta = timedelta(minutes=30)
    catch_up_days: int = 3
    catch_up_tries: int = 3

    @classmethod
    def from_environment(cls, env: Environment = os.environ) -> "WatchSettings":
        """Read `EXPORT_DEADLINE` and `CATCH_UP_*`; all have defaults. Raises SettingError."""
        return cls(variables.EXPORT_DEADLINE.read(env), variables.CATCH_UP_DAYS.read(env), variables.CATCH_UP_TRIES.read(env))


SMTP_PORTS: dict[SmtpSecurity, int] = {"starttls": 587, "tls": 465, "none": 25}
"""Submission, submission over TLS, and a relay (RFC 6409, RFC 8314, RFC 5321)."""


@dataclass(frozen=True, kw_only=True)
class SmtpSettings:
    """The mail server that alerts go through; without a user nobody logs in."""

    host: str
    port: int
    security: SmtpSecurity
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    sender: str
    recipients: tuple[str, ...]

    @classmethod
    def from_environment(cls, env: Environment = os.environ) -> "SmtpSettings | None":
        """Read `SMTP_*`; None without `SMTP_HOST`. Raises SettingError."""
        host, user, password = variables.SMTP_HOST.get(env), variables.SMTP_USER.get(env), variables.SMTP_PASSWORD.get(env)
        if host is None:
            if given := [name for name in ("SMTP_TO", "SMTP_FROM", "SMTP_USER", "SMTP_PASSWORD", "SMTP_PORT") if name in env]:
                raise SettingError(f"{', '.join(given)} wants SMTP_HOST beside it, else no mail is sent.")
            return None
        if missing := [each.name for each in (variables.SMTP_FROM, variables.SMTP_TO) if each.name not in env]:
            raise SettingError(f"Not set: {', '.join(missing)}. SMTP_HOST wants an address that mail comes from, and whom it goes to.")
        if (user is None) != (password is None):
            there, absent = ("SMTP_USER", "SMTP_PASSWORD") if user else ("SMTP_PASSWORD", "SMTP_USER")
            raise SettingError(f"{there} wants {absent} beside it; unset both where the mail server asks for no login.")
        security = variables.SMTP_SECURITY.read(env)
        return cls(
            host=host,
            port=variables.SMTP_PORT.get(env) or SMTP_PORTS[security],
            security=security,
            user=user,
            password=password,
            sender=variables.SMTP_FROM.read(env),
            recipients=variables.SMTP_TO.read(env),
        )


@dataclass(frozen=True)
class NotifySettings:
    """Who is told, and what the messages link to. The addresses of channels hold secrets."""

    slack_webhook_url: str | None = field(default=None, repr=False)
    smtp: SmtpSettings | None = None
    urls: tuple[str, ...] = field(default=(), repr=False)
    summary: bool = False
    heartbeat_url: str | None = field(default=None, repr=False)
    dagster_ui_url: str | None = None
    runbook_url: str = "docs/operations.md"

    @classmethod
    def from_environment(cls, env: Environment = os.environ) -> "NotifySettings":
        """Read `SLACK_WEBHOOK_URL`, `SMTP_*`, `NOTIFY_*`, `HEARTBEAT_URL`, `DAGSTER_UI_URL`, `RUNBOOK_URL`. Raises SettingError."""
        return cls(
            slack_webhook_url=variables.SLACK_WEBHOOK_URL.get(env),
            smtp=SmtpSettings.from_environment(env),
            urls=variables.NOTIFY_URLS.get(env) or (),
            summary=variables.NOTIFY_SUMMARY.read(env),
            heartbeat_url=variables.HEARTBEAT_URL.get(env),
            dagster_ui_url=variables.DAGSTER_UI_URL.get(env),
            runbook_url=variables.RUNBOOK_URL.read(env),
        )


def run_date(env: Environment = os.environ) -> date | None:
    """`RUN_DATE`, or None: today in `EXPORT_TIMEZONE`. Raises SettingError."""
    return variables.RUN_DATE.get(env)


def log_format(env: Environment = os.environ) -> Literal["text", "json"] | None:
    """`LOG_FORMAT`, or None: as suits where the log goes to. Raises SettingError."""
    return variables.LOG_FORMAT.get(env)


def export_runs_url(env: Environment = os.environ) -> str | None:
    """`EXPORT_RUNS_URL`, which holds a password; None: there is no ledger. Raises SettingError."""
    return variables.EXPORT_RUNS_URL.get(env)


def metrics_port(env: Environment = os.environ) -> int:
    """`METRICS_PORT`. Raises SettingError."""
    return variables.METRICS_PORT.read(env)
