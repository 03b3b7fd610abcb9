"""How a process times its own work, without its imports: `measured` reads what it prints."""

import json
import time
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def timed() -> Generator[None]:
    """Prints what the block took."""
    began, used = time.perf_counter(), time.process_time()
    yield
    print(json.dumps({"wall": time.perf_counter() - began, "cpu": time.process_time() - used}))  # noqa: T201 - this is what it is for
