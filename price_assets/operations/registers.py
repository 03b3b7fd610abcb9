"""What the storage tells of many price lists, asked side by side: a bucket far away takes its time for each answer."""

import queue
import threading
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from price_assets.errors import Failed, PriceAssetsError, StorageUnavailable
from price_assets.export.commit import read_register
from price_assets.export.register import Register
from price_assets.export.storage import Store

Told = TypeVar("Told")

AT_ONCE = 8
SECONDS = 40.0
"""For all of them: of 200 lists in a bucket far away it takes two, and a tick of a sensor has a minute."""


def read_registers(store: Store, names: Iterable[str]) -> dict[str, Register | PriceAssetsError]:
    """Each list's register, or why it can't be read; one request a list."""
    return side_by_side(names, lambda name: read_register(store, name))


def side_by_side(names: Iterable[str], ask: Callable[[str], Told], seconds: float = SECONDS) -> dict[str, Told | PriceAssetsError]:
    """What is told of each name, in their order, or the error that it ends with.

    Who has not answered when the time is up is not waited for: the threads are left to themselves, and hold up neither this process nor its end.
    """
    wanted = list(dict.fromkeys(names))
    until = time.monotonic() + seconds
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    answers: queue.SimpleQueue[tuple[str, Told | PriceAssetsError]] = queue.SimpleQueue()
    for name in wanted:
        waiting.put(name)

    def work() -> None:
        while time.monotonic() < until:
            try:
                name = waiting.get_nowait()
            except queue.Empty:
                return
            answers.put((name, _answer(ask, name)))

    for _ in range(min(AT_ONCE, len(wanted))):
        threading.Thread(target=work, name="side-by-side", daemon=True).start()
    told: dict[str, Told | PriceAssetsError] = {}
    while len(told) < len(wanted):
        try:
            name, answer = answers.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            break
        told[name] = answer
    silent = StorageUnavailable(f"The storage did not answer within {seconds:.0f} s.")
    return {name: told.get(name, silent) for name in wanted}


def _answer(ask: Callable[[str], Told], name: str) -> Told | PriceAssetsError:
    try:
        return ask(name)
    except PriceAssetsError as error:
        return error
    except Exception as error:  # noqa: BLE001 - one list must not hold up the others, whatever is wrong with it
        return Failed(f"{type(error).__name__}: {error}")
