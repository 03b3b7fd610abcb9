"""Each way in which AWS's users expect to be known [ST12], against doubles of whoever gives credentials; and what is said where there are none."""

import ssl
import subprocess
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from price_assets.errors import PriceAssetsError, SettingError, StorageRefused, StorageUnavailable
from price_assets.export.s3 import S3
from price_assets.settings import StorageSettings
from price_assets_tests.servers.certificates import Authority
from price_assets_tests.servers.http import Answer, Request, served
from price_assets_tests.servers.identity import Identity, identity
from price_assets_tests.servers.s3 import S3Server

SETTINGS = StorageSettings("s3", "prices")
NOBODY = "http://127.0.0.1:9"
ROLE = "arn:aws:iam::123456789012:role/exporter"


@dataclass
class Counter:
    """Stands in for S3, lets everybody in, and remembers who asked: key and session token."""

    endpoint: str = ""
    seen: set[tuple[str, str | None]] = field(default_factory=set[tuple[str, str | None]])

    def answer(self, request: Request) -> Answer:
        key = request.headers["authorization"].partition("Credential=")[2].partition("/")[0]
        self.seen.add((key, request.headers.get("x-amz-security-token")))
        if request.method == "GET":
            return Answer(200, b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
        return Answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")


@pytest.fixture
def counter(s3_settings: StorageSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Generator[Counter]:
    """The environment leads there, and has no credentials."""
    assert s3_settings  # of the tester's own environment nothing is left
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", NOBODY)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    made = Counter()
    with served(made.answer) as endpoint:
        made.endpoint = endpoint
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        yield made


@pytest.fixture
def giver() -> Generator[Identity]:
    with identity() as made:
        yield made


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set variables."""

    def give(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return give


def token(folder: Path, text: str) -> str:
    (folder / "token").write_text(text)
    return str(folder / "token")


def profiles(text: str) -> None:
    (Path.home() / ".aws").mkdir()
    (Path.home() / ".aws" / "credentials").write_text(text)


def test_keys_of_the_environment_with_a_session_token(counter: Counter, given: Callable[..., None]) -> None:
    profiles("[default]\naws_access_key_id = a-profile\naws_secret_access_key = x\n")
    given(AWS_ACCESS_KEY_ID="mine", AWS_SECRET_ACCESS_KEY="x", AWS_SESSION_TOKEN="session")
    S3(SETTINGS).preflight()
    assert counter.seen == {("mine", "session")}


@pytest.mark.parametrize(("profile", "key"), [(None, "of-the-default"), ("shop", "of-the-shop")])
def test_a_profile(counter: Counter, given: Callable[..., None], profile: str | None, key: str) -> None:
    profiles("".join(f"[{name}]\naws_access_key_id = of-the-{name}\naws_secret_access_key = x\n" for name in ("default", "shop")))
    if profile:
        given(AWS_PROFILE=profile)
    S3(SETTINGS).preflight()
    assert counter.seen == {(key, None)}


def test_a_profile_opens_a_real_bucket(s3: S3Server, counter: Counter, given: Callable[..., None]) -> None:
    assert counter
    profiles(f"[shop]\naws_access_key_id = {s3.access_key}\naws_secret_access_key = {s3.secret_key}\n")
    given(AWS_PROFILE="shop", AWS_ENDPOINT_URL=s3.endpoint)
    S3(SETTINGS).preflight()


def test_the_role_of_an_instance(counter: Counter, giver: Identity, given: Callable[..., None]) -> None:
    given(AWS_METADATA_ENDPOINT=giver.endpoint)
    S3(SETTINGS).preflight()
    assert counter.seen == {(giver.access_key, giver.session_token)}


def test_the_role_of_a_pod_by_pod_identity(counter: Counter, giver: Identity, given: Callable[..., None], tmp_path: Path) -> None:
    profiles("[default]\naws_access_key_id = a-profile\naws_secret_access_key = x\n")
    given(AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{giver.endpoint}/v1/credentials", AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token(tmp_path, giver.token))
    S3(SETTINGS).preflight()
    assert counter.seen == {(giver.access_key, giver.session_token)}


@pytest.mark.parametrize("shown", ["the-pods-token", "another's"])
def test_the_role_of_a_pod_by_web_identity(counter: Counter, given: Callable[..., None], tmp_path: Path, shown: str) -> None:
    """In a process of its own: the client reads SSL_CERT_FILE once, and speaks to no exchange of tokens without TLS [ST21]."""
    authority = Authority("of the test")
    certified = authority.certify(tmp_path, "localhost", hosts=("localhost",))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certified.certificate, certified.key)
    given(AWS_ROLE_ARN=ROLE, AWS_WEB_IDENTITY_TOKEN_FILE=token(tmp_path, shown), SSL_CERT_FILE=str(authority.write(tmp_path / "ca.crt")))
    with identity(tls) as giver:
        given(AWS_ENDPOINT_URL_STS=giver.endpoint)
        code = "from price_assets.export.storage import *; open_store(StorageSettings('s3', 'prices')).preflight()"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if shown == giver.token:
        assert done.returncode == 0, done.stderr
        assert counter.seen == {(giver.access_key, giver.session_token)}
    else:
        assert "StorageRefused: s3://prices: " in done.stderr
        assert "without credentials (HTTP status 403). Look at AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and the trust" in done.stderr


def test_an_endpoint_without_tls_gets_no_web_identity(counter: Counter, giver: Identity, given: Callable[..., None], tmp_path: Path) -> None:
    assert counter
    given(AWS_ROLE_ARN=ROLE, AWS_WEB_IDENTITY_TOKEN_FILE=token(tmp_path, giver.token), AWS_ENDPOINT_URL_STS=giver.endpoint)
    with pytest.raises(PriceAssetsError, match="Look at AWS_ROLE_ARN"):
        S3(SETTINGS).preflight()
    assert not giver.asked


# --- what is wrong


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"AWS_ACCESS_KEY_ID": "canary"}, "^AWS_ACCESS_KEY_ID wants AWS_SECRET_ACCESS_KEY beside it"),
        ({"AWS_SECRET_ACCESS_KEY": "canary"}, "^AWS_SECRET_ACCESS_KEY wants AWS_ACCESS_KEY_ID beside it"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "canary"}, "^AWS_ACCESS_KEY_ID is empty: give it a value, or unset it"),
        ({"AWS_ACCESS_KEY_ID": "canary\n", "AWS_SECRET_ACCESS_KEY": "x"}, "^AWS_ACCESS_KEY_ID holds a control character; a line break at its end"),
        ({"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "canary\n"}, "^AWS_SECRET_ACCESS_KEY holds a control character"),
        ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token"}, "^AWS_WEB_IDENTITY_TOKEN_FILE wants AWS_ROLE_ARN beside it"),
        (
            {"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token", "AWS_ROLE_ARN": ROLE},
            "^AWS_WEB_IDENTITY_TOKEN_FILE: the file /nowhere/token can't be read",
        ),
        (
            {"AWS_CONTAINER_CREDENTIALS_FULL_URI": NOBODY},
            "^AWS_CONTAINER_CREDENTIALS_FULL_URI wants AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE beside it",
        ),
        ({"AWS_PROFILE": "nobody"}, r"^The profile 'nobody' of ~/\.aws can't be used: The config profile \(nobody\) could not be found\. Look at"),
        ({"AWS_REGION": ""}, "^AWS_REGION is empty"),
    ],
)
def test_what_can_not_be_right_is_a_setting_and_its_value_is_not_repeated(
    counter: Counter, given: Callable[..., None], variables: dict[str, str], words: str
) -> None:
    given(**variables)
    with pytest.raises(SettingError, match=words) as caught:
        S3(SETTINGS)
    assert "canary" not in str(caught.value)
    assert not counter.seen


def test_a_pods_token_with_a_line_break_is_refused_before_the_client_panics(counter: Counter, given: Callable[..., None], tmp_path: Path) -> None:
    assert counter
    given(AWS_CONTAINER_CREDENTIALS_FULL_URI=NOBODY, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token(tmp_path, "canary\n"))
    with pytest.raises(SettingError, match=r"^AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: the token in \S+ holds a line break") as caught:
        S3(SETTINGS)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("text", ["[shop]\naws_access_key_id = canary\n", "canary\n"])
def test_a_profile_that_is_not_whole_is_a_setting(counter: Counter, given: Callable[..., None], text: str) -> None:
    assert counter
    profiles(text)
    given(AWS_PROFILE="shop")
    with pytest.raises(SettingError, match=r"^The profile 'shop' of ~/\.aws can't be used: .*\. Look at AWS_PROFILE and ~/\.aws\.$") as caught:
        S3(SETTINGS)
    assert "canary" not in str(caught.value)


def test_profiles_without_credentials_are_a_setting(counter: Counter) -> None:
    assert counter
    profiles("[another]\nregion = eu-central-1\n")
    with pytest.raises(SettingError, match=r"^The profile 'default' of ~/\.aws gives no credentials\. Log in to it, or set AWS_ACCESS_KEY_ID\.$"):
        S3(SETTINGS)


def test_without_any_credentials_the_ways_to_give_some_are_said(counter: Counter) -> None:
    with pytest.raises(
        StorageRefused, match=r"can't be asked without credentials \(.*\)\. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    ):
        S3(SETTINGS).preflight()
    assert not counter.seen


@pytest.mark.parametrize(("status", "error"), [(404, StorageRefused), (503, StorageUnavailable)])
def test_an_instance_without_a_role_is_refused_and_one_that_is_busy_is_worth_a_retry(
    counter: Counter, giver: Identity, given: Callable[..., None], status: int, error: type[PriceAssetsError]
) -> None:
    assert counter
    giver.status = status
    given(AWS_METADATA_ENDPOINT=giver.endpoint)
    with pytest.raises(
        error, match=rf"without credentials \(HTTP status {status}\)\. Set AWS_ACCESS_KEY_ID .* or give the instance or the pod a role"
    ):
        S3(SETTINGS).preflight()


def test_a_session_that_has_expired_is_refused_with_what_to_look_at(s3: S3Server, counter: Counter, given: Callable[..., None]) -> None:
    assert counter
    if not s3.real:
        pytest.skip("moto's server looks at no session tokens")
    given(AWS_ENDPOINT_URL=s3.endpoint, AWS_ACCESS_KEY_ID=s3.access_key, AWS_SECRET_ACCESS_KEY=s3.secret_key, AWS_SESSION_TOKEN="canary")
    with pytest.raises(StorageRefused, match=r"refused: InvalidToken .*Look at AWS_ACCESS_KEY_ID") as caught:
        S3(SETTINGS).preflight()
    assert "canary" not in str(caught.value)
