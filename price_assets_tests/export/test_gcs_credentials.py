"""Each way in which Google's users expect to be known [ST13], against doubles of whoever gives the tokens; and what is said where there are none."""

import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from price_assets.errors import PriceAssetsError, SettingError, StorageRefused, StorageUnavailable
from price_assets.export.gcs import GCS
from price_assets.settings import StorageSettings
from price_assets_tests.servers.gcs import GCSServer
from price_assets_tests.servers.identity import Identity, identity

SETTINGS = StorageSettings("gs", "prices")
ADC = "GOOGLE_APPLICATION_CREDENTIALS"
Given = Callable[..., None]


@pytest.fixture
def bucket(gcs: GCSServer, gcs_settings: StorageSettings, giver: Identity, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> GCSServer:
    """Lets in whom the giver knows; the environment leads there, and has no credentials."""
    assert gcs_settings  # of the tester's own environment nothing is left
    monkeypatch.delenv("GOOGLE_SERVICE_ACCOUNT_KEY")
    monkeypatch.setenv("GOOGLE_BASE_URL", gcs.endpoint)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("GCE_METADATA_HOST", "GCE_METADATA_IP"):
        monkeypatch.setenv(name, "127.0.0.1:9")
    gcs.lets_in = lambda token: token == giver.access_token
    return gcs


@pytest.fixture
def giver() -> Generator[Identity]:
    with identity() as made:
        yield made


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Given:
    """Set variables."""

    def give(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return give


@pytest.fixture(scope="module")
def key() -> dict[str, str]:
    """The key of a service account, as Google gives it."""
    pem = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {"type": "service_account", "client_email": "exporter@shop.example", "private_key_id": "1", "private_key": pem}


def federation(giver: Identity, folder: Path, token: str) -> dict[str, Any]:
    (folder / "token").write_text(token)
    return {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/cluster",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{giver.endpoint}/v1/token",
        "credential_source": {"file": str(folder / "token")},
    }


def written(folder: Path, content: object) -> str:
    path = folder / "credentials.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


@pytest.mark.parametrize("variable", [ADC, "GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH", "GOOGLE_SERVICE_ACCOUNT_KEY"])
def test_the_key_of_a_service_account(bucket: GCSServer, given: Given, key: dict[str, str], tmp_path: Path, variable: str) -> None:
    """The client signs a token by itself: three parts, the middle one says who."""
    bucket.lets_in = lambda token: token.count(".") == 2
    given(**{variable: json.dumps(key) if variable.endswith("_KEY") else written(tmp_path, key)})
    GCS(SETTINGS).preflight()


def test_what_a_person_who_logged_in_has_left_on_this_machine(bucket: GCSServer, key: dict[str, str]) -> None:
    bucket.lets_in = lambda token: token.count(".") == 2
    folder = Path.home() / ".config" / "gcloud"
    folder.mkdir(parents=True)
    (folder / "application_default_credentials.json").write_text(json.dumps(key))
    GCS(SETTINGS).preflight()


def test_the_service_account_of_an_instance_or_a_pod(bucket: GCSServer, giver: Identity, given: Given) -> None:
    assert bucket
    given(GCE_METADATA_HOST=giver.endpoint.removeprefix("http://"))
    GCS(SETTINGS).preflight()
    assert giver.asked


def test_federation_from_another_cloud_or_cluster(bucket: GCSServer, giver: Identity, given: Given, tmp_path: Path) -> None:
    assert bucket
    given(**{ADC: written(tmp_path, federation(giver, tmp_path, giver.token))})
    store = GCS(SETTINGS)
    store.preflight()
    store.create("a.json", b"1")
    assert giver.asked == ["/v1/token"] * 2, "one token a client, and not one a request"


# --- what is wrong


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({ADC: ""}, f"^{ADC} is empty: give it a value, or unset it"),
        ({ADC: "/nowhere.json"}, rf"^{ADC}: the file /nowhere\.json can't be read: No such file or directory"),
        ({"GOOGLE_SERVICE_ACCOUNT": "/nowhere.json"}, r"^GOOGLE_SERVICE_ACCOUNT: the file /nowhere\.json can't be read"),
        ({ADC: "/a.json\n"}, f"^{ADC} holds a control character; a line break at its end"),
        ({"GOOGLE_SERVICE_ACCOUNT_KEY": "canary"}, "^GOOGLE_SERVICE_ACCOUNT_KEY holds no JSON of credentials: write it as Google gave it"),
        ({"GOOGLE_SERVICE_ACCOUNT_KEY": '{"private_key": "canary"}'}, r"^The GOOGLE_\* variables are not what Google Cloud Storage takes"),
        (
            {"GOOGLE_SERVICE_ACCOUNT_KEY": "{}", "GOOGLE_SERVICE_ACCOUNT": "/a"},
            "^Only one of GOOGLE_SERVICE_ACCOUNT_KEY and GOOGLE_SERVICE_ACCOUNT can",
        ),
        ({"GOOGLE_BASE_URL": "http://ann:canary@host"}, "^GOOGLE_BASE_URL is no address of a storage: write http://host"),
        ({"GOOGLE_BASE_URL": "http://127.0.0.1:99999"}, "^GOOGLE_BASE_URL is no address"),
    ],
)
def test_what_can_not_be_right_is_a_setting_and_its_value_is_not_repeated(
    bucket: GCSServer, given: Given, variables: dict[str, str], words: str
) -> None:
    assert bucket
    given(**variables)
    with pytest.raises(SettingError, match=words) as caught:
        GCS(SETTINGS)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("canary", f"^{ADC} holds no JSON of credentials"),
        ("[]", f"^{ADC} holds no JSON of credentials"),
        (
            {"type": "canary?"},
            f"^{ADC}: credentials of type 'canary\\?' are not read: write one of service_account, authorized_user, external_account",
        ),
        ({"type": "external_account", "audience": "a"}, f"^{ADC}: the federation in it can't be used: "),
        ({"type": "service_account", "private_key": "canary"}, r"^The GOOGLE_\* variables are not what Google Cloud Storage takes: .*missing field"),
    ],
)
def test_a_file_that_holds_no_credentials_is_a_setting(bucket: GCSServer, given: Given, tmp_path: Path, content: object, words: str) -> None:
    assert bucket
    given(**{ADC: written(tmp_path, content)})
    with pytest.raises(SettingError, match=words):
        GCS(SETTINGS)


def test_without_any_credentials_the_ways_to_give_some_are_said(bucket: GCSServer) -> None:
    assert bucket
    with pytest.raises(StorageRefused, match=r"can't be asked without credentials \(.*\)\. Set GOOGLE_APPLICATION_CREDENTIALS, or give the instance"):
        GCS(SETTINGS).preflight()


def test_a_federated_token_that_nobody_trusts_is_refused(bucket: GCSServer, giver: Identity, given: Given, tmp_path: Path) -> None:
    assert bucket
    given(**{ADC: written(tmp_path, federation(giver, tmp_path, "canary"))})
    with pytest.raises(StorageRefused, match=r"without credentials \(.*\)\. Look at the federation in GOOGLE_APPLICATION_CREDENTIALS") as caught:
        GCS(SETTINGS).preflight()
    assert "canary" not in str(caught.value)


def test_an_exchange_of_tokens_that_nobody_answers_is_worth_a_retry(bucket: GCSServer, giver: Identity, given: Given, tmp_path: Path) -> None:
    assert bucket
    content = federation(giver, tmp_path, giver.token) | {"token_url": "http://127.0.0.1:9/v1/token"}
    given(**{ADC: written(tmp_path, content)})
    with pytest.raises(StorageUnavailable, match="Look at the federation in GOOGLE_APPLICATION_CREDENTIALS"):
        GCS(SETTINGS).preflight()


@pytest.mark.parametrize(("token", "words"), [("another", "AuthenticationRequired"), ("", "AuthenticationRequired")])
def test_whom_the_bucket_does_not_know_is_refused(bucket: GCSServer, giver: Identity, given: Given, token: str, words: str) -> None:
    giver.access_token = "stranger"
    bucket.lets_in = lambda shown: shown == token
    given(GCE_METADATA_HOST=giver.endpoint.removeprefix("http://"))
    with pytest.raises(
        PriceAssetsError, match=rf"refused: {words} .*\. Look at GOOGLE_APPLICATION_CREDENTIALS and the rights to list, get, create and delete"
    ):
        GCS(SETTINGS).preflight()
