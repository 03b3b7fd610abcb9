"""A primary and its hot standby, which ends a query at once where it stands in the way of what the primary removed: the system's Postgres."""

import secrets
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from price_assets.demo.server import Server, free_port
from price_assets_tests.servers.running import LOG, running
from price_assets_tests.servers.tls_postgres import system_programs

SCRIPT = """
    programs=$1 port=$2 primary=$3
    "$programs/initdb" -D primary -U postgres --pwfile=password --auth=scram-sha-256 --encoding=UTF8 --no-sync --no-instructions || exit
    cp -R primary standby  # never started, it is as good as a base backup of it
    touch standby/standby.signal
    set -- -c unix_socket_directories= -c listen_addresses=127.0.0.1 -c fsync=off -c autovacuum=off
    "$programs/postgres" -D primary -p "$primary" "$@" &
    exec "$programs/postgres" -D standby -p "$port" "$@" -c max_standby_streaming_delay=0 -c wal_retrieve_retry_interval=100ms \
        -c primary_conninfo="host=127.0.0.1 port=$primary user=postgres password=$(cat password)"
"""


@dataclass(frozen=True)
class Pair:
    """Two servers with the same rows."""

    primary: Server
    standby: Server


@contextmanager
def start_pair() -> Generator[Pair]:
    """Run both for as long as the block runs. Skips the test where the system has no Postgres."""
    programs, password, primary = system_programs(), secrets.token_urlsafe(16), free_port()

    def prepare(folder: Path, port: int) -> Sequence[str | Path]:
        (folder / "password").write_text(password)
        return ["/bin/sh", "-c", SCRIPT, "sh", programs, str(port), str(primary)]

    def is_ready(folder: Path, _: int) -> bool:
        with suppress(FileNotFoundError):
            return all((folder / name / "postmaster.pid").read_text().rstrip().endswith("ready") for name in ("primary", "standby"))
        return False

    with running("standby", prepare, is_ready) as (folder, port):
        yield Pair(Server(port=primary, password=password, log=folder / LOG), Server(port=port, password=password, log=folder / LOG))
