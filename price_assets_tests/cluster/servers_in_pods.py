"""A Postgres, an S3 server and a catcher of messages, each in a pod. Other pods reach them by name, the tests by a forwarded port."""

import json
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from obstore.store import S3Store

from price_assets.demo.server import Server
from price_assets_tests.cluster.asked import SERVERS_IMAGE
from price_assets_tests.cluster.namespaces import Namespace, namespace
from price_assets_tests.cluster.published import Bucket
from price_assets_tests.servers.s3 import ACCESS_KEY, BUCKET, SECRET_KEY

PORTS = {"postgres": 5432, "s3": 7070, "http": 8080, "smtp": 2525}
PASSWORD = "of-the-superuser"
RESTRICTED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


@dataclass(frozen=True)
class Servers:
    """What runs in the namespace. `postgres` is the server as the tests reach it."""

    namespace: Namespace
    postgres: Server
    s3_port: int
    catcher_port: int

    def host(self, name: str) -> str:
        """The name by which pods of any namespace find a server."""
        return f"{name}.{self.namespace.name}.svc"

    def bucket(self, prefix: str) -> Bucket:
        """The bucket, as the tests reach it."""
        store = S3Store(
            BUCKET,
            endpoint=f"http://127.0.0.1:{self.s3_port}",
            access_key_id=ACCESS_KEY,
            secret_access_key=SECRET_KEY,
            region="us-east-1",
            client_options={"allow_http": True},
        )
        return Bucket(store, prefix)

    def taken(self, text: str = "") -> list[dict[str, str]]:
        """The messages that came, the oldest first, of those that hold this text."""
        with urlopen(f"http://127.0.0.1:{self.catcher_port}/taken", timeout=10) as answer:
            found: list[dict[str, str]] = json.loads(answer.read())
        return [each for each in found if text in json.dumps(each, ensure_ascii=False)]

    def yours(self) -> dict[str, str]:
        """What docs/deploy.md lets its reader set."""
        return {
            "DB_HOST": self.host("postgres"),
            "DB_SSLMODE": "disable",  # these builds have no TLS [PK5]
            "STORAGE_BUCKET": f"s3://{BUCKET}",
            "AWS_ENDPOINT_URL": f"http://{self.host('s3')}:{PORTS['s3']}",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "SLACK_WEBHOOK_URL": self.webhook("services/T00000000/B00000000/XXXXXXXX"),
        }

    def mailbox(self, address: str = "oncall@example.com") -> dict[str, str]:
        """The settings of mail."""
        host, port = self.host("catcher"), str(PORTS["smtp"])
        return {"SMTP_HOST": host, "SMTP_PORT": port, "SMTP_SECURITY": "none", "SMTP_FROM": "prices@example.com", "SMTP_TO": address}

    def webhook(self, path: str) -> str:
        """An address that takes messages."""
        return f"http://{self.host('catcher')}:{PORTS['http']}/{path}"


@contextmanager
def servers_in_pods(name: str) -> Generator[Servers]:
    """All three, in a namespace of this name, within this block."""
    with namespace(name) as made, ExitStack() as stack:
        bucket = f"mkdir -p /data/meta /data/root/{BUCKET} && exec versitygw --quiet --port :{PORTS['s3']} posix --sidecar /data/meta /data/root"
        made.apply(
            *_server("postgres", ["python3", "/servers/postgres.py", "/data/postgres"], {"POSTGRES_PASSWORD": PASSWORD}, "postgres"),
            *_server("s3", ["sh", "-c", bucket], {"ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY}, "s3"),
            *_server("catcher", ["python3", "/servers/catcher.py"], {}, "http", "smtp"),
        )
        made.ready("postgres", "s3", "catcher")
        port = {
            name: stack.enter_context(made.forwarded(f"service/{name}", PORTS[of]))
            for name, of in (("postgres", "postgres"), ("s3", "s3"), ("catcher", "http"))
        }
        yield Servers(made, Server(port=port["postgres"], password=PASSWORD, log=Path("/dev/null")), port["s3"], port["catcher"])


def _server(name: str, command: list[str], environment: Mapping[str, str], *ports: str) -> list[dict[str, Any]]:
    """A Deployment of one pod, and its Service."""
    labels = {"app": name}
    container = {
        "name": name,
        "image": SERVERS_IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": command,
        "env": [{"name": key, "value": value} for key, value in environment.items()],
        "ports": [{"containerPort": PORTS[port]} for port in ports],
        "readinessProbe": {"tcpSocket": {"port": PORTS[ports[0]]}, "periodSeconds": 1},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        "securityContext": RESTRICTED,
    }
    pod: dict[str, Any] = {
        "containers": [container],
        "volumes": [{"name": "data", "emptyDir": {"sizeLimit": "2Gi"}}],
        "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "fsGroup": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
    }
    deployment = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    service = {"selector": labels, "ports": [{"name": port, "port": PORTS[port]} for port in ports]}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": deployment},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": service},
    ]
