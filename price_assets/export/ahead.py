"""Work on a stream's items that goes on while the next item is made."""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Done = TypeVar("Done")

_AT_WORK = 2


def ahead(work: Callable[[Item], Done], items: Iterator[Item]) -> Generator[Done]:
    """`map(work, items)`, with two items at work while the next one is made: memory is that of a few, errors show in their order."""
    with ThreadPoolExecutor(_AT_WORK, "ahead") as threads:
        coming = deque(threads.submit(work, item) for item in islice(items, _AT_WORK))
        for item in items:
            yield coming.popleft().result()
            coming.append(threads.submit(work, item))
        while coming:
            yield coming.popleft().result()
