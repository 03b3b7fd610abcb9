"""A double of Google Cloud Storage's XML API, as far as the client speaks it: what it promises in its documents, not what Google's servers do.

fake-gcs-server knows no conditional put of the XML API [ST13], so this one is ours. All of it is in memory, and each request is one step.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from email.utils import formatdate
from itertools import count
from urllib.parse import unquote
from uuid import uuid4
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest

from price_assets_tests.servers.http import Answer, Request, served

BUCKET = "prices"
KEPT = ("content-type", "content-disposition")


@dataclass(frozen=True)
class _Object:
    data: bytes
    headers: dict[str, str]
    generation: int
    e_tag: str


@dataclass
class GCSServer:
    """One empty bucket, and the objects in it.

    `lets_in` looks at bearer tokens; with `disable_oauth` the client sends an empty one. Without `conditions` it puts whatever they are.
    """

    objects: dict[str, _Object] = field(default_factory=dict[str, _Object])
    uploads: dict[str, tuple[str, dict[str, str], dict[int, bytes]]] = field(default_factory=dict[str, tuple[str, dict[str, str], dict[int, bytes]]])
    lets_in: Callable[[str], bool] = lambda token: not token
    conditions: bool = True
    endpoint: str = ""
    bucket: str = BUCKET
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _generations: "count[int]" = field(default_factory=lambda: count(1_800_000_000_000_000))

    @property
    def key(self) -> str:
        """A service account's key that leads here, without asking Google for a token [ST13]."""
        return json.dumps({"gcs_base_url": self.endpoint, "disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""})

    def environment(self) -> dict[str, str]:
        """What a process needs to export to it."""
        return {"STORAGE_BUCKET": f"gs://{self.bucket}", "GOOGLE_SERVICE_ACCOUNT_KEY": self.key}

    def answer(self, request: Request) -> Answer:
        """One request, whole."""
        bucket, _, key = request.path.removeprefix("/").partition("/")
        if not self.lets_in(request.headers.get("authorization", "").removeprefix("Bearer").strip()):
            return _error(401, "AuthenticationRequired", "Authentication required.")
        if bucket != self.bucket:
            return _error(404, "NoSuchBucket", "The specified bucket does not exist.")
        with self._lock:
            match request.method:
                case "GET" if not key:
                    return self._list(request.query.get("prefix", ""), int(request.query.get("max-keys", 1000)))
                case "GET" | "HEAD":
                    return self._get(request, key)
                case "PUT" if "uploadId" in request.query:
                    return self._part(request)
                case "PUT":
                    return self._put(request, key)
                case "POST" if "uploads" in request.query:
                    return self._begin(request, key)
                case "POST":
                    return self._complete(request, key)
                case "DELETE" if "uploadId" in request.query:
                    return Answer(204) if self.uploads.pop(request.query["uploadId"], None) else _error(404, "NoSuchUpload")
                case "DELETE":
                    return Answer(204) if self.objects.pop(key, None) else _error(404, "NoSuchKey")
                case _:
                    return _error(405, "MethodNotAllowed")

    def _list(self, prefix: str, most: int) -> Answer:
        keys = [key for key in sorted(self.objects) if key.startswith(prefix)][:most]
        listed = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.objects[key].data)}</Size><LastModified>2026-11-24T06:00:00.000Z</LastModified>"
            f"<ETag>{escape(self.objects[key].e_tag)}</ETag></Contents>"
            for key in keys
        )
        return _xml("ListBucketResult", f"<Name>{self.bucket}</Name><KeyCount>{len(keys)}</KeyCount><IsTruncated>false</IsTruncated>{listed}")

    def _get(self, request: Request, key: str) -> Answer:
        found = self.objects.get(key)
        if found is None:
            return _error(404, "NoSuchKey")
        if request.headers.get("if-match") not in (None, found.e_tag):
            return _error(412, "PreconditionFailed")
        headers = found.headers | {"ETag": found.e_tag, "x-goog-generation": str(found.generation), "Last-Modified": formatdate(usegmt=True)}
        if request.method == "HEAD":
            return Answer(200, headers=headers | {"Content-Length": str(len(found.data))})
        if "range" not in request.headers:
            return Answer(200, found.data, headers)
        first, last = request.headers["range"].removeprefix("bytes=").split("-")
        data = found.data[int(first) : int(last) + 1]
        return Answer(206, data, headers | {"Content-Range": f"bytes {first}-{int(first) + len(data) - 1}/{len(found.data)}"})

    def _put(self, request: Request, key: str) -> Answer:
        there = self.objects.get(key)
        wanted = request.headers.get("x-goog-if-generation-match")
        if self.conditions and wanted is not None and int(wanted) != (there.generation if there else 0):
            return _error(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
        if source := request.headers.get("x-goog-copy-source"):
            copied = self.objects.get(unquote(source).removeprefix(f"{self.bucket}/"))
            if copied is None:
                return _error(404, "NoSuchKey")
            self._keep(key, copied.data, copied.headers)
            return _xml("CopyObjectResult", f"<ETag>{escape(copied.e_tag)}</ETag>")
        kept = self._keep(key, request.body, _headers(request))
        return Answer(200, headers={"ETag": kept.e_tag, "x-goog-generation": str(kept.generation)})

    def _begin(self, request: Request, key: str) -> Answer:
        upload = uuid4().hex
        self.uploads[upload] = key, _headers(request), {}
        return _xml("InitiateMultipartUploadResult", f"<Bucket>{self.bucket}</Bucket><Key>{escape(key)}</Key><UploadId>{upload}</UploadId>")

    def _part(self, request: Request) -> Answer:
        if request.query["uploadId"] not in self.uploads:
            return _error(404, "NoSuchUpload")
        self.uploads[request.query["uploadId"]][2][int(request.query["partNumber"])] = request.body
        return Answer(200, headers={"ETag": _e_tag(request.body)})

    def _complete(self, request: Request, key: str) -> Answer:
        upload = self.uploads.pop(request.query.get("uploadId", ""), None)
        if upload is None:
            return _error(404, "NoSuchUpload")
        numbers = [int(part.findtext("PartNumber") or 0) for part in ET.fromstring(request.body).iter("Part")]
        kept = self._keep(key, b"".join(upload[2][number] for number in numbers), upload[1])
        headers = {"x-goog-generation": str(kept.generation)}
        return _xml("CompleteMultipartUploadResult", f"<Key>{escape(key)}</Key><ETag>{escape(kept.e_tag)}</ETag>", headers)

    def _keep(self, key: str, data: bytes, headers: dict[str, str]) -> _Object:
        self.objects[key] = _Object(data, headers, next(self._generations), _e_tag(data))
        return self.objects[key]


def _headers(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if name in KEPT or name.startswith("x-goog-meta-")}


def _e_tag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


def _xml(tag: str, inner: str, headers: dict[str, str] | None = None) -> Answer:
    return Answer(
        200, f"<?xml version='1.0' encoding='UTF-8'?><{tag}>{inner}</{tag}>".encode(), {"Content-Type": "application/xml"} | (headers or {})
    )


def _error(status: int, code: str, message: str = "") -> Answer:
    body = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer(status, body.encode(), {"Content-Type": "application/xml"})


@pytest.fixture
def gcs() -> Generator[GCSServer]:
    """A server with one empty bucket."""
    server = GCSServer()
    with served(server.answer) as endpoint:
        server.endpoint = endpoint
        yield server
