"""docs/deploy.md without a cluster: its commands are real, and what they write and apply is what Kubernetes and price_assets take."""

import re
import subprocess
from base64 import b64decode
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from shutil import copy, copytree, ignore_patterns
from typing import Any

import kubernetes_validate
import pytest
import yaml

from price_assets import __version__
from price_assets.cli import main
from price_assets.settings import ExportSettings, NotifySettings, StorageSettings, WatchSettings, export_runs_url
from price_assets.variables import VARIABLES
from price_assets_tests.cluster.helm import merged, put
from price_assets_tests.deployment.deploy_document import DOCUMENT, WAYS, YOURS, script, sections
from price_assets_tests.deployment.kubernetes.kit import KIT, of_kind, settings
from price_assets_tests.deployment.kubernetes.shims import RECORDED, Shims, shims
from price_assets_tests.deployment.running_dagster import CLONE

__all__ = ["shims"]

LISTS = str(KIT / "price-lists")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What the commands need of the repository."""
    folder = tmp_path / "clone"
    copytree(CLONE / "deploy", folder / "deploy", ignore=ignore_patterns("production"))  # an operator's own
    copy(CLONE / "helm-values.yaml", folder)
    return folder


def followed(way: str, shims: Shims, clone: Path, **yours: str) -> str:
    """Run the commands; what they print."""
    done = subprocess.run(["bash", "-c", script(way, **yours)], cwd=clone, env=shims.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_block_of_commands_belongs_to_a_way_and_no_other_kind_of_block_holds_one() -> None:
    found = sections()
    assert [heading for heading, blocks in found.items() if blocks] == [YOURS, "What both want", *WAYS]
    assert sum(map(len, found.values())) == DOCUMENT.count("```sh\n")
    assert set(re.findall(r"^```(\w+)$", DOCUMENT, re.MULTILINE)) == {"sh", "yaml"}


def test_its_commands_of_price_assets_are_real() -> None:
    commands = re.findall(r"(?:kubernetes/run|^run|until run|`price-assets) ([a-z]+)([^`\n;]*)", DOCUMENT, re.MULTILINE)
    assert {"doctor", "status", "link", "preview"} <= {name for name, _ in commands}
    for name, arguments in commands:
        assert set(re.findall(r"(--[a-z-]+)", arguments)) <= {option for parameter in main.commands[name].params for option in parameter.opts}


def test_its_versions_are_those_of_the_repository() -> None:
    (chart,) = set(re.findall(r"\b(1\.13\.\d+)\b", DOCUMENT))
    assert f"dagster=={chart} " in (CLONE / "requirements.lock").read_text()
    assert f"price-assets:{__version__}\n" in DOCUMENT


def test_it_names_no_setting_that_is_not_read() -> None:
    named = set(re.findall(r"\b((?:DB|STORAGE|EXPORT|SLACK|RUNBOOK|PRICE_LISTS|LOG)_[A-Z_]+)=", DOCUMENT))
    assert named <= {variable.name for variable in VARIABLES}


def secret(shims: Shims, name: str) -> dict[str, str]:
    return {key: b64decode(value).decode() for key, value in shims.objects("Secret")[name]["data"].items()}


def test_the_way_of_the_cronjob_applies_ones_own_image_and_settings(shims: Shims, clone: Path) -> None:
    said = followed("A CronJob", shims, clone, IMAGE="registry:5000/team/prices:7", STORAGE_BUCKET="s3://ours", DB_HOST="db.internal")
    assert said.splitlines()[-1] == "what it said"
    applied = [each for kind in ("ConfigMap", "CronJob", "Deployment") for each in shims.objects(kind).values()]
    told = settings(applied)
    assert StorageSettings.from_environment(told).bucket == "ours"
    assert (told["DB_HOST"], ExportSettings.from_environment(told | {"PRICE_LISTS_DIR": LISTS}).cron) == ("db.internal", "0 6 * * *")
    container = of_kind(applied, "Deployment")["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "registry:5000/team/prices:7"
    assert {job["metadata"]["name"].partition("-1")[0] for job in shims.objects("Job").values()} == {"price-assets-run"}


def test_both_ways_make_the_secrets_of_what_the_pods_ask_for_and_no_command_line_has_one(shims: Shims, clone: Path) -> None:
    followed("Dagster", shims, clone, AWS_SECRET_ACCESS_KEY="a secret = key", DB_HOST="db.internal")
    postgres, keys, dagster = (secret(shims, name) for name in ("price-assets-postgres", "price-assets-keys", "dagster-postgresql"))
    assert (postgres["DB_USER"], len(postgres["DB_PASSWORD"])) == ("price_lists_reader", 48)
    assert export_runs_url(postgres) == postgres["EXPORT_RUNS_URL"]
    assert re.fullmatch(r"postgresql://price_lists_ledger:[0-9a-f]{48}@db.internal/shop\?sslmode=require", postgres["EXPORT_RUNS_URL"])
    assert keys["AWS_SECRET_ACCESS_KEY"] == "a secret = key"
    assert NotifySettings.from_environment(keys).slack_webhook_url == keys["SLACK_WEBHOOK_URL"]
    assert {name: len(password) for name, password in dagster.items()} == {"postgresql-password": 48}
    lines = " ".join(word for program in ("kubectl", *RECORDED) for call in shims.calls(program) for word in call)
    assert not [value for held in (postgres, keys, dagster) for name, value in held.items() if name != "DB_USER" and value in lines]
    for each in shims.objects("Secret").values():
        kubernetes_validate.validate(each, "1.31.0", strict=True)


def test_the_way_of_dagster_gives_the_chart_ones_own_images_settings_and_lists(shims: Shims, clone: Path) -> None:
    followed("Dagster", shims, clone, IMAGE="registry:5000/team/prices:7", DB_HOST="db.internal", DB_SSLMODE="verify-full")
    (helm,) = shims.calls("helm")
    values: dict[str, Any] = {}
    for option, given in pairwise(helm):
        if option == "--values":
            values = merged(values, yaml.safe_load((clone / given).read_text()))
        elif option in ("--set", "--set-string"):
            put(values, given)
    (code_server,) = values["dagster-user-deployments"]["deployments"]
    assert (code_server["image"]["repository"], code_server["image"]["tag"]) == ("registry:5000/team/prices", "7")
    for name in ("dagsterWebserver", "dagsterDaemon"):
        assert (values[name]["image"]["repository"], values[name]["image"]["tag"]) == ("registry:5000/team/prices-dagster", "7")
    assert (values["postgresql"]["postgresqlHost"], values["postgresql"]["postgresqlParams"]) == ("db.internal", {"sslmode": "verify-full"})
    (lists,) = [name for name in shims.objects("ConfigMap") if name.startswith("price-lists")]
    assert [volume["configMap"]["name"] for volume in code_server["volumes"] if "configMap" in volume] == [lists]
    told = shims.objects("ConfigMap")["price-assets"]["data"]
    assert {name for name in told if name.startswith("DAGSTER_")} == {"DAGSTER_COMPUTE_LOGS"}
    assert WatchSettings.from_environment(told).deadline == timedelta(minutes=30)
    held = {
        reference["name"]
        for part in (code_server, values["dagsterWebserver"])
        for kind in ("envConfigMaps", "envSecrets")
        for reference in part[kind]
    }
    assert held | {values["global"]["postgresqlSecretName"]} <= {*shims.objects("ConfigMap"), *shims.objects("Secret")}


def test_the_way_of_dagster_has_a_pod_for_prometheus_with_ones_own_image_settings_and_lists(shims: Shims, clone: Path) -> None:
    followed("Dagster", shims, clone, IMAGE="registry:5000/team/prices:7")
    pod = shims.objects("Deployment")["price-assets-metrics"]["spec"]["template"]["spec"]
    (own,) = pod["containers"]
    assert own["image"] == "registry:5000/team/prices:7"
    secrets = [each["valueFrom"]["secretKeyRef"]["name"] for each in own["env"] if "valueFrom" in each]
    (mount,) = [each["mountPath"] for each in own["volumeMounts"] if each["name"] == "price-lists"]
    assert {"name": "PRICE_LISTS_DIR", "value": mount} in own["env"]  # which the chart's settings don't say
    maps = [each["configMapRef"]["name"] for each in own["envFrom"]] + [each["configMap"]["name"] for each in pod["volumes"] if "configMap" in each]
    assert set(secrets) <= shims.objects("Secret").keys()
    (lists,) = [name for name in shims.objects("ConfigMap") if name.startswith("price-lists")]  # one, as the code server has it
    assert maps == ["price-assets", lists]
    assert of_kind(list(shims.objects("Service").values()), "Service")["metadata"]["name"] == "price-assets-metrics"


def test_what_goes_wrong_ends_the_way(shims: Shims, clone: Path) -> None:
    shims.pods_end_with(2)
    done = subprocess.run(["bash", "-c", script("A CronJob")], cwd=clone, env=shims.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert not [call for call in shims.calls() if call[:2] == ["create", "job"]]
