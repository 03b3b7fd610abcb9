"""The CronJob kit, installed by following docs/deploy.md; then with price lists and settings of the tests."""

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from price_assets_tests.cluster.merged import merged
from price_assets_tests.cluster.namespaces import Namespace, condition, namespace
from price_assets_tests.cluster.published import Bucket
from price_assets_tests.cluster.reader import IN_THE_DOCUMENT, Reader
from price_assets_tests.cluster.servers_in_pods import Servers
from price_assets_tests.deployment.catalogue import midday
from price_assets_tests.servers.postgres import Database, new_database

PRODUCTS = """
CREATE TABLE products (sku text, name text, price numeric(12, 2), stock int);
INSERT INTO products VALUES ('00017', 'Болт М8', 10.50, 1200), ('00018', 'Гайка М8', 4.20, NULL), ('00102', 'Шайба 8', 1.05, 30000);
"""
"""What the document's own price list is made of."""


OF_A_CHANGE = "kubectl apply -k"
"""The command by which new settings come into the cluster."""


@dataclass(frozen=True)
class Kit:
    """It is installed. `said` is what the commands printed."""

    namespace: Namespace
    servers: Servers
    database: Database
    said: str

    def bucket(self, prefix: str = "") -> Bucket:
        """What partners see."""
        return self.servers.bucket(prefix)

    def run(self, name: str, environment: Mapping[str, str], change: Mapping[str, Any] | None = None, of: str = "export") -> dict[str, Any]:
        """Make a Job of a CronJob, with these changes of its container's environment and of its spec, and give it once it has ended."""
        made = self.namespace.kubectl("create", "job", name, f"--from=cronjob/price-assets-{of}", "--dry-run=client", "--output=json")
        job = json.loads(made)
        del job["metadata"]["ownerReferences"]  # else it may fall out of the CronJob's short history
        job["spec"] = merged(job["spec"], change or {})
        (container,) = job["spec"]["template"]["spec"]["containers"]
        container["env"] = [*container.get("env", []), *({"name": key, "value": value} for key, value in environment.items())]
        self.namespace.apply(job)
        return self.ended(name)

    def ended(self, name: str) -> dict[str, Any]:
        """A Job, once it has ended."""

        def has_ended() -> dict[str, Any] | None:
            job = self.namespace.find("job", name)
            return job if job and (condition(job, "Complete") or condition(job, "Failed")) else None

        return self.namespace.wait_until(has_ended, f"the job {name} has ended")

    def exits(self, name: str) -> list[tuple[int, str]]:
        """Exit code and reason of each of a Job's pods."""
        pods = self.namespace.all("pods", f"job-name={name}")
        ended = [pod["status"]["containerStatuses"][0]["state"]["terminated"] for pod in pods]
        return [(each["exitCode"], each["reason"]) for each in ended]


@contextmanager
def kit_in_pods(folder: Path, servers: Servers) -> Generator[Kit]:
    """Follow the document from an empty cluster to the first published price list, within this block; then be told by mail too, and of each day."""
    with namespace(IN_THE_DOCUMENT) as made, new_database(servers.postgres) as database:
        database.execute(PRODUCTS)
        reader = Reader.with_own(folder, made, servers, database)
        reader.changes["EXPORT_TIMEZONE=UTC"] = f"EXPORT_TIMEZONE={midday()}"
        said = reader.follow("A CronJob")
        reader.change_settings(**servers.mailbox(), NOTIFY_SUMMARY="true")
        reader.repeat("A CronJob", OF_A_CHANGE)
        yield Kit(made, servers, database, said)
