"""What is wrong with the AWS_* variables is said before the first request."""

import pytest

from price_assets.errors import SettingError
from price_assets.export.s3 import S3
from price_assets.settings import StorageSettings

SETTINGS = StorageSettings(scheme="s3", bucket="prices", prefix="")


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
@pytest.mark.parametrize("endpoint", ["http://a b", "not a url", "http://127.0.0.1:99999", "ftp://host", "http://ann:secret@host", "HTTP://host"])
def test_an_endpoint_that_is_no_address_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str, endpoint: str) -> None:
    monkeypatch.setenv(name, endpoint)
    with pytest.raises(SettingError, match=f"^{name} is no address of a storage: write http://host:9000") as caught:
        S3(SETTINGS)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9000", "https://storage.example.com/", "http://[::1]:9000", "http://minio"])
def test_an_address_is_taken(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    assert S3(SETTINGS).address("a") == "s3://prices/a"


def test_a_variable_that_the_client_does_not_take_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "maybe")
    with pytest.raises(SettingError, match="The AWS_\\* variables are not what S3 takes"):
        S3(SETTINGS)
