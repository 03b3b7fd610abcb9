"""``python -I -S launcher.py REPORT SECONDS COMMAND …``: run a command, write its wall time, CPU time and peak memory to a file as JSON.

A process begins its life with the peak memory of the one that started it, so the one that starts what is measured is this: small, without a package.
CPU and peak count the children that the command has waited for; the peak is that of the largest process. After so many seconds it is killed.
"""

import json
import os
import signal
import sys
import time


def main() -> int:
    """Returns the command's exit code, 128 + the signal's number where one ended it."""
    report, seconds, *command = sys.argv[1:]
    began = time.perf_counter()
    process = os.posix_spawnp(command[0], command, os.environ, setpgroup=0)  # a group of its own, so that all of it can be ended

    def end(number: int, _: object) -> None:
        os.killpg(process, signal.SIGKILL)
        sys.exit(128 + number)

    for number in (signal.SIGALRM, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    signal.alarm(int(seconds))
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - began
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2): kilobytes on Linux, bytes on macOS
    with open(report, "w") as file:  # noqa: PTH123 - pathlib is larger than all of this
        json.dump({"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss * unit / 2**20}, file)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
