"""SIGINT and SIGTERM as our own exception, and as the exit code that a shell expects."""

import contextlib
import os
import signal
from collections.abc import Callable, Generator
from types import FrameType

from price_assets.errors import Stopped
from price_assets.export.watcher import STOPPING


@contextlib.contextmanager
def stopped_by_signals() -> Generator[Callable[[], None]]:
    """Within this block SIGINT and SIGTERM raise `Stopped`, which knows the signal.

    Dagster replaces the handlers while a step runs, raises an exception of its own that does not say which signal came, and makes a failed
    step of it. So the number is read from the wake-up pipe, into which Python's C handler writes it whatever the handler is: what is yielded
    raises `Stopped` if a signal came. While an extraction lasts, `watched` has such a pipe of its own, and passes on what came.
    """
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    previous = {number: signal.signal(number, _raise) for number in STOPPING}
    wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield lambda: _raise_if_came(reader)
    except BaseException as error:
        if not isinstance(error, Stopped):
            _raise_if_came(reader)
        raise
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in previous.items():
            signal.signal(number, handler)
        os.close(reader)
        os.close(writer)


def _raise(number: int, _frame: FrameType | None) -> None:
    raise Stopped(number)


def _raise_if_came(reader: int) -> None:
    with contextlib.suppress(BlockingIOError):
        for number in os.read(reader, 4096):
            if number in STOPPING:
                raise Stopped(number)
