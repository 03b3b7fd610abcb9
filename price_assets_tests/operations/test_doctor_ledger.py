from price_assets.errors import ExitCode
from price_assets.operations.doctor_ledger import examine_ledger
from price_assets.operations.finding import Finding
from price_assets.variables import EXPORT_RUNS_URL
from price_assets_tests.operations.ledgers import url_of
from price_assets_tests.servers.postgres import Database

PASSWORD = "k4n@ry"


def found(url: str) -> Finding:
    (finding,) = examine_ledger({EXPORT_RUNS_URL.name: url})
    assert (finding.area, finding.subject, finding.exit_code) == ("ledger", "export_runs", ExitCode.OK)  # an export goes on without it
    assert "k4n" not in finding.said
    return finding


def test_without_one_there_is_nothing_to_say() -> None:
    assert list(examine_ledger({})) == []
    assert found("mysql://host").state == "skipped"


def test_its_tables_are_made_and_nothing_is_written_into_them(database: Database) -> None:
    for _ in range(2):
        finding = found(url_of(database))
        assert finding.state == "ok"
        assert finding.said.endswith(f"may write its tables in {database.name}")
    assert database.execute("SELECT count(*) FROM export_runs") == [(0,)]


def test_a_role_that_only_reads_is_told_what_to_grant(database: Database) -> None:
    assert found(url_of(database)).state == "ok"
    role = f"reads_{database.name}"
    database.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    try:
        finding = found(url_of(database, role, PASSWORD))
        assert finding.state == "warning"
        assert finding.said.startswith(f"exports would go on without it: {role} may not write export_daemon, export_notifications, export_runs, ")
        database.execute(finding.said.partition("run: ")[2])
        assert found(url_of(database, role, PASSWORD)).state == "ok"
    finally:
        database.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_who_can_not_log_in_is_told_why(database: Database) -> None:
    finding = found(url_of(database, password=PASSWORD))
    assert finding.state == "warning"
    assert finding.said.startswith("exports would go on without it. EXPORT_RUNS_URL: no connection to the ledger: ")
    assert "password authentication failed" in finding.said
