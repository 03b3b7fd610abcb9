"""The two time settings of [ST14], against servers that are silent or busy: a preflight gives up within seconds, work waits for a minute."""

import os
import socket
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from math import inf
from typing import Any, cast

import pytest

from price_assets.errors import StorageUnavailable
from price_assets.export.gcs import GCS
from price_assets.export.object_storage import ObjectStorage
from price_assets.export.s3 import S3
from price_assets.export.storage_timing import PREFLIGHT, WORK, Timing
from price_assets.settings import StorageSettings
from price_assets_tests.servers.faults import Fault, Proxy, proxied
from price_assets_tests.servers.gcs import GCSServer
from price_assets_tests.servers.s3 import S3Server

SETTINGS: dict[type[ObjectStorage], StorageSettings] = {S3: StorageSettings("s3", "prices"), GCS: StorageSettings("gs", "prices")}


@pytest.fixture
def lead_to(s3_settings: StorageSettings, gcs_settings: StorageSettings, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let both clouds' environments lead to an address."""
    assert s3_settings
    assert gcs_settings

    def lead(endpoint: str) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setenv("GOOGLE_BASE_URL", endpoint)

    return lead


@pytest.fixture(params=["s3", "gcs"])
def proxy(
    request: pytest.FixtureRequest, lead_to: Callable[[str], None], s3: S3Server, gcs: GCSServer
) -> Generator[tuple[Proxy, type[ObjectStorage]]]:
    with proxied(s3.endpoint if request.param == "s3" else gcs.endpoint) as made:
        lead_to(made.endpoint)
        yield made, S3 if request.param == "s3" else GCS


@contextmanager
def deaf() -> Generator[str]:
    """An address where nobody takes a connection, as behind a firewall that drops packets: the kernel's queue of connections is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)  # noqa: FBT003
            each.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for each in waiting:
            each.close()


def test_a_preflight_gives_up_within_seconds_where_nobody_answers(s3: S3Server, gcs: GCSServer, lead_to: Callable[[str], None]) -> None:
    assert gcs
    with proxied(s3.endpoint) as silent, deaf() as dropping, ThreadPoolExecutor() as pool:
        silent.faults.append(Fault("silence", times=inf))
        waits: list[Future[float]] = []
        for endpoint in (silent.endpoint, dropping, "http://127.0.0.1:9"):
            lead_to(endpoint)
            stores = [cloud(settings) for cloud, settings in SETTINGS.items()]
            waits += [pool.submit(seconds_to_give_up, store) for store in stores]
        assert all(wait.result() < 12 for wait in waits), "8 seconds, and what a busy machine adds"


def seconds_to_give_up(store: ObjectStorage) -> float:
    began = time.monotonic()
    with pytest.raises(StorageUnavailable, match=r"does not answer: .*\. Look at the network and (AWS_ENDPOINT_URL|GOOGLE_BASE_URL); run again"):
        store.preflight()
    return time.monotonic() - began


def scaled(timing: Timing, by: float) -> Timing:
    """All its times shorter."""

    def shorter(config: Any) -> Any:
        if isinstance(config, timedelta):
            return config * by
        return {key: shorter(value) for key, value in cast("dict[str, Any]", config).items()} if isinstance(config, dict) else config

    return shorter(timing[0]), shorter(timing[1])


def test_work_survives_a_storage_that_is_busy_for_a_minute_and_tells_of_one_that_stays_so(proxy: tuple[Proxy, type[ObjectStorage]]) -> None:
    """A minute is two seconds here: all times are a thirtieth of the real ones."""
    wire, cloud = proxy
    quick, work = scaled(PREFLIGHT, 1), scaled(WORK, 1 / 30)
    work[0].update(connect_timeout=timedelta(seconds=3), timeout=timedelta(seconds=30))  # answers of a busy test machine
    store = cloud(SETTINGS[cloud], quick, work)
    wire.faults[:] = [Fault(503, times=inf, seconds=2)]
    assert store.get("nothing.json") is None
    assert wire.faults[0].met > 3
    wire.faults[:] = [Fault(503, times=inf)]
    began = time.monotonic()
    with pytest.raises(StorageUnavailable, match=r"does not answer: SlowDown"):
        store.get("nothing.json")
    assert time.monotonic() - began >= 3


@pytest.mark.skipif("PRICE_ASSETS_LONG_FAULTS" not in os.environ, reason="takes a minute: set PRICE_ASSETS_LONG_FAULTS=1")
def test_work_survives_a_real_minute_of_503(proxy: tuple[Proxy, type[ObjectStorage]]) -> None:
    wire, cloud = proxy
    wire.faults[:] = [Fault(503, times=inf, seconds=60)]
    assert cloud(SETTINGS[cloud]).get("nothing.json") is None
