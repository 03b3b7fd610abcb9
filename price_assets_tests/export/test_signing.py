"""Signed addresses: who has one reads that one object for a while, and who changes it, or has none, reads nothing."""

import hashlib
import json
import time
from datetime import timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from urllib.request import urlopen
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from price_assets.errors import StorageRefused, StorageUnavailable, UsageError
from price_assets.export.folder import Folder
from price_assets.export.gcs import GCS
from price_assets.export.s3 import S3
from price_assets.export.storage import LONGEST_SIGNED, Attributes, Store
from price_assets.settings import StorageSettings
from price_assets_tests.servers.gcs import GCSServer
from price_assets_tests.servers.s3 import S3Server

HOUR = timedelta(hours=1)
NAME = "Прайс №1 + 2.csv"
"""Every character of a key must survive its way into an address."""


def put(store: Store, key: str, data: bytes, folder: Path) -> None:
    path = folder / uuid4().hex
    path.write_bytes(data)
    store.put_file(key, path, Attributes("text/csv", "prices.csv", hashlib.sha256(data).hexdigest()))


def status(address: str) -> int:
    try:
        with urlopen(address) as answer:
            return answer.status
    except HTTPError as error:
        with error:
            return error.code


@pytest.fixture
def real(s3: S3Server) -> None:
    if not s3.real:
        pytest.skip("moto checks no signatures: the real S3 server is not built")


def test_who_has_the_address_reads_the_object_and_gets_its_download_name(s3_store: Store, tmp_path: Path) -> None:
    put(s3_store, f"files/{NAME}", b"sku,price\n", tmp_path)
    with urlopen(s3_store.sign(f"files/{NAME}", HOUR)) as answer:
        assert answer.read() == b"sku,price\n"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="prices.csv"'
        assert answer.headers["Content-Type"].startswith("text/csv")


@pytest.mark.usefixtures("real")
def test_an_address_that_was_changed_is_refused(s3_store: Store, tmp_path: Path) -> None:
    put(s3_store, "a.csv", b"a", tmp_path)
    put(s3_store, "b.csv", b"b", tmp_path)
    address = s3_store.sign("a.csv", HOUR)
    url = urlsplit(address)
    query = dict(parse_qsl(url.query))
    assert status(address) == 200
    for changed in (
        address.replace("a.csv?", "b.csv?"),
        url._replace(query=urlencode(query | {"X-Amz-Expires": "604800"})).geturl(),
        url._replace(query=urlencode(query | {"X-Amz-Signature": "0" * 64})).geturl(),
        url._replace(query="").geturl(),
    ):
        assert changed != address
        assert status(changed) == 403


@pytest.mark.usefixtures("real")
def test_an_address_that_has_expired_is_refused(s3_store: Store, tmp_path: Path) -> None:
    put(s3_store, "a.csv", b"a", tmp_path)
    address = s3_store.sign("a.csv", timedelta(seconds=1))
    deadline = time.monotonic() + 30
    while status(address) != 403:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("kind", ["s3", "gcs"])
def test_no_address_lives_for_longer_than_the_storages_let_it(request: pytest.FixtureRequest, kind: str) -> None:
    settings: StorageSettings = request.getfixturevalue(f"{kind}_settings")
    store = S3(settings) if kind == "s3" else GCS(settings)
    with pytest.raises(UsageError, match="lives for 7 days at most"):
        store.sign("a.csv", LONGEST_SIGNED + timedelta(seconds=1))


def test_of_a_folder_it_is_the_path(tmp_path: Path) -> None:
    store = Folder(tmp_path, "shop")
    put(store, "a.csv", b"a", tmp_path)
    assert Path(store.sign("a.csv", HOUR)).read_bytes() == b"a"


def test_without_credentials_nothing_is_signed_and_the_way_out_is_said(s3_settings: StorageSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9/latest/meta-data/")
    with pytest.raises((StorageRefused, StorageUnavailable), match=r"a\.csv (can't be|was not) signed"):
        S3(s3_settings).sign("a.csv", HOUR)


@pytest.fixture
def account() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def test_a_service_accounts_key_signs_as_google_documents_it(
    gcs: GCSServer, gcs_settings: StorageSettings, account: rsa.RSAPrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the recipe of Google's "Signatures" page (V4): what is signed is a canonical request, its hash, the time and the scope [ST23]."""
    put(GCS(gcs_settings), f"files/{NAME}", b"sku,price\n", tmp_path)
    pem = account.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    key = {"type": "service_account", "client_email": "exporter@shop.example", "private_key_id": "1", "private_key": pem}
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT_KEY", json.dumps(key | {"gcs_base_url": gcs.endpoint}))
    address = GCS(gcs_settings).sign(f"files/{NAME}", HOUR)
    with urlopen(address) as answer:
        assert answer.read() == b"sku,price\n"
    url = urlsplit(address)
    query = dict(parse_qsl(url.query))
    signature = bytes.fromhex(query.pop("X-Goog-Signature"))
    assert (query["X-Goog-Expires"], query["X-Goog-SignedHeaders"]) == ("3600", "host")
    scope = query["X-Goog-Credential"].removeprefix("exporter@shop.example/")
    canonical = "\n".join(
        ("GET", url.path, urlencode(sorted(query.items()), quote_via=quote, safe=""), "host:storage.googleapis.com", "", "host", "UNSIGNED-PAYLOAD")
    )
    signed = "\n".join(("GOOG4-RSA-SHA256", query["X-Goog-Date"], scope, hashlib.sha256(canonical.encode()).hexdigest()))
    account.public_key().verify(signature, signed.encode(), padding.PKCS1v15(), SHA256())


def test_without_a_service_account_google_signs_nothing_and_the_way_out_is_said(
    gcs: GCSServer, gcs_settings: StorageSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOOGLE_SERVICE_ACCOUNT_KEY")
    monkeypatch.setenv("GOOGLE_BASE_URL", gcs.endpoint)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("GCE_METADATA_HOST", "GCE_METADATA_IP"):
        monkeypatch.setenv(name, "127.0.0.1:9")
    with pytest.raises(StorageRefused, match=r"a\.csv can't be signed with these credentials \(.*\)\. Google takes a service account's signature"):
        GCS(gcs_settings).sign("a.csv", HOUR)
