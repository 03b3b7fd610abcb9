"""The chart's templates in a few lines, for tests that have no chart. It reads each key by its name, so a mistyped one does nothing here either."""

from collections.abc import Mapping, Sequence
from typing import Any

from price_assets_tests.deployment.helm.chart import NAMESPACE, Installed, Object
from price_assets_tests.deployment.helm.values import Values

Said = Mapping[str, Any]
PROBE = ("initialDelaySeconds", "periodSeconds", "timeoutSeconds", "successThreshold", "failureThreshold")


def mirrored(values: Values) -> Installed:
    """What the chart would make of the values. Raises KeyError where one is missing that it must have."""
    context = {"k8s": _container_context(values)}
    return Installed(_instance(values), _workspace(values), context, _deployments(values))


def _instance(values: Values) -> Object:
    daemon, launcher = values["dagsterDaemon"], values["runLauncher"]["config"]["k8sRunLauncher"]
    postgres = {"config": {"postgres_db": _postgres(values["postgresql"])}}
    manager = values["computeLogManager"]["config"]["customComputeLogManager"]
    queue = daemon["runCoordinator"]["config"]["customRunCoordinator"]
    sections: Object = {
        "scheduler": {"module": "dagster._core.scheduler", "class": "DagsterDaemonScheduler"},
        "schedule_storage": {"module": "dagster_postgres.schedule_storage", "class": "PostgresScheduleStorage"} | postgres,
        "run_storage": {"module": "dagster_postgres.run_storage", "class": "PostgresRunStorage"} | postgres,
        "event_log_storage": {"module": "dagster_postgres.event_log", "class": "PostgresEventLogStorage"} | postgres,
        "run_launcher": {"module": "dagster_k8s", "class": "K8sRunLauncher", "config": _run_launcher(values, launcher)},
        "run_coordinator": _picked(queue, module="module", **{"class": "class"}, config="config"),
        "compute_logs": _picked(manager, module="module", **{"class": "class"}, config="config"),
        "python_logs": _picked(values.get("pythonLogs", {}), python_log_level="pythonLogLevel", managed_python_loggers="managedPythonLoggers"),
        "telemetry": {"enabled": values.get("telemetry", {}).get("enabled", True)},
    }
    if (said := daemon.get("runMonitoring", {})).get("enabled"):
        names = {"cancel_timeout_seconds": "cancelTimeoutSeconds", "start_timeout_seconds": "startTimeoutSeconds", "enabled": "enabled"}
        names |= {"max_runtime_seconds": "maxRuntimeSeconds", "max_resume_run_attempts": "maxResumeRunAttempts"}
        names |= {"poll_interval_seconds": "pollIntervalSeconds", "free_slots_after_run_end_seconds": "freeSlotsAfterRunEndSeconds"}
        sections["run_monitoring"] = _picked(said, **names)
    if (said := daemon.get("runRetries", {})).get("enabled"):
        names = {"max_retries": "maxRetries", "retry_on_asset_or_op_failure": "retryOnAssetOrOpFailure", "enabled": "enabled"}
        sections["run_retries"] = _picked(said, **names)
    for section in ("sensors", "schedules"):
        if (said := daemon.get(section, {})).get("useThreads"):
            sections[section] = _picked(said, use_threads="useThreads", num_workers="numWorkers")
    if (said := values.get("retention", {})).get("enabled"):
        kinds = {kind: said[kind] for kind in ("schedule", "sensor") if said.get(kind)}
        sections["retention"] = {kind: _picked(each, purge_after_days="purgeAfterDays") for kind, each in kinds.items()}
    if (said := values.get("concurrency", {})).get("enabled"):
        pools = _picked(said.get("pools", {}), default_limit="defaultLimit", granularity="granularity")
        sections["concurrency"] = {"pools": pools, "runs": _picked(said.get("runs", {}), max_concurrent_runs="maxConcurrentRuns")}
    return sections | values.get("additionalInstanceConfig", {})


def _postgres(said: Said) -> Object:
    names = {"username": "postgresqlUsername", "hostname": "postgresqlHost", "db_name": "postgresqlDatabase", "params": "postgresqlParams"}
    return _picked(said, **names) | {"password": {"env": "DAGSTER_PG_PASSWORD"}, "port": said["service"]["port"]}


def _run_launcher(values: Values, said: Said) -> Object:
    raw = said.get("runK8sConfig", {})
    names = {"container_config": "containerConfig", "pod_spec_config": "podSpecConfig", "job_spec_config": "jobSpecConfig"}
    names |= {"pod_template_spec_metadata": "podTemplateSpecMetadata", "job_metadata": "jobMetadata"}
    return {
        "load_incluster_config": True,
        "job_namespace": NAMESPACE,
        "image_pull_policy": said.get("imagePullPolicy", "Always"),
        "service_account_name": values["serviceAccount"]["name"],
        "dagster_home": values["global"]["dagsterHome"],
        "instance_config_map": "dagster-instance",
        "postgres_password_secret": values["global"]["postgresqlSecretName"],
        **_picked(said, fail_pod_on_run_failure="failPodOnRunFailure", security_context="securityContext", resources="resources"),
        "run_k8s_config": _picked(raw, **names),
    }


def _workspace(values: Values) -> Object:
    (code,) = values["dagster-user-deployments"]["deployments"]
    said = values["dagsterWebserver"].get("workspace", {})
    servers = said["servers"] if said.get("enabled") else [{"host": code["name"], "port": code["port"], "name": code["name"]}]
    return {"load_from": [{"grpc_server": _picked(each, host="host", port="port", location_name="name")} for each in servers]}


def _container_context(values: Values) -> Object:
    said = values["dagster-user-deployments"]
    (code,) = said["deployments"]
    run: Object = {"pod_spec_config": {"automount_service_account_token": True}}
    if code.get("annotations"):
        run["pod_template_spec_metadata"] = {"annotations": code["annotations"]}
    names = {"volume_mounts": "volumeMounts", "volumes": "volumes", "labels": "labels", "resources": "resources", "env": "env"}
    return {
        "image_pull_policy": code["image"]["pullPolicy"],
        "env_config_maps": [f"dagster-dagster-user-deployments-{code['name']}-user-env", *_names(code.get("envConfigMaps", []))],
        "env_secrets": _names(code.get("envSecrets", [])),
        **_picked(code, **names),
        "namespace": NAMESPACE,
        "service_account_name": said["serviceAccount"]["name"],
        "run_k8s_config": run,
    }


def _deployments(values: Values) -> dict[str, Object]:
    """Only what the values decide."""
    (code,) = values["dagster-user-deployments"]["deployments"]
    probes = {kind: _code_servers_probe(code, kind) for kind in ("readinessProbe", "livenessProbe", "startupProbe")}
    accounts = {"user-deployments": values["dagster-user-deployments"]["serviceAccount"]["name"]}
    parts = {"user-deployments": {**code, **probes}, "dagster-webserver": values["dagsterWebserver"], "dagster-daemon": values["dagsterDaemon"]}
    home = values["global"]["dagsterHome"]
    return {
        component: _deployment(component, said, accounts.get(component, values["serviceAccount"]["name"]), home) for component, said in parts.items()
    }


def _deployment(component: str, said: Said, account: str, home: str) -> Object:
    services = component != "user-deployments"
    own = {"name": "dagster-instance", "mountPath": f"{home}/dagster.yaml", "subPath": "dagster.yaml"}
    names = {name: name for name in ("securityContext", "resources", "volumeMounts", "env")}
    container: Object = {"name": "dagster", "image": f"{said['image']['repository']}:{said['image']['tag']}"} | _picked(said, **names)
    container["imagePullPolicy"] = said["image"].get("pullPolicy", "Always")
    container["envFrom"] = [{"configMapRef": each} for each in said.get("envConfigMaps", [])]
    container["envFrom"] += [{"secretRef": each} for each in said.get("envSecrets", [])]
    for kind in ("readinessProbe", "livenessProbe", "startupProbe"):
        if (probe := said.get(kind)) and probe.get("enabled", kind != "startupProbe"):
            container[kind] = {key: value for key, value in probe.items() if key != "enabled"}
    pod: Object = {"serviceAccountName": account, "containers": [container], "volumes": list(said.get("volumes", []))}
    pod |= _picked(said, securityContext="podSecurityContext")
    if services:
        container["volumeMounts"] = [own, *container.get("volumeMounts", [])]
        pod["volumes"].append({"name": "dagster-instance", "configMap": {"name": "dagster-instance"}})
        waits: Object = {"name": "init-user-deployment-price-assets", "image": "busybox"}
        pod["initContainers"] = [waits | _picked(said, securityContext="securityContext", resources="initContainerResources")]
    labels = {"component": component}
    template = {"metadata": {"labels": labels | said.get("labels", {}), "annotations": said.get("annotations", {})}, "spec": pod}
    spec: Object = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template} | _picked(said, strategy="deploymentStrategy")
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": component, "labels": labels}, "spec": spec}


def _code_servers_probe(code: Said, kind: str) -> Object | None:
    """Without a command the chart takes its own, and of the readiness and liveness probes nothing else but the numbers [KU3]."""
    said = code.get(kind)
    if not said or "exec" in said:
        return said
    asks = {"exec": {"command": ["dagster", "api", "grpc-health-check", "-p", str(code["port"])]}}
    return said | asks if kind == "startupProbe" else asks | {key: said[key] for key in ("enabled", *PROBE) if key in said}


def _names(references: Sequence[Said]) -> list[str]:
    return [each["name"] for each in references if "name" in each]


def _picked(said: Said, **names: str) -> Object:
    """What is said, of these keys, under their names in what is made."""
    return {made: said[key] for made, key in names.items() if said.get(key) is not None}
