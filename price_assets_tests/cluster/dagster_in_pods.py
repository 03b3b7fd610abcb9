"""Dagster's webserver, daemon and code server in pods, installed by following docs/deploy.md; then with price lists that may go wrong one by one."""

import json
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import copy
from typing import Any

import dagster as dg
import yaml

from price_assets.demo.server import Server
from price_assets.orchestration.schedules import POD, job_name
from price_assets_tests.cluster.asked import DAGSTER_IMAGE, SERVERS_IMAGE
from price_assets_tests.cluster.kit import PRODUCTS
from price_assets_tests.cluster.namespaces import Namespace, namespace
from price_assets_tests.cluster.published import Bucket
from price_assets_tests.cluster.reader import CLONE, Reader
from price_assets_tests.cluster.servers_in_pods import Servers
from price_assets_tests.deployment.catalogue import Catalogue, days_ago, midday
from price_assets_tests.deployment.running_dagster import RunningDagster, open_instance
from price_assets_tests.servers.postgres import new_database
from price_assets_tests.servers.s3 import BUCKET

COMPONENTS = {"code server": "user-deployments", "daemon": "dagster-daemon", "webserver": "dagster-webserver"}
NEVER = f"0 6 {days_ago(-30).day} {days_ago(-30).month} *"
"""A time of the exports that no test lives to see."""
OF_A_CHANGE = ("kubectl create configmap", "lists=", "helm upgrade", "kubectl apply -k deploy/kubernetes/overlays/production/metrics")
"""The commands by which new settings and lists come into the cluster."""
VALUES = "--values deploy/kubernetes/overlays/production/values.yaml"
JOBS = """
query Jobs {
  repositoryOrError(repositorySelector: {repositoryLocationName: "price_assets", repositoryName: "__repository__"}) {
    ... on Repository { jobs { name runTags { key value } } }
  }
}
"""


@dataclass(frozen=True)
class DagsterInPods:
    """An installation. `dagster` asks its webserver and reads its database; `said` is what the document's commands printed."""

    reader: Reader
    servers: Servers
    catalogue: Catalogue
    dagster: RunningDagster
    said: str

    @property
    def namespace(self) -> Namespace:
        """Where all of it is."""
        return self.reader.namespace

    @property
    def bucket(self) -> Bucket:
        """What partners see."""
        return self.servers.bucket("")

    def change(self, **settings: str) -> None:
        """Change these settings, and take the catalogue's lists as they are now, as the document says; some list must be new."""
        self.reader.change_settings(**settings)
        self.reader.change_lists(self.catalogue.folder / "lists")
        self.reader.repeat("Dagster", *OF_A_CHANGE)
        self.namespace.wait_until(lambda: self._shown() == self._own(), "the webserver shows the lists of the new code server")

    def deployment(self, part: str) -> str:
        """The name of a part's Deployment."""
        (found,) = self.namespace.all("deployments", f"component={COMPONENTS[part]}")
        return found["metadata"]["name"]

    def pod(self, part: str) -> dict[str, Any]:
        """The newest pod of a part."""
        return self.namespace.all("pods", f"component={COMPONENTS[part]}")[-1]

    def pods_of(self, run: dg.DagsterRun) -> list[dict[str, Any]]:
        """The pods of a run."""
        return self.namespace.all("pods", f"dagster/run-id={run.run_id}")

    def scale(self, part: str, replicas: int) -> None:
        """Have so many of it; none means that it is gone when this returns."""
        self.namespace.kubectl("scale", f"deployment/{self.deployment(part)}", f"--replicas={replicas}")
        selector = f"component={COMPONENTS[part]}"
        self.namespace.wait_until(lambda: replicas or not self.namespace.all("pods", selector), f"the {part} is gone")

    def daemon_is_at_work(self) -> None:
        """Wait until each of its threads that the tests need beats."""
        begin = datetime.now().astimezone().timestamp()

        def beats() -> bool:
            found = self.dagster.instance.get_daemon_statuses()
            return {"SENSOR", "SCHEDULER", "QUEUED_RUN_COORDINATOR", "MONITORING", "BACKFILL"} <= {
                kind for kind, status in found.items() if status.last_heartbeat and status.last_heartbeat.timestamp >= begin
            }

        self.namespace.wait_until(beats, "the daemon is at work", 240)

    def _own(self) -> dict[str, str | None]:
        """The jobs of the catalogue's lists, and the memory of each."""
        lists = [yaml.safe_load(path.read_text()) for path in (self.catalogue.folder / "lists").glob("*.yaml")]
        return {job_name(each["name"]): each.get("memory") for each in lists}

    def _shown(self) -> dict[str, str | None]:
        """The same as the webserver has it, once it has it."""
        jobs = self.dagster.graphql(JOBS)["repositoryOrError"].get("jobs", [])
        pods = {job["name"]: [json.loads(tag["value"]) for tag in job["runTags"] if tag["key"] == POD] for job in jobs}
        return {
            name: tags[0]["container_config"]["resources"]["limits"]["memory"] if tags else None
            for name, tags in pods.items()
            if name.startswith(job_name(""))
        }


@contextmanager
def dagster_in_pods(name: str, folder: Path, servers: Servers, *lists: str) -> Generator[DagsterInPods]:
    """Follow the document in a namespace of this name, within this block, to the first published price list; then have tables of these lists.

    Nothing is due in it, until a test changes that.
    """
    with ExitStack() as stack:
        made, source = stack.enter_context(namespace(name)), stack.enter_context(new_database(servers.postgres))
        source.execute(PRODUCTS)
        reader = Reader.with_own(folder / "reader", made, servers, source)
        (folder / "reader" / "faster.yaml").write_text(yaml.safe_dump(_faster()))
        repository, _, tag = DAGSTER_IMAGE.rpartition(":")
        reader.changes |= {
            "EXPORT_TIMEZONE=UTC": f"EXPORT_TIMEZONE={midday()}",
            "EXPORT_CRON=0 6 * * *": f"EXPORT_CRON={NEVER}",
            "s3://prices-logs/dagster": f"s3://{BUCKET}/dagster",
            "${IMAGE%:*}-dagster": repository,
            VALUES: f"{VALUES} --values faster.yaml",
        }
        assert tag == reader.yours["IMAGE"].rpartition(":")[2]
        said = reader.follow("Dagster")

        catalogue = Catalogue(folder, source)
        for each in lists:
            catalogue.add(each, start=days_ago(20))
        port = yaml.safe_load((CLONE / "helm-values.yaml").read_text())["dagsterWebserver"]["service"]["port"]
        address = f"http://127.0.0.1:{stack.enter_context(made.forwarded('service/dagster-webserver', port))}"
        instance = stack.enter_context(_instance(folder, servers.postgres))
        installed = DagsterInPods(reader, servers, catalogue, RunningDagster(catalogue, folder, {}, instance, address), said)
        installed.daemon_is_at_work()
        yield installed


def _faster() -> dict[str, Any]:
    """Values by which time goes by faster. The chart waits for the code server's name in an image with nslookup, which the servers' has."""
    repository, _, tag = SERVERS_IMAGE.rpartition(":")
    return {"dagsterDaemon": {"runMonitoring": {"pollIntervalSeconds": 5}}, "busybox": {"image": {"repository": repository, "tag": tag}}}


@contextmanager
def _instance(folder: Path, server: Server) -> Generator[dg.DagsterInstance]:
    """The instance as the tests read it: the same database, and nothing that launches."""
    home = folder / "dagster-home"
    home.mkdir()
    copy(CLONE / "dagster.yaml", home)
    login = {"DAGSTER_PG_HOST": server.host, "DAGSTER_PG_PORT": str(server.port), "DAGSTER_PG_DB": "dagster"}
    login |= {"DAGSTER_PG_USERNAME": server.user, "DAGSTER_PG_PASSWORD": server.password, "DAGSTER_COMPUTE_LOGS": (folder / "logs").as_uri()}
    with open_instance(home, login) as instance:
        yield instance
