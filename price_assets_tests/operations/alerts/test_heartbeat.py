"""HEARTBEAT_URL is asked for, and never told."""

import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from price_assets.operations.alerts import heartbeat
from price_assets.operations.alerts.heartbeat import ping
from price_assets_tests.servers.certificates import Authority
from price_assets_tests.servers.http import Answer, Request, dripping_server, served
from price_assets_tests.servers.smtp import silent_server

SECRET = "/ping/k4nary-0a1b"


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "PAUSE", 0.0)
    monkeypatch.setattr(heartbeat, "SECONDS", (0.2, 0.2))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)


def counting(*statuses: int) -> tuple[list[Request], Callable[[Request], Answer]]:
    left, asked = list(statuses), list[Request]()

    def answer(request: Request) -> Answer:
        asked.append(request)
        return Answer(left.pop(0) if len(left) > 1 else left[0], b"k4nary", {"Location": "/elsewhere"})

    return asked, answer


@pytest.mark.parametrize("status", [200, 202, 204])
def test_it_is_asked_for_once(status: int) -> None:
    asked, answer = counting(status)
    with served(answer) as address:
        assert ping(f"{address}{SECRET}?a=%2F") is None
    assert [(request.method, request.path, request.query) for request in asked] == [("GET", SECRET, {"a": "/"})]


def test_it_is_tried_again() -> None:
    asked, answer = counting(503, 429, 200)
    with served(answer) as address:
        assert ping(f"{address}{SECRET}") is None
    assert len(asked) == 3


@pytest.mark.parametrize("status", [301, 302, 404, 500])
def test_anything_but_success_is_no_ping(status: int) -> None:
    """Not even what sends on to a page that is there."""
    asked, answer = counting(status)
    with served(answer) as address:
        assert ping(f"{address}{SECRET}") == f"HEARTBEAT_URL was not pinged in 3 tries: HTTP {status}"
    assert {request.path for request in asked} == {SECRET}


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:1", "http://nowhere.invalid", "http://me:k4nary@127.0.0.1:1", "http://[::1", "http://k4nary:99999", "http://.k4nary"],
)
def test_whatever_is_wrong_is_one_line_without_the_address(address: str) -> None:
    said = ping(f"{address}{SECRET}")
    assert said
    assert said.startswith("HEARTBEAT_URL was not pinged in 3 tries: ")
    assert "\n" not in said
    assert "k4nary" not in said


def test_a_server_that_never_answers_is_given_up() -> None:
    with silent_server() as port:
        assert ping(f"http://127.0.0.1:{port}{SECRET}") == "HEARTBEAT_URL was not pinged in 3 tries: no answer in time"


def test_a_server_that_sends_a_byte_now_and_then_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "IN_ALL", 0.3)
    began = time.monotonic()
    with dripping_server() as port:
        assert ping(f"http://127.0.0.1:{port}{SECRET}") == "HEARTBEAT_URL was not pinged: no answer within 0 s"
    assert time.monotonic() - began < 3


def test_it_is_verified_by_the_named_authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """[NT7]"""
    authority = Authority("the shop's")
    certified = authority.certify(tmp_path, "monitor", hosts=("localhost",))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certified.certificate, certified.key)
    with served(lambda _: Answer(200), context) as address:
        assert "its certificate does not verify" in (ping(address + SECRET) or "")
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.write(tmp_path / "authority.crt")))
        assert ping(address + SECRET) is None
        monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
        assert "/nowhere" in (ping(address + SECRET) or "")
