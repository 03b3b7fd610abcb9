"""How the text of an environment variable is read. Each function raises ValueError, which says what is wrong and how to mend it.

No message repeats a text that may hold a password.
"""

import os
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal, TypeVar, get_args
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from price_assets.errors import did_you_mean

FormatName = Literal["csv", "xlsx"]
FORMATS: tuple[FormatName, ...] = get_args(FormatName)
SslMode = Literal["disable", "prefer", "require", "verify-ca", "verify-full"]
Scheme = Literal["s3", "gs", "file"]
SmtpSecurity = Literal["starttls", "tls", "none"]
Name = TypeVar("Name", bound=str)

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Control characters, line breaks among them."""


def anything(text: str) -> str:
    """Take it as it is."""
    return text


def host(text: str) -> str:
    """Read one host name, address, or folder of a socket."""
    if re.search(r"[\s@,]|//|^\[", text) or (text.count(":") == 1 and not text.startswith("/")):
        # Not repeated in the message: whoever writes an address here may have put a password into it.
        raise ValueError("is to be one host name or IP address and nothing else: port, user and password go to DB_PORT, DB_USER and DB_PASSWORD")
    return text


def port(text: str) -> int:
    """Read a port."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) < 2**16:
        raise ValueError(f"{text!r} is no port: a number from 1 to 65535")
    return int(text)


def sslmode(text: str) -> SslMode:
    """Read one of libpq's modes."""
    return one_of(text, get_args(SslMode))


def one_of(text: str, names: tuple[Name, ...]) -> Name:
    """Take one of the names; of another the nearest is suggested."""
    if text not in names:
        raise ValueError(f"{text!r} is not one of {', '.join(names)}{did_you_mean(text, names)}")
    return names[names.index(text)]


def readable_file(text: str) -> Path:
    """Read the path of a file that this user can read."""
    path = Path(text)
    if not path.is_file():
        raise ValueError(f"there is no file {text}")
    if not os.access(path, os.R_OK):
        raise ValueError(f"the file {text} can't be read by this user")
    return path


SYSTEM_CERTIFICATES = tuple(
    map(Path, ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"))
)
"""Where Debian, Red Hat, SUSE and others (Alpine, macOS) keep the authorities that the system trusts."""


def system_certificates() -> Path:
    """Find the file of the authorities that the system trusts.

    libpq's own `sslrootcert=system` looks where the OpenSSL in psycopg's package was built to look, and nothing is there [PJ17].
    """
    if found := next((path for path in SYSTEM_CERTIFICATES if path.is_file()), None):
        return found
    raise ValueError("to verify the server takes the authorities that the system trusts, and it has none: install ca-certificates, or name a file")


LONGEST = timedelta(milliseconds=2**31 - 1)
"""Postgres holds a time-out in milliseconds as int4: 24 days."""


def duration(text: str, longest: timedelta = LONGEST) -> timedelta:
    """Read `30`, `30s`, `5m` or `1h30m`."""
    found = re.fullmatch(r"([0-9]{1,9})|(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?", text)
    if not found:
        raise ValueError(f"{text!r} is no duration: write 30 or 30s, 5m, 1h30m")
    bare, hours, minutes, seconds = (int(number or 0) for number in found.groups())
    read = timedelta(hours=hours, minutes=minutes, seconds=seconds + bare)
    if not timedelta(0) < read <= longest:
        raise ValueError(f"{text} is out of range: more than 0, at most {longest.days} days")
    return read


def bucket(text: str) -> tuple[Scheme, str]:
    """Read where files go: the scheme, and the name of the bucket or the absolute path of the folder."""
    scheme, _, rest = text.rpartition("://") if "://" in text else ("s3", "", text)
    if scheme == "file":
        if not rest.startswith("/") or not rest.strip("/"):
            raise ValueError("a folder is written with three slashes and its whole path: file:///var/price-lists")
        if CONTROL.search(path := unquote(rest)):
            raise ValueError("the folder's path holds a control character")
        return "file", os.path.normpath(f"/{path.lstrip('/')}")
    if scheme not in ("s3", "gs"):
        raise ValueError("is to be s3://bucket, gs://bucket, file:///folder or the bare name of a bucket in S3")
    name, _, path = rest.partition("/")
    if path:
        raise ValueError("is the bucket only; put the path into STORAGE_PREFIX (a folder is written as file:///folder)")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}", name):
        raise ValueError("is no name of a bucket: letters, digits, dots and hyphens")
    return scheme, name


def endpoint(text: str) -> str:
    """Read the address of a storage: at any other its client panics, or says no more than "builder error" [ST12]."""
    found = re.fullmatch(r"https?://(?:\[[0-9a-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?(?:/\S*)?", text)
    if not found or int(found[1] or 1) not in range(1, 2**16):
        # Not repeated in the message: a password may be in it.
        raise ValueError("is no address of a storage: write http://host:9000 or https://host, without user and password")
    return text


def prefix(text: str) -> str:
    """Read what keys begin with; slashes at its ends are dropped."""
    kept = text.strip("/")
    if kept != kept.strip():
        raise ValueError(f"{text!r} has a space at its end or start")
    if "//" in kept or {".", ".."} & set(kept.split("/")):
        raise ValueError(f"{text!r} holds '//', '.' or '..', which no key can hold on every storage")
    return kept


def formats(text: str) -> tuple[FormatName, ...]:
    """Read names of formats with commas between; their order is ours."""
    names = [name.strip() for name in text.split(",")]
    if "xls" in (name.lower() for name in names):
        raise ValueError("xls, the format of Excel 97, is not written; use xlsx")
    for name in names:
        one_of(name, FORMATS)
    return tuple(name for name in FORMATS if name in names)


def timezone(text: str) -> ZoneInfo:
    """Read an IANA time zone."""
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # KeyError: not found; OSError: a folder, such as Europe
        cities = {zone.rpartition("/")[2]: zone for zone in available_timezones()}
        hint = f"; did you mean {cities[text.title()]!r}?" if text.title() in cities else did_you_mean(text, cities.values())
        raise ValueError(f"{text!r} is no IANA time zone, such as Europe/Moscow{hint}") from None


def day(text: str) -> date:
    """Read YYYY-MM-DD; of a date that is written almost so, the right way is said."""
    found = re.fullmatch(r"\s*([0-9]{4})[-/.]?([0-9]{1,2})[-/.]?([0-9]{1,2})\s*", text)
    meant = "-".join(part.zfill(2) for part in found.groups()) if found else None
    try:
        day = date.fromisoformat(meant) if meant else None
    except ValueError:
        raise ValueError(f"{text!r} is no date of the calendar") from None
    if day is None or meant != text:
        raise ValueError(f"{text!r} is no date: write YYYY-MM-DD{f', here {meant}' if meant else ''}")
    return day


def folder(text: str) -> Path:
    """Read the path of a folder that exists."""
    if not Path(text).is_dir():
        raise ValueError(f"there is no folder {text}")
    return Path(text)


def log_format(text: str) -> Literal["text", "json"]:
    """Read text or json."""
    return one_of(text, ("text", "json"))


def switch(text: str) -> bool:
    """Read on or off, which may be written true or false."""
    return one_of(text, ("on", "off", "true", "false")) in ("on", "true")


def cron(text: str) -> str:
    """Read five fields of cron, which come true at some time; six, with seconds, are not what Dagster takes."""
    fields = text.split()
    try:
        next(CronSim(" ".join(fields[:5]), datetime(2026, 1, 1)))  # noqa: DTZ001 - whether it is a cron at all, in any time zone
    except (CronSimError, StopIteration):
        fields = []
    if len(fields) != len(("minute", "hour", "day", "month", "weekday")):
        raise ValueError(f"{text!r} is no cron: write minute, hour, day, month and weekday, such as 0 6 * * * or 30 6 * * 1-5")
    return " ".join(fields)


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Make a reader of whole numbers from `least` to `most`."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError(f"{text!r} is no whole number from {least} to {most}")
        return int(text)

    return read


def words(text: str) -> tuple[str, ...]:
    """Read what stands between white space."""
    if not text.strip():
        raise ValueError("is white space and nothing else")
    return tuple(text.split())


def address(text: str) -> str:
    """Read an address that links can begin with; a slash at its end is dropped."""
    return secret_address(text).rstrip("/")


def secret_address(text: str) -> str:
    """Read an address which is never repeated: whoever knows it may use it."""
    try:
        right = re.fullmatch(r"https?://[^\s/?#]+\S*", text) and urlsplit(text).hostname and urlsplit(text).port != 0
    except ValueError:  # a port past 65535, half a bracket
        right = False
    if not right:
        raise ValueError("is no address: write http://host/path or https://host/path")
    return text


def mail_server(text: str) -> str:
    """Read the host of a mail server; it is not repeated either, for the same reason as `host`."""
    if re.search(r"[\s@,/\[\]]", text) or text.count(":") == 1:
        raise ValueError(
            "is to be one host name or IP address and nothing else: port, user and password go to SMTP_PORT, SMTP_USER and SMTP_PASSWORD"
        )
    return text


def smtp_security(text: str) -> SmtpSecurity:
    """Read how the connection to a mail server is kept secret."""
    return one_of(text, get_args(SmtpSecurity))


def mail_address(text: str) -> str:
    """Read one address of mail."""
    if not re.fullmatch(r"[^\s@<>,;]+@[^\s@<>,;]+", text):
        raise ValueError(f"{text!r} is no mail address: write name@example.com")
    return text


def mail_addresses(text: str) -> tuple[str, ...]:
    """Read one or more addresses of mail with commas or white space between."""
    return tuple(mail_address(each) for each in re.split(r"[\s,]+", text.strip(" ,")))


_HOST = r"(?:[^\s@/?#:,\[\]]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?"
_POSTGRES = re.compile(rf"postgres(?:ql)?://(?:[^\s@/?#:]+(?::[^\s@/?#]*)?@)?(?P<hosts>{_HOST}(?:,{_HOST})*)(?:/[^\s@/?#]*)?(?:\?[^\s#]*)?")


def postgres_url(text: str) -> str:
    """Read the address of a database as libpq does, and stricter: of one that could be read in two ways libpq would tell a part of the password."""
    from psycopg import ProgrammingError, conninfo  # noqa: PLC0415 - a tenth of a second, where nobody sets one

    form = "postgresql://user:password@host:5432/database?sslmode=verify-full"
    if not text.startswith(("postgresql://", "postgres://")):
        raise ValueError(f"is no address of a database: write {form}")
    found = _POSTGRES.fullmatch(text)
    if not found:
        raise ValueError(f"is no address of a database: write {form}, and in user and password %40 for @, %2F for /, %3A for :, %3F for ?, %23 for #")
    if any(not 0 < int(port) < 2**16 for port in re.findall(r":([0-9]+)(?:,|$)", found["hosts"])):
        raise ValueError("is to have a port from 1 to 65535 behind its host, or none")
    try:
        conninfo.conninfo_to_dict(text)
    except (ProgrammingError, UnicodeError):
        # Its message is not repeated: it may quote a part of the password.
        raise ValueError(f"is not understood by libpq: write {form}, %25 for a %, and behind the ? only parameters that libpq knows") from None
    return text
