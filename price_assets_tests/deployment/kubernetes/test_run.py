"""deploy/kubernetes/run, which makes a Job of any command."""

import os
import pwd
import subprocess
from pathlib import Path

import pytest

from price_assets_tests.deployment.kubernetes.kit import KIT, built
from price_assets_tests.deployment.kubernetes.shims import Shims, shims

__all__ = ["shims"]


def run(shims: Shims, *arguments: str, program: Path = KIT / "run", **changes: str) -> subprocess.CompletedProcess[str]:
    subprocess.run(["kubectl", "apply", "-k", KIT / "overlays" / "minio"], env=shims.environment, check=True)
    return subprocess.run([program, *arguments], env=shims.environment | changes, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("code", [0, 1, 3])
def test_it_shows_what_the_command_says_and_ends_as_it_ends(shims: Shims, code: int) -> None:
    shims.pods_end_with(code)
    done = run(shims, "status")
    assert (done.returncode, done.stdout) == (code, "what it said\n"), done.stderr


def test_the_job_is_the_cronjobs_but_for_its_command_and_its_tries(shims: Shims) -> None:
    arguments = ("accept", "retail", "--reason", 'the "autumn" rise, C:\\prices,\nit\'s $HOME, $$, not $(DB_PASSWORD)')
    assert run(shims, *arguments).returncode == 0
    (job,) = shims.objects("Job").values()
    assert job["spec"].pop("ttlSecondsAfterFinished") > 0
    assert "ownerReferences" not in job["metadata"]  # without a uid, which only a Job that was created has, the server takes none
    (cronjob,) = [each for each in built(KIT / "overlays" / "minio") if each["metadata"]["name"] == "price-assets-export"]
    wanted = cronjob["spec"]["jobTemplate"]["spec"]
    wanted["backoffLimit"] = 0
    command = ["env", "LOG_FORMAT=text", f"LOGNAME={pwd.getpwuid(os.getuid()).pw_name}", "price-assets", *arguments]
    wanted["template"]["spec"]["containers"][0]["command"] = [word.replace("$", "$$") for word in command]  # Kubernetes makes one of two again
    assert job["spec"] == wanted


def test_it_is_made_in_the_namespace_that_is_asked_for(shims: Shims) -> None:
    run(shims, "status", NAMESPACE="prices")
    assert all("--namespace=prices" in call for call in shims.calls()[1:])
    run(shims, "status")
    assert "--namespace=price-assets" in shims.calls()[-1]


def test_a_pod_that_never_starts_is_told_of_and_does_not_start_later(shims: Shims, tmp_path: Path) -> None:
    shims.pods_end_with(None)
    impatient = tmp_path / "run"
    impatient.write_text((KIT / "run").read_text().replace("PATIENCE=300", "PATIENCE=2"))
    impatient.chmod(0o755)
    done = run(shims, "status", program=impatient)
    assert (done.returncode, done.stdout) == (1, "")
    assert "why it did not start" in done.stderr
    assert done.stderr.count("what it waits for") == 1
    assert "within 2 s" in done.stderr
    (job,) = shims.objects("Job")
    assert ["--namespace=price-assets", "delete", f"job/{job}"] in shims.calls()
