"""Docker's health check: whether the code server that this container runs is serving. A container that runs anything else is well while it runs.

`dagster api grpc-health-check` asks the same question for seven times the CPU and three times the memory [KU3].
"""
# ruff: noqa: INP001

import os
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path


def port(command: Sequence[str], env: Mapping[str, str]) -> str | None:
    """Where `dagster api grpc` listens, read as it reads it; None for another command."""
    if "grpc" not in command:
        return None
    options = ArgumentParser(add_help=False, allow_abbrev=False)
    options.add_argument("-p", "--port", default=env.get("DAGSTER_GRPC_PORT"))
    return options.parse_known_args(command[command.index("grpc") + 1 :])[0].port


def serving(where: str) -> bool:
    """Whether a code server answers there that it serves, within 5 seconds."""
    import grpc  # noqa: PLC0415 (only a code server's check pays for it)
    from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse  # noqa: PLC0415
    from grpc_health.v1.health_pb2_grpc import HealthStub  # noqa: PLC0415

    try:
        with grpc.insecure_channel(f"localhost:{where}") as channel:
            answer = HealthStub(channel).Check(HealthCheckRequest(service="DagsterApi"), timeout=5)
    except grpc.RpcError as error:
        print(f"The code server on port {where} does not answer: {error.code().name}", file=sys.stderr)  # noqa: T201
        return False
    return answer.status == HealthCheckResponse.SERVING


if __name__ == "__main__":
    asked = port(Path("/proc/1/cmdline").read_text().split("\0"), os.environ)
    sys.exit(0 if asked is None or serving(asked) else 1)
