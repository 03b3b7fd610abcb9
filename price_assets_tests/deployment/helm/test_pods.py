"""The pods of Dagster's services and of the code server."""

import subprocess
import sys
from pathlib import Path

import dagster
import kubernetes_validate
import pytest

from price_assets import __version__
from price_assets.variables import VARIABLES
from price_assets_tests.deployment.helm.chart import Installed, container
from price_assets_tests.deployment.helm.problems import of_an_object
from price_assets_tests.deployment.helm.values import VALUES, values
from price_assets_tests.deployment.running_dagster import CLONE

PARTS = ("dagster-daemon", "dagster-webserver", "user-deployments")


@pytest.mark.parametrize("part", PARTS)
def test_kubernetes_takes_it_at_the_level_restricted(part: str, installed: Installed) -> None:
    assert list(of_an_object(part, installed.deployments[part], kubernetes_validate.latest_version())) == []


@pytest.mark.parametrize("part", PARTS)
def test_its_root_is_read_only_and_its_temp_folder_is_bounded(part: str, installed: Installed) -> None:
    own, pod = container(installed.deployments[part]), installed.deployments[part]["spec"]["template"]["spec"]
    assert own["securityContext"]["readOnlyRootFilesystem"] is True
    assert "/tmp" in [mount["mountPath"] for mount in own["volumeMounts"]]
    sizes = [_mebibytes(volume["emptyDir"]["sizeLimit"]) for volume in pod["volumes"] if "emptyDir" in volume]
    assert sum(sizes) < _mebibytes(own["resources"]["limits"]["ephemeral-storage"])  # else the pod is evicted before a volume is full


@pytest.mark.parametrize("part", PARTS)
def test_it_has_bounds_of_all_but_the_cpu_and_speaks_json(part: str, installed: Installed) -> None:
    own = container(installed.deployments[part])
    assert own["resources"]["requests"].keys() == {"cpu", "memory", "ephemeral-storage"}
    assert own["resources"]["limits"].keys() == {"memory", "ephemeral-storage"}
    assert {"name": "LOG_FORMAT", "value": "json"} in own["env"]


def test_the_chart_is_that_of_the_dagster_in_the_image() -> None:
    assert f"--version {dagster.__version__} " in VALUES.read_text()


def test_images_are_those_of_this_version(installed: Installed) -> None:
    images = {part: container(installed.deployments[part])["image"] for part in PARTS}
    ours = "registry.example.com/price-assets"
    dagsters = f"{ours}-dagster:{__version__}"
    assert images == {"dagster-daemon": dagsters, "dagster-webserver": dagsters, "user-deployments": f"{ours}:{__version__}"}


def test_only_the_code_server_and_its_runs_know_the_source(installed: Installed) -> None:
    def given(part: str) -> list[str]:
        secrets = [source["secretRef"] for source in container(installed.deployments[part])["envFrom"] if "secretRef" in source]
        return [secret["name"] for secret in secrets if not secret.get("optional")]  # the chart's own, of Celery, is

    keys, postgres = "price-assets-keys", "price-assets-postgres"
    assert [given(part) for part in PARTS] == [[], [keys], [postgres, keys]]


def test_the_accounts_that_reach_kubernetes_and_the_storage_are_two(installed: Installed) -> None:
    accounts = [installed.deployments[part]["spec"]["template"]["spec"]["serviceAccountName"] for part in PARTS]
    assert accounts == ["dagster", "dagster", "price-assets"]


def test_what_a_person_exports_in_the_code_server_is_no_run_that_the_daemon_looks_after(installed: Installed) -> None:
    own = container(installed.deployments["user-deployments"])
    home = values()["global"]["dagsterHome"]
    mounted = {mount["mountPath"]: mount["name"] for mount in own["volumeMounts"]}
    assert mounted[home] == "dagster-home"  # there, and writable
    assert f"{home}/dagster.yaml" not in mounted


def test_variables_that_are_set_here_are_ours() -> None:
    (code,) = values()["dagster-user-deployments"]["deployments"]
    assert {each["name"] for each in code["env"]} <= {variable.name for variable in VARIABLES}


def test_the_webservers_probes_ask_its_port(installed: Installed) -> None:
    own = container(installed.deployments["dagster-webserver"])
    port = values()["dagsterWebserver"]["service"]["port"]
    assert port > 1024
    assert [own[kind]["httpGet"]["port"] for kind in ("startupProbe", "readinessProbe", "livenessProbe")] == [port] * 3


def test_the_code_servers_probes_have_time_and_ask_its_port(installed: Installed) -> None:
    own = container(installed.deployments["user-deployments"])
    port = values()["dagster-user-deployments"]["deployments"][0]["port"]
    assert own["startupProbe"]["exec"] == own["readinessProbe"]["exec"]
    assert f"/dev/tcp/127.0.0.1/{port}" in own["readinessProbe"]["exec"]["command"][-1]
    assert own["startupProbe"]["periodSeconds"] * own["startupProbe"]["failureThreshold"] >= 300  # thousands of lists take a while to load
    assert own["livenessProbe"]["timeoutSeconds"] >= 30  # [KU3]
    assert own["livenessProbe"]["periodSeconds"] >= 60


def test_the_program_that_asks_whether_it_serves_is_in_the_image(installed: Installed) -> None:
    program, path = container(installed.deployments["user-deployments"])["livenessProbe"]["exec"]["command"]
    folder, _, name = path.rpartition("/")
    assert program == "python"
    assert f"COPY deploy/image/{name} {folder}/" in (CLONE / "Dockerfile").read_text()


def test_a_daemon_that_hangs_is_restarted_before_the_deadline(installed: Installed) -> None:
    tolerance = values()["dagsterDaemon"]["heartbeatTolerance"]
    probe = container(installed.deployments["dagster-daemon"])["livenessProbe"]
    assert probe["exec"]["command"] == ["dagster-daemon", "liveness-check"]
    assert tolerance + probe["periodSeconds"] * probe["failureThreshold"] < 30 * 60  # EXPORT_DEADLINE


def test_the_command_of_the_liveness_probe_exists() -> None:
    program = Path(sys.executable).with_name("dagster-daemon")
    done = subprocess.run([program, "liveness-check", "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _mebibytes(amount: str) -> int:
    return int(amount[:-2]) * {"Mi": 1, "Gi": 1024}[amount[-2:]]
