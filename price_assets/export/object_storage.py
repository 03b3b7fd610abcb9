"""An object storage as a store, by obstore: S3 and all that speak it."""

import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, PreconditionError, UnauthenticatedError
from obstore.store import S3Store

from price_assets.errors import SettingError, StorageRefused, StorageUnavailable
from price_assets.export.storage import Attributes, Contested, Found, Head
from price_assets.settings import StorageSettings

if TYPE_CHECKING:  # they exist for type checkers alone
    from obstore.store import ClientConfig, RetryConfig

    Timing = tuple[ClientConfig, RetryConfig]

JSON = {"Content-Type": "application/json"}
SHA256 = "sha256"
CHUNK = 8 * 1024 * 1024
"""Bytes of a part: S3's least is 5 MiB, its most are 10,000 parts, so files may have 80 GB."""

PREFLIGHT: "Timing" = (
    {"connect_timeout": timedelta(seconds=2), "timeout": timedelta(seconds=8)},
    {"max_retries": 3, "retry_timeout": timedelta(seconds=8)},
)
WORK: "Timing" = (
    {"connect_timeout": timedelta(seconds=3), "timeout": timedelta(seconds=30)},
    {
        "max_retries": 1000,
        "retry_timeout": timedelta(seconds=90),
        "backoff": {"init_backoff": timedelta(seconds=0.5), "max_backoff": timedelta(seconds=8), "base": 2},
    },
)
"""Obstore's defaults wait too long for a silent server and not long enough for a busy one [ST14]."""


class ObjectStorage:
    """A bucket. Credentials, region and endpoint are obstore's to read from the environment: `AWS_ACCESS_KEY_ID` and its kin [ST12]."""

    def __init__(self, settings: StorageSettings) -> None:
        self._bucket = settings.bucket
        self._prefix = settings.prefix
        self._endpoint = _endpoint()
        self._quick = self._client(PREFLIGHT)
        self._patient = self._client(WORK)

    def _client(self, timing: "Timing") -> S3Store:
        client, retry = timing
        # Without allow_http an http endpoint fails with no better words than "builder error" [ST12].
        options: ClientConfig = {**client, "allow_http": self._endpoint.startswith("http://")}
        try:
            return S3Store(self._bucket, prefix=self._prefix, checksum_algorithm="sha256", client_options=options, retry_config=retry)
        except BaseError as error:
            raise SettingError(f"The AWS_* variables are not what S3 takes: {_cause(str(error))}.") from None

    def address(self, key: str = "") -> str:
        """As `s3://bucket/prefix/key`."""
        return "s3://" + "/".join(part for part in (self._bucket, self._prefix, key) if part)

    def preflight(self) -> None:
        """A LIST: unlike a GET it names a missing bucket [ST3]. Without the right to it a missing object would look like a forbidden one."""
        with self._said(""):
            next(iter(obstore.list(self._quick, chunk_size=1)), None)

    def get(self, key: str) -> Found | None:
        """The ETag is the version."""
        with self._said(key):
            try:
                found = obstore.get(self._patient, key)
                return Found(bytes(found.bytes()), found.meta["e_tag"] or "")
            except FileNotFoundError as error:
                return self._absent(error)

    def head(self, key: str) -> Head | None:
        """By a GET's own HEAD, which shows the attributes where `obstore.head` does not [ST17]."""
        with self._said(key):
            try:
                found = obstore.get(self._patient, key, options={"head": True})
                return Head(found.meta["size"], found.attributes.get(SHA256))
            except FileNotFoundError as error:
                return self._absent(error)

    def create(self, key: str, data: bytes) -> None:
        """If-None-Match."""
        with self._said(key), _conditional():
            obstore.put(self._patient, key, data, attributes=dict(JSON), mode="create")

    def swap(self, key: str, data: bytes, version: str) -> None:
        """If-Match: the ETag alone, for a version beside it is refused [ST2]."""
        with self._said(key), _conditional():
            obstore.put(self._patient, key, data, attributes=dict(JSON), mode={"e_tag": version})

    def put_file(self, key: str, path: Path, attributes: Attributes) -> None:
        """In parts where it is large; the storage checks the sha256 of each."""
        said = {
            "Content-Type": attributes.content_type,
            # At the put, because an address can't be signed with another one [ST10].
            "Content-Disposition": f'attachment; filename="{attributes.download_name}"',
            SHA256: attributes.sha256,
        }
        with self._said(key):
            obstore.put(self._patient, key, path, attributes=said, chunk_size=CHUNK, max_concurrency=4)

    def fetch(self, key: str, path: Path) -> bool:
        """In a stream."""
        with self._said(key):
            try:
                found = obstore.get(self._patient, key)
            except FileNotFoundError as error:
                self._absent(error)
                return False
            with path.open("wb") as file:
                for chunk in found.stream(min_chunk_size=CHUNK):
                    file.write(chunk)
            return True

    def copy(self, source: str, target: str) -> None:
        """By the server; in a stream through here where a bucket refuses copies [ST9]."""
        with self._said(source):
            try:
                obstore.copy(self._patient, source, target)
            except FileNotFoundError as error:
                self._absent(error)
                raise StorageRefused(f"{self.address(source)} is not there, so {self.address(target)} can't be made from it.") from None
            except BaseError as error:
                if not _is_refusal(error):
                    raise
                found = obstore.get(self._patient, source)
                chunks = (bytes(chunk) for chunk in found.stream(min_chunk_size=CHUNK))
                obstore.put(self._patient, target, chunks, attributes=found.attributes, chunk_size=CHUNK, max_concurrency=4)

    def delete(self, key: str) -> None:
        """S3 does not mind where there is none; others that do are not heard."""
        with self._said(key):
            try:
                obstore.delete(self._patient, key)
            except FileNotFoundError as error:
                self._absent(error)

    def _absent(self, error: FileNotFoundError) -> None:
        """Nothing there is an answer; no bucket is not."""
        if "NoSuchBucket" in str(error):
            raise self._refused("", str(error)) from None

    @contextmanager
    def _said(self, key: str) -> Generator[None]:
        """Obstore's errors in this project's words: its own run over many lines and quote the request."""
        try:
            yield
        except (PermissionDeniedError, UnauthenticatedError, NotImplementedError) as error:
            raise self._refused(key, str(error)) from error
        except FileNotFoundError as error:
            if _status(str(error)) is None:
                raise  # a local file
            raise self._refused(key, str(error)) from error
        except BaseError as error:
            if _is_refusal(error):
                raise self._refused(key, str(error)) from error
            raise StorageUnavailable(
                f"{self.address(key)}: {self._where()} does not answer: {_cause(str(error))}. Look at the network and AWS_ENDPOINT_URL; run again."
            ) from error

    def _refused(self, key: str, text: str) -> StorageRefused:
        if "NoSuchBucket" in text:
            return StorageRefused(f"{self._where()} has no bucket {self._bucket!r}. Create it, or change STORAGE_BUCKET.")
        mend = (
            "Look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the rights to list, get, put and delete"
            if _status(text) in (401, 403, 404, None)
            else "Look at STORAGE_BUCKET, AWS_REGION and AWS_ENDPOINT_URL; the storage must know conditional writes (If-Match, If-None-Match)"
        )
        return StorageRefused(f"{self.address(key)}: {self._where()} refused: {_cause(text)}. {mend}.")

    def _where(self) -> str:
        host = urlsplit(self._endpoint)
        return f"the storage at {host.scheme}://{host.hostname}{f':{host.port}' if host.port else ''}" if self._endpoint else "S3"


@contextmanager
def _conditional() -> Generator[None]:
    try:
        yield
    except (AlreadyExistsError, PreconditionError) as error:
        raise Contested(_cause(str(error))) from error
    except BaseError as error:
        if isinstance(error, (PermissionDeniedError, UnauthenticatedError)) or _is_refusal(error):
            raise
        # It may have landed [ST5].
        raise Contested(_cause(str(error))) from error


def _endpoint() -> str:
    """The endpoint, empty for Amazon's own. Raises SettingError for what is no address: the client would panic at its first request."""
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"):  # the first wins [ST12]
        if endpoint := os.environ.get(name):
            found = re.fullmatch(r"https?://(?:\[[0-9a-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?(?:/\S*)?", endpoint)
            if not found or int(found[1] or 1) not in range(1, 2**16):
                raise SettingError(f"{name} is no address of a storage: write http://host:9000 or https://host, without user and password.")
            return endpoint
    return ""


def _status(text: str) -> int | None:
    found = re.search(r"status code: (\d{3})", text)
    return int(found[1]) if found else None


def _is_refusal(error: BaseError) -> bool:
    """Whether the storage answered, and would answer the same again: 4xx but time-out, conflict and too many, and what it does not know."""
    status = _status(str(error))
    return status is not None and (status == 501 or (status < 500 and status not in (408, 409, 429)))  # noqa: PLR2004 (HTTP's own numbers)


def _cause(text: str) -> str:
    """The storage's own code and message, or what the client says in one line; never the request, its address or a header."""
    code, message = (re.search(f"<{tag}>([^<]*)</{tag}>", text) for tag in ("Code", "Message"))
    if code:
        return f"{code[1]} ({message[1].rstrip('.')})" if message else code[1]
    status = _status(text)
    if status:
        return f"HTTP status {status}"
    last = text.split("\n\nDebug source", 1)[0].rsplit(" - ", 1)[-1]
    return re.sub(r"\S+://\S+", "…", last)[:200].strip()
