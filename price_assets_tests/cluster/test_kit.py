"""The CronJob kit in a cluster: it publishes, and what goes wrong in a pod is told."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from price_assets_tests.cluster.asked import e2e
from price_assets_tests.cluster.kit import Kit, kit_in_pods
from price_assets_tests.cluster.metrics import served
from price_assets_tests.cluster.namespaces import condition
from price_assets_tests.cluster.published import rows_of
from price_assets_tests.cluster.servers_in_pods import servers_in_pods
from price_assets_tests.deployment.catalogue import midday, today
from price_assets_tests.deployment.kubernetes.kit import KIT, OVERLAYS

pytestmark = [e2e, pytest.mark.xdist_group("cluster-kit"), pytest.mark.timeout(900)]

ROWS = "SELECT sku, name, price::float, coalesce(stock, 0) FROM products ORDER BY name, sku"


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    with servers_in_pods("price-assets-servers") as servers, kit_in_pods(tmp_path_factory.mktemp("kit"), servers) as made:
        yield made


def apart(kit: Kit, case: str) -> dict[str, str]:
    """The environment of a Job whose storage and messages are its own."""
    return {"STORAGE_PREFIX": case, "SLACK_WEBHOOK_URL": kit.servers.webhook(case), **kit.servers.mailbox(f"{case}@example.com")}


def told(kit: Kit, case: str) -> tuple[str, str]:
    """The one message of a case: as the webhook has it, and as the mailbox."""
    (webhook,) = [each["body"] for each in kit.servers.taken() if each.get("path") == f"/{case}"]
    (mail,) = [f"{each['subject']}\n{each['body']}" for each in kit.servers.taken() if each.get("to") == f"{case}@example.com"]
    return json.loads(webhook)["text"], mail


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_cluster_and_kubeconform_take_every_overlay(kit: Kit, tmp_path: Path, overlay: str) -> None:
    folder = KIT / "overlays" / overlay
    kit.namespace.kubectl("apply", "--dry-run=server", "--validate=strict", "--kustomize", folder)
    if program := shutil.which("kubeconform"):
        given = kit.namespace.kubectl("kustomize", folder)
        done = subprocess.run([program, "-strict", "-schema-location", schemas(tmp_path)], input=given, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def schemas(folder: Path) -> str:
    """Those of kubernetes-validate, which need no network, as kubeconform reads them."""
    for path in Path(str(files("kubernetes_validate"))).glob("kubernetes-json-schema/v1.34.0-local-strict/*.json"):
        schema = json.loads(path.read_text().replace('"/api/_definitions.json', '"_definitions.json'))
        schema.pop("$id", None)
        (folder / path.name).write_text(json.dumps(schema))
    return f"{folder}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"


def test_the_document_leads_from_an_empty_cluster_to_the_first_published_price_list(kit: Kit) -> None:
    published = kit.bucket().published("retail", today())
    assert published
    assert rows_of(published["xlsx"]) == kit.database.execute(ROWS)
    assert f"http://{kit.servers.host('s3')}" in kit.said
    (message,) = kit.servers.taken("Test message")
    assert message["path"].startswith("/services/")


def test_a_job_made_of_the_cronjob_publishes_the_day_and_says_so_once(kit: Kit) -> None:
    own = apart(kit, "now")
    assert condition(kit.run("now", own), "Complete")
    published = kit.bucket("now").published("retail", today())
    assert published
    assert rows_of(published["xlsx"]) == kit.database.execute(ROWS)
    assert condition(kit.run("again", own), "Complete")
    assert kit.bucket("now").events("retail", today()) == ["published"]
    for text in told(kit, "now"):
        assert f"Price lists of {today()}: 1 of 1 published" in text


def test_a_wrong_password_fails_the_job_at_once_and_is_told_to_webhook_and_mailbox(kit: Kit) -> None:
    job = kit.run("password", apart(kit, "password") | {"DB_PASSWORD": "not this one"})
    assert condition(job, "Failed")["reason"] == "PodFailurePolicy"
    assert kit.exits("password") == [(2, "Error")]
    for text in told(kit, "password"):
        assert "password" in text
        assert f"retail {today()}" in text
        assert "not this one" not in text


def test_a_pod_out_of_memory_is_tried_again_and_status_tells_of_the_day_that_is_missing(kit: Kit) -> None:
    container = {"name": "export", "resources": {"requests": {"memory": "64Mi"}, "limits": {"memory": "64Mi"}}}
    job = kit.run("memory", apart(kit, "memory"), {"backoffLimit": 1, "template": {"spec": {"containers": [container]}}})
    assert condition(job, "Failed")["reason"] == "BackoffLimitExceeded"
    assert kit.exits("memory") == [(137, "OOMKilled")] * 2

    status = kit.run("status", apart(kit, "memory"), of="status")
    assert condition(status, "Failed")
    assert kit.exits("status") == [(1, "Error")]
    for text in told(kit, "memory"):
        assert f"retail {today()}" in text
        assert "overdue" in text


def test_a_pod_without_enough_temp_space_says_so(kit: Kit) -> None:
    tmp = {"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "4Ki"}}
    job = kit.run("space", apart(kit, "space"), {"backoffLimit": 0, "template": {"spec": {"volumes": [tmp]}}})
    assert condition(job, "Failed")
    assert kit.exits("space") == [(1, "Error")]
    for text in told(kit, "space"):
        assert "No space left on device" in text
        assert "/tmp" in text


def test_the_metrics_are_served_and_the_probes_pass(kit: Kit) -> None:
    assert 'price_list="retail"' in served(kit.namespace)


def test_the_cronjobs_fire_when_and_where_the_settings_say(kit: Kit) -> None:
    export, status = (kit.namespace.find("cronjob", f"price-assets-{name}") for name in ("export", "status"))
    assert export
    assert status
    assert (export["spec"]["schedule"], export["spec"]["timeZone"]) == ("0 6 * * *", str(midday()))
    assert (status["spec"]["schedule"], status["spec"]["timeZone"]) == ("35 6 * * *", str(midday()))
