"""Each kind of store, empty, for the tests of what is stored and published."""

import os
from pathlib import Path
from uuid import uuid4

import pytest

from price_assets.export.storage import Store, open_store
from price_assets.settings import StorageSettings
from price_assets_tests.export.stores import Partner
from price_assets_tests.servers.gcs import GCSServer
from price_assets_tests.servers.s3 import S3Server


@pytest.fixture
def s3_settings(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> StorageSettings:
    """Settings of an empty place on S3; the environment is set too, for this process and its children."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    return StorageSettings(scheme="s3", bucket=s3.bucket, prefix=uuid4().hex)


@pytest.fixture
def s3_store(s3_settings: StorageSettings) -> Store:
    """An empty store on S3."""
    return open_store(s3_settings)


@pytest.fixture
def gcs_settings(gcs: GCSServer, monkeypatch: pytest.MonkeyPatch) -> StorageSettings:
    """Settings of an empty place on the double of GCS; the environment is set too, for this process and its children."""
    for name in [name for name in os.environ if name.startswith("GOOGLE_")]:
        monkeypatch.delenv(name)
    for name, value in gcs.environment().items():
        monkeypatch.setenv(name, value)
    return StorageSettings(scheme="gs", bucket=gcs.bucket, prefix=uuid4().hex)


@pytest.fixture(params=["folder", "s3", "gcs"])
def storage_settings(request: pytest.FixtureRequest, tmp_path: Path) -> StorageSettings:
    """Settings of a store with nothing in it, of each kind."""
    if request.param == "folder":
        return StorageSettings(scheme="file", bucket=str(tmp_path / "storage"), prefix="shop")
    return request.getfixturevalue(f"{request.param}_settings")


@pytest.fixture
def store(storage_settings: StorageSettings) -> Store:
    """A store with nothing in it."""
    return open_store(storage_settings)


@pytest.fixture
def partner(store: Store, tmp_path: Path) -> Partner:
    """Somebody who reads along."""
    folder = tmp_path / "partner"
    folder.mkdir()
    return Partner(store, folder)
