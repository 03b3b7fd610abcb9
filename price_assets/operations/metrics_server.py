"""A small server of `/metrics`, for Prometheus, and of `/healthz`, for who wants to know whether it can serve them.

Where the ledger does not answer, both answer 503: Prometheus takes that for `up == 0`, which is the one thing that every rule can rely on. With 200
and no series the rules about lists would fall silent, and an alert that fires would end as if all were well.
"""

import logging
import socket
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from prometheus_client import Metric
from prometheus_client.exposition import choose_encoder, generate_latest

from price_assets.errors import PriceAssetsError, SettingError
from price_assets.operations.metrics import Metrics, build_info

log = logging.getLogger(__name__)

TEXT = "text/plain; charset=utf-8"
IDLE = 30
"""Seconds after which who connects and asks nothing is hung up on."""
Answer = tuple[int, str, bytes]
"""HTTP status, content type, body."""


class _Families:
    """Metrics that are there already, as the encoders want them."""

    def __init__(self, *families: Metric) -> None:
        self._families = families

    def collect(self) -> tuple[Metric, ...]:
        return self._families


def answer(metrics: Metrics, path: str, accept: str) -> Answer:
    """What a GET of this path gets."""
    match path.partition("?")[0]:
        case "/metrics":
            encode, content_type = choose_encoder(accept)
            try:
                return 200, content_type, encode(_Families(*metrics.collect()))
            except PriceAssetsError as error:
                log.warning("%s", error)
                return 503, TEXT, f"# {error}\n".encode() + generate_latest(_Families(build_info()))
        case "/healthz":
            try:
                metrics.ping()
            except PriceAssetsError as error:
                return 503, TEXT, f"{error}\n".encode()
            return 200, TEXT, b"ok\n"
        case _:
            return 404, TEXT, b"There are /metrics and /healthz.\n"


@contextmanager
def serving(metrics: Metrics, port: int) -> Generator[int]:
    """Serve on all interfaces within this block; gives the port, which is another where 0 was asked for. Raises SettingError where it is taken."""
    try:
        server = _Server(port, _handler(metrics))
    except OSError as error:
        raise SettingError(f"METRICS_PORT: nothing can listen on port {port}: {error.strerror}. Choose another one.") from None
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    """On IPv6 and IPv4 alike, where the machine has IPv6."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        both = socket.has_dualstack_ipv6()
        self.address_family = socket.AF_INET6 if both else socket.AF_INET
        super().__init__(("::" if both else "0.0.0.0", port), handler)  # noqa: S104 - Prometheus is on another machine

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - the library's names
        log.debug("a connection of %s broke", client_address)


def _handler(metrics: Metrics) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = IDLE
        server_version = "price_assets"

        def do_GET(self) -> None:
            try:
                status, content_type, body = answer(metrics, self.path, self.headers.get("Accept", ""))
            except Exception:
                log.exception("A defect: %s could not be answered", self.path)
                status, content_type, body = 500, TEXT, b"A defect; the log says more.\n"
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - the library's name

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """A scrape every half a minute is no news."""

    return Handler
