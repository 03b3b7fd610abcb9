"""Google Cloud Storage, as an object storage."""

from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import obstore
from obstore.exceptions import BaseError, PreconditionError
from obstore.store import GCSStore

from price_assets.errors import SettingError, StorageUnavailable
from price_assets.export import gcs_credentials
from price_assets.export.object_storage import SHA256, ObjectStorage
from price_assets.export.storage_errors import METADATA, cause

if TYPE_CHECKING:
    from obstore import Attributes as ObstoreAttributes
    from obstore import ObjectMeta, UpdateVersion
    from obstore.store import ClientConfig, RetryConfig


class GCS(ObjectStorage):
    """A bucket of Google Cloud Storage. Credentials are in the environment, as for Google's own tools [ST13]."""

    scheme: ClassVar[str] = "gs"
    name: ClassVar[str] = "Google Cloud Storage"
    mend_rights: ClassVar[str] = "Look at GOOGLE_APPLICATION_CREDENTIALS and the rights to list, get, create and delete objects"
    mend_request: ClassVar[str] = "Look at STORAGE_BUCKET and GOOGLE_BASE_URL"
    mend_signing: ClassVar[str] = (
        "Google takes a service account's signature: let GOOGLE_APPLICATION_CREDENTIALS name its key, "
        "or give the one of this machine the role Service Account Token Creator on itself"
    )
    endpoint_variable: ClassVar[str] = "GOOGLE_BASE_URL"

    def _read_endpoint(self) -> str:
        gcs_credentials.check()
        return gcs_credentials.base_url()

    def _client(self, options: "ClientConfig", retry: "RetryConfig") -> GCSStore:
        client: ClientConfig = {**options, "allow_http": self._endpoint.startswith("http://")}
        provider = gcs_credentials.provider()
        try:
            return GCSStore(self._bucket, prefix=self._prefix, client_options=client, retry_config=retry, credential_provider=provider)
        except BaseError as error:
            raise SettingError(f"The GOOGLE_* variables are not what Google Cloud Storage takes: {cause(str(error))}.") from None

    def _put_file(self, key: str, path: Path, attributes: "ObstoreAttributes") -> None:
        """Read again afterwards: obstore sends Google no checksum [ST19], and what was damaged on its way would be taken for whole ever after."""
        super()._put_file(key, path, attributes)
        there = obstore.get(self._patient, key, options={"head": True})
        arrived = sha256()
        try:
            for chunk in self._chunks(key, there.meta):
                arrived.update(chunk)
        except PreconditionError:
            return  # another run has put it too, and reads that
        with path.open("rb") as file:
            if arrived.hexdigest() in (file_digest(file, "sha256").hexdigest(), there.attributes.get(SHA256)):  # this put, or another run's
                return
        obstore.delete(self._patient, key)
        raise StorageUnavailable(f"{self.address(key)} did not arrive as it was sent (its sha256 differs), and was deleted. Run again.")

    def _version(self, meta: "ObjectMeta") -> str:
        return meta["version"] or ""

    def _of_version(self, version: str) -> "UpdateVersion":
        return {"version": version}

    @property
    def _never(self) -> str:
        return "1"  # a generation is the time in microseconds

    def _no_credentials(self, text: str) -> str | None:
        if METADATA.search(text):
            return "Set GOOGLE_APPLICATION_CREDENTIALS, or give the instance or the pod a service account"
        if "External GCP credential provider" in text:
            return "Look at the federation in GOOGLE_APPLICATION_CREDENTIALS and what it may impersonate"
        if "token request" in text:
            return "Look at GOOGLE_APPLICATION_CREDENTIALS, or log in again (gcloud auth application-default login)"
        return None
