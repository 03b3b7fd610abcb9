"""PgBouncer in front of the Postgres with TLS, itself with TLS: Debian's own."""

import shutil
import socket
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from price_assets_tests.servers.postgres import new_database
from price_assets_tests.servers.running import running
from price_assets_tests.servers.tls_postgres import HOST, TlsDatabase, TlsServer

SETTINGS = """
[databases]
* = host=127.0.0.1 port={server_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = {pool_mode}
auth_type = scram-sha-256
auth_file = {folder}/users
server_tls_sslmode = require
client_tls_sslmode = require
client_tls_ca_file = {folder}/authority.crt
client_tls_cert_file = {folder}/server.crt
client_tls_key_file = {folder}/server.key
"""


@dataclass(frozen=True)
class PooledDatabase(TlsDatabase):
    """An empty database, whose settings lead through the pooler; `connect` and `execute` do not."""

    port: int

    def environment(self) -> dict[str, str]:
        """The exporter's `DB_*` variables: the pooler must prove that it is the one meant."""
        return super().environment() | {"DB_PORT": str(self.port)}


@contextmanager
def start_pgbouncer(tls: TlsServer, pool_mode: str) -> Generator[int]:
    """Run a pooler in front of the server; its port. Skips the test where the system has none."""
    program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin")
    if not program:
        pytest.skip("NO PGBOUNCER HERE, so nothing is tested through it: apt-get install pgbouncer")

    def prepare(folder: Path, port: int) -> Sequence[str | Path]:
        tls.authority.write(folder / "authority.crt")
        tls.authority.certify(folder, "server", hosts=(HOST,))
        (folder / "users").write_text(f'"{tls.server.user}" "{tls.server.password}"\n')
        settings = SETTINGS.format(folder=folder, port=port, server_port=tls.server.port, pool_mode=pool_mode)
        (folder / "pgbouncer.ini").write_text(settings)
        return [program, "pgbouncer.ini"]

    def is_ready(_: Path, port: int) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return True
        return False

    with running(f"pgbouncer-{pool_mode}", prepare, is_ready) as (_, port):
        yield port


@pytest.fixture(scope="session", params=["session", "transaction"])
def pgbouncer_port(request: pytest.FixtureRequest, tls_server: TlsServer) -> Iterator[int]:
    """The port of a pooler, in either of the modes that can carry a transaction."""
    with start_pgbouncer(tls_server, request.param) as port:
        yield port


@pytest.fixture
def pooled_database(tls_server: TlsServer, pgbouncer_port: int) -> Iterator[PooledDatabase]:
    """An empty database behind the pooler."""
    with new_database(tls_server.server) as made:
        yield PooledDatabase(made.server, made.name, tls_server, pgbouncer_port)
