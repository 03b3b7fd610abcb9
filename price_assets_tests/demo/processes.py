"""What runs on this machine, by the word of `ps`, which Linux and macOS have alike."""

import subprocess
import time
from collections.abc import Callable


def runs(process: int) -> bool:
    """Whether it runs. A zombie does not: where nothing collects orphans, it would stay for ever."""
    state = _ps("-o", "stat=", "-p", str(process))
    return bool(state) and not state.startswith("Z")


def owner(process: int) -> str:
    """The user's name."""
    return _ps("-o", "user=", "-p", str(process))


def descendants(process: int) -> set[int]:
    """Its children, their children, and so on."""
    pairs = [tuple(map(int, line.split())) for line in _ps("-A", "-o", "pid=,ppid=").splitlines()]
    found, last = {process}, set[int]()
    while found != last:
        last, found = found, found | {child for child, parent in pairs if parent in found}
    return found - {process}


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until it is true, and fail when it is not in time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.05)


def _ps(*arguments: str) -> str:
    return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=False).stdout.strip()
