"""deploy/image/code_server_health.py: which port is asked, and what the answer means."""

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import grpc
import pytest
from grpc_health.v1 import health
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server  # pyright: ignore[reportUnknownVariableType]

from price_assets.demo.server import free_port
from price_assets_tests.deployment.image.scripts import script

GRPC = ("/opt/price_assets/bin/python", "/opt/price_assets/bin/dagster", "api", "grpc")


@pytest.fixture(scope="module")
def check() -> ModuleType:
    """The script, as a module."""
    return script("code_server_health")


@pytest.fixture
def server() -> Generator[tuple[int, health.HealthServicer]]:
    """A server that speaks gRPC's health protocol: its port, and what it says."""
    says = health.HealthServicer()
    running = grpc.server(ThreadPoolExecutor(1))
    add_HealthServicer_to_server(says, running)
    port = running.add_insecure_port("localhost:0")
    running.start()
    yield port, says
    running.stop(None).wait()


@pytest.mark.parametrize(
    ("command", "port"),
    [
        ((*GRPC, "-p", "4000", "-h", "0.0.0.0", "-m", "price_assets.definitions", ""), "4000"),
        ((*GRPC, "-h", "0.0.0.0", "--port", "4001"), "4001"),
        ((*GRPC, "--port=4002"), "4002"),
        ((*GRPC, "-p4003"), "4003"),
        (("/sbin/docker-init", "--", *GRPC[1:], "-p", "4004"), "4004"),
        ((*GRPC, "-h", "0.0.0.0"), "4005"),
        (("/opt/price_assets/bin/python", "/opt/price_assets/bin/price-assets", "serve-metrics"), None),
        (("/opt/price_assets/bin/python", "/opt/price_assets/bin/dagster-webserver", "-p", "3000"), None),
    ],
)
def test_the_port_is_that_of_the_command_and_only_a_code_server_has_one(check: ModuleType, command: Sequence[str], port: str | None) -> None:
    assert check.port(command, {"DAGSTER_GRPC_PORT": "4005"}) == port
    assert check.port(GRPC, {}) is None


def test_a_server_is_well_while_it_says_so(check: ModuleType, server: tuple[int, health.HealthServicer]) -> None:
    port, says = server
    says.set("DagsterApi", HealthCheckResponse.SERVING)
    assert check.serving(str(port))
    says.set("DagsterApi", HealthCheckResponse.NOT_SERVING)
    assert not check.serving(str(port))


def test_nobody_there_is_not_well(check: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    assert not check.serving(str(port))
    assert capsys.readouterr().err == f"The code server on port {port} does not answer: UNAVAILABLE\n"
