"""A real Postgres with TLS: the system's own, for the embedded one has none [PK5]. One server a session (a worker's, under xdist)."""

import secrets
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from price_assets.demo.server import Server
from price_assets.settings import SourceSettings
from price_assets_tests.servers.certificates import Authority, Certified
from price_assets_tests.servers.postgres import Database, new_database
from price_assets_tests.servers.running import LOG, START_TIMEOUT, running

HOST = "localhost"
"""What the server's certificate names; it names no address."""
AUTHORITY = "The authority of the tests"
SCRIPT = """
    programs=$1 port=$2
    "$programs/initdb" -D data -U postgres --pwfile=password --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync --no-instructions || exit
    exec "$programs/postgres" -D data -p "$port" -c config_file="$PWD/postgresql.conf"
"""
SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = '{folder}'
password_encryption = 'scram-sha-256'
hba_file = '{folder}/hba'
ssl = on
ssl_ca_file = '{folder}/authority.crt'
ssl_cert_file = '{folder}/server.crt'
ssl_key_file = '{folder}/server.key'
log_connections = on
fsync = off
"""
HBA = """
local   all all       trust
hostssl all certified 127.0.0.1/32 cert
host    all all       127.0.0.1/32 scram-sha-256
"""


@dataclass(frozen=True)
class TlsServer:
    """A running server with TLS. `authority` signed its certificate, which is for the host `localhost`, and signs those of clients."""

    server: Server
    folder: Path
    authority: Authority

    @contextmanager
    def showing(self, shown: Certified) -> Generator[None]:
        """Have the server show another certificate for as long as the `with` block runs."""
        own = Certified(self.folder / "server.crt", self.folder / "server.key")
        certificate, key = own.certificate.read_bytes(), own.key.read_bytes()
        try:
            self._show(shown.certificate.read_bytes(), shown.key.read_bytes())
            yield
        finally:
            self._show(certificate, key)

    def _show(self, certificate: bytes, key: bytes) -> None:
        (self.folder / "server.crt").write_bytes(certificate)
        (self.folder / "server.key").write_bytes(key)
        before, deadline = self._loaded(), time.monotonic() + START_TIMEOUT
        with self._connect() as connection:
            connection.execute("SELECT pg_reload_conf()")
        while self._loaded() == before:
            assert time.monotonic() < deadline, "the server did not read its files again"
            time.sleep(0.02)

    def _loaded(self) -> object:
        """When the server read its files, as a session that begins now sees it."""
        with self._connect() as connection:
            return connection.execute("SELECT pg_conf_load_time()").fetchone()

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(host=str(self.folder), port=self.server.port, user="postgres", dbname="postgres", autocommit=True)


@dataclass(frozen=True)
class TlsDatabase(Database):
    """An empty database of a server with TLS."""

    tls: TlsServer

    def environment(self) -> dict[str, str]:
        """The exporter's `DB_*` variables: the server must prove that it is the one meant."""
        verifying = {"DB_SSLMODE": "verify-full", "DB_SSLROOTCERT": str(self.tls.folder / "authority.crt")}
        return super().environment() | {"DB_HOST": HOST} | verifying

    @property
    def unverified(self) -> SourceSettings:
        """The settings with TLS as ConnectorX can do it."""
        return replace(self.source, sslmode="require")


def system_programs() -> Path:
    """The folder of the system's Postgres, the newest of them. Skips the test where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda program: float(program.parts[-3]))
    if not found:
        pytest.skip("NO POSTGRES WITH TLS HERE, so nothing that concerns TLS is tested: apt-get install postgresql")
    return found[-1].parent


@contextmanager
def start_tls_server() -> Generator[TlsServer]:
    """A fresh Postgres with TLS. Skips the test where the system has none."""
    programs, password, authority = system_programs(), secrets.token_urlsafe(16), Authority(AUTHORITY)

    def prepare(folder: Path, port: int) -> Sequence[str | Path]:
        authority.write(folder / "authority.crt")
        authority.certify(folder, "server", hosts=(HOST,))
        (folder / "password").write_text(password)
        (folder / "hba").write_text(HBA)
        (folder / "postgresql.conf").write_text(SETTINGS.format(folder=folder))
        return ["/bin/sh", "-c", SCRIPT, "sh", programs, str(port)]

    def is_ready(folder: Path, _: int) -> bool:
        with suppress(FileNotFoundError):
            return (folder / "data" / "postmaster.pid").read_text().rstrip().endswith("ready")
        return False

    with running("tls", prepare, is_ready) as (folder, port):
        yield TlsServer(Server(port=port, password=password, log=folder / LOG), folder, authority)


@pytest.fixture(scope="session")
def tls_server() -> Iterator[TlsServer]:
    """A Postgres with TLS, the system's own."""
    with start_tls_server() as server:
        yield server


@pytest.fixture
def tls_database(tls_server: TlsServer) -> Iterator[TlsDatabase]:
    """An empty database of the Postgres with TLS; its settings verify in full."""
    with new_database(tls_server.server) as made:
        yield TlsDatabase(made.server, made.name, tls_server)
