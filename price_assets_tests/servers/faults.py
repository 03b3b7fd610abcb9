"""A proxy in front of an object storage that loses, cuts, damages and refuses what it is told to: the wire as it is on a bad day."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import inf
from typing import Literal
from urllib.parse import parse_qs, urlsplit

Verb = Literal["list", "get", "head", "put", "create", "swap", "begin", "part", "complete", "abort", "copy", "delete"]
"""What a request asks for, on S3 and on GCS alike."""
Kind = Literal[
    "reset",
    "reset in the middle",
    "lost answer",
    "error after landing",
    "cut body",
    "flipped on the way",
    "flipped on the way back",
    "silence",
    "slow",
]
"""How the wire breaks: a number stands for that HTTP status, the storage not asked."""

SLOWLY = 64 * 1024
"""Bytes in a fiftieth of a second, on a slow line."""
CODES = {400: "InvalidRequest", 403: "AccessDenied", 409: "ConditionalRequestConflict", 500: "InternalError", 501: "NotImplemented", 503: "SlowDown"}


@dataclass
class Fault:
    """What goes wrong with the requests that `verbs` names: `skip` of them pass first, then `times` are broken, or all for so many `seconds`."""

    kind: Kind | int
    verbs: tuple[Verb, ...] = ()
    times: float = 1
    skip: int = 0
    seconds: float = inf
    met: int = 0
    since: float = inf


@dataclass
class Proxy:
    """Stands before the storage at `upstream`; passes all, but for its `faults`."""

    upstream: str
    endpoint: str = ""
    faults: list[Fault] = field(default_factory=list[Fault])
    requests: list[tuple[Verb, str]] = field(default_factory=list[tuple[Verb, str]])
    gone: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def seen(self, verb: Verb, path: str) -> Kind | int | None:
        """What is to go wrong with this request."""
        with self._lock:
            self.requests.append((verb, path))
            for fault in self.faults:
                if fault.verbs and verb not in fault.verbs:
                    continue
                if fault.skip:
                    fault.skip -= 1
                elif fault.met < fault.times:
                    fault.met += 1
                    fault.since = min(fault.since, time.monotonic())
                    if time.monotonic() - fault.since < fault.seconds:
                        return fault.kind
        return None


@contextmanager
def proxied(upstream: str) -> Generator[Proxy]:
    """A proxy before a storage, within this block."""
    proxy = Proxy(upstream)
    server = _Server(("127.0.0.1", 0), _handler(proxy))
    proxy.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.gone.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error of this process."""


def verb_of(method: str, query: str, headers: Callable[[str], str | None]) -> Verb:
    """What a request of S3's or GCS's API asks for."""
    asked = parse_qs(query, keep_blank_values=True)
    generation = headers("x-goog-if-generation-match")
    match method:
        case "GET":
            return "list" if "list-type" in asked else "get"
        case "HEAD":
            return "head"
        case "POST" if "uploads" in asked:
            return "begin"
        case "POST":
            return "complete" if "uploadId" in asked else "delete"
        case "DELETE":
            return "abort" if "uploadId" in asked else "delete"
        case _ if "partNumber" in asked:
            return "part"
        case _ if headers("x-amz-copy-source") or headers("x-goog-copy-source"):
            return "copy"
        case _ if headers("if-none-match") or generation == "0":
            return "create"
        case _:
            return "swap" if headers("if-match") or generation else "put"


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :] if data else data


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    upstream = urlsplit(proxy.upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def _pass(self) -> None:
            url = urlsplit(self.path)
            verb = verb_of(self.command, url.query, self.headers.get)
            kind = proxy.seen(verb, url.path)
            length = int(self.headers.get("Content-Length") or 0)
            if kind == "silence":
                proxy.gone.wait()
            if kind == "reset in the middle":
                self.rfile.read(length // 2)
            if kind in ("silence", "reset", "reset in the middle"):
                self._hang_up()
                return
            body = self.rfile.read(length)
            if isinstance(kind, int):
                self._refuse(kind)
                return
            if kind == "flipped on the way":
                body = _flipped(body)
            try:
                status, headers, answer = self._ask(body)
            except (OSError, HTTPException):
                self._hang_up()  # the storage itself hung up
                return
            if kind == "lost answer":
                self._hang_up()
            elif kind == "error after landing":
                self._refuse(500)
            else:
                answer = _flipped(answer) if kind == "flipped on the way back" else answer
                self._answer(status, headers, answer, cut=kind == "cut body", slow=kind == "slow")

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass  # noqa: N815 (the library's names)

        def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            connection = HTTPConnection(upstream.hostname or "", upstream.port, timeout=60)
            try:
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():  # the host among them, which S3's signature covers
                    if name.lower() not in ("connection", "expect"):
                        connection.putheader(name, value)
                connection.endheaders(body)
                answer = connection.getresponse()
                return answer.status, answer.getheaders(), answer.read()
            finally:
                connection.close()

        def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes, *, cut: bool = False, slow: bool = False) -> None:
            self.send_response_only(status)
            length = next((value for name, value in headers if name.lower() == "content-length"), None)
            for name, value in headers:
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", length if length is not None and self.command == "HEAD" else str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                for start in range(0, len(body), SLOWLY) if slow else ():
                    time.sleep(0.02)
                    self.wfile.write(body[start : start + SLOWLY])
                    self.wfile.flush()
                self.wfile.write(b"" if slow else body[: len(body) // 2] if cut else body)
            self.wfile.flush()
            if cut:
                self._hang_up()

        def _refuse(self, status: int) -> None:
            body = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{CODES[status]}</Code><Message>Said by the proxy.</Message></Error>".encode()
            self._answer(status, [("Content-Type", "application/xml")], body)

        def _hang_up(self) -> None:
            """With a reset, as a machine that went away would."""
            self.close_connection = True
            with suppress(OSError):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
            pass

    return Handler
