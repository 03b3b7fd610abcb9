"""The doctor at the source: each way in which it can be wrong has its line, its code and its way out."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from price_assets.errors import ExitCode
from price_assets.export.price_list import PriceList
from price_assets.export.price_list_files import load_price_lists
from price_assets.operations.doctor_source import clock, examine_queries, examine_source
from price_assets.operations.finding import Finding, State
from price_assets.settings import FORMATS, SourceSettings
from price_assets_tests.servers.postgres import Database
from price_assets_tests.servers.tls_postgres import TlsDatabase
from price_assets_tests.shop import PRICE_LIST, QUERY, Shop

DAY = date(2026, 11, 24)


def examined(source: SourceSettings) -> dict[str, Finding]:
    return {finding.subject: finding for finding in examine_source(source)}


def states(source: SourceSettings) -> dict[str, State]:
    return {finding.subject: finding.state for finding in examine_source(source)}


def wrong(source: SourceSettings) -> Finding:
    (found,) = [finding for finding in examine_source(source) if finding.state == "wrong"]
    return found


@contextmanager
def role(database: Database, name: str, grants: str) -> Generator[SourceSettings]:
    """A role of the database, with these rights."""
    name = f"{database.name}_{name}"
    database.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'k4n@ry'; {grants.format(name)}")
    try:
        yield replace(database.source, user=name, password="k4n@ry")
    finally:
        database.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


def test_a_source_that_is_as_it_should_be(database: Database) -> None:
    with role(database, "reader", "SELECT 1") as source:
        assert states(source) == {
            "DNS": "ok",
            "TCP": "ok",
            "TLS": "ok",
            "login": "ok",
            "server": "ok",
            "rights": "ok",
            "clock": "ok",
            "two sessions": "ok",
        }
        found = examined(source)
    assert found["TLS"].said == "none (DB_SSLMODE disable), and the connection does not leave this machine"
    assert found["rights"].said == "the role may only read"
    assert re.fullmatch(r"PostgreSQL \d+\.\d+.*", found["server"].said)
    assert found["clock"].said == "as this machine's"


def test_a_host_that_is_not_known_is_worth_a_retry(database: Database) -> None:
    found = examined(replace(database.source, host="nowhere.invalid"))
    assert {name: finding.state for name, finding in found.items()} == {"DNS": "wrong", "TLS, login, rights": "skipped"}
    assert found["DNS"].exit_code == ExitCode.FAILED
    assert found["DNS"].said.startswith("The host 'nowhere.invalid' is not known: ")


def test_a_port_at_which_nobody_answers_is_worth_a_retry(database: Database) -> None:
    found = examined(replace(database.source, port=1))
    assert found["TCP"].exit_code == ExitCode.FAILED
    assert found["TCP"].said == "Port 1 does not answer (127.0.0.1: Connection refused). Check DB_PORT, firewalls, and that the server is up."


def test_a_socket_that_is_not_there_is_told_by_its_path(database: Database, tmp_path: Path) -> None:
    found = wrong(replace(database.source, host=str(tmp_path), sslmode="disable"))
    assert (found.subject, found.exit_code) == ("socket", ExitCode.FAILED)
    assert f"There is no socket {tmp_path}/.s.PGSQL.{database.server.port}" in found.said


def test_a_wrong_password_and_a_database_that_is_not_there_are_a_persons_to_mend(database: Database) -> None:
    for source, said in (
        (replace(database.source, password="k4n@ry"), "password authentication failed"),
        (replace(database.source, database="nowhere"), 'database "nowhere" does not exist'),
    ):
        found = wrong(source)
        assert (found.subject, found.exit_code) == ("login", ExitCode.REFUSED)
        assert said in found.said
        assert "k4n@ry" not in found.said


def test_too_few_connections_for_an_export_are_told(database: Database) -> None:
    with role(database, "lonely", "ALTER ROLE {} CONNECTION LIMIT 1") as source:
        found = wrong(source)
    assert (found.subject, found.exit_code) == ("two sessions", ExitCode.FAILED)
    assert "too many connections for role" in found.said


def test_a_superuser_is_a_warning(database: Database) -> None:
    found = examined(database.source)["rights"]
    assert found.state == "warning"
    assert found.said.startswith(
        "the role is a superuser, and needs to read and nothing else. Make it one of its own, and set DB_USER to it: CREATE ROLE"
    )


@pytest.mark.parametrize(
    ("grant", "said"),
    [
        ("GRANT SELECT, INSERT ON prices TO {}", "the role may change public.prices, and"),
        ("GRANT TRUNCATE ON prices TO {}", "the role may change public.prices, and"),
        ("ALTER TABLE prices OWNER TO {}", "the role may change public.prices, and"),
        ("GRANT CREATE ON SCHEMA public TO {}", "the role may create tables in public, and"),
        ("GRANT pg_write_all_data TO {}", "the role may change public.a1, public.a2, public.a3 and 2 more, and"),
    ],
)
def test_a_role_that_may_do_more_than_read_is_a_warning_with_the_grants_of_one_that_may_not(database: Database, grant: str, said: str) -> None:
    tables = ["prices"] if "pg_write_all" not in grant else ["prices", *(f"a{number}" for number in range(1, 5))]
    database.execute("; ".join(f"CREATE TABLE {name} (sku text)" for name in tables))
    with role(database, "writer", grant) as source:
        found = examined(source)["rights"]
    assert found.state == "warning"
    assert said in found.said


def test_the_grants_that_are_shown_make_a_role_that_may_read_and_nothing_else(database: Database) -> None:
    database.execute('CREATE TABLE prices (sku text); CREATE SCHEMA "Прайс"; CREATE TABLE "Прайс".costs (sku text)')
    advice = examined(database.source)["rights"].said.partition("set DB_USER to it: ")[2]
    assert advice.count("GRANT USAGE") == 2
    name = f"{database.name}_advised"
    database.execute(advice.replace("price_lists_reader", name).replace("…", "known"))
    try:
        source = replace(database.source, user=name, password="known")
        assert examined(source)["rights"].said == "the role may only read"
    finally:
        database.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


@pytest.mark.parametrize(
    ("sslmode", "state", "said", "authority"),
    [
        ("verify-full", "ok", "DB_SSLMODE verify-full: authority and name of the server are verified", True),
        ("verify-ca", "ok", "DB_SSLMODE verify-ca: the server's authority is verified, its name is not", True),
        ("require", "ok", "DB_SSLMODE require: the server's authority is verified, its name is not", True),
        ("require", "warning", "DB_SSLMODE require does not verify who answers", False),
        ("prefer", "warning", "DB_SSLMODE prefer does not verify who answers", True),
        ("prefer", "warning", "Set DB_SSLMODE=verify-full, and DB_SSLROOTCERT to the certificate of the authority", False),
        ("disable", "ok", "none (DB_SSLMODE disable), and the connection does not leave this machine", False),
    ],
)
def test_tls_is_told_by_mode_version_and_what_it_verifies(tls_database: TlsDatabase, sslmode: str, state: str, said: str, *, authority: bool) -> None:
    source = tls_database.source if authority else replace(tls_database.source, sslrootcert=None)
    found = examined(replace(source, sslmode=sslmode))["TLS"]
    assert found.state == state
    assert said in found.said
    assert sslmode == "disable" or found.said.startswith("TLSv1.")


def test_tls_that_can_not_be_trusted_is_no_matter_of_the_login(tls_database: TlsDatabase) -> None:
    found = wrong(replace(tls_database.source, host="127.0.0.1"))
    assert (found.subject, found.exit_code) == ("TLS", ExitCode.REFUSED)
    assert "Set DB_HOST to a name that is in the server's certificate" in found.said


def test_tls_that_the_server_lacks_is_told(database: Database) -> None:
    found = wrong(replace(database.source, sslmode="require"))
    assert (found.subject, found.exit_code) == ("TLS", ExitCode.REFUSED)


@pytest.mark.parametrize(
    ("seconds", "state", "said"),
    [
        (0, "ok", "as this machine's"),
        (9, "ok", "as this machine's"),
        (-9, "ok", "as this machine's"),
        (3601, "warning", "3,600 s ahead of this machine's, 2026-11-24 06:00:01 UTC. Set the wrong one right"),
        (-90, "warning", "90 s behind this machine's"),
    ],
)
def test_clocks_that_differ_are_a_warning(seconds: int, state: str, said: str) -> None:
    before = datetime(2026, 11, 24, 6, tzinfo=UTC)
    found = clock("source", before, before + timedelta(seconds=seconds), before + timedelta(seconds=1))
    assert found.state == state
    assert said in found.said


def queries(shop: Shop, source: SourceSettings) -> dict[str, Finding]:
    lists = [each for each in load_price_lists(shop.folder / "lists", start=DAY, formats=FORMATS) if isinstance(each, PriceList)]
    return {finding.subject: finding for finding in examine_queries(source, lists, DAY)}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (QUERY.replace("price,", "price::float8 AS price,"), "'price' is double precision, and decimal(12,2) takes numeric and integers"),
        (QUERY.replace("stock", "nothing"), 'column "nothing" does not exist'),
        (QUERY.replace("FROM prices", "FROM nowhere"), 'relation "nowhere" does not exist'),
        (QUERY.replace("name,", ""), "'name' is missing"),
        (
            "WITH gone AS (DELETE FROM prices RETURNING *) SELECT sku, name, price, stock FROM gone WHERE :export_date > '2026-01-01'",
            "data-modifying",
        ),
    ],
)
def test_every_list_is_held_against_the_source_whatever_the_others_are(shop: Shop, query: str, said: str) -> None:
    shop.write_list(PRICE_LIST.replace("name: shop", "name: first").replace("shop.sql", "first.sql"), query, name="first")
    found = queries(shop, shop.database.source)
    assert {name: (finding.state, finding.exit_code) for name, finding in found.items()} == {
        "query of first": ("wrong", ExitCode.REFUSED),
        "query of shop": ("ok", ExitCode.OK),
    }
    assert said in found["query of first"].said
    assert "first.sql" in found["query of first"].said
    assert shop.database.execute("SELECT count(*) FROM prices") == [(3,)]


def test_a_table_that_the_role_may_not_read_is_told_without_reading_it(shop: Shop) -> None:
    with role(shop.database, "nobody", "SELECT 1") as source:
        found = queries(shop, source)["query of shop"]
        assert (found.state, found.exit_code) == ("wrong", ExitCode.REFUSED)
        assert "permission denied for table prices" in found.said
        shop.database.execute(f"GRANT SELECT ON prices TO {source.user}")
        assert queries(shop, source)["query of shop"].state == "ok"
