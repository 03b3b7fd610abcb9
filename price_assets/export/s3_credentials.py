"""Who the exporter is to S3, found where AWS's own tools look for it [ST12].

In their order: keys, a web identity (IRSA), a container's endpoint (ECS, pod identity), all of which obstore reads by itself; then a profile of
`~/.aws`, which it does not know and boto3 does; at last the instance's metadata, by obstore again.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from price_assets.errors import SettingError
from price_assets.setting_values import CONTROL, anything
from price_assets.variables import Variable

if TYPE_CHECKING:
    from obstore.store import S3CredentialProvider

WANTS = (
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
)
"""The first is of no use without the second."""
READ = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"),
    *("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
)
TTL = timedelta(minutes=5)
"""boto3 renews credentials while they are good for ten minutes more, and is asked as often as this."""


def check() -> None:
    """Raise SettingError for what the client would meet with a panic, or with the storage's bare 403. No value is repeated."""
    for name in READ:
        Variable(name, anything, "").get(os.environ)
    for name, wanted in WANTS:
        if name in os.environ and wanted not in os.environ:
            raise SettingError(f"{name} wants {wanted} beside it: set both, or neither.")
    for name in ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
        if path := os.environ.get(name):
            _check_token(name, Path(path))


def provider() -> "S3CredentialProvider | None":
    """What gives a profile's credentials, or None where obstore finds them by itself. Raises SettingError for a profile that gives none."""
    if "AWS_ACCESS_KEY_ID" in os.environ or not ("AWS_PROFILE" in os.environ or _only_a_profile_is_left()):
        return None
    # Loading boto3 takes a third of a second: only who needs it pays.
    import boto3  # noqa: PLC0415
    import botocore.exceptions  # noqa: PLC0415
    from obstore.auth.boto3 import Boto3CredentialProvider  # noqa: PLC0415

    named = os.environ.get("AWS_PROFILE", "default")
    try:
        session = boto3.Session()
        if session.get_credentials() is None:
            raise SettingError(f"The profile {named!r} of ~/.aws gives no credentials. Log in to it, or set AWS_ACCESS_KEY_ID.")
        return Boto3CredentialProvider(session, ttl=TTL)
    except botocore.exceptions.BotoCoreError as error:
        raise SettingError(f"The profile {named!r} of ~/.aws can't be used: {str(error).rstrip('.')}. Look at AWS_PROFILE and ~/.aws.") from None


def _only_a_profile_is_left() -> bool:
    """Whether nothing else is set, and there are files of profiles."""
    if {"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"} & os.environ.keys():
        return False
    home = Path.home() / ".aws"
    files = os.environ.get("AWS_SHARED_CREDENTIALS_FILE", home / "credentials"), os.environ.get("AWS_CONFIG_FILE", home / "config")
    return "AWS_SKIP_SIGNATURE" not in os.environ and any(Path(path).expanduser().is_file() for path in files)


def _check_token(name: str, path: Path) -> None:
    try:
        token = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{name}: the file {path} can't be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from None
    if CONTROL.search(token):  # the client would panic, which no `except Exception` sees [ST12]
        raise SettingError(f"{name}: the token in {path} holds a line break or another control character. Write it without (`printf`).")
