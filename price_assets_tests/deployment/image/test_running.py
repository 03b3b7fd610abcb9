"""What the image does, as user 10001 on a read-only root: everything that a pod is there for, with what was left out left out."""

import csv
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import fastexcel
import obstore
import pytest
from obstore.store import S3Store

from price_assets.demo.server import free_port
from price_assets_tests.deployment.image.archive import Image
from price_assets_tests.servers.http import Answer, Request, served
from price_assets_tests.servers.s3 import S3Server
from price_assets_tests.shop import DAY, Shop

PATIENCE = 120.0
ALL_MODULES = """
import importlib, json, pkgutil, price_assets
names = [module.name for module in pkgutil.walk_packages(price_assets.__path__, "price_assets.") if not module.name.endswith("__main__")]
print(json.dumps([name for name in names if importlib.import_module(name)]))
"""
CHANNELS = "import json; from apprise.manager_plugins import NotificationManager; print(json.dumps(sorted(NotificationManager().schemas())))"
JOB = """
import json, kubernetes
from dagster_k8s import K8sRunLauncher
from dagster_k8s.job import DagsterK8sJobConfig, construct_dagster_k8s_job
config = DagsterK8sJobConfig(job_image="registry.example.com/price-assets:1.0.0", dagster_home="/opt/dagster/dagster_home")
job = construct_dagster_k8s_job(config, ["dagster", "api", "execute_run"], "dagster-run-1", component="run_worker")
print(json.dumps(kubernetes.client.ApiClient().sanitize_for_serialization(job)))
"""
CLIENTS = """
import boto3
for service in ("s3", "sts", "sso", "sso-oidc", "signin"):
    boto3.client(service, region_name="eu-central-1")
boto3.resource("s3", region_name="eu-central-1")
"""
LOGS = """
import os, shutil
from dagster_aws.s3 import S3ComputeLogManager
logs = S3ComputeLogManager(os.environ["BUCKET"], prefix="image/logs", local_dir="/tmp/logs")
os.makedirs("/tmp/logs/run/compute_logs")
with logs.capture_logs(["run", "compute_logs", "step"]):
    print("said in the pod", flush=True)
shutil.rmtree("/tmp/logs")
print(logs.get_log_data(["run", "compute_logs", "step"]).stdout.decode())
"""


@pytest.fixture
def publishing(shop: Shop, s3: S3Server) -> dict[str, str]:
    """The environment of a pod that exports the shop's list, mounted, to S3."""
    return {**shop.environment, **s3.environment(), "STORAGE_PREFIX": f"image/{shop.database.name}", "PRICE_LISTS_DIR": "/mnt"}


def test_help_is_the_default_and_version_is_told(image: Image) -> None:
    done = image.run(*image.config["Cmd"])
    assert done.returncode == 0, done.stderr
    assert "serve-metrics" in done.stdout
    assert image.run("price-assets", "--version").returncode == 0


def test_all_modules_load(image: Image) -> None:
    assert {"price_assets.cli.export", "price_assets.orchestration.alerts", "price_assets.definitions"} <= set(json.loads(image.python(ALL_MODULES)))


@pytest.mark.parametrize("sslmode", ["prefer", "verify-full"])
def test_it_publishes_csv_xlsx_and_parquet_to_s3(image: Image, shop: Shop, s3: S3Server, publishing: dict[str, str], sslmode: str) -> None:
    done = image.run("price-assets", "export", "--date", DAY, "--json", mounted=shop.folder / "lists", **publishing | {"DB_SSLMODE": sslmode})
    if sslmode == "verify-full":
        assert done.returncode == 2, "the server has no TLS"
        assert "server does not support SSL" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    store = S3Store(s3.bucket, endpoint=s3.endpoint, access_key_id=s3.access_key, secret_access_key=s3.secret_key, region="us-east-1",
                    prefix=publishing["STORAGE_PREFIX"], client_options={"allow_http": True})  # fmt: skip
    rows = list(csv.reader(io.StringIO(bytes(obstore.get(store, "shop/latest/shop.csv").bytes()).decode())))
    assert rows == [
        ["sku", "name", "price", "stock"],
        ["001", 'Болт, "М8"', "10.50", "7"],
        ["002", "Гайка 🔩", "1.05", ""],
        ["003", "", "99.99", "0"],
    ]
    sheet = fastexcel.read_excel(bytes(obstore.get(store, "shop/latest/shop.xlsx").bytes())).load_sheet(0).to_polars()
    assert sheet["Цена"].to_list() == [10.5, 1.05, 99.99]
    assert any(found["path"].endswith(".parquet") for batch in obstore.list(store, "_snapshots") for found in batch)


def test_doctor_finds_all_well_and_tells_a_channel_of_apprise(image: Image, shop: Shop, publishing: dict[str, str]) -> None:
    told: list[bytes] = []

    def answer(request: Request) -> Answer:
        told.append(request.body)
        return Answer(200)

    with served(answer) as address:
        publishing["NOTIFY_URLS"] = address.replace("http://", "json://")
        done = image.run("price-assets", "doctor", "--notify", mounted=shop.folder / "lists", **publishing)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " wrong" not in done.stdout
    assert len(told) == 1


def test_every_channel_of_apprise_is_there(image: Image) -> None:
    here = json.loads(subprocess.run([sys.executable, "-c", CHANNELS], capture_output=True, text=True, check=True).stdout)
    assert json.loads(image.python(CHANNELS)) == here
    assert len(here) > 100


def test_the_code_server_serves_says_so_and_ends_when_it_is_asked_to(image: Image, tmp_path: Path) -> None:
    port = str(free_port())
    command = ("dagster", "api", "grpc", "-h", "0.0.0.0", "-p", port, "-m", "price_assets.definitions", "--location-name", "price_assets")
    check = image.config["Healthcheck"]["Test"][1:]
    with image.started(*command, log=tmp_path / "log", STORAGE_BUCKET="s3://nowhere") as server:
        _wait(lambda: server.process.poll() is not None or server.beside(*check).returncode == 0)
        assert server.process.poll() is None, (tmp_path / "log").read_text()
        said = server.beside("dagster", "api", "grpc-health-check", "-p", port)
        assert said.returncode == 0, said.stderr
        assert server.stop() == 0, (tmp_path / "log").read_text()


def test_a_code_server_that_does_not_answer_is_not_well_and_another_command_is(image: Image, tmp_path: Path) -> None:
    check = image.config["Healthcheck"]["Test"][1:]
    sleep = "import time; time.sleep(60)"
    with image.started("python", "-c", sleep, "grpc", "-p", str(free_port()), log=tmp_path / "log") as silent:
        done = silent.beside(*check)
        assert done.returncode == 1
        assert "does not answer" in done.stderr
    with image.started("python", "-c", sleep, log=tmp_path / "log") as other:
        assert other.beside(*check).returncode == 0


def test_dagster_k8s_builds_a_job(image: Image) -> None:
    job = json.loads(image.python(JOB, KUBERNETES_SERVICE_HOST="127.0.0.1"))
    assert job["kind"] == "Job"
    assert job["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example.com/price-assets:1.0.0"


def test_boto3_knows_all_that_profiles_and_compute_logs_ask_it_for(image: Image, s3: S3Server) -> None:
    image.python(CLIENTS)
    assert "said in the pod" in image.python(LOGS, BUCKET=s3.bucket, **s3.environment())


def test_the_other_target_has_webserver_and_daemon(dagster_image: Image) -> None:
    for program in ("dagster-webserver", "dagster-daemon"):
        done = dagster_image.run(program, "--version")
        assert done.returncode == 0, done.stderr
    page = next(dagster_image.root.glob("opt/price_assets/lib/python3.*/site-packages/dagster_webserver/webapp/build/index.html"))
    assert page.stat().st_size > 0


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.5)
