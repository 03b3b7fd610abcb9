"""Calls into ConnectorX that leave no lines on standard error: the exception says it all, and it becomes one line of ours.

Rust prints a panic to descriptor 2, and the pool of connections each try that failed, within the call and with the GIL held [CX12]. So
`sys.stderr` can't keep it away, and no line of ours can come between.
"""

import os
import re
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

STANDARD_ERROR = 2

_KNOWN = re.compile(rb"^\n?thread '.*panicked at .*\n.*\n(?:note: run with `RUST_BACKTRACE=1`.*\n)?|^\[.* ERROR r2d2\] .*\n", re.MULTILINE)


class Quiet:
    """Holds descriptor 2 aside during each `call`; what else was written to it meanwhile follows right after the call."""

    def __init__(self, real: int, aside: int) -> None:
        self._real, self._aside = real, aside

    def call(self, function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        """The function's result, or its exception."""
        os.dup2(self._aside, STANDARD_ERROR)
        try:
            return function(*args, **kwargs)
        finally:
            # First and by itself: a signal that came during the call is handled, and so raises, right after this.
            os.dup2(self._real, STANDARD_ERROR)
            self.tell()

    def tell(self) -> None:
        """Put descriptor 2 back, and pass on what was held."""
        os.dup2(self._real, STANDARD_ERROR)
        if size := os.lseek(self._aside, 0, os.SEEK_CUR):
            held = os.pread(self._aside, size, 0)
            os.ftruncate(self._aside, 0)
            os.lseek(self._aside, 0, os.SEEK_SET)
            os.write(STANDARD_ERROR, _KNOWN.sub(b"", held))


@contextmanager
def without_panics() -> Generator[Quiet]:
    """For a series of calls of one thread; two at once would hold each other's descriptor."""
    real = os.dup(STANDARD_ERROR)
    with tempfile.TemporaryFile(buffering=0) as aside:
        quiet = Quiet(real, aside.fileno())
        try:
            yield quiet
        finally:
            quiet.tell()
            os.close(real)
