"""The ledger on a real Postgres: made by itself, written by many, and no harm to anybody where it is down."""

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from price_assets.errors import Failed, SettingError, Stopped
from price_assets.operations import export_runs, export_runs_schema
from price_assets.operations.alerts.notifications import Delivery
from price_assets.operations.alerts.problem import Message
from price_assets.operations.export_runs import ExportRun, Ledger, Reason, Status, Trigger
from price_assets.variables import EXPORT_RUNS_URL
from price_assets_tests.cli.test_stopping import until
from price_assets_tests.export.test_source_faults import silent_port
from price_assets_tests.operations.ledgers import DAY, SIX, a_run, url_of
from price_assets_tests.servers.pgbouncer import start_pgbouncer
from price_assets_tests.servers.postgres import Database, connect
from price_assets_tests.servers.tls_postgres import TlsDatabase, TlsServer

TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1"


@pytest.fixture
def ledger(database: Database) -> Iterator[Ledger]:
    with closing(Ledger(url_of(database))) as made:
        yield made


def totals(ledger: Ledger) -> dict[tuple[str, str], float]:
    return {(row["metric"], row["label"]): row["total"] for row in ledger.read("SELECT * FROM export_totals WHERE metric <> 'seconds'")}


def tables(database: Database) -> list[str]:
    return [name for (name,) in database.execute(TABLES)]


# ── made and migrated by itself ──


def test_sixteen_begin_at_once_on_an_empty_database(database: Database) -> None:
    """All have seen that nothing is there, and wait for their turn, before the first one makes it."""
    done: list[bool] = []

    def begin(number: int) -> None:
        with closing(Ledger(url_of(database))) as own:
            done.append(own.write([a_run(run_id=str(number))]))

    threads = [threading.Thread(target=begin, args=[number]) for number in range(16)]
    with database.connect() as other, other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(%s)", [export_runs_schema.LOCK])
        for thread in threads:
            thread.start()
        until(lambda: other.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchone() == (16,))
    for thread in threads:
        thread.join()
    assert done == [True] * 16
    assert database.execute("SELECT count(DISTINCT run_id) FROM export_runs") == [(16,)]
    assert database.execute("SELECT version FROM export_runs_version") == [(1,)]


def test_an_older_releases_tables_are_migrated_and_its_rows_stay(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Ledger(url_of(database))) as older:
        assert older.write([a_run(Status.SUCCESS)])
    newer = (*export_runs_schema.MIGRATIONS, "ALTER TABLE export_runs ADD note text", "UPDATE export_runs SET note = 'old'")
    monkeypatch.setattr(export_runs_schema, "MIGRATIONS", newer)
    with closing(Ledger(url_of(database))) as ledger:
        assert ledger.last() == [a_run(Status.SUCCESS)]
    assert database.execute("SELECT note FROM export_runs") == [("old",)]
    assert database.execute("SELECT version FROM export_runs_version ORDER BY 1") == [(1,), (2,), (3,)]


def test_a_newer_releases_tables_are_left_as_they_are(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as newer, closing(Ledger(url_of(database))) as ledger:
        newer.setattr(export_runs_schema, "MIGRATIONS", (*export_runs_schema.MIGRATIONS, "ALTER TABLE export_runs ADD note text"))
        assert ledger.write([a_run()])
    with closing(Ledger(url_of(database))) as older:
        assert older.write([a_run(Status.SUCCESS)])
        assert older.last() == [a_run(Status.SUCCESS)]


def test_a_migration_that_fails_leaves_nothing_half_made(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_runs_schema, "MIGRATIONS", (*export_runs_schema.MIGRATIONS, "SELECT 1/0"))
    with closing(Ledger(url_of(database))) as ledger, pytest.raises(Failed, match="division by zero"):
        ledger.last()
    assert tables(database) == []


def test_a_role_that_may_not_make_the_tables_is_told_the_right_to_grant(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    role, password = f"Ledger {database.name}", "k4n@ry"
    database.execute(f"""CREATE ROLE "{role}" LOGIN PASSWORD '{password}'; REVOKE CREATE ON SCHEMA public FROM PUBLIC""")
    try:
        with closing(Ledger(url_of(database, role, password))) as ledger:
            with pytest.raises(SettingError) as caught:
                ledger.last()
            told = f'can\'t be made by "{role}": permission denied for schema public. Let the owner of the schema run: '
            assert told in str(caught.value)
            assert ledger.write([a_run()]) is False
            assert [record.levelname for record in caplog.records] == ["WARNING"]
            assert "k4n" not in caplog.text + str(caught.value)

            database.execute(str(caught.value).partition("run: ")[2])
            assert ledger.last() == []
    finally:
        database.execute(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"')


def test_a_role_without_rights_to_the_tables_is_told_which_to_grant(database: Database, ledger: Ledger) -> None:
    assert ledger.write([a_run()])
    role, password = f"reader_{database.name}", "k4n@ry"
    database.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
    try:
        with closing(Ledger(url_of(database, role, password))) as own:
            with pytest.raises(SettingError, match="permission denied for") as caught:
                own.last()
            database.execute(str(caught.value).partition("run: ")[2])
            assert own.write([a_run(Status.SUCCESS, file_bytes={"csv": 1})])
            assert own.begin(a_run(run_id="2"))
            assert own.heartbeat(SIX)
            assert own.notified(Message("x", (), "info"), [Delivery("slack", accepted=False, tries=3)])
            assert [run.status for run in own.last()] == [Status.SUCCESS, Status.RUNNING]
    finally:
        database.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


# ── what is written, and what wins ──


def test_a_run_is_read_as_it_was_written(ledger: Ledger) -> None:
    run = a_run(
        Status.SUCCESS, revision="3fa9c1d2e4b5", rows=48_211, files=2, bytes=7_000_000_000, file_bytes={"csv": 5_000_000_000, "xlsx": 2_000_000_000}
    )
    failed = a_run(Status.FAILED, "wholesale", reason=Reason.SOURCE, error="Postgres does not answer", trigger=Trigger.CATCH_UP)
    assert ledger.write([failed, run])
    assert ledger.last() == [run, failed]
    assert ledger.last(["wholesale"]) == [failed]
    assert ledger.last(limit=1) == [run]
    assert ledger.price_lists() == ["shop", "wholesale"]


KILLED: dict[str, Any] = {"reason": Reason.KILLED, "error": "killed"}


@pytest.mark.parametrize(
    ("first", "then", "stands"),
    [
        (a_run(), a_run(Status.SUCCESS), Status.SUCCESS),
        (a_run(), a_run(Status.BLOCKED), Status.BLOCKED),
        (a_run(), a_run(Status.CANCELED), Status.CANCELED),
        # given up, and published all the same
        (a_run(Status.FAILED, **KILLED), a_run(Status.SUCCESS), Status.SUCCESS),
        (a_run(Status.FAILED), a_run(Status.UNCHANGED), Status.UNCHANGED),
        (a_run(Status.CANCELED), a_run(Status.SUPERSEDED), Status.SUPERSEDED),
        # what is known wins over what was concluded
        (a_run(Status.FAILED, **KILLED), a_run(Status.BLOCKED), Status.BLOCKED),
        # what was written first stands
        (a_run(Status.SUCCESS), a_run(Status.FAILED), Status.SUCCESS),
        (a_run(Status.SUCCESS), a_run(), Status.SUCCESS),
        (a_run(Status.BLOCKED), a_run(Status.FAILED, **KILLED), Status.BLOCKED),
        (a_run(Status.FAILED), a_run(Status.FAILED, **KILLED), Status.FAILED),
        (a_run(Status.FAILED), a_run(), Status.FAILED),
        (a_run(Status.MISSED), a_run(Status.SUCCESS), Status.MISSED),
    ],
)
def test_what_is_written_of_one_run_by_two(ledger: Ledger, first: ExportRun, then: ExportRun, stands: Status) -> None:
    assert ledger.write([first])
    assert ledger.write([then])
    (run,) = ledger.last()
    assert run.status == stands
    assert run == (then if then.status == stands and first.status != stands else first)


def test_one_run_of_several_lists_or_days_is_a_row_each(ledger: Ledger) -> None:
    runs = [a_run(), a_run(price_list="wholesale"), a_run(export_date=DAY - timedelta(days=1))]
    assert ledger.write(runs)
    assert len(ledger.last()) == 3


def test_thousands_are_written_in_parts(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_runs, "AT_ONCE", 3)
    assert ledger.write(a_run(run_id=str(number)) for number in range(10))
    assert len(ledger.last()) == 10
    assert ledger.write([])


def test_a_run_of_a_process_that_is_gone_was_killed(ledger: Ledger) -> None:
    mine: dict[str, Any] = {"trigger": Trigger.CLI}
    left = [
        a_run(run_id="same day", **mine),
        a_run(run_id="other day", export_date=DAY - timedelta(days=1), **mine),
        a_run(run_id="two days ago", export_date=DAY - timedelta(days=1), started=SIX - timedelta(days=2), **mine),
        a_run(run_id="Dagster's"),
    ]
    assert ledger.write(left)
    assert ledger.begin(a_run(run_id="new", started=SIX + timedelta(minutes=1), **mine))
    found = {run.run_id: run for run in ledger.last()}
    assert {run_id for run_id, run in found.items() if run.status is Status.FAILED} == {"same day", "two days ago"}
    assert found["same day"].reason is Reason.KILLED
    assert found["same day"].finished == SIX + timedelta(minutes=1)
    # It was alive after all.
    assert ledger.write([replace(left[0], status=Status.SUCCESS, finished=SIX + timedelta(minutes=2))])
    assert next(run.status for run in ledger.last() if run.run_id == "same day") is Status.SUCCESS


def test_what_postgres_can_not_hold_is_written_all_the_same(ledger: Ledger) -> None:
    assert ledger.write([a_run(Status.FAILED, error="one\ntwo\0three \udcff" + "x" * 5000)])
    (run,) = ledger.last()
    assert run.error
    assert run.error.startswith("one two three ?xxx")
    assert len(run.error) == 2000


def test_each_delivery_of_a_message_is_a_row(database: Database, ledger: Ledger) -> None:
    deliveries = [Delivery("slack", accepted=True, tries=1), Delivery("mail to a@b.example", accepted=False, tries=3, said="550 no such user")]
    assert ledger.notified(Message("shop 2026-11-24 failed", (), "failure"), deliveries)
    assert ledger.notified(Message("nobody to tell", (), "failure"), [])
    found = database.execute("SELECT title, channel, outcome, tries, said FROM export_notifications ORDER BY channel DESC")
    assert found == [
        ("shop 2026-11-24 failed", "slack", "accepted", 1, ""),
        ("shop 2026-11-24 failed", "mail to a@b.example", "failed", 3, "550 no such user"),
    ]
    assert totals(ledger) == {("notifications_failed", ""): 1}


def test_the_heartbeat_never_goes_back(database: Database, ledger: Ledger) -> None:
    for at in (SIX, SIX + timedelta(minutes=1), SIX):
        assert ledger.heartbeat(at)
    assert database.execute("SELECT heartbeat FROM export_daemon") == [(SIX + timedelta(minutes=1),)]


def test_counters_only_grow(database: Database, ledger: Ledger) -> None:
    killed, published = a_run(Status.FAILED, **KILLED), a_run(Status.SUCCESS, file_bytes={"csv": 1, "xlsx": 2})
    assert ledger.write([a_run()])
    assert totals(ledger) == {}
    for given_up in (killed, killed, a_run(Status.FAILED, reason=Reason.SOURCE)):
        assert ledger.write([given_up])
    assert ledger.write([published])
    expected = {("failed", "killed"): 1, ("files", "csv"): 1, ("files", "xlsx"): 1, ("seconds_under", "5"): 1}
    assert totals(ledger) == expected
    assert ledger.write([published, killed])
    database.execute("DELETE FROM export_runs")
    assert totals(ledger) == expected


def test_a_run_fails_once(ledger: Ledger) -> None:
    """The sensor gave it up, and then its own end came: it had been blocked."""
    for end in (a_run(Status.FAILED, **KILLED), a_run(Status.BLOCKED, reason=Reason.ROWS)):
        assert ledger.write([end])
    assert totals(ledger) == {("failed", "killed"): 1}


@pytest.mark.parametrize("seconds", [-1, 0, 0.5, 1, 1.5, 3600, 3600.1])
def test_a_duration_is_counted_under_the_next_bound(ledger: Ledger, seconds: float) -> None:
    assert ledger.write([a_run(Status.UNCHANGED, finished=SIX + timedelta(seconds=seconds))])
    bound = next((str(bound) for bound in export_runs_schema.BUCKETS if seconds <= bound), "Infinity")
    assert totals(ledger) == {("seconds_under", bound): 1}


def test_the_view_of_the_dashboard_marks_the_newest_run_of_each_day(ledger: Ledger) -> None:
    assert ledger.write(
        [a_run(Status.FAILED), a_run(Status.SUCCESS, run_id="2", started=SIX + timedelta(seconds=1)), a_run(Status.BLOCKED, "wholesale")]
    )
    rows = ledger.read("SELECT run_id, price_list, seconds, newest FROM export_runs_shown ORDER BY price_list, run_id")
    assert [tuple(row.values()) for row in rows] == [("1", "shop", 3, False), ("2", "shop", 2, True), ("1", "wholesale", 3, True)]


# ── a ledger that is down ──


def test_where_nothing_listens_it_costs_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    now = [0.0]
    ledger = Ledger("postgresql://u:k4n@127.0.0.1:1/ledger", clock=lambda: now[0])
    began = time.monotonic()
    for minute in range(10):
        now[0] = minute * 20.0
        assert ledger.begin(a_run()) is ledger.write([a_run(Status.SUCCESS)]) is False
    assert time.monotonic() - began < 2
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "The ledger at EXPORT_RUNS_URL does not answer: " in record.message
    assert "Connection refused" in record.message
    assert "k4n" not in caplog.text
    with pytest.raises(Failed, match="does not answer"):
        ledger.last()


def test_a_listener_that_never_answers_costs_three_seconds_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    with silent_port() as port:
        ledger = Ledger(f"postgresql://u:k4n@127.0.0.1:{port}/ledger")
        began = time.monotonic()
        assert [ledger.begin(a_run()), ledger.write([a_run(Status.SUCCESS)]), ledger.heartbeat(SIX)] == [False] * 3
        assert 2 < time.monotonic() - began < 5
    assert len(caplog.records) == 1


def test_a_server_that_hangs_is_hung_up_on(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Its own statement_timeout hangs with it."""
    assert ledger.write([a_run()])
    monkeypatch.setattr(export_runs, "ANSWER_TIMEOUT", 0.5)
    [backend] = ledger.read("SELECT pg_backend_pid() AS pid")
    os.kill(backend["pid"], signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert ledger.write([a_run(Status.SUCCESS)]) is False
        assert time.monotonic() - began < 2
        assert "did not answer for 0.5 seconds" in caplog.text
        assert ledger.last() == [a_run()]
    finally:
        os.kill(backend["pid"], signal.SIGCONT)


def test_a_statement_that_takes_too_long_is_ended_by_the_server(database: Database, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ledger.last() == []
    monkeypatch.setattr(export_runs, "STATEMENT_TIMEOUT", 0.2)
    with database.connect() as other, other.transaction():
        other.execute("LOCK TABLE export_runs")
        with pytest.raises(Failed, match=r"The ledger at EXPORT_RUNS_URL failed: canceling statement due to statement timeout\."):
            ledger.last()
    assert ledger.last() == []


def test_a_connection_that_has_gone_meanwhile_is_made_anew(database: Database, ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    assert ledger.write([a_run()])
    database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'price_assets ledger'")
    assert ledger.write([a_run(Status.SUCCESS)])
    assert ledger.last() == [a_run(Status.SUCCESS)]
    assert not caplog.records


def test_a_server_that_goes_away_and_comes_back_is_written_to_again(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    now = [0.0]
    with closing(Ledger(url_of(database), clock=lambda: now[0])) as ledger:
        assert ledger.begin(a_run())
        with connect(database.server, database.server.database) as other:
            other.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS false".encode())
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'price_assets ledger'")
            assert ledger.write([a_run(Status.SUCCESS)]) is False
            other.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS true".encode())
            assert ledger.write([a_run(Status.SUCCESS)]) is False  # it is left alone for a minute
            now[0] = 61
            assert ledger.write([a_run(Status.SUCCESS)])
        assert ledger.last() == [a_run(Status.SUCCESS)]
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_a_signal_in_the_middle_of_a_write_is_not_swallowed(ledger: Ledger) -> None:
    def stop(*_: object) -> None:
        raise Stopped(signal.SIGTERM)

    with pytest.raises(Stopped):
        ledger._quietly(stop)  # pyright: ignore[reportPrivateUsage]
    assert ledger.write([a_run()])


def test_threads_share_a_ledger(ledger: Ledger) -> None:
    done: list[bool] = []

    def write(number: int) -> None:
        done.append(ledger.write([a_run(run_id=str(number))]))

    threads = [threading.Thread(target=write, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [True] * 8
    assert len(ledger.last()) == 8


# ── the address ──


def test_a_wrong_password_is_a_persons_to_mend_and_is_not_shown(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger(url_of(database, password="k4n@ry/#%25 +ö"))
    with pytest.raises(SettingError, match=r"EXPORT_RUNS_URL: no connection to the ledger: .*password authentication failed") as caught:
        ledger.last()
    assert not ledger.write([a_run()])
    assert "k4n" not in str(caught.value) + caplog.text


def test_the_servers_certificate_is_checked_as_the_url_says(tls_database: TlsDatabase) -> None:
    authority = tls_database.tls.folder / "authority.crt"
    with closing(Ledger(url_of(tls_database, parameters=f"?sslmode=verify-full&sslrootcert={authority}"))) as ledger:
        assert ledger.write([a_run()])
    with pytest.raises(SettingError, match="certificate verify failed"):
        Ledger(url_of(tls_database, parameters="?sslmode=verify-full")).last()  # by the system's authorities
    with pytest.raises(SettingError, match="does not match host name"):
        Ledger(url_of(tls_database, parameters=f"?sslmode=verify-full&sslrootcert={authority}").replace("@localhost", "@127.0.0.1")).last()


def test_neither_pg_variables_nor_the_home_directory_are_read(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGSSLMODE": "verify-full", "PGOPTIONS": "-c nonsense=1", "PGSERVICE": "other", "PGPORT": "1"}.items():
        monkeypatch.setenv(name, value)
    with closing(Ledger(url_of(database))) as ledger:
        assert ledger.write([a_run()])


def test_it_works_through_pgbouncer_in_transaction_pooling(tls_server: TlsServer, tls_database: TlsDatabase) -> None:
    with start_pgbouncer(tls_server, "transaction") as port:
        direct = url_of(tls_database, parameters="?sslmode=require")
        pooled = direct.replace(f":{tls_server.server.port}/", f":{port}/")
        assert pooled != direct
        with closing(Ledger(pooled)) as ledger, closing(Ledger(pooled)) as other:
            for number in range(8):
                assert ledger.write([a_run(run_id=f"{number} {part}") for part in range(3)])
                assert other.begin(a_run(run_id=f"other {number}"))
            assert len(ledger.last(limit=100)) == 32


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://u:canary@h/d", "EXPORT_RUNS_URL is no address of a database: write postgresql://user:password@host:5432/database"),
        ("host=h password=canary", "EXPORT_RUNS_URL is no address of a database"),
        ("postgresql://u:can@ary@h/d", "%40 for @"),
        ("postgresql://u:can/ary@h/d", "%2F for /"),
        ("postgresql://u:can#ary@h/d", "%23 for #"),
        ("postgresql://u:can?ary@h/d", "EXPORT_RUNS_URL is no"),
        ("postgresql://u:can?a=ary@h/d", "EXPORT_RUNS_URL is no"),
        ("postgresql://u:can:ary@h/d", ""),
        ("postgresql://u:canary", "EXPORT_RUNS_URL is no address of a database"),
        ("postgresql://u:canary@/d", "EXPORT_RUNS_URL is no address of a database"),
        ("postgresql://u:canary%zz@h/d", "EXPORT_RUNS_URL is not understood by libpq"),
        ("postgresql://u:canary@h/d?sslmod=require", "only parameters that libpq knows"),
        ("postgresql://u:canary@h:0/d", "EXPORT_RUNS_URL is to have a port from 1 to 65535 behind its host, or none"),
        ("postgresql://u:canary@h:66000/d", "a port from 1 to 65535"),
        ("postgresql://u:canary@h/d\n", "a line break at its end"),
        ("", "EXPORT_RUNS_URL is empty"),
        ("postgresql://u:canary@h1:5433,h2/d?target_session_attrs=read-write", ""),
        ("postgres://u@[::1]:5433/d", ""),
        ("postgresql://h", ""),
    ],
)
def test_an_address_is_read_as_libpq_does_and_never_repeated(url: str, said: str) -> None:
    if not said:
        assert EXPORT_RUNS_URL.read({"EXPORT_RUNS_URL": url}) == url
        return
    with pytest.raises(SettingError) as caught:
        EXPORT_RUNS_URL.read({"EXPORT_RUNS_URL": url})
    assert said in str(caught.value)
    assert not {"canary", "can@", "ary@"} & {part for part in ("canary", "can@", "ary@") if part in str(caught.value)}
    assert caught.value.__cause__ is None
