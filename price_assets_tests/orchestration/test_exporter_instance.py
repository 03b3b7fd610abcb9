import shutil
from pathlib import Path

import dagster as dg
import pytest

from price_assets.demo.server import free_port
from price_assets.errors import Failed, SettingError
from price_assets.orchestration.exporter_instance import exporter_instance
from price_assets_tests.servers.postgres import Database

CLONE = Path(__file__).parents[2]


@dg.asset
def nothing() -> None:
    """An asset."""


@pytest.fixture
def home(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with the deployment's dagster.yaml, and all that it wants."""
    shutil.copy(CLONE / "dagster.yaml", tmp_path)
    server = database.server
    names = {"HOST": server.host, "PORT": str(server.port), "DB": database.name, "USERNAME": server.user, "PASSWORD": server.password}
    for name, value in names.items():
        monkeypatch.setenv(f"DAGSTER_PG_{name}", value)
    monkeypatch.setenv("DAGSTER_COMPUTE_LOGS", (tmp_path / "logs").as_uri())
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return tmp_path


def said(home: Path, kind: type[Exception]) -> str:
    with pytest.raises(kind) as caught, exporter_instance(str(home)):
        pass
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_without_a_home_it_is_gone_afterwards() -> None:
    with exporter_instance(None) as instance:
        assert instance.is_ephemeral


def test_the_runs_of_a_home_go_into_its_postgres(home: Path, database: Database) -> None:
    with exporter_instance(str(home)) as instance:
        assert instance.get_runs() == []
    assert database.execute("SELECT count(*) FROM runs") == [(0,)]


def test_a_home_without_a_file_keeps_the_runs_and_tells_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/proc/nowhere")  # as on a read-only root: Dagster's telemetry would break the run there
    with exporter_instance(str(tmp_path)) as instance:
        assert (instance.is_persistent, instance.telemetry_enabled) == (True, False)
        assert dg.materialize([nothing], instance=instance).success
    assert (tmp_path / "history" / "runs").exists()
    assert not list(tmp_path.rglob(".telemetry"))


def test_variables_that_the_instance_wants_are_named_together(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_PG_PASSWORD")
    monkeypatch.delenv("DAGSTER_PG_DB")
    wants = "its dagster.yaml wants DAGSTER_PG_DB, DAGSTER_PG_PASSWORD. Set them, or unset DAGSTER_HOME."
    assert said(home, SettingError) == f"DAGSTER_HOME {str(home)!r} can't be opened: {wants}"


def test_a_variable_that_says_no_port_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_PG_PORT", "five")
    assert said(home, SettingError).endswith("can't be opened: DAGSTER_PG_PORT is no whole number.")


def test_a_postgres_that_does_not_answer_is_worth_a_retry(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_PG_PORT", str(free_port()))
    assert said(home, Failed).endswith("failed: Connection refused. Run again, or unset DAGSTER_HOME.")
