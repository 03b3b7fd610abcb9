"""Doubles of whoever hands out credentials in a cloud: the metadata servers of AWS and Google, pod identity, and both exchanges of tokens."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ssl import SSLContext
from urllib.parse import parse_qs

from price_assets_tests.servers.http import Answer, Request, served

EXPIRES = "2099-01-01T00:00:00Z"
STS = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials>
<AccessKeyId>{}</AccessKeyId><SecretAccessKey>{}</SecretAccessKey><SessionToken>{}</SessionToken><Expiration>{}</Expiration>
</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""


@dataclass
class Identity:
    """Gives the keys of an S3 server to whom shows `token`, and to Google's clients an access token; `asked` are the paths."""

    access_key: str = "the-roles-key"
    secret_key: str = "the-roles-secret"
    session_token: str = "the-roles-session"
    token: str = "the-pods-token"
    access_token: str = "an-access-token"
    endpoint: str = ""
    status: int = 200
    asked: list[str] = field(default_factory=list[str])

    def answer(self, request: Request) -> Answer:
        """One request."""
        self.asked.append(request.path)
        if self.status != 200:
            return Answer(self.status, b"not today")
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()} | dict(request.query)
        match request.method, request.path:
            case "PUT", "/latest/api/token":
                return Answer(200, b"imds")
            case "GET", "/latest/meta-data/iam/security-credentials/" if request.headers.get("x-aws-ec2-metadata-token") == "imds":
                return Answer(200, b"exporter")
            case "GET", "/latest/meta-data/iam/security-credentials/exporter" if request.headers.get("x-aws-ec2-metadata-token") == "imds":
                return self._keys()
            case "GET", "/v1/credentials" if request.headers.get("authorization") == self.token:
                return self._keys()
            case "POST", "/" if form.get("WebIdentityToken") == self.token and form.get("RoleArn"):
                return Answer(200, STS.format(self.access_key, self.secret_key, self.session_token, EXPIRES).encode(), {"Content-Type": "text/xml"})
            case "GET", "/computeMetadata/v1/instance/service-accounts/default/token" if request.headers.get("metadata-flavor") == "Google":
                return self._access()
            case "POST", "/v1/token" if form.get("subject_token") == self.token:
                return self._access(issued_token_type="urn:ietf:params:oauth:token-type:access_token")
            case _:
                return Answer(403, b"who are you?")

    def _keys(self) -> Answer:
        keys = {"AccessKeyId": self.access_key, "SecretAccessKey": self.secret_key, "Token": self.session_token, "Expiration": EXPIRES}
        return Answer(200, json.dumps(keys).encode(), {"Content-Type": "application/json"})

    def _access(self, **more: str) -> Answer:
        token = {"access_token": self.access_token, "expires_in": 3600, "token_type": "Bearer"}
        return Answer(200, json.dumps(token | more).encode(), {"Content-Type": "application/json"})


@contextmanager
def identity(tls: SSLContext | None = None) -> Generator[Identity]:
    """A double within this block."""
    made = Identity()
    with served(made.answer, tls) as endpoint:
        made.endpoint = endpoint
        yield made
