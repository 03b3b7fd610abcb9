"""The Job of a run, as dagster-k8s asks Kubernetes for it: by dagster.yaml, by what the code server gives, and by the run's tags."""

import json
from collections.abc import Mapping
from typing import Any, cast
from unittest.mock import patch

import dagster as dg
import kubernetes.client
from dagster._config import process_config
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.launcher import LaunchRunContext
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster_k8s import K8sRunLauncher

from price_assets.orchestration.schedules import POD
from price_assets_tests.deployment.helm.chart import NAMESPACE, Installed, Object, container
from price_assets_tests.servers.http import Answer, Request, served

RUN = "5f1c2a8e-3b7d-4c21-9a54-0d6e8f7b1c2a"
"""Each run's: an instance makes a database for the events of every other."""


def job_of(installed: Installed, instance: dg.DagsterInstance, tags: Mapping[str, str] | None = None) -> Object:
    """Of a run with these tags. Raises DagsterInvalidConfigError for what dagster-k8s does not take."""
    repository = RepositoryPythonOrigin(
        executable_path="python",
        code_pointer=ModuleCodePointer("price_assets.definitions", "defs"),
        container_image=container(installed.deployments["user-deployments"])["image"],
        container_context=installed.context,
    )
    location = RegisteredCodeLocationOrigin(installed.workspace["load_from"][0]["grpc_server"]["location_name"])
    run = dg.DagsterRun(
        job_name="export_shop",
        run_id=RUN,
        tags=dict(tags or {}),
        remote_job_origin=RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), "export_shop"),
        job_code_origin=JobPythonOrigin("export_shop", repository),
    )
    if not instance.has_run(RUN):
        instance.add_run(run)
    return launched(installed, instance, run)


def launched(installed: Installed, instance: dg.DagsterInstance, run: dg.DagsterRun) -> Object:
    """What the launcher of dagster.yaml asks for when it launches the run of the instance."""
    said = installed.instance["run_launcher"]
    assert (said["module"], said["class"]) == ("dagster_k8s", "K8sRunLauncher")
    read: Any = process_config(K8sRunLauncher.config_type(), said["config"])
    if not read.success:
        raise dg.DagsterInvalidConfigError("run_launcher", read.errors, said["config"])
    asked: list[Request] = []

    def answer(request: Request) -> Answer:
        asked.append(request)
        return Answer(201, request.body, {"Content-Type": "application/json"})

    with served(answer) as address, patch("dagster_k8s.launcher.load_kubernetes_config"):
        api = kubernetes.client.ApiClient(kubernetes.client.Configuration(host=address))
        config = {**read.value, "k8s_client_batch_api": kubernetes.client.BatchV1Api(api), "k8s_client_core_api": kubernetes.client.CoreV1Api(api)}
        launcher = cast("Any", K8sRunLauncher)(**config)
        launcher.register_instance(instance)
        launcher.launch_run(LaunchRunContext(run, workspace=None))
    (request,) = asked
    assert (request.method, request.path) == ("POST", f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs")
    return json.loads(request.body)


def memory(amount: str) -> dict[str, str]:
    """The tags of a run whose list says `memory:`."""
    resources = {"requests": {"memory": amount}, "limits": {"memory": amount}}
    return {POD: json.dumps({"container_config": {"resources": resources}})}
