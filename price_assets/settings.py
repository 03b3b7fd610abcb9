"""Every environment variable, read and checked here; what is wrong is a SettingError that names the variable and the way out.

An empty value is an error and not a default, but for `STORAGE_PREFIX` and `DB_PASSWORD`. The object storages read their own `AWS_*` and `GOOGLE_*`.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

from price_assets import setting_values as values
from price_assets.errors import SettingError
from price_assets.setting_values import FORMATS, FormatName, Scheme, SslMode

__all__ = ["FORMATS", "VARIABLES", "ExportSettings", "FormatName", "SourceSettings", "StorageSettings", "Variable", "log_format", "run_date"]

Environment = Mapping[str, str]
Value = TypeVar("Value")


@dataclass(frozen=True)
class Variable(Generic[Value]):
    """One environment variable: how to read it, and what it means to somebody who sets it. Without a default it is unset, or required."""

    name: str
    parse: Callable[[str], Value]
    meaning: str
    default: str | None = None
    required: bool = False
    may_be_empty: bool = False
    any_character: bool = False

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
    "DB_PASSWORD", values.anything, "the role's password; must be set, if to nothing", required=True, may_be_empty=True, any_character=True
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
EXPORT_AUTOMATION = Variable("EXPORT_AUTOMATION", values.switch, "off: schedules and sensors start switched off", "on")

VARIABLES: tuple[Variable[Any], ...] = (
    *(DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD, DB_SSLMODE, DB_SSLROOTCERT, DB_SSLCERT, DB_SSLKEY, DB_STATEMENT_TIMEOUT, DB_CONNECT_TIMEOUT),
    *(STORAGE_BUCKET, STORAGE_PREFIX, OUTPUT_FORMATS, EXPORT_TIMEZONE, EXPORT_START_DATE, RUN_DATE, PRICE_LISTS_DIR, LOG_FORMAT, EXPORT_AUTOMATION),
)
"""Every one, in the order above: what `.env` files, docs and the chart are held against."""


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
        if missing := [each.name for each in (DB_HOST, DB_NAME, DB_USER, DB_PASSWORD) if each.name not in env]:
            hint = " (to nothing, where the server asks for no password)" if missing == [DB_PASSWORD.name] else ""
            raise SettingError(f"Not set: {', '.join(missing)}. Set {'them' if len(missing) > 1 else 'it'}{hint} to reach the source.")
        cert, key = DB_SSLCERT.get(env), DB_SSLKEY.get(env)
        if (cert is None) != (key is None):
            there, absent = (DB_SSLCERT, DB_SSLKEY) if cert else (DB_SSLKEY, DB_SSLCERT)
            raise SettingError(f"{there.name} wants {absent.name} beside it: a certificate is of no use without its key.")
        host, sslmode, sslrootcert = DB_HOST.read(env), DB_SSLMODE.read(env), DB_SSLROOTCERT.get(env)
        if host.startswith("/") and sslmode not in ("disable", "prefer"):
            raise SettingError(f"{DB_SSLMODE.name}: {sslmode} wants TLS, which the Unix socket in {DB_HOST.name} never has: set it to disable.")
        if sslmode in VERIFYING and not sslrootcert:
            sslrootcert = _system_certificates(env)
        return cls(
            host=host,
            port=DB_PORT.read(env),
            database=DB_NAME.read(env),
            user=DB_USER.read(env),
            password=DB_PASSWORD.read(env),
            sslmode=sslmode,
            sslrootcert=sslrootcert,
            sslcert=cert,
            sslkey=key,
            statement_timeout=DB_STATEMENT_TIMEOUT.read(env),
            connect_timeout=DB_CONNECT_TIMEOUT.read(env),
            timezone=EXPORT_TIMEZONE.read(env),
        )


def _system_certificates(env: Environment) -> Path:
    """The authorities that the system trusts, which OpenSSL lets `SSL_CERT_FILE` name."""
    named = env.get("SSL_CERT_FILE")
    try:
        return values.readable_file(named) if named else values.system_certificates()
    except ValueError as error:
        where = "SSL_CERT_FILE" if named else DB_SSLROOTCERT.name
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
        scheme, bucket = STORAGE_BUCKET.read(env)
        return cls(scheme, bucket, STORAGE_PREFIX.read(env))


@dataclass(frozen=True)
class ExportSettings:
    """What is exported; the definitions load with these alone. `automation`: schedules and sensors start switched on."""

    timezone: ZoneInfo
    start_date: date
    formats: tuple[FormatName, ...]
    price_lists_dir: Path
    automation: bool = True

    @classmethod
    def from_environment(cls, env: Environment = os.environ) -> "ExportSettings":
        """Read them; all have defaults. Raises SettingError."""
        return cls(
            EXPORT_TIMEZONE.read(env), EXPORT_START_DATE.read(env), OUTPUT_FORMATS.read(env), PRICE_LISTS_DIR.read(env), EXPORT_AUTOMATION.read(env)
        )


def run_date(env: Environment = os.environ) -> date | None:
    """`RUN_DATE`, or None: today in `EXPORT_TIMEZONE`. Raises SettingError."""
    return RUN_DATE.get(env)


def log_format(env: Environment = os.environ) -> Literal["text", "json"] | None:
    """`LOG_FORMAT`, or None: as suits where the log goes to. Raises SettingError."""
    return LOG_FORMAT.get(env)
