"""A command, run in a process of its own and measured from outside; one that times itself prints what it found as JSON."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CLONE = Path(__file__).parents[1]
LAUNCHER = Path(__file__).with_name("launcher.py")
LONGEST = 3600


@dataclass(frozen=True)
class Measured:
    """One run: seconds of wall and CPU time, and the peak memory of its largest process in MiB."""

    wall: float
    cpu: float
    memory: float


class DidNotRun(Exception):
    """It ended with an error, or not in time; with the last lines that it wrote."""


def measured(command: Sequence[str | Path], environment: Mapping[str, str], *, times_itself: bool = False) -> Measured:
    """Run it to its end. One that times itself prints its seconds, `{"wall": …, "cpu": …}`, in its last line. Raises DidNotRun."""
    with tempfile.TemporaryDirectory() as folder:
        report, errors = Path(folder) / "report", Path(folder) / "errors"
        argv = [sys.executable, "-I", "-S", LAUNCHER, report, str(LONGEST), *command]
        with errors.open("wb") as file:
            done = subprocess.run(argv, env=environment, cwd=CLONE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=file, check=False)
        said = done.stdout.decode(errors="replace")
        if done.returncode:
            lines = (said + errors.read_text(errors="replace")).strip().splitlines()
            raise DidNotRun("\n".join([f"exit code {done.returncode}", *lines[-8:]]))
        numbers = json.loads(report.read_text())
    if times_itself:
        numbers |= json.loads(said.splitlines()[-1])
    return Measured(numbers["wall"], numbers["cpu"], numbers["memory"])
