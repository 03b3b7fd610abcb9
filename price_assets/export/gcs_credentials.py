"""Who the exporter is to Google Cloud Storage, found where Google's own tools look for it [ST13].

In this order: a service account's key (`GOOGLE_SERVICE_ACCOUNT_KEY`, or a file by `GOOGLE_SERVICE_ACCOUNT` or `_PATH`), the file that
`GOOGLE_APPLICATION_CREDENTIALS` names, the one that `gcloud auth application-default login` leaves, the metadata server (workload identity).
Obstore reads all of them but federation (`external_account`), which google-auth does.
"""

import json
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from price_assets.errors import SettingError
from price_assets.setting_values import anything, endpoint
from price_assets.variables import Variable

if TYPE_CHECKING:
    from obstore.store import GCSCredentialProvider

KEY = "GOOGLE_SERVICE_ACCOUNT_KEY"
KEY_FILES = ("GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH")
ADC = "GOOGLE_APPLICATION_CREDENTIALS"
NATIVE = ("service_account", "authorized_user")
FEDERATED = "external_account"
AWS_TOKEN = "urn:ietf:params:aws:token-type:aws4_request"  # noqa: S105 (the name of a type)
SCOPES = ("https://www.googleapis.com/auth/devstorage.read_write",)
SECONDS = 8
"""So long whoever gives tokens may take."""


def base_url() -> str:
    """The address that is not Google's own, for emulators and proxies; else empty. Raises SettingError for what is no address."""
    url = os.environ.get("GOOGLE_BASE_URL") or str(_key().get("gcs_base_url", ""))
    return Variable("GOOGLE_BASE_URL", endpoint, "").read({"GOOGLE_BASE_URL": url}) if url else ""


def check() -> None:
    """Raise SettingError for what the client would meet with a panic, or with words that don't name the variable. No value is repeated."""
    for name in (KEY, *KEY_FILES, ADC, "GOOGLE_BASE_URL"):
        Variable(name, anything, "", any_character=name == KEY).get(os.environ)
    if len(given := [name for name in (KEY, *KEY_FILES) if name in os.environ]) > 1:
        raise SettingError(f"Only one of {' and '.join(given)} can be set.")


def provider() -> "GCSCredentialProvider | None":
    """What gives federated credentials, or None where obstore finds them by itself. Raises SettingError."""
    if _key() or ADC not in os.environ:
        return None
    info = _read(ADC, _text(ADC))
    kind = info.get("type")
    if kind in NATIVE:
        return None
    if kind != FEDERATED:
        raise SettingError(f"{ADC}: credentials of type {kind!r} are not read: write one of {', '.join((*NATIVE, FEDERATED))}.")
    return _federated(info)


def _key() -> dict[str, Any]:
    """The service account's key; empty where none is set."""
    for name in KEY_FILES:
        if name in os.environ:
            return _read(name, _text(name))
    return _read(KEY, os.environ[KEY]) if KEY in os.environ else {}


def _text(name: str) -> str:
    path = Path(os.environ[name])
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{name}: the file {path} can't be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from None


def _read(name: str, text: str) -> dict[str, Any]:
    try:
        found: object = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not found:
        raise SettingError(f"{name} holds no JSON of credentials: write it as Google gave it.")
    return cast("dict[str, Any]", found)


def _federated(info: dict[str, Any]) -> "GCSCredentialProvider":
    # google-auth and what it loads take their time: only who is federated pays.
    from google.auth import aws, exceptions, identity_pool, pluggable  # noqa: PLC0415
    from google.auth.transport.requests import Request  # noqa: PLC0415
    from obstore.auth.google import GoogleCredentialProvider  # noqa: PLC0415

    source: object = info.get("credential_source")
    if info.get("subject_token_type") == AWS_TOKEN:
        module: Any = aws
    else:
        module = pluggable if isinstance(source, dict) and "executable" in source else identity_pool
    try:
        credentials = module.Credentials.from_info(info, scopes=SCOPES)
    except (ValueError, exceptions.GoogleAuthError) as error:
        raise SettingError(f"{ADC}: the federation in it can't be used: {str(error).rstrip('.')}.") from None
    return GoogleCredentialProvider(credentials, request=cast("Any", partial(Request(), timeout=SECONDS)))
