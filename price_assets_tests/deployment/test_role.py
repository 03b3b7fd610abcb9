"""deploy/postgres/role.sql, by psql on real servers: what its two roles may do, and that they may nothing else."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from price_assets.demo.server import binaries
from price_assets_tests.deployment.running_dagster import CLONE
from price_assets_tests.servers.postgres import Database
from price_assets_tests.servers.tls_postgres import TlsDatabase
from price_assets_tests.shop import DAY, PRODUCTS, Shop

ROLE = CLONE / "deploy" / "postgres" / "role.sql"
READER, LEDGER, OTHER = "price_lists_reader", "price_lists_ledger", "somebody"
SECRET = "it's \\ a $secret"
URL_SECRET = "it%27s%20%5C%20a%20%24secret"
STATE = """
SELECT 'role', rolname::text, concat_ws(' ', rolcanlogin, rolconnlimit, rolpassword) FROM pg_authid WHERE rolname !~ '^pg_'
UNION ALL SELECT 'setting', concat_ws(' ', setrole, setdatabase), setconfig::text FROM pg_db_role_setting
UNION ALL SELECT 'relation', oid::regclass::text, relacl::text FROM pg_class WHERE relnamespace::regnamespace::text !~ '^pg_'
UNION ALL SELECT 'column', concat_ws('.', attrelid::regclass, attname), attacl::text FROM pg_attribute WHERE attacl IS NOT NULL
UNION ALL SELECT 'schema', nspname, nspacl::text FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'
UNION ALL SELECT 'database', datname, datacl::text FROM pg_database
ORDER BY 1, 2, 3
"""
"""All that the script may change."""


@dataclass(frozen=True)
class Roles:
    """A database, and the script that is run on it."""

    database: Database

    def run(
        self, user: str = "", secret: str = "", reader_password: str = SECRET, ledger_password: str = SECRET, **variables: str
    ) -> tuple[int, str]:
        """The script's exit code and what it says. It is run by the server's superuser, or by another role; an empty password is not given."""
        server = self.database.server
        passwords = {"READER_PASSWORD": reader_password, "LEDGER_PASSWORD": ledger_password, "PGPASSWORD": secret or server.password}
        done = subprocess.run(
            [
                *(binaries() / "psql", "-X", *(f"--set={name}={value}" for name, value in variables.items()), "-f", ROLE),
                f"host={server.host} port={server.port} dbname={self.database.name} user={user or server.user}",
            ],
            env={"PATH": os.environ["PATH"]} | {name: value for name, value in passwords.items() if value},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == ""
        return done.returncode, done.stderr

    def make(self, **given: str) -> None:
        """Run it to its end, without a word."""
        assert self.run(**given) == (0, "")

    def connect(self, role: str = READER, secret: str = SECRET) -> psycopg.Connection[Any]:
        """A new connection, in autocommit."""
        server = self.database.server
        return psycopg.connect(host=server.host, port=server.port, user=role, password=secret, dbname=self.database.name, autocommit=True)

    @property
    def state(self) -> list[tuple[Any, ...]]:
        """All that the script may change, as it is."""
        return self.database.execute(STATE)


@pytest.fixture(params=["database", "tls_database"], ids=["embedded", "system"])
def roles(request: pytest.FixtureRequest) -> Iterator[Roles]:
    """On two servers of different versions. Roles belong to the server, and so are dropped at the end."""
    roles = Roles(request.getfixturevalue(request.param))
    yield roles
    with roles.database.connect() as connection:
        for (role,) in connection.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [[READER, LEDGER, OTHER]]).fetchall():
            connection.execute(sql.SQL("REASSIGN OWNED BY {0} TO CURRENT_USER; DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(role)))


def test_the_reader_can_do_what_an_export_needs_and_the_doctor_sees_that_it_only_reads(roles: Roles, tmp_path: Path) -> None:
    shop = Shop(tmp_path, roles.database)
    roles.make(tables="public.prices")
    reader = {"DB_USER": READER, "DB_PASSWORD": SECRET}
    findings = [each for each in json.loads(shop.run("doctor", "--json", **reader).stdout) if each["area"] == "source"]
    assert [each["said"] for each in findings if each["subject"] == "rights"] == ["the role may only read"]
    assert {each["state"] for each in findings} == {"ok"}
    assert [day["outcome"] for day in shop.export("--date", DAY, **reader)] == ["published"]
    if isinstance(roles.database, TlsDatabase):  # so far it has verified, and read by COPY
        assert [day["outcome"] for day in shop.export("--date", "2026-11-23", **reader, DB_SSLMODE="require")] == ["published"]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO prices (sku) VALUES ('x')",
        "UPDATE prices SET price = 0",
        "DELETE FROM prices",
        "TRUNCATE prices",
        "DROP TABLE prices",
        "SELECT * FROM customers",
        "CREATE TABLE public.mine ()",
        "CREATE SCHEMA mine",
        "SELECT pg_read_file('postgresql.conf')",
    ],
)
def test_the_reader_may_do_nothing_else_even_where_it_leaves_read_only(roles: Roles, statement: str) -> None:
    roles.database.execute(f"{PRODUCTS}; CREATE TABLE customers (name text)")
    roles.make(tables="public.prices")
    with roles.connect() as connection:
        assert connection.execute("SELECT count(*) FROM prices").fetchone() == (3,)
        if not statement.startswith("SELECT"):
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                connection.execute(statement.encode())
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_both_have_bounds_of_time_and_of_connections(roles: Roles) -> None:
    roles.database.execute(PRODUCTS)
    roles.make(tables="public.prices", ledger=LEDGER, connections="2")
    settings = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "default_transaction_read_only")
    for role, read_only in ((READER, "on"), (LEDGER, "off")):
        with roles.connect(role) as first, roles.connect(role):
            assert [first.execute(f"SHOW {name}".encode()).fetchone() for name in settings] == [("15min",), ("30s",), ("5min",), (read_only,)]
            with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
                roles.connect(role)


def test_run_again_it_changes_nothing_and_a_password_stays_where_none_is_given(roles: Roles) -> None:
    roles.database.execute(f"{PRODUCTS}; CREATE SCHEMA shop; CREATE VIEW shop.today AS SELECT 1 AS one")
    roles.make(tables="shop, public.prices", ledger=LEDGER)
    before = roles.state
    roles.make(tables="public.prices,shop.today", ledger=LEDGER, reader_password="", ledger_password="")
    assert roles.state == before
    roles.make(tables="shop, public.prices", ledger=LEDGER, reader_password="another")
    changed = {row[:2] for row in set(roles.state) ^ set(before)}
    assert changed == {("role", READER), ("role", LEDGER)}  # the same password has another salt
    roles.connect(READER, "another").close()
    roles.connect(LEDGER).close()


def test_what_is_not_named_any_more_or_more_than_reading_is_revoked(roles: Roles) -> None:
    roles.database.execute(f"{PRODUCTS}; CREATE SCHEMA shop; CREATE TABLE shop.old (a int, b int); CREATE SEQUENCE shop.numbers")
    roles.database.execute("CREATE TABLE customers (name text)")
    roles.make(tables="shop, public.prices")
    roles.database.execute(f"GRANT UPDATE ON prices TO {READER}; GRANT INSERT (a) ON shop.old TO {READER}; GRANT USAGE ON shop.numbers TO {READER}")
    roles.database.execute(f"GRANT SELECT (name) ON customers TO {READER}")
    roles.database.execute(f"GRANT CREATE ON SCHEMA public TO {READER}")
    roles.make(tables="public.prices")
    given = [row for row in roles.state if row[0] in ("relation", "column", "schema") and READER in (row[2] or "")]
    assert [(kind, name, [part for part in acl.strip("{}").split(",") if READER in part]) for kind, name, acl in given] == [
        ("relation", "prices", [f"{READER}=r/postgres"]),
        ("schema", "public", [f"{READER}=U/pg_database_owner"]),
    ]


def test_names_are_taken_as_sql_writes_them(roles: Roles) -> None:
    roles.database.execute('CREATE SCHEMA "Price lists"; CREATE TABLE "Price lists"."Order" (a int)')
    roles.make(tables='"Price lists"."Order" ,\n pg_catalog.pg_class')
    with roles.connect() as connection:
        assert connection.execute('SELECT * FROM "Price lists"."Order"').fetchall() == []


def test_the_owner_makes_the_ledger_in_a_schema_of_its_own_and_sees_nothing_else(roles: Roles, tmp_path: Path) -> None:
    shop = Shop(tmp_path, roles.database)
    roles.make(ledger=LEDGER)
    server = roles.database.server
    url = f"postgresql://{LEDGER}:{URL_SECRET}@{server.host}:{server.port}/{roles.database.name}"
    shop.export("--date", DAY, EXPORT_RUNS_URL=url)
    told = shop.run("runs", "--json", EXPORT_RUNS_URL=url)
    assert [(run["price_list"], run["status"]) for run in json.loads(told.stdout)] == [("shop", "success")]
    tables = "SELECT DISTINCT schemaname, tableowner FROM pg_tables WHERE tablename ~ '^export_'"
    assert roles.database.execute(tables) == [(LEDGER, LEDGER)]
    functions = "SELECT DISTINCT proconfig FROM pg_proc WHERE proname ~ '^export_'"  # whoever writes, they count into the owner's tables
    assert roles.database.execute(functions) == [([f"search_path={LEDGER}"],)]
    with roles.connect(LEDGER) as connection:
        for statement in ("SELECT * FROM public.prices", "CREATE TABLE public.mine ()"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
    roles.make(ledger=LEDGER)  # over its tables, too


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "There is nothing to do: give -v tables=… for the reader, -v ledger=… for the owner of the ledger, or both"),
        ({"tables": "public.prices", "reader_password": ""}, f"The role {READER} is new and wants a password: set the environment variable READER_P"),
        ({"ledger": LEDGER, "ledger_password": ""}, f"The role {LEDGER} is new and wants a password: set the environment variable LEDGER_PASSWORD"),
        ({"tables": "prices"}, "tables: there is no schema prices with tables in database"),
        ({"tables": "public.prises"}, "tables: there is no table or view public.prises in database"),
        ({"tables": "public.prices; shop"}, "tables: 'public.prices; shop' is no name: write schema.table, or a schema, with commas between"),
        ({"tables": "public.prices,"}, "tables: '' is no name"),
        ({"tables": "shop.public.prices"}, "tables: there is no table or view shop.public.prices"),
        ({"tables": "public.prices", "connections": "-1"}, "connections is '-1': give a whole number from 1 on"),
        ({"tables": "public.prices", "reader": OTHER}, f"The role {OTHER} is there already, and has the rights of pg_read_all_data"),
        ({"tables": "public.prices", "ledger": READER}, f"The ledger wants an owner of its own: {READER} only reads"),
        ({"ledger": "shop"}, "The schema shop is there already, and not the ledger's: give another name"),
    ],
)
def test_wrong_use_is_one_line_and_makes_nothing(roles: Roles, variables: dict[str, str], said: str) -> None:
    roles.database.execute(f"{PRODUCTS}; CREATE SCHEMA shop; CREATE ROLE {OTHER} IN ROLE pg_read_all_data")
    before = roles.state
    code, told = roles.run(**variables)
    assert (code, said in told, told.count("\n")) == (3, True, 1), told
    assert roles.state == before


@pytest.mark.parametrize("power", ["SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS"])
def test_a_role_with_powers_of_its_own_is_neither_reader_nor_owner(roles: Roles, power: str) -> None:
    roles.database.execute(f"{PRODUCTS}; CREATE ROLE {OTHER} {power}")
    before = roles.state
    for variables in ({"tables": "public.prices", "reader": OTHER}, {"ledger": OTHER}):
        code, told = roles.run(**variables)
        assert (code, f"The role {OTHER} is there already, and a superuser or nearly one: give another name" in told) == (3, True)
    assert roles.state == before


def test_a_role_that_owns_something_is_no_reader(roles: Roles) -> None:
    roles.database.execute(f"{PRODUCTS}; CREATE ROLE {OTHER}; CREATE TABLE mine (); ALTER TABLE mine OWNER TO {OTHER}")
    code, told = roles.run(tables="public.prices", reader=OTHER)
    assert (code, "owns what it therefore may change" in told) == (3, True)


def test_an_owner_who_is_no_superuser_may_run_it_and_nobody_gives_what_is_not_theirs(roles: Roles) -> None:
    """As the master user of a managed Postgres."""
    roles.database.execute(f"{PRODUCTS}; CREATE TABLE customers (name text); CREATE ROLE {OTHER} LOGIN CREATEROLE PASSWORD 'x'")
    roles.database.execute(
        f"ALTER TABLE prices OWNER TO {OTHER}; ALTER DATABASE {roles.database.name} OWNER TO {OTHER}; GRANT SELECT ON customers TO {OTHER}"
    )
    given = {"user": OTHER, "secret": "x", "ledger": LEDGER}
    for _ in range(2):
        roles.make(**given, tables="public.prices")
    with roles.connect() as connection:
        assert connection.execute("SELECT count(*) FROM prices").fetchone() == (3,)
    code, told = roles.run(**given, tables="public.prices, public.customers")
    assert (code, f"{OTHER} may not let others read customers: run this as its owner" in told) == (3, True)


def test_rights_that_everybody_has_are_warned_of(roles: Roles) -> None:
    roles.database.execute(f"{PRODUCTS}; GRANT INSERT ON prices TO PUBLIC; GRANT CREATE ON SCHEMA public TO PUBLIC")
    code, told = roles.run(tables="public.prices")
    assert code == 0
    assert f"Everybody may change public.prices, and so may {READER}: REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON public.prices FROM PUBLIC" in told
    assert f"Everybody may create tables in public, and so may {READER}: REVOKE CREATE ON SCHEMA public FROM PUBLIC" in told
    for revoke in [line.partition(": REVOKE ")[2] for line in told.splitlines()]:
        roles.database.execute(f"REVOKE {revoke}")
    roles.make(tables="public.prices")


def test_no_password_is_in_the_log_of_a_server_that_logs_its_ddl(roles: Roles) -> None:
    roles.database.execute(f"{PRODUCTS}; ALTER DATABASE {roles.database.name} SET log_statement = 'ddl'")
    roles.make(tables="public.prices", ledger=LEDGER, reader_password="visible-1", ledger_password="visible-2")
    log = roles.database.server.log.read_text(errors="replace")
    assert "CREATE OR REPLACE FUNCTION pg_temp.make_role" in log
    assert "visible-" not in log
