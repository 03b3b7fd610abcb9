"""A namespace of its own for each part of the tests, and kubectl in it, called as a person calls it."""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from price_assets.demo.guard import ended, guarded

Object = Mapping[str, Any]
Value = TypeVar("Value")

OURS = "price-assets.test/made-by"
"""The label of a namespace that may be deleted: a test made it."""
PATIENCE = 120.0
"""Seconds that anything in the cluster may take, where a test does not know better."""
LAST_WORDS = 40
"""Lines of each pod's log that a failure shows."""
WIDTH = 500
"""Characters of each."""

used: "list[Namespace]" = []
"""Those that are there now, for a test that fails to tell of."""
stories: list[tuple[str, str]] = []
"""Of those that are gone since something failed while they were filled."""


@dataclass(frozen=True)
class Namespace:
    """One that is there."""

    name: str

    def kubectl(self, *arguments: str | Path, given: str | None = None, seconds: float = 60) -> str:
        """What kubectl prints; it must succeed."""
        done = self.tried(*arguments, given=given, seconds=seconds)
        assert done.returncode == 0, f"kubectl {' '.join(map(str, arguments))}: {done.stderr}"
        return done.stdout

    def tried(self, *arguments: str | Path, given: str | None = None, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Kubectl, however it ends."""
        command = ["kubectl", "--namespace", self.name, *map(str, arguments)]
        return subprocess.run(command, input=given, capture_output=True, text=True, timeout=seconds, check=False)

    def apply(self, *objects: Object) -> None:
        """Let them be there, as they are given."""
        given = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        self.kubectl("apply", "--validate=strict", "--filename", "-", given=given)

    def all(self, kind: str, selector: str = "") -> list[dict[str, Any]]:
        """The objects of a kind, the oldest first."""
        chosen = ["--selector", selector] if selector else []
        return json.loads(self.kubectl("get", kind, *chosen, "--sort-by=.metadata.creationTimestamp", "--output", "json"))["items"]

    def find(self, kind: str, name: str) -> dict[str, Any] | None:
        """One of them, where it is there."""
        said = self.kubectl("get", kind, name, "--ignore-not-found", "--output", "json")
        return json.loads(said) if said else None

    def ready(self, *deployments: str, seconds: float = PATIENCE) -> None:
        """Wait until the newest state of these Deployments has come true."""
        for name in deployments:
            self.kubectl("rollout", "status", f"deployment/{name}", f"--timeout={seconds:.0f}s", seconds=seconds + 10)

    def wait_until(self, condition: Callable[[], Value | None], what: str, seconds: float = PATIENCE) -> Value:
        """Wait until the condition gives something true, and give it."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
            time.sleep(0.5)
        return found

    @contextmanager
    def forwarded(self, target: str, port: int) -> Generator[int]:
        """A port of 127.0.0.1 that leads to the target's, within this block and while the pod lives."""
        with TemporaryDirectory() as folder:
            output = Path(folder) / "said"
            command = ["kubectl", "--namespace", self.name, "port-forward", target, f":{port}"]
            guard = guarded(command, output=output)
            try:
                found = self.wait_until(lambda: re.search(r"127\.0\.0\.1:(\d+) ->", output.read_text()) or guard.poll(), f"{target} is forwarded", 30)
                assert isinstance(found, re.Match), output.read_text()
                yield int(found[1])
            finally:
                ended(guard)

    def story(self) -> str:
        """What one looks at when something failed: what there is, what happened to it, what each pod said last."""
        parts = [
            self.tried("get", "pods,jobs,cronjobs,deployments", "--output=wide").stdout,
            self.tried("get", "events", "--sort-by=.lastTimestamp").stdout[-6000:],
        ]
        for pod in self.all("pods"):
            name, status = pod["metadata"]["name"], json.dumps(pod["status"].get("containerStatuses"))
            logs = self.tried("logs", name, "--all-containers", "--prefix", f"--tail={LAST_WORDS}")
            parts.append(f"--- {name}: {status}\n{logs.stdout or logs.stderr}")
        return "\n".join(line[:WIDTH] for part in parts for line in part.splitlines())


@contextmanager
def namespace(name: str) -> Generator[Namespace]:
    """An empty one, within this block, in which the cluster refuses every pod that is not `restricted`.

    One of that name that was left by an earlier test is deleted first; of one that anybody else made, the test fails.
    """
    assert os.environ.get("KUBECONFIG"), "KUBECONFIG must say which cluster the tests may use"
    made = Namespace(name)
    if there := made.find("namespace", name):
        assert OURS in there["metadata"].get("labels", {}), f"the cluster has a namespace {name} that no test made: take another cluster"
        delete(name)
    labels = {OURS: "tests", "pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted"}
    made.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    used.append(made)
    try:
        yield made
    except BaseException:
        stories.append((name, made.story()))
        raise
    finally:
        used.remove(made)
        made.kubectl("delete", "namespace", name, "--wait=false")


def delete(name: str) -> None:
    """Delete a namespace with all that is in it, and wait until it is gone."""
    there = Namespace(name)
    there.kubectl("delete", "pods", "--all", "--grace-period=1", "--wait=false")
    there.kubectl("delete", "namespace", name, "--wait", "--timeout=180s", seconds=200)


def condition(found: Object, kind: str) -> Mapping[str, str]:
    """A condition of an object, where it is true."""
    conditions: Sequence[Mapping[str, str]] = found.get("status", {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == kind and each["status"] == "True"), dict[str, str]())
