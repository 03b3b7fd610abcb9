"""Processes that start in milliseconds: forked off a server that has imported what they need, and killed like any other."""

import os
from collections.abc import Callable, Mapping
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from typing import Any

CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(["price_assets_tests.follower", "price_assets_tests.export.publisher"])


def start(target: Callable[..., None], *arguments: Any) -> BaseProcess:
    """A process that calls a module's function, in this process' environment as it is now."""
    process = CONTEXT.Process(target=_run, args=(dict(os.environ), target, arguments), daemon=True)
    process.start()
    return process


def _run(environment: Mapping[str, str], target: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    target(*arguments)
