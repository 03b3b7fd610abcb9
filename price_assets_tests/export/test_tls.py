"""TLS with a real server that has it: each way in which it can't be trusted is refused, by every connection, and never got around."""

from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import connectorx
import pytest

from price_assets.errors import ExitCode, PriceAssetsError, SourceRefused
from price_assets.export.contract import Column, ColumnType
from price_assets.export.extraction import extract
from price_assets.export.postgres import connect, open_session
from price_assets.export.price_list import PriceList
from price_assets.export.reader import read
from price_assets.settings import SourceSettings
from price_assets_tests.servers.certificates import Authority
from price_assets_tests.servers.postgres import Database
from price_assets_tests.servers.tls_postgres import AUTHORITY, TlsDatabase
from price_assets_tests.shop import Shop

VERIFYING = ("verify-ca", "verify-full")
SHOWN = "SELECT ssl, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


def refusal(source: SourceSettings) -> str:
    """What is said of these settings: one line, by an error that a retry can't mend."""
    with pytest.raises(PriceAssetsError) as caught:
        connect(source)
    assert type(caught.value) is SourceRefused
    assert caught.value.exit_code == ExitCode.REFUSED
    assert "\n" not in str(caught.value)
    return str(caught.value)


def rows(source: SourceSettings, query: str = SHOWN) -> list[tuple[Any, ...]]:
    with open_session(source, "tls") as session:
        return [row for frame in read(session, query) for row in frame.rows()]


def logins(database: TlsDatabase, user: str, said: str) -> int:
    """How often the server's log says this of the role."""
    return sum(said in line and user in line for line in database.server.log.read_text().splitlines())


@contextmanager
def role(database: Database, name: str, password: str | None = None) -> Generator[SourceSettings]:
    """A role of its own, so that what the server's log says of it is of this test."""
    database.execute(f"CREATE ROLE {name} LOGIN" + (f" PASSWORD '{password}'" if password else ""))
    try:
        yield replace(database.source, user=name, password=password or "")
    finally:
        database.execute(f"DROP ROLE {name}")


@pytest.mark.parametrize("sslmode", ["prefer", "require", "verify-ca", "verify-full"])
def test_the_session_and_the_reader_have_tls(tls_database: TlsDatabase, sslmode: str) -> None:
    name = f"private_{sslmode.replace('-', '_')}"
    with role(tls_database, name, "known") as source:
        assert rows(replace(source, sslmode=sslmode)) == [(True, None)]
        assert logins(tls_database, name, "connection authorized") == logins(tls_database, name, "SSL enabled") == 2


@pytest.mark.parametrize("sslmode", VERIFYING)
def test_what_verifies_is_never_read_by_what_can_not(tls_database: TlsDatabase, monkeypatch: pytest.MonkeyPatch, sslmode: str) -> None:
    """[CX3]"""

    def read_sql(*_: object, **__: object) -> None:
        raise AssertionError("ConnectorX was asked")

    monkeypatch.setattr(connectorx, "read_sql", read_sql)
    assert rows(replace(tls_database.source, sslmode=sslmode)) == [(True, None)]
    with pytest.raises(AssertionError, match="ConnectorX was asked"):
        rows(tls_database.unverified)


@pytest.mark.parametrize("sslmode", VERIFYING)
def test_the_readers_connection_verifies_too(tls_database: TlsDatabase, tmp_path: Path, sslmode: str) -> None:
    """Somebody else answers after the session was opened."""
    impostor = Authority("Another authority").certify(tmp_path, "server", hosts=("localhost",))
    with (
        open_session(replace(tls_database.source, sslmode=sslmode), "tls") as session,
        tls_database.tls.showing(impostor),
        pytest.raises(SourceRefused, match="certificate verify failed"),
    ):
        list(read(session, SHOWN))


def test_a_wrong_name_is_refused_where_the_name_is_verified(tls_database: TlsDatabase, tmp_path: Path) -> None:
    """And nowhere else: `verify-ca` looks at the authority alone, as libpq's documentation says."""
    by_address = replace(tls_database.source, host="127.0.0.1")
    assert refusal(by_address).endswith('does not match host name "127.0.0.1". Set DB_HOST to a name that is in the server\'s certificate')
    assert rows(replace(by_address, sslmode="verify-ca")) == [(True, None)]
    with tls_database.tls.showing(tls_database.tls.authority.certify(tmp_path, "server", hosts=("db.example.com", "*.example.com"))):
        assert '"db.example.com" (and 1 other name) does not match host name "localhost"' in refusal(tls_database.source)
        assert rows(replace(tls_database.source, sslmode="verify-ca")) == [(True, None)]


@pytest.mark.parametrize("name", ["Another authority", AUTHORITY])
@pytest.mark.parametrize("sslmode", ["prefer", "require", "verify-ca", "verify-full"])
def test_another_authority_is_refused_in_every_mode_that_has_one(tls_database: TlsDatabase, tmp_path: Path, sslmode: str, name: str) -> None:
    """With `prefer` too: libpq would go on without TLS. One that was made anew under the same name fails at its signature."""
    other = replace(tls_database.source, sslmode=sslmode, sslrootcert=Authority(name).write(tmp_path / "other.crt"))
    assert "no authority in DB_SSLROOTCERT (unset: the system's) signed it" in refusal(other)


@pytest.mark.parametrize("sslmode", VERIFYING)
def test_the_systems_authorities_do_not_know_ours(tls_database: TlsDatabase, sslmode: str) -> None:
    """[PJ17]"""
    environment = tls_database.environment() | {"DB_SSLMODE": sslmode}
    authority = environment.pop("DB_SSLROOTCERT")
    assert "certificate verify failed" in refusal(SourceSettings.from_environment(environment))
    assert rows(SourceSettings.from_environment(environment | {"SSL_CERT_FILE": authority})) == [(True, None)]


def test_an_expired_certificate_is_refused_where_it_is_verified(tls_database: TlsDatabase, tmp_path: Path) -> None:
    expired = tls_database.tls.authority.certify(tmp_path, "server", hosts=("localhost",), until=timedelta(days=-1))
    with tls_database.tls.showing(expired):
        for sslmode in VERIFYING:
            assert "Its certificate has expired, or" in refusal(replace(tls_database.source, sslmode=sslmode))
        assert rows(replace(tls_database.source, sslmode="require", sslrootcert=None)) == [(True, None)]


@pytest.mark.parametrize("sslmode", ["require", "verify-ca", "verify-full"])
def test_a_server_without_tls_is_refused_where_tls_is_asked_for(database: Database, tmp_path: Path, sslmode: str) -> None:
    source = replace(database.source, sslmode=sslmode, sslrootcert=Authority("Another authority").write(tmp_path / "ca.crt"))
    assert refusal(source).endswith(
        "server does not support SSL, but SSL was required. Switch TLS on in the server (`ssl = on`), "
        "or set DB_SSLMODE to prefer, which does without where there is none"
    )


@pytest.mark.parametrize("sslmode", ["require", "verify-full"])
def test_a_client_certificate_logs_both_readers_in(tls_database: TlsDatabase, tmp_path: Path, sslmode: str) -> None:
    with role(tls_database, "certified") as source:
        own = tls_database.tls.authority.certify(tmp_path, "certified")
        assert rows(replace(source, sslmode=sslmode, sslcert=own.certificate, sslkey=own.key)) == [(True, "/CN=certified")]


def test_a_client_certificate_that_does_not_do_is_refused(tls_database: TlsDatabase, tmp_path: Path) -> None:
    authority = tls_database.tls.authority
    with role(tls_database, "certified") as source:
        assert "connection requires a valid client certificate. Check" in refusal(source)
        others = authority.certify(tmp_path, "somebody")
        assert 'certificate authentication failed for user "certified"' in refusal(replace(source, sslcert=others.certificate, sslkey=others.key))
        foreign = Authority("Another authority").certify(tmp_path, "certified")
        assert refusal(replace(source, sslcert=foreign.certificate, sslkey=foreign.key)).endswith("Check DB_SSLCERT and DB_SSLKEY")
        own = authority.certify(tmp_path, "certified")
        assert "key values mismatch. Check DB_SSLCERT and DB_SSLKEY" in refusal(replace(source, sslcert=own.certificate, sslkey=others.key))
        own.key.chmod(0o644)
        assert "has group or world access" in refusal(replace(source, sslcert=own.certificate, sslkey=own.key))


def test_an_encrypted_key_is_refused_and_its_password_not_asked_for(tls_database: TlsDatabase, tmp_path: Path) -> None:
    """[PJ18]: at each connection."""
    with role(tls_database, "certified") as source:
        own = tls_database.tls.authority.certify(tmp_path, "certified", password="secret")
        assert "bad decrypt. Check DB_SSLCERT and DB_SSLKEY" in refusal(replace(source, sslcert=own.certificate, sslkey=own.key))


def test_a_file_that_holds_no_certificate_is_refused(tls_database: TlsDatabase, tmp_path: Path) -> None:
    (tmp_path / "rubbish").write_text("no certificate")
    assert refusal(replace(tls_database.source, sslrootcert=tmp_path / "rubbish")).endswith("Check DB_SSLROOTCERT")


@pytest.mark.parametrize("sslmode", ["prefer", "require", "verify-ca", "verify-full"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_wrong_password_is_one_failed_login_over_tls(tls_database: TlsDatabase, sslmode: str, host: str) -> None:
    """[PJ9]: libpq would try again without TLS with `prefer`, which this server lets in too."""
    name = f"wrong_{sslmode}_{host}".replace("-", "_").replace(".", "_")
    with role(tls_database, name, "known") as source:
        wrong = replace(source, sslmode=sslmode, host=host, password="s3cret-guess")
        said = refusal(wrong) if (sslmode, host) != ("verify-full", "127.0.0.1") else refusal(replace(wrong, host="localhost"))
    assert "password authentication failed" in said
    assert "s3cret-guess" not in said
    assert logins(tls_database, f'"{name}"', "password authentication failed") == 1


def test_without_verifying_tls_is_taken_where_it_is_there(tls_database: TlsDatabase) -> None:
    for sslmode, ssl in {"disable": False, "prefer": True, "require": True}.items():
        with closing(connect(replace(tls_database.source, sslmode=sslmode, sslrootcert=None))) as connection:
            assert connection.pgconn.ssl_in_use is ssl


def test_a_price_list_is_extracted_over_tls_that_verifies(tls_database: TlsDatabase, tmp_path: Path) -> None:
    columns = tuple(Column(name=name, type=ColumnType.parse(type_)) for name, type_ in {"sku": "text", "price": "decimal(12,2)"}.items())
    query = "SELECT lpad(g::text, 7, '0') AS sku, (g / 100.0)::numeric(12,2) AS price FROM generate_series(100000, 1, -1) AS g"
    price_list = PriceList(name="wholesale", sql=query, start=date(2026, 1, 1), key=("sku",), columns=columns)
    snapshots = [extract(price_list, date(2026, 11, 24), source, tmp_path) for source in (tls_database.source, tls_database.unverified)]
    assert [snapshot.rows for snapshot in snapshots] == [100_000] * 2
    assert snapshots[0].name == snapshots[1].name


def test_a_server_that_does_not_verify_is_exit_code_2_and_nothing_is_published(tls_database: TlsDatabase, tmp_path: Path) -> None:
    shop = Shop(tmp_path, tls_database)
    other = Authority("Another authority").write(tmp_path / "other.crt")
    done = shop.run("export", "--date", "2026-11-24", DB_SSLROOTCERT=str(other))
    assert done.returncode == ExitCode.REFUSED
    assert "certificate verify failed. Its certificate has expired, or no authority in DB_SSLROOTCERT" in done.stderr
    assert shop.published("2026-11-24") is None
