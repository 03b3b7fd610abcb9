"""The output of runs in Google Cloud Storage, by the client and the credentials that the price lists' files go there with.

dagster-gcp has such a manager too, and brings Google's clients for four services along.
"""

# ruff: noqa: FBT001, FBT002 (how Dagster calls it)

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import IO, Any

from dagster._core.storage.cloud_storage_compute_log_manager import PollingComputeLogSubscriptionManager, TruncatingCloudStorageComputeLogManager
from dagster._core.storage.compute_log_manager import CapturedLogSubscription, ComputeIOType
from dagster._core.storage.local_compute_log_manager import IO_TYPE_EXTENSION, LocalComputeLogManager

from price_assets.errors import PriceAssetsError
from price_assets.export.storage import Attributes, Store
from price_assets.export.storing import digest

SIGNED = timedelta(hours=1)
"""So long the UI's link to download it lives."""


class GCSComputeLogManager(TruncatingCloudStorageComputeLogManager[Any]):
    """What runs say: captured in a local folder, put into the store every `seconds` and at the end, and read from there. Keys are as in S3."""

    def __init__(self, store: Store, seconds: int) -> None:
        super().__init__()
        self._store = store
        self._seconds = seconds
        self._local = LocalComputeLogManager(gettempdir())
        self._subscriptions = PollingComputeLogSubscriptionManager(self)

    @property
    def local_manager(self) -> LocalComputeLogManager:
        """Where it is captured."""
        return self._local

    @property
    def upload_interval(self) -> int:
        """Seconds."""
        return self._seconds

    def cloud_storage_has_logs(self, log_key: Sequence[str], io_type: ComputeIOType, partial: bool = False) -> bool:
        """Whether it is there."""
        return self._store.head(_key(log_key, io_type, partial=partial)) is not None

    def download_from_cloud_storage(self, log_key: Sequence[str], io_type: ComputeIOType, partial: bool = False) -> None:
        """Bring it into the local folder."""
        path = Path(self._local.get_captured_local_path(log_key, IO_TYPE_EXTENSION[io_type], partial=partial))
        path.parent.mkdir(parents=True, exist_ok=True)
        self._store.fetch(_key(log_key, io_type, partial=partial), path)

    def _upload_file_obj(self, data: IO[bytes], log_key: Sequence[str], io_type: ComputeIOType, partial: bool = False) -> None:
        key = _key(log_key, io_type, partial=partial)
        with TemporaryDirectory() as folder:
            path = Path(folder, key.rpartition("/")[2])
            path.write_bytes(data.read())  # as it is now: the run goes on writing, and what is put must be what arrives
            self._store.put_file(key, path, Attributes("text/plain; charset=utf-8", f"{path.name}.txt", digest(path)))

    def display_path_for_type(self, log_key: Sequence[str], io_type: ComputeIOType) -> str:
        """Its address, for people."""
        return self._store.address(_key(log_key, io_type))

    def download_url_for_type(self, log_key: Sequence[str], io_type: ComputeIOType) -> str | None:
        """A signed address, once it is whole; None where these credentials sign nothing [ST23]."""
        try:
            return self._store.sign(_key(log_key, io_type), SIGNED) if self.is_capture_complete(log_key) else None
        except PriceAssetsError:
            return None

    def delete_logs(self, log_key: Sequence[str] | None = None, prefix: Sequence[str] | None = None) -> None:
        """Delete it here. In the bucket it stays: Dagster never asks for that, and a rule of the bucket's ages it."""
        self._local.delete_logs(log_key=log_key, prefix=prefix)

    def on_subscribe(self, subscription: CapturedLogSubscription) -> None:
        """The UI follows a run: ask every few seconds."""
        self._subscriptions.add_subscription(subscription)

    def on_unsubscribe(self, subscription: CapturedLogSubscription) -> None:
        """The UI has left."""
        self._subscriptions.remove_subscription(subscription)

    def dispose(self) -> None:
        """Stop asking."""
        self._subscriptions.dispose()
        super().dispose()


def _key(log_key: Sequence[str], io_type: ComputeIOType, *, partial: bool = False) -> str:
    return "/".join(["storage", *log_key]) + f".{IO_TYPE_EXTENSION[io_type]}" + (".partial" if partial else "")
