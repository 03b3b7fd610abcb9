import subprocess
import sys
import time
from pathlib import Path

from price_assets.demo.guard import ended, guarded

IMPATIENT = "import sys; from price_assets.demo import guard; guard.PATIENCE = 0.2; sys.exit(guard.main())"


def shell(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


def test_the_exit_code_is_the_commands() -> None:
    with guarded(shell("exit 3")) as guard:
        assert guard.wait() == 3


def test_a_command_that_a_signal_ended_has_the_shells_exit_code_for_it() -> None:
    assert ended(guarded(shell("sleep 600"))) == 128 + 15


def test_the_output_goes_to_a_file(tmp_path: Path) -> None:
    with guarded(shell("echo said; echo complained >&2"), output=tmp_path / "log") as guard:
        guard.wait()
    assert (tmp_path / "log").read_text() == "said\ncomplained\n"


def test_the_folder_is_removed_when_the_command_ends_by_itself(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    with guarded(shell("echo kept > file"), folder=folder, remove=folder) as guard:
        guard.wait()
    assert not folder.exists()


def test_what_the_command_left_running_is_ended_with_it() -> None:
    began = time.monotonic()
    # The background process holds the pipe: reading to its end takes as long as it lives.
    command = [sys.executable, "-c", "from price_assets.demo.guard import guarded; guarded(['/bin/sh', '-c', 'sleep 600 & echo begun']).wait()"]
    assert subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout == b"begun\n"
    assert time.monotonic() - began < 60


def test_a_command_that_will_not_end_is_killed() -> None:
    command = [sys.executable, "-c", IMPATIENT, "--", *shell("trap '' TERM; echo ready; while :; do sleep 600; done")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as guard:
        assert guard.stdin
        assert guard.stdout
        assert guard.stdout.readline() == b"ready\n"
        guard.stdin.close()
        assert guard.wait(timeout=60) == 128 + 9
