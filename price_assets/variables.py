"""Every environment variable: how its text is read, what it means, its default. What is wrong is a SettingError that names the way out.

An empty value is an error and not a default, but for `STORAGE_PREFIX` and `DB_PASSWORD`. The object storages read their own `AWS_*` and `GOOGLE_*`,
and `dagster.yaml` Dagster's `DAGSTER_*`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from price_assets import setting_values as values
from price_assets.errors import SettingError

Environment = Mapping[str, str]
Value = TypeVar("Value")


@dataclass(frozen=True)
class Variable(Generic[Value]):
    """One environment variable: how to read it, and what it means to somebody who sets it. Without a default it is unset, or required.

    The value of a `secret` one is never shown.
    """

    name: str
    parse: Callable[[str], Value]
    meaning: str
    default: str | None = None
    required: bool = False
    may_be_empty: bool = False
    any_character: bool = False
    secret: bool = False

    def get(self, env: Environment) -> Value | None:
        """The value, or None where it has neither value nor default. Raises SettingError."""
        text = env.get(self.name, self.default)
        if text is None:
            return None
        if not text and not self.may_be_empty:
            or_unset = f", {self.meaning}" if self.required else ", or unset it" if self.default is None else ", or unset it for its default"
            raise SettingError(f"{self.name} is empty: give it a value{or_unset}.")
        if not self.any_character and values.CONTROL.search(text):
            raise SettingError(
                f"{self.name} holds a control character; a line break at its end often comes from a file or from `echo` (use `printf`)."
            )
        try:
            return self.parse(text)
        except ValueError as error:
            said = str(error)
            raise SettingError(f"{self.name}{' ' if said.startswith('is ') else ': '}{said}") from None

    def read(self, env: Environment) -> Value:
        """The value. Raises SettingError where there is none, too."""
        value = self.get(env)
        if value is None:
            raise SettingError(f"{self.name} is not set: {self.meaning}.")
        return value


SHIPPED_PRICE_LISTS = Path(__file__).parent / "price_lists"

DB_HOST = Variable("DB_HOST", values.host, "the host of the source", required=True)
DB_PORT = Variable("DB_PORT", values.port, "its port", "5432")
DB_NAME = Variable("DB_NAME", values.anything, "the database", required=True)
DB_USER = Variable("DB_USER", values.anything, "the role, which needs to read and nothing else", required=True)
DB_PASSWORD = Variable(
    "DB_PASSWORD",
    values.anything,
    "the role's password; must be set, if to nothing",
    required=True,
    may_be_empty=True,
    any_character=True,
    secret=True,
)
DB_SSLMODE = Variable("DB_SSLMODE", values.sslmode, "disable, prefer, require, verify-ca or verify-full", "prefer")
DB_SSLROOTCERT = Variable(
    "DB_SSLROOTCERT",
    values.readable_file,
    "a file of the authorities that the server's certificate is checked against; unset: the system's, to verify",
)
DB_SSLCERT = Variable("DB_SSLCERT", values.readable_file, "a file with the client's certificate")
DB_SSLKEY = Variable("DB_SSLKEY", values.readable_file, "a file with the client's key")
DB_STATEMENT_TIMEOUT = Variable("DB_STATEMENT_TIMEOUT", values.duration, "how long the query may take: 30, 30s, 5m, 1h30m", "15m")
DB_CONNECT_TIMEOUT = Variable("DB_CONNECT_TIMEOUT", values.duration, "how long to wait for a connection", "5s")
STORAGE_BUCKET = Variable(
    "STORAGE_BUCKET", values.bucket, "where files go: s3://bucket, gs://bucket, file:///folder, or the bare name of a bucket in S3", required=True
)
STORAGE_PREFIX = Variable("STORAGE_PREFIX", values.prefix, "what every key in the bucket begins with", "", may_be_empty=True)
OUTPUT_FORMATS = Variable("OUTPUT_FORMATS", values.formats, "the formats that are made, where a price list has them", "csv,xlsx")
EXPORT_TIMEZONE = Variable("EXPORT_TIMEZONE", values.timezone, "what a day is, the session's time zone, how timestamptz shows", "UTC")
EXPORT_START_DATE = Variable("EXPORT_START_DATE", values.day, "the first export date, where a price list gives none", "2026-01-01")
RUN_DATE = Variable("RUN_DATE", values.day, "the exporter's export date; unset: today in EXPORT_TIMEZONE")
PRICE_LISTS_DIR = Variable("PRICE_LISTS_DIR", values.folder, "the folder of price lists; unset: the shipped examples", str(SHIPPED_PRICE_LISTS))
LOG_FORMAT = Variable("LOG_FORMAT", values.log_format, "text or json; unset: text on a terminal, else json")
EXPORT_CRON = Variable("EXPORT_CRON", values.cron, "when a day is exported, as five fields of cron in EXPORT_TIMEZONE", "0 6 * * *")
EXPORT_DEADLINE = Variable("EXPORT_DEADLINE", values.duration, "how long after its time a list may be unpublished before an alert says so", "30m")
CATCH_UP_DAYS = Variable("CATCH_UP_DAYS", values.whole_number(1, 31), "of how many days, today among them, a missing one is exported by itself", "3")
CATCH_UP_TRIES = Variable("CATCH_UP_TRIES", values.whole_number(1, 20), "how often that is tried before it is left to a person", "3")
EXPORT_AUTOMATION = Variable("EXPORT_AUTOMATION", values.switch, "off: schedules and sensors start switched off", "on")
SLACK_WEBHOOK_URL = Variable("SLACK_WEBHOOK_URL", values.secret_address, "an incoming webhook of Slack, or of what takes the same JSON", secret=True)
SMTP_HOST = Variable("SMTP_HOST", values.mail_server, "the mail server that alerts go through; unset: no mail")
SMTP_PORT = Variable("SMTP_PORT", values.port, "its port; unset: 587, with tls 465, with none 25")
SMTP_SECURITY = Variable("SMTP_SECURITY", values.smtp_security, "starttls, tls (from the first byte) or none", "starttls")
SMTP_USER = Variable("SMTP_USER", values.anything, "the login; unset: none")
SMTP_PASSWORD = Variable("SMTP_PASSWORD", values.anything, "its password", any_character=True, secret=True)
SMTP_FROM = Variable("SMTP_FROM", values.mail_address, "the address that mail comes from")
SMTP_TO = Variable("SMTP_TO", values.mail_addresses, "the addresses that mail goes to, with commas or white space between")
NOTIFY_URLS = Variable(
    "NOTIFY_URLS", values.words, "more channels, as Apprise writes them, with white space between", any_character=True, secret=True
)
NOTIFY_SUMMARY = Variable("NOTIFY_SUMMARY", values.switch, "true: once a day, what was published and what changed", "false")
HEARTBEAT_URL = Variable(
    "HEARTBEAT_URL", values.secret_address, "an address that is asked for once every list expected that day is published", secret=True
)
DAGSTER_UI_URL = Variable("DAGSTER_UI_URL", values.address, "where Dagster's UI is, for the links in alerts")
RUNBOOK_URL = Variable("RUNBOOK_URL", values.anything, "where a copy of docs/operations.md is, for the links in alerts", "docs/operations.md")
EXPORT_RUNS_URL = Variable(
    "EXPORT_RUNS_URL",
    values.postgres_url,
    "the database that each export run is written down in, postgresql://user:password@host/database; unset: nowhere",
    secret=True,
)
METRICS_PORT = Variable("METRICS_PORT", values.port, "where `price-assets serve-metrics` listens", "9108")

VARIABLES: tuple[Variable[Any], ...] = (
    *(DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD, DB_SSLMODE, DB_SSLROOTCERT, DB_SSLCERT, DB_SSLKEY, DB_STATEMENT_TIMEOUT, DB_CONNECT_TIMEOUT),
    *(STORAGE_BUCKET, STORAGE_PREFIX, OUTPUT_FORMATS, EXPORT_TIMEZONE, EXPORT_START_DATE, RUN_DATE, PRICE_LISTS_DIR, LOG_FORMAT),
    *(EXPORT_CRON, EXPORT_DEADLINE, CATCH_UP_DAYS, CATCH_UP_TRIES, EXPORT_AUTOMATION),
    *(SLACK_WEBHOOK_URL, SMTP_HOST, SMTP_PORT, SMTP_SECURITY, SMTP_USER, SMTP_PASSWORD, SMTP_FROM, SMTP_TO, NOTIFY_URLS, NOTIFY_SUMMARY),
    *(HEARTBEAT_URL, DAGSTER_UI_URL, RUNBOOK_URL),
    *(EXPORT_RUNS_URL, METRICS_PORT),
)
"""Every one, in the order above: what `.env` files, docs and the chart are held against."""
