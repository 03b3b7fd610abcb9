"""What Dagster loads: the catalog, a broken list beside a good one, and an instance by the files of this repository."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from price_assets.definitions import definitions
from price_assets_tests.orchestration.lists import write_list
from price_assets_tests.shop import PRICE_LIST

CLONE = Path(__file__).parents[2]


def spec(defs: dg.Definitions, *path: str) -> dg.AssetSpec:
    return {each.key: each for each in defs.resolve_all_asset_specs()}[dg.AssetKey(path)]


def test_the_definitions_load_without_source_and_storage(tmp_path: Path) -> None:
    write_list(tmp_path)
    defs = definitions({"PRICE_LISTS_DIR": str(tmp_path)})
    assert {key.path[-1] for key in defs.resolve_asset_graph().get_all_asset_keys()} == {"snapshot", "csv", "xlsx", "publication"}


def test_every_asset_is_described_owned_grouped_and_daily(tmp_path: Path) -> None:
    write_list(tmp_path)
    defs = definitions({"PRICE_LISTS_DIR": str(tmp_path), "EXPORT_TIMEZONE": "Europe/Moscow"})
    for each in defs.resolve_all_asset_specs():
        assert each.description
        assert each.description.startswith("Prices of the shop.")
        assert list(each.owners) == ["pricing@example.com"]
        assert each.group_name == "shop"
        assert each.kinds
        partitions = each.partitions_def
        assert isinstance(partitions, dg.DailyPartitionsDefinition)
        assert partitions.timezone == "Europe/Moscow"
        assert partitions.get_first_partition_key() == "2026-11-20"
    steps = defs.resolve_job_def("export_shop").nodes
    assert {step.definition.pool for step in steps if isinstance(step.definition, dg.OpDefinition)} == {"shop"}


def test_the_catalog_shows_the_sql_and_the_contract(tmp_path: Path) -> None:
    write_list(tmp_path)
    metadata = spec(definitions({"PRICE_LISTS_DIR": str(tmp_path)}), "shop", "snapshot").metadata
    assert "WHERE valid_on <= :export_date" in str(metadata["sql"])
    schema: Any = metadata["dagster/column_schema"]
    (sku, _, price, stock) = schema.columns
    assert (sku.name, sku.type, sku.description) == ("sku", "text", "Артикул: As printed on the box")
    assert (price.type, price.constraints.nullable, stock.constraints.nullable) == ("decimal(12,2)", False, True)


def test_the_formats_decide_which_assets_there_are(tmp_path: Path) -> None:
    write_list(tmp_path)
    defs = definitions({"PRICE_LISTS_DIR": str(tmp_path), "OUTPUT_FORMATS": "csv"})
    assert {key.path[-1] for key in defs.resolve_asset_graph().get_all_asset_keys()} == {"snapshot", "csv", "publication"}


def test_a_broken_list_shows_its_error_and_the_others_live(tmp_path: Path) -> None:
    write_list(tmp_path)
    write_list(tmp_path, name="torn", yaml=PRICE_LIST.replace("columns:", "colums:"))
    defs = definitions({"PRICE_LISTS_DIR": str(tmp_path)})
    torn = spec(defs, "torn", "snapshot")
    assert "torn.yaml:9:1: unknown key 'colums'; did you mean 'columns'?" in (torn.description or "")
    assert spec(defs, "shop", "publication")
    with dg.DagsterInstance.ephemeral() as instance:
        day = "2026-11-24"
        result = defs.resolve_job_def("export_torn").execute_in_process(instance=instance, partition_key=day, raise_on_error=False)
    assert not result.success


def test_memory_becomes_request_and_limit_of_the_runs_pod(tmp_path: Path) -> None:
    write_list(tmp_path, yaml=PRICE_LIST + "memory: 2Gi\n")
    tags = definitions({"PRICE_LISTS_DIR": str(tmp_path)}).resolve_job_def("export_shop").tags
    assert tags["price_list"] == "shop"
    assert '"limits": {"memory": "2Gi"}' in tags["dagster-k8s/config"]
    assert '"requests": {"memory": "2Gi"}' in tags["dagster-k8s/config"]


def test_the_workspace_names_the_code_location_that_sensors_remember() -> None:
    (loaded,) = yaml.safe_load((CLONE / "workspace.yaml").read_text())["load_from"]
    assert loaded["python_module"] == {"module_name": "price_assets.definitions", "location_name": "price_assets"}
    assert 'code_location_name = "price_assets"' in (CLONE / "pyproject.toml").read_text()


@pytest.mark.parametrize("module", ["price_assets.definitions"])
def test_loading_the_definitions_warns_of_nothing(module: str) -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", f"import {module}"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def loaded(folder: Path, job: str) -> tuple[set[str], set[str]]:
    """The lists and the jobs that the pod of a run of this job has [KU18]."""
    defs = definitions({"PRICE_LISTS_DIR": str(folder), "DAGSTER_RUN_JOB_NAME": job})
    repository = defs.get_repository_def()
    names = {key.path[0] for key in defs.resolve_asset_graph().get_all_asset_keys()}
    return names, {name for name in repository.job_names if name.startswith("export_")}


def test_the_pod_of_a_lists_run_loads_this_list_alone(tmp_path: Path) -> None:
    for name in ("paints", "screws"):
        write_list(tmp_path, name=name)
    assert loaded(tmp_path, "export_paints") == ({"paints"}, {"export_paints"})


@pytest.mark.parametrize("job", ["", "__ASSET_JOB", "export_gone", "paints"])
def test_another_pod_loads_all_of_them(job: str, tmp_path: Path) -> None:
    for name in ("paints", "screws"):
        write_list(tmp_path, name=name)
    assert loaded(tmp_path, job)[0] == {"paints", "screws"}


def test_the_pod_of_a_broken_list_has_it_too_and_fails_with_its_error(tmp_path: Path) -> None:
    write_list(tmp_path, name="paints")
    (tmp_path / "screws.yaml").write_text("name: screws\n")
    (tmp_path / "My nails.yaml").write_text("name: nails\n")
    assert loaded(tmp_path, "export_screws") == ({"screws"}, {"export_screws"})
    assert "export_my_nails" in loaded(tmp_path, "export_my_nails")[1]
