"""A real Postgres for the tests: one server a session (a worker's, under xdist), a fresh database a test."""

import itertools
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg import sql

from price_assets.demo.catalogue import fill
from price_assets.demo.server import Server, start_server
from price_assets.settings import SourceSettings

TODAY = date(2026, 11, 25)
"""The day that the demo's catalogue is filled up to in tests."""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Database:
    """An empty database of the session's server."""

    server: Server
    name: str

    def environment(self) -> dict[str, str]:
        """The exporter's `DB_*` variables."""
        return self.server.environment(self.name)

    @property
    def source(self) -> SourceSettings:
        """The same as settings."""
        return SourceSettings.from_environment(self.environment())

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A new connection, in autocommit."""
        return connect(self.server, self.name)

    def execute(self, text: str) -> list[tuple[Any, ...]]:
        """Run one or more statements; the rows of the last one, where it has some."""
        with self.connect() as connection:
            cursor = connection.execute(text.encode())
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []


def connect(server: Server, database: str) -> psycopg.Connection[tuple[Any, ...]]:
    """A new connection to a database of the server, in autocommit."""
    return psycopg.connect(host=server.host, port=server.port, user=server.user, password=server.password, dbname=database, autocommit=True)


@contextmanager
def new_database(server: Server) -> Generator[Database]:
    """Make an empty database, and drop it at the end, whoever is still connected to it."""
    name = f"test_{next(_numbers)}"
    with connect(server, server.database) as maintenance:
        maintenance.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield Database(server, name)
        maintenance.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """The server itself, for what concerns more than one database."""
    with start_server() as server:
        yield server


@pytest.fixture
def database(postgres_server: Server) -> Iterator[Database]:
    """An empty database."""
    with new_database(postgres_server) as made:
        yield made


@pytest.fixture(scope="session")
def demo_database(postgres_server: Server) -> Iterator[Database]:
    """The demo's catalogue, filled up to `TODAY`; nobody writes to it. Tests that take it belong to `xdist_group("demo")`: it takes ten seconds."""
    with new_database(postgres_server) as made:
        for _ in fill(postgres_server, TODAY, made.name):
            pass
        yield made
