"""Somebody who follows docs/deploy.md in a cluster: in a copy of what the commands need, with settings of their own.

Programs stand in for two: `docker`, since the images are built and loaded before, from the same Dockerfile, and `helm`, where nobody says by
PRICE_ASSETS_CHART where Dagster's chart is.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copy, copytree, ignore_patterns, rmtree

import yaml

from price_assets.demo.server import binaries
from price_assets_tests.cluster.asked import IMAGE
from price_assets_tests.cluster.namespaces import Namespace
from price_assets_tests.cluster.servers_in_pods import Servers
from price_assets_tests.deployment.deploy_document import BOTH, WAYS, script, sections
from price_assets_tests.deployment.running_dagster import CLONE
from price_assets_tests.servers.postgres import Database

CHART = os.environ.get("PRICE_ASSETS_CHART")
"""What `helm template dagster` takes after that name: a folder, an archive, or `dagster --repo https://… --version …`."""
IN_THE_DOCUMENT = "price-assets"
"""The namespace of its commands."""
PATIENCE = 600


@dataclass
class Reader:
    """They are in the folder. `changes` is what they write otherwise than the document: text → what comes in its place."""

    folder: Path
    namespace: Namespace
    yours: Mapping[str, str]
    changes: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def with_own(cls, folder: Path, namespace: Namespace, servers: Servers, database: Database) -> "Reader":
        """In an empty folder, with a database to export and a bucket."""
        copytree(CLONE / "deploy", folder / "deploy", ignore=ignore_patterns("production"))  # an operator's own
        copy(CLONE / "helm-values.yaml", folder)
        for path in folder.glob("deploy/kubernetes/**/*.yaml"):
            path.write_text(re.sub(rf"^(namespace: |  name: ){IN_THE_DOCUMENT}$", rf"\g<1>{namespace.name}", path.read_text(), flags=re.MULTILINE))
        programs = folder / "programs"
        programs.mkdir()
        helm = "" if CHART else f'exec {sys.executable} -m price_assets_tests.cluster.helm "$@"'
        for name, command in {"docker": "true", "psql": f'exec {binaries() / "psql"} "$@"', "helm": helm}.items():
            if command:
                (programs / name).write_text(f"#!/bin/sh\n{command}\n")
                (programs / name).chmod(0o755)
        server = database.server
        own = f"host={server.host} port={server.port} user={server.user} password={server.password} dbname={database.name}"
        return cls(folder, namespace, {"IMAGE": IMAGE, "DATABASE": own, **servers.yours(), "DB_NAME": database.name})

    def follow(self, way: str) -> str:
        """All commands of a way; what they print."""
        return self.run(script(way, **self.yours))

    def repeat(self, way: str, *beginnings: str) -> None:
        """Those of a way's commands again that begin so."""
        self.run(self._settings + commands(way, *beginnings))

    def grant(self) -> None:
        """Let the reader's role read all tables that there are now; both roles keep their passwords."""
        self.run(f"{self._settings}unset READER_PASSWORD LEDGER_PASSWORD\n{commands(BOTH, 'psql').replace('public.products', 'public')}")

    @property
    def _settings(self) -> str:
        return script(WAYS[0], **self.yours).partition(sections()[BOTH][0])[0]

    def run(self, given: str) -> str:
        """Commands for bash, with the changes; what they print."""
        given = re.sub(rf"(-n|--namespace|namespace:) {IN_THE_DOCUMENT}\b(?!-)", rf"\1 {self.namespace.name}", given)
        if CHART:
            given = re.sub(r"(?<=--install dagster )dagster --repo \S+ --version \S+", lambda _: CHART or "", given)
        for text, change in self.changes.items():
            given = given.replace(text, change)
        environment = {
            **os.environ,
            "PATH": f"{self.folder / 'programs'}:{os.environ['PATH']}",
            "NAMESPACE": self.namespace.name,
            "PYTHONPATH": str(CLONE),
        }
        done = subprocess.run(["bash", "-c", given], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    @property
    def overlay(self) -> Path:
        """The folder of their own settings."""
        return self.folder / "deploy" / "kubernetes" / "overlays" / "production"

    def change_settings(self, **settings: str) -> None:
        """Write these into their settings.env."""
        file = self.overlay / "settings.env"
        kept = [line for line in file.read_text().splitlines() if line.partition("=")[0] not in settings]
        file.write_text("\n".join([*kept, *(f"{name}={value}" for name, value in settings.items()), ""]))

    def change_lists(self, lists: Path) -> None:
        """Put the files of this folder in the place of their price lists."""
        own = self.folder / "deploy" / "kubernetes" / "price-lists"
        rmtree(own)
        copytree(lists, own)
        generator = {"configMapGenerator": [{"name": "price-lists", "files": sorted(path.name for path in lists.iterdir())}]}
        (own / "kustomization.yaml").write_text(yaml.safe_dump(generator))


def commands(section: str, *beginnings: str) -> str:
    """Those of the document's commands in a section that begin so, one for each, with the lines that it goes on in."""
    text = "".join(sections()[section])
    found = [re.findall(rf"^{re.escape(each)}(?:.*\\\n)*.*\n", text, re.MULTILINE) for each in beginnings]
    return "".join(command for (command,) in found)
