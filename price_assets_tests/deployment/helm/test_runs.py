"""The Job of a run: what dagster-k8s asks Kubernetes for."""

import dagster as dg
import kubernetes_validate
import pytest

from price_assets.orchestration.schedules import price_list_of_pod
from price_assets_tests.deployment.helm.chart import Installed, Object, container
from price_assets_tests.deployment.helm.jobs import job_of, memory
from price_assets_tests.deployment.helm.problems import OLDEST, of_an_object


@pytest.fixture(scope="module")
def job(installed: Installed, instance: dg.DagsterInstance) -> Object:
    return job_of(installed, instance)


@pytest.mark.parametrize("version", [OLDEST, kubernetes_validate.latest_version()])
def test_kubernetes_takes_it_at_the_level_restricted(version: str, job: Object) -> None:
    assert list(of_an_object("run", job, version)) == []


def test_it_has_all_that_its_code_server_has(installed: Installed, job: Object) -> None:
    run, server = container(job), container(installed.deployments["user-deployments"])
    pod, servers = job["spec"]["template"]["spec"], installed.deployments["user-deployments"]["spec"]["template"]["spec"]
    assert all(each in run["env"] for each in server["env"] if each["name"] in {"PRICE_LISTS_DIR", "LOG_FORMAT"})
    assert all(source in run["envFrom"] for source in server["envFrom"] if next(iter(source.values()))["name"].startswith("price-assets"))
    assert (run["image"], run["imagePullPolicy"], run["resources"]) == (server["image"], server["imagePullPolicy"], server["resources"])
    assert run["volumeMounts"] == server["volumeMounts"]
    assert pod["volumes"] == servers["volumes"]
    assert run["securityContext"] == server["securityContext"]
    assert pod["securityContext"] == servers["securityContext"]
    assert pod["serviceAccountName"] == servers["serviceAccountName"] == "price-assets"


def test_it_knows_dagsters_database_by_the_secret_that_is_made_by_hand(job: Object) -> None:
    (password,) = [each for each in container(job)["env"] if each["name"] == "DAGSTER_PG_PASSWORD"]
    assert password["valueFrom"]["secretKeyRef"] == {"name": "dagster-postgresql", "key": "postgresql-password"}  # [KU2]


def test_its_pod_is_told_which_list_it_is_for(job: Object) -> None:
    """[KU18]."""
    assert price_list_of_pod({each["name"]: each["value"] for each in container(job)["env"] if "value" in each}) == "shop"


def test_price_lists_are_where_it_looks_for_them_and_only_to_read(job: Object) -> None:
    run = container(job)
    (folder,) = [each["value"] for each in run["env"] if each["name"] == "PRICE_LISTS_DIR"]
    (mount,) = [each for each in run["volumeMounts"] if each["mountPath"] == folder]
    assert mount["readOnly"]
    (volume,) = [each for each in job["spec"]["template"]["spec"]["volumes"] if each["name"] == mount["name"]]
    assert volume["configMap"]["name"].startswith("price-lists")


def test_it_is_tried_once_kept_for_a_day_and_has_time_to_end(job: Object) -> None:
    spec = job["spec"]
    assert (spec["backoffLimit"], spec["ttlSecondsAfterFinished"]) == (0, 86400)
    pod = spec["template"]["spec"]
    assert (pod["restartPolicy"], pod["terminationGracePeriodSeconds"], pod["enableServiceLinks"]) == ("Never", 120, False)
    assert '"set_exit_code_on_failure": true' in container(job)["args"][-1]
    assert spec["template"]["metadata"]["annotations"]["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false"


def test_it_is_found_by_its_run_and_by_ours(job: Object) -> None:
    labels = job["spec"]["template"]["metadata"]["labels"]
    assert labels.items() >= {"app.kubernetes.io/part-of": "price-assets", "dagster/code-location": "price_assets"}.items()


@pytest.mark.parametrize("amount", ["3Gi", "256Mi"])  # more than the default, and less than its request
def test_memory_of_a_list_is_request_and_limit_and_all_else_stays(
    amount: str, installed: Installed, job: Object, instance: dg.DagsterInstance
) -> None:
    large = job_of(installed, instance, memory(amount))
    said, default = container(large)["resources"], container(job)["resources"]
    assert said["requests"] == default["requests"] | {"memory": amount}
    assert said["limits"] == default["limits"] | {"memory": amount}
    assert list(of_an_object("run", large)) == []
