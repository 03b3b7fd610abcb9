"""Runs one command for as long as its parent lives, and no longer, however the parent ends.

``python guard.py [--stop-with SIGQUIT] [--user nobody] [--remove FOLDER] -- COMMAND …``

The parent holds the other end of the guard's standard input and writes nothing to it. At its end of file, which a `kill -9` of the
parent brings about as well, the guard stops the command's process group and removes the folder. Guard and command are in sessions of their
own, so a Ctrl-C in the terminal reaches the parent alone [DG41]. Works on Linux and macOS, and takes the standard library only.
"""

import argparse
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

PATIENCE = 10.0
"""Seconds that a command has to end in after it was asked to; then it is killed."""

Guard = subprocess.Popen[bytes]


def guarded(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    stop_with: signal.Signals = signal.SIGTERM,
    user: str | None = None,
    remove: Path | None = None,
    output: Path | None = None,
) -> Guard:
    """Start the command under a guard that this process holds: as `user`, in `folder`, its output going to the file `output` or where ours goes.

    Closing the guard's `stdin` ends the command; `ended()` does so and waits. The guard's exit code is the command's.
    """
    options = ["--stop-with", stop_with.name]
    options += ["--user", user] if user else []
    options += ["--remove", str(remove)] if remove else []
    argv = [sys.executable, "-I", "-S", __file__, *options, "--", *map(str, command)]  # needs no package, so starts at once
    file = output.open("ab") if output else None
    try:
        return subprocess.Popen(argv, env=environment, cwd=folder, stdin=subprocess.PIPE, stdout=file, stderr=file, start_new_session=True)
    finally:
        if file:
            file.close()


def ended(guard: Guard) -> int:
    """End the guard's command and wait until it is gone. Returns its exit code, 128 + the signal's number where one ended it."""
    if guard.stdin:
        guard.stdin.close()
    return guard.wait()


def end_by_signals() -> None:
    """Let SIGINT, SIGTERM and SIGHUP end this process through its `finally` blocks.

    SIGINT also where a shell's `&` lets it be ignored [DG42]; SIGHUP not where `nohup` does.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda number, _: sys.exit(128 + number))


def main() -> int:
    """Be the guard: its own process runs this."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--stop-with", type=signal.Signals.__getitem__, default=signal.SIGTERM)
    parser.add_argument("--user")
    parser.add_argument("--remove", type=Path)
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # else the command would inherit that it is ignored [DG42]
    try:
        command = _start(arguments.command, arguments.user)

        def stop(*_: object) -> None:
            _signal_group(command, arguments.stop_with)
            last_resort = threading.Timer(PATIENCE, _signal_group, (command, signal.SIGKILL))
            last_resort.daemon = True
            last_resort.start()

        def stop_at_end_of_file() -> None:
            while os.read(sys.stdin.fileno(), 1):
                pass
            stop()

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, stop)
        threading.Thread(target=stop_at_end_of_file, daemon=True).start()
        code = command.wait()
        _signal_group(command, signal.SIGKILL)  # what it left behind
    finally:
        if arguments.remove:
            _remove(arguments.remove)
    return code if code >= 0 else 128 - code


def _start(command: Sequence[str], user: str | None) -> Guard:
    group = pwd.getpwnam(user).pw_gid if user else None
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, user=user, group=group, extra_groups=[] if user else None)


def _signal_group(command: Guard, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # it is gone; of a zombie's group macOS says so by the second
        os.killpg(command.pid, number)


def _remove(folder: Path) -> None:
    """Remove the folder, looking again while the command's last descendants still write into it."""
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
