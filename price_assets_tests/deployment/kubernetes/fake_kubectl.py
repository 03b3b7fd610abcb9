"""In the place of kubectl where no cluster is: the real one for what needs none; a folder, FAKE_KUBECTL, for what a cluster would keep and answer.

Every call is a line of `calls`; what is applied or created lies in `objects`; `exit` holds the code that each pod ends with, nothing where none
starts.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(os.environ["FAKE_KUBECTL"])
REAL = os.environ["REAL_KUBECTL"]


def real(*arguments: str) -> str:
    done = subprocess.run([REAL, *arguments], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout


def keep(text: str) -> list[dict[str, Any]]:
    objects = list(yaml.safe_load_all(text))
    for each in objects:
        (FOLDER / "objects" / f"{each['kind']}-{each['metadata']['name']}.json").write_text(json.dumps(each))
    return objects


def job_of(name: str, cronjob: str) -> dict[str, Any]:
    """As the real one gives it without creating it: with an owner that has no uid."""
    spec = json.loads((FOLDER / "objects" / f"CronJob-{cronjob}.json").read_text())["spec"]["jobTemplate"]["spec"]
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": cronjob, "uid": ""}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "ownerReferences": [owner]}, "spec": spec}


def answer(*arguments: str) -> str:
    match [each for each in arguments if not each.startswith("--namespace=")]:
        case ["kustomize", *_] | ["create", "secret" | "configmap", *_] | ["patch", "--local", *_]:
            return real(*arguments)
        case ["apply", "-k", folder, *options]:
            objects = keep(real("kustomize", folder))
            return "".join(f"{each['kind'].lower()}/{each['metadata']['name']}\n" for each in objects) if "name" in options else ""
        case ["apply" | "create", "-f" | "--filename=-", *rest]:
            keep(Path(rest[0]).read_text() if rest and rest[0] != "-" else sys.stdin.read())
            return ""
        case ["create", "job", name, source, *_]:
            return json.dumps(job_of(name, source.partition("/")[2]))
        case ["get", "pods", *_, path]:
            code = (FOLDER / "exit").read_text()
            return code if "exitCode" in path else '{"terminated":{}}' if code else '{"waiting":{"message":"what it waits for"}}'
        case ["get", "deployment", *_]:
            return "deployment.apps/the-code-server\n"
        case ["logs", *_]:
            return "what it said\n"
        case ["describe", *_]:
            return "why it did not start\n"
        case _:
            return ""


if __name__ == "__main__":
    with (FOLDER / "calls").open("a") as calls:
        calls.write(json.dumps(sys.argv[1:]) + "\n")
    sys.stdout.write(answer(*sys.argv[1:]))
