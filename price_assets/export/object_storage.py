"""An object storage as a store, by obstore: what S3 and Google Cloud Storage share. `s3` and `gcs` say what differs."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, PreconditionError, UnauthenticatedError

from price_assets.errors import StorageRefused, StorageUnavailable
from price_assets.export.signing import sign
from price_assets.export.storage import Attributes, Found, Head
from price_assets.export.storage_errors import EXPIRED, cause, code, conditional, is_refusal, may_pass, status
from price_assets.export.storage_timing import PREFLIGHT, WORK, Timing, repeated
from price_assets.settings import StorageSettings

if TYPE_CHECKING:  # they exist for type checkers alone
    from obstore import Attributes as ObstoreAttributes
    from obstore import ObjectMeta, UpdateVersion
    from obstore.store import ClientConfig, GCSStore, RetryConfig, S3Store

    Client = S3Store | GCSStore

JSON = {"Content-Type": "application/json"}
SHA256 = "sha256"
CHUNK = 8 * 1024 * 1024
"""Bytes of a part: the least is 5 MiB, the most are 10,000 parts, so files may have 80 GB."""
SPAN = 4 * CHUNK
"""Bytes that are asked for at once: a request ends after 30 seconds, and a slow line must be able to carry them in that time."""
PROBE = ".conditional-writes"
"""Where nothing ever is: whether a storage compares before it puts is tried here."""


class ObjectStorage(ABC):
    """A bucket. Raises SettingError where the environment's credentials or endpoint can't be right."""

    scheme: ClassVar[str]
    name: ClassVar[str]
    """The storage, for people, where it is at its own address."""
    mend_rights: ClassVar[str]
    """What to look at where the storage lets nobody in."""
    mend_request: ClassVar[str]
    """What to look at where it knows no such request."""
    mend_signing: ClassVar[str]
    """Which credentials can sign an address."""
    endpoint_variable: ClassVar[str]

    def __init__(self, settings: StorageSettings, quick: Timing = PREFLIGHT, patient: Timing = WORK) -> None:
        self._bucket = settings.bucket
        self._prefix = settings.prefix
        self._endpoint = self._read_endpoint()
        self._quick = self._client(*quick)
        self._patient = self._client(*patient)

    @abstractmethod
    def _read_endpoint(self) -> str:
        """The address, where it is not the cloud's own; else empty."""

    @abstractmethod
    def _client(self, options: "ClientConfig", retry: "RetryConfig") -> "Client":
        """A client of the bucket, with the environment's credentials."""

    @abstractmethod
    def _version(self, meta: "ObjectMeta") -> str:
        """What a swap will compare."""

    @abstractmethod
    def _of_version(self, version: str) -> "UpdateVersion":
        """The condition of a swap, with what this storage compares and nothing beside it, which would be refused [ST2]."""

    @property
    @abstractmethod
    def _never(self) -> str:
        """A version that no object has."""

    @abstractmethod
    def _no_credentials(self, text: str) -> str | None:
        """What to do, where the error is not the storage's but of whoever was to give credentials."""

    @property
    def _where(self) -> str:
        host = urlsplit(self._endpoint)
        return f"the storage at {host.scheme}://{host.netloc}" if host.netloc else self.name

    def address(self, key: str = "") -> str:
        """As `s3://bucket/prefix/key`."""
        return f"{self.scheme}://" + "/".join(part for part in (self._bucket, self._prefix, key) if part)

    def sign(self, key: str, lasts: timedelta) -> str:
        """By the environment's credentials: where they are temporary, the address ends with them."""
        return sign(self._quick, key, lasts, self.address(key), self.mend_signing)

    def preflight(self, *, writes: bool = True) -> None:
        """A LIST: unlike a GET it names a missing bucket [ST3], and without the right to it a missing object would look like a forbidden one.

        Then a swap of what is not there: a storage that does not know conditions says so, and one that ignores them would lose publications.
        """
        with self._said(""):
            next(iter(obstore.list(self._quick, chunk_size=1)), None)
            if not writes:
                return
            try:
                obstore.put(self._quick, PROBE, b"", mode=self._of_version(self._never))
            except (PreconditionError, AlreadyExistsError):
                return
            obstore.delete(self._quick, PROBE)
        raise StorageRefused(f"{self.address()}: {self._where} ignores conditional writes, so two runs could undo each other. Use another storage.")

    def get(self, key: str) -> Found | None:
        """Its version is what the storage compares in a swap."""
        with self._said(key):
            try:
                found = obstore.get(self._patient, key)
                return Found(bytes(found.bytes()), self._version(found.meta))
            except FileNotFoundError as error:
                return self._absent(error)

    def head(self, key: str) -> Head | None:
        """By a GET's own HEAD, which shows the attributes where `obstore.head` does not [ST17]."""
        with self._said(key):
            try:
                found = obstore.get(self._patient, key, options={"head": True})
                return Head(found.meta["size"], found.attributes.get(SHA256), found.meta["last_modified"])
            except FileNotFoundError as error:
                return self._absent(error)

    def create(self, key: str, data: bytes) -> None:
        """One request, whatever its size."""
        with self._said(key), conditional():
            obstore.put(self._patient, key, data, attributes=dict(JSON), mode="create")

    def swap(self, key: str, data: bytes, version: str) -> None:
        """One request, whatever its size."""
        with self._said(key), conditional():
            obstore.put(self._patient, key, data, attributes=dict(JSON), mode=self._of_version(version))

    def put_file(self, key: str, path: Path, attributes: Attributes) -> None:
        """In parts where it is large."""
        said = {
            "Content-Type": attributes.content_type,
            # At the put, because an address can't be signed with another one [ST10].
            "Content-Disposition": f'attachment; filename="{attributes.download_name}"',
            SHA256: attributes.sha256,
        }
        with self._said(key):
            self._put_file(key, path, said)

    def fetch(self, key: str, path: Path) -> bool:
        """In a stream, of one version."""
        with self._said(key):
            while True:
                try:
                    found = obstore.get(self._patient, key)
                    small = found.meta["size"] <= SPAN
                    with path.open("wb") as file:
                        for chunk in found.stream(min_chunk_size=CHUNK) if small else self._chunks(key, found.meta):
                            file.write(chunk)
                except FileNotFoundError as error:
                    if status(str(error)) is None:
                        raise  # the local path
                    self._absent(error)
                    path.unlink(missing_ok=True)
                    return False
                except PreconditionError:
                    continue  # replaced in the meantime: all of the new one
                return True

    def copy(self, source: str, target: str) -> None:
        """By the server; through here, where a bucket refuses copies [ST9]."""
        with self._said(source):
            try:
                repeated(lambda: obstore.copy(self._patient, source, target))
            except FileNotFoundError as error:
                self._absent(error)
                raise self._sourceless(source, target) from None
            except BaseError as error:
                if not is_refusal(str(error)):
                    raise
                self._copy_through_here(source, target)

    def _copy_through_here(self, source: str, target: str) -> None:
        """By a file: what is read from a client can't be handed to it as a stream [ST22].

        Raises StorageRefused where there is none, StorageUnavailable where it arrived damaged, which would go on under the sha256 of the whole one.
        """
        with TemporaryDirectory(prefix="price-assets-") as folder:
            path = Path(folder) / "copy"
            if not self.fetch(source, path):
                raise self._sourceless(source, target) from None
            attributes = obstore.get(self._patient, source, options={"head": True}).attributes
            with path.open("rb") as file:
                arrived = file_digest(file, "sha256").hexdigest()
            if attributes.get(SHA256) not in (None, arrived):
                raise StorageUnavailable(f"{self.address(source)} did not arrive as it was put (its sha256 differs). Run again.") from None
            with self._said(target):
                self._put_file(target, path, attributes)

    def delete(self, key: str) -> None:
        """S3 does not mind where there is none; others that do are not heard."""
        with self._said(key):
            try:
                repeated(lambda: obstore.delete(self._patient, key))
            except FileNotFoundError as error:
                self._absent(error)

    def forget(self, key: str) -> None:
        """A delete leaves nothing."""
        self.delete(key)

    def _sourceless(self, source: str, target: str) -> StorageRefused:
        return StorageRefused(f"{self.address(source)} is not there, so {self.address(target)} can't be made from it.")

    def _put_file(self, key: str, path: Path, attributes: "ObstoreAttributes") -> None:
        """For a put and for a copy through here alike."""
        try:
            repeated(lambda: obstore.put(self._patient, key, path, attributes=attributes, chunk_size=CHUNK, max_concurrency=4))
        except FileNotFoundError as error:
            # Parts whose joining was confirmed by an answer that was lost are gone when it is asked for again [ST18].
            if code(str(error)) != "NoSuchUpload" or self.head(key) != Head(path.stat().st_size, attributes.get(SHA256)):
                raise

    def _chunks(self, key: str, meta: "ObjectMeta") -> Iterator[bytes]:
        """The bytes of this version, and PreconditionError where another one is there by now."""
        for start in range(0, meta["size"], SPAN):
            end = min(start + SPAN, meta["size"])
            found = obstore.get(self._patient, key, options={"range": (start, end), "if_match": meta["e_tag"]})
            for chunk in found.stream(min_chunk_size=CHUNK):
                yield bytes(chunk)

    def _absent(self, error: FileNotFoundError) -> None:
        """Nothing there is an answer; no bucket is not."""
        if code(str(error)) == "NoSuchBucket":
            raise self._refused("", str(error)) from None

    @contextmanager
    def _said(self, key: str) -> Generator[None]:
        """Obstore's errors in this project's words."""
        try:
            yield
        except FileNotFoundError as error:
            if status(str(error)) is None:
                raise  # a local file
            raise self._told(key, error) from error
        except (BaseError, NotImplementedError) as error:
            raise self._told(key, error) from error

    def _told(self, key: str, error: Any) -> StorageRefused | StorageUnavailable:
        text = str(error)
        if mend := self._no_credentials(text):
            kind = StorageUnavailable if may_pass(text) else StorageRefused
            return kind(f"{self.address()}: {self._where} can't be asked without credentials ({cause(text)}). {mend}.")
        if code(text) == "NoSuchUpload":
            return StorageUnavailable(f"{self.address(key)}: its parts were taken away before they were joined. Run again.")
        if isinstance(error, (PermissionDeniedError, UnauthenticatedError, NotImplementedError, FileNotFoundError)) or is_refusal(text):
            return self._refused(key, text)
        if 400 <= (status(text) or 0) < 500:  # noqa: PLR2004 (HTTP's own)
            return StorageUnavailable(f"{self.address(key)}: {self._where} did not take it: {cause(text)}. Run again.")
        return StorageUnavailable(
            f"{self.address(key)}: {self._where} does not answer: {cause(text)}. Look at the network and {self.endpoint_variable}; run again."
        )

    def _refused(self, key: str, text: str) -> StorageRefused:
        if code(text) == "NoSuchBucket":
            return StorageRefused(f"{self._where} has no bucket {self._bucket!r}. Create it, or change STORAGE_BUCKET.")
        rights = status(text) in (401, 403, 404) or code(text) in EXPIRED
        mend = self.mend_rights if rights else self.mend_request
        return StorageRefused(f"{self.address(key)}: {self._where} refused: {cause(text)}. {mend}.")
