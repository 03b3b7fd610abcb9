"""Each overlay of the kit, as Kustomize builds it."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import copytree
from textwrap import dedent
from typing import Any

import kubernetes_validate
import pytest
import yaml
from cronsim import CronSim

from price_assets import __version__
from price_assets.cli import main
from price_assets.errors import ExitCode
from price_assets.export.price_list import PriceList
from price_assets.export.price_list_files import load_price_lists
from price_assets.settings import FORMATS, ExportSettings, StorageSettings, WatchSettings, log_format
from price_assets.variables import METRICS_PORT, VARIABLES
from price_assets_tests.deployment.deploy_document import DOCUMENT
from price_assets_tests.deployment.kubernetes.kit import KIT, OVERLAYS, Object, built, mebibytes, of_kind, settings, templates
from price_assets_tests.deployment.kubernetes.pod_security import violations

VERSIONS = ("1.31.0", kubernetes_validate.latest_version())
"""The oldest whose kubectl builds the kit, and the newest that the package knows."""
STORAGES = {"AWS_REGION", "AWS_ENDPOINT_URL"}
"""What the storages' own clients read."""
POSTGRES, KEYS = "price-assets-postgres", "price-assets-keys"


@pytest.fixture(params=OVERLAYS)
def objects(request: pytest.FixtureRequest) -> list[Object]:
    return built(KIT / "overlays" / request.param)


def container(objects: list[Object], name: str) -> dict[str, Any]:
    (found,) = [dict(template["spec"]["containers"][0]) for each, template in templates(objects) if each == f"price-assets-{name}"]
    return found


def variables() -> dict[str, Any]:
    return {variable.name: variable for variable in VARIABLES}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_valid_by_the_schemas_of_kubernetes(objects: list[Object], version: str) -> None:
    assert {each["kind"] for each in objects} == {"ConfigMap", "CronJob", "Deployment", "Service", "ServiceAccount"}
    for each in [*objects, yaml.safe_load((KIT / "namespace.yaml").read_text())]:
        kubernetes_validate.validate(dict(each), version, strict=True)


def test_a_mistyped_key_would_be_found(objects: list[Object]) -> None:
    cronjob = dict(of_kind(objects, "CronJob", "price-assets-export"))
    cronjob["spec"] = cronjob["spec"] | {"concurencyPolicy": "Forbid"}
    with pytest.raises(kubernetes_validate.ValidationError, match="concurencyPolicy"):
        kubernetes_validate.validate(cronjob, VERSIONS[0], strict=True)


def test_every_pod_is_restricted_and_has_bounds_and_one_folder_to_write_to(objects: list[Object]) -> None:
    assert [name for name, _ in templates(objects)] == ["price-assets-metrics", "price-assets-export", "price-assets-status"]
    for name, template in templates(objects):
        pod = template["spec"]
        (own,) = pod["containers"]
        assert violations(pod) == [], name
        assert (own["securityContext"]["readOnlyRootFilesystem"], pod["securityContext"]["runAsUser"]) == (True, 10001)
        assert pod["enableServiceLinks"] is False
        assert {"cpu", "memory", "ephemeral-storage"} == own["resources"]["requests"].keys()
        assert {"memory", "ephemeral-storage"} == own["resources"]["limits"].keys()
        assert [mount["mountPath"] for mount in own["volumeMounts"] if not mount.get("readOnly")] == ["/tmp"]
        (tmp,) = [volume["emptyDir"]["sizeLimit"] for volume in pod["volumes"] if volume["name"] == "tmp"]
        assert mebibytes(tmp) < mebibytes(own["resources"]["limits"]["ephemeral-storage"])  # which counts the log, too


def test_who_reaches_the_storage_has_the_service_account_and_nobody_asks_kubernetes(objects: list[Object]) -> None:
    account = of_kind(objects, "ServiceAccount")
    assert (account["metadata"]["name"], account["automountServiceAccountToken"]) == ("price-assets", False)
    pods = {name: template["spec"] for name, template in templates(objects)}
    used = {name: pod.get("serviceAccountName") for name, pod in pods.items()}
    assert used == {"price-assets-export": "price-assets", "price-assets-status": "price-assets", "price-assets-metrics": None}
    assert pods["price-assets-metrics"]["automountServiceAccountToken"] is False


def test_each_cloud_gives_rights_in_its_own_way() -> None:
    given = {name: built(KIT / "overlays" / name) for name in OVERLAYS}
    annotations = {name: set(of_kind(objects, "ServiceAccount")["metadata"].get("annotations", {})) for name, objects in given.items()}
    assert annotations == {"aws": {"eks.amazonaws.com/role-arn"}, "gcp": {"iam.gke.io/gcp-service-account"}, "minio": set()}
    schemes = {name: StorageSettings.from_environment(settings(objects)).scheme for name, objects in given.items()}
    assert schemes == {"aws": "s3", "gcp": "gs", "minio": "s3"}
    assert "AWS_ENDPOINT_URL" in settings(given["minio"])


def test_the_settings_are_settings_and_none_is_a_secret(objects: list[Object]) -> None:
    said = settings(objects)
    assert said.keys() - {"STATUS_CRON"} <= variables().keys() | STORAGES
    assert not [name for name in said if name in variables() and variables()[name].secret]
    exports, watch = ExportSettings.from_environment(said | {"PRICE_LISTS_DIR": str(KIT / "price-lists")}), WatchSettings.from_environment(said)
    assert (exports.cron, watch.deadline, log_format(said)) == ("0 6 * * *", timedelta(minutes=30), "json")
    assert not [each for each in objects if each["kind"] == "Secret"]


def test_each_pod_gets_the_secrets_that_it_needs_and_no_more(objects: list[Object]) -> None:
    def given(name: str) -> tuple[list[str], list[tuple[str, str, bool]]]:
        own = container(objects, name)
        keys = [(each["name"], each["valueFrom"]["secretKeyRef"]) for each in own.get("env", ()) if "valueFrom" in each]
        assert {(key["name"], key["key"]) for _, key in keys} <= {(POSTGRES, "EXPORT_RUNS_URL")}
        whole = [each["secretRef"]["name"] for each in own["envFrom"] if "secretRef" in each]
        return whole, [(name, key["name"], key.get("optional", False)) for name, key in keys]

    assert given("export") == ([POSTGRES, KEYS], [])
    assert given("status") == ([KEYS], [("EXPORT_RUNS_URL", POSTGRES, True)])
    assert given("metrics") == ([], [("EXPORT_RUNS_URL", POSTGRES, False)])


def test_their_commands_are_commands(objects: list[Object]) -> None:
    commands = [container(objects, name)["command"] for name in ("export", "status", "metrics")]
    assert commands == [["price-assets", "export"], ["price-assets", "status", "--notify"], ["price-assets", "serve-metrics"]]
    for _, command, *options in commands:
        assert set(options) <= {option for parameter in main.commands[command].params for option in parameter.opts}


def test_the_cronjob_tries_again_what_a_retry_can_mend_and_nothing_else(objects: list[Object]) -> None:
    cronjob = of_kind(objects, "CronJob", "price-assets-export")["spec"]
    told = {key: cronjob[key] for key in ("schedule", "timeZone", "concurrencyPolicy", "startingDeadlineSeconds")}
    assert told == {"schedule": "0 6 * * *", "timeZone": "UTC", "concurrencyPolicy": "Forbid", "startingDeadlineSeconds": 300}
    assert 0 < cronjob["successfulJobsHistoryLimit"] < cronjob["failedJobsHistoryLimit"]
    job = cronjob["jobTemplate"]["spec"]
    disrupted, refused = job["podFailurePolicy"]["rules"]  # the first that fits counts [KU14]
    assert disrupted == {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    codes = [ExitCode.REFUSED, ExitCode.ROWS_REFUSED]
    assert refused == {"action": "FailJob", "onExitCodes": {"containerName": "export", "operator": "In", "values": codes}}
    assert job["template"]["spec"]["restartPolicy"] == "Never"
    back_off = sum(10 * 2**number for number in range(job["backoffLimit"]))
    assert back_off + (job["backoffLimit"] + 1) * 120 < 30 * 60  # each try gives up after two minutes where nobody answers
    assert job["activeDeadlineSeconds"] < 24 * 3600
    assert job["template"]["spec"]["terminationGracePeriodSeconds"] == 120  # [KU13]


def test_what_looks_at_the_deadline_looks_after_it_and_once(objects: list[Object]) -> None:
    said, cronjob = settings(objects), of_kind(objects, "CronJob", "price-assets-status")["spec"]
    assert (cronjob["schedule"], cronjob["timeZone"]) == (said["STATUS_CRON"], said["EXPORT_TIMEZONE"])
    midnight = datetime(2026, 11, 24, tzinfo=UTC)
    exported, looked = (next(CronSim(said[name], midnight)) for name in ("EXPORT_CRON", "STATUS_CRON"))
    assert timedelta() < looked - exported - WatchSettings.from_environment(said).deadline < timedelta(minutes=15)
    job = cronjob["jobTemplate"]["spec"]
    assert job["backoffLimit"] == 0
    assert [rule["action"] for rule in job["podFailurePolicy"]["rules"]] == ["Ignore"]


def test_the_cronjobs_follow_the_settings(tmp_path: Path) -> None:
    kit = copytree(KIT, tmp_path / "kit")
    mine = copytree(kit / "overlays" / "minio", kit / "overlays" / "mine")
    text = (mine / "settings.env").read_text()
    for name, value in {"EXPORT_TIMEZONE": "Asia/Yekaterinburg", "EXPORT_CRON": "30 5 * * 1-5", "STATUS_CRON": "5 6 * * 1-5"}.items():
        text = "\n".join(f"{name}={value}" if line.startswith(f"{name}=") else line for line in text.splitlines())
    (mine / "settings.env").write_text(text)
    objects = built(mine)
    times = [of_kind(objects, "CronJob", f"price-assets-{name}")["spec"] for name in ("export", "status")]
    assert [(spec["schedule"], spec["timeZone"]) for spec in times] == [
        ("30 5 * * 1-5", "Asia/Yekaterinburg"),
        ("5 6 * * 1-5", "Asia/Yekaterinburg"),
    ]


def test_a_change_of_a_price_list_or_a_setting_is_another_name_that_all_pods_have(tmp_path: Path) -> None:
    kit = copytree(KIT, tmp_path / "kit")
    mine = copytree(kit / "overlays" / "aws", kit / "overlays" / "mine")

    def used() -> tuple[str, str]:
        objects = built(mine)
        made = {each["metadata"]["name"] for each in objects if each["kind"] == "ConfigMap"}
        lists = {volume["configMap"]["name"] for _, template in templates(objects) for volume in template["spec"]["volumes"] if "configMap" in volume}
        maps = {each["configMapRef"]["name"] for name in ("export", "status", "metrics") for each in container(objects, name)["envFrom"][:1]}
        assert made == lists | maps
        return (*lists, *maps)  # type: ignore[return-value]

    lists, maps = used()
    (kit / "price-lists" / "retail.sql").write_text("SELECT 1\n")
    assert (used()[0] != lists, used()[1] == maps) == (True, True)
    (mine / "settings.env").write_text((mine / "settings.env").read_text() + "NOTIFY_SUMMARY=true\n")
    assert used()[1] != maps


def test_the_folder_of_price_lists_is_whole_and_loads() -> None:
    (generator,) = yaml.safe_load((KIT / "price-lists" / "Kustomization").read_text())["configMapGenerator"]
    assert sorted(generator["files"]) == sorted(path.name for path in (KIT / "price-lists").iterdir() if path.name != "Kustomization")
    (loaded,) = load_price_lists(KIT / "price-lists", start=date(2026, 1, 1), formats=FORMATS)
    assert isinstance(loaded, PriceList), loaded


def test_the_lists_are_where_the_settings_say(objects: list[Object]) -> None:
    for name, template in templates(objects):
        (mount,) = [mount for mount in template["spec"]["containers"][0]["volumeMounts"] if mount["name"] == "price-lists"]
        assert (mount["mountPath"], mount["readOnly"]) == (settings(objects)["PRICE_LISTS_DIR"], True), name


def test_all_pods_have_the_image_of_this_version(objects: list[Object]) -> None:
    images = {template["spec"]["containers"][0]["image"] for _, template in templates(objects)}
    assert images == {f"registry.example.com/price-assets:{__version__}"}


def test_the_metrics_are_where_the_probes_and_the_service_look(objects: list[Object]) -> None:
    own, service = container(objects, "metrics"), of_kind(objects, "Service")
    (port,) = own["ports"]
    assert port == {"name": "metrics", "containerPort": METRICS_PORT.get({})}
    assert own["readinessProbe"]["httpGet"] == {"path": "/healthz", "port": "metrics"}
    assert own["readinessProbe"]["timeoutSeconds"] > 8  # so long a ledger that hangs is waited for
    assert own["livenessProbe"]["tcpSocket"] == {"port": "metrics"}
    assert service["spec"]["ports"] == [{"name": "metrics", "port": 9108, "targetPort": "metrics"}]
    deployment = of_kind(objects, "Deployment")["spec"]
    assert service["spec"]["selector"] == deployment["selector"]["matchLabels"]
    assert service["spec"]["selector"].items() <= deployment["template"]["metadata"]["labels"].items()
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})


def with_component(name: str, folder: Path, overlay: str) -> list[Object]:
    """An overlay of a copy of the kit, with the line of this component taken in."""
    kustomization = copytree(KIT, folder / "kit") / "overlays" / overlay / "kustomization.yaml"
    said = kustomization.read_text()
    taken = said.replace(f"  # - ../../components/{name}", f"  - ../../components/{name}")
    assert taken != said
    kustomization.write_text(taken)
    return built(kustomization.parent)


def test_the_documents_patch_gives_the_export_more_memory_and_nothing_else_changes(tmp_path: Path) -> None:
    kustomization = copytree(KIT, tmp_path / "kit") / "overlays" / "minio" / "kustomization.yaml"
    (block,) = re.findall(r"```yaml\n( +patches:.*?) *```", DOCUMENT, re.DOTALL)
    kustomization.write_text(f"{kustomization.read_text()}\n{dedent(block)}")
    before, after = built(KIT / "overlays" / "minio"), built(kustomization.parent)
    changed = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
    limits = [container(list(each), "export")["resources"]["limits"] for each in zip(*changed, strict=True)]
    assert limits == [limits[0], limits[0] | {"memory": "2Gi"}]
    assert len(changed) == 1


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_pod_logs_in_where_the_registry_wants_it(tmp_path: Path, overlay: str) -> None:
    pods = {name: template["spec"] for name, template in templates(with_component("registry", tmp_path, overlay))}
    assert {name: pod["imagePullSecrets"] for name, pod in pods.items()} == {key: [{"name": "price-assets-registry"}] for key in pods}
    assert len(pods) == 3


def test_the_service_monitor_finds_the_service_and_names_the_job_as_the_rules_do(tmp_path: Path) -> None:
    objects = with_component("service-monitor", tmp_path, "gcp")
    monitor, service = of_kind(objects, "ServiceMonitor"), of_kind(objects, "Service")
    assert monitor["metadata"]["namespace"] == service["metadata"]["namespace"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["port"] == service["spec"]["ports"][0]["name"]
    job = service["metadata"]["labels"][monitor["spec"]["jobLabel"]]
    assert f'up{{job="{job}"}}' in (KIT.parent / "monitoring" / "rules.yaml").read_text()
