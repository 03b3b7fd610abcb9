"""S3 and all that speak it, as an object storage."""

import os
from typing import TYPE_CHECKING, ClassVar

from obstore.exceptions import BaseError
from obstore.store import S3Store

from price_assets.errors import SettingError
from price_assets.export import s3_credentials
from price_assets.export.object_storage import ObjectStorage
from price_assets.export.storage_errors import METADATA, cause
from price_assets.setting_values import endpoint
from price_assets.variables import Variable

if TYPE_CHECKING:
    from obstore import ObjectMeta, UpdateVersion
    from obstore.store import ClientConfig, RetryConfig


class S3(ObjectStorage):
    """A bucket of S3. Region, endpoint and credentials are in the environment, as for AWS's own tools [ST12]."""

    scheme: ClassVar[str] = "s3"
    name: ClassVar[str] = "S3"
    mend_rights: ClassVar[str] = "Look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the rights to list, get, put and delete"
    mend_request: ClassVar[str] = (
        "Look at STORAGE_BUCKET, AWS_REGION and AWS_ENDPOINT_URL; the storage must know conditional writes (If-Match, If-None-Match)"
    )
    mend_signing: ClassVar[str] = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the instance or the pod a role"
    endpoint_variable: ClassVar[str] = "AWS_ENDPOINT_URL"

    def _read_endpoint(self) -> str:
        found = [Variable(name, endpoint, "").get(os.environ) for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")]
        return next((each for each in found if each), "")  # the first wins [ST12]

    def _client(self, options: "ClientConfig", retry: "RetryConfig") -> S3Store:
        s3_credentials.check()
        # Without allow_http an http endpoint fails with no better words than "builder error" [ST12].
        client: ClientConfig = {**options, "allow_http": self._endpoint.startswith("http://")}
        provider = s3_credentials.provider()
        try:
            return S3Store(
                self._bucket,
                prefix=self._prefix,
                checksum_algorithm="sha256",  # of each put and each part, looked at by the storage
                client_options=client,
                retry_config=retry,
                credential_provider=provider,
            )
        except BaseError as error:
            raise SettingError(f"The AWS_* variables are not what S3 takes: {cause(str(error))}.") from None

    def _version(self, meta: "ObjectMeta") -> str:
        return meta["e_tag"] or ""

    def _of_version(self, version: str) -> "UpdateVersion":
        return {"e_tag": version}

    @property
    def _never(self) -> str:
        return '"00000000000000000000000000000000"'

    def _no_credentials(self, text: str) -> str | None:
        if METADATA.search(text):
            return "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the instance or the pod a role"
        if "REDACTED" in text or "AssumeRoleWithWebIdentity" in text:  # of its one request whose address is a secret
            return "Look at AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and the trust that the role has in it"
        container = os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI") or os.environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        if container and container in text:
            return "Look at AWS_CONTAINER_CREDENTIALS_FULL_URI and the role of the pod or the task"
        if "External AWS credential provider" in text:
            return "Look at AWS_PROFILE and ~/.aws, and log in again"
        return None
