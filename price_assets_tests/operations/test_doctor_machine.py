import shutil
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from price_assets.errors import ExitCode
from price_assets.export.folder import Folder
from price_assets.export.publication import publish
from price_assets.operations.doctor_machine import examine_dagster_home, examine_temporary_files
from price_assets_tests.export.stores import LIST, candidate


class Usage(NamedTuple):
    free: int
    folder: str


@pytest.mark.parametrize(("times", "state", "code"), [(0.5, "wrong", ExitCode.FAILED), (1.5, "warning", ExitCode.OK), (3, "ok", ExitCode.OK)])
def test_room_is_measured_by_the_newest_published_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: float, state: str, code: ExitCode
) -> None:
    store = Folder(tmp_path / "storage", "")
    made = candidate(store, tmp_path, "rows")
    publish(store, made)
    needed = 2 * max(file.bytes for file in made.files)
    monkeypatch.setattr(shutil, "disk_usage", partial(Usage, round(needed * times)))
    (found,) = examine_temporary_files(store, ["another", LIST])
    assert (found.subject, found.state, found.exit_code) == ("temp space", state, code)
    assert f"the newest day of {LIST} takes about " in found.said
    assert ("TMPDIR" in found.said) == (state != "ok")


def test_before_the_first_day_there_is_nothing_to_measure_by(tmp_path: Path) -> None:
    for store in (None, Folder(tmp_path, "")):
        (found,) = examine_temporary_files(store, [LIST])
        assert found.state == "ok"
        assert found.said.endswith("; nothing of these lists is published yet to measure by")


def test_a_register_that_can_not_be_read_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / LIST).mkdir()
    (tmp_path / LIST / "publications.json").write_text("{}")
    (found,) = examine_temporary_files(Folder(tmp_path, ""), [LIST])
    assert (found.area, found.state, found.exit_code) == ("storage", "wrong", ExitCode.REFUSED)


def test_no_temp_folder_is_a_persons_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise FileNotFoundError

    monkeypatch.setattr("tempfile.gettempdir", none)
    (found,) = examine_temporary_files(None, [])
    assert (found.state, found.exit_code) == ("wrong", ExitCode.REFUSED)


def test_the_home_of_dagster_is_looked_at_where_it_is_set(tmp_path: Path) -> None:
    assert list(examine_dagster_home({})) == []
    (tmp_path / "file").touch()
    (tmp_path / "home").mkdir()
    for home, state, said in (
        ("", "wrong", "'' is no absolute path: set it to a folder that can be written, or unset it."),
        ("home", "wrong", "'home' is no absolute path"),
        (str(tmp_path / "nowhere"), "wrong", "is no folder"),
        (str(tmp_path / "file"), "wrong", "is no folder"),
        (str(tmp_path / "home"), "warning", "has no dagster.yaml, so Dagster's defaults hold and runs of one list may overlap"),
    ):
        (found,) = examine_dagster_home({"DAGSTER_HOME": home})
        assert (found.state, found.exit_code) == (state, ExitCode.REFUSED if state == "wrong" else ExitCode.OK)
        assert said in found.said
    (tmp_path / "home" / "dagster.yaml").touch()
    (found,) = examine_dagster_home({"DAGSTER_HOME": str(tmp_path / "home")})
    assert found.state == "ok"
