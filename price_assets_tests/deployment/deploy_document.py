"""The commands of docs/deploy.md, as a person copies them: those of one way, in their order, as one script for bash."""

import re

from price_assets_tests.deployment.running_dagster import CLONE

DOCUMENT = (CLONE / "docs" / "deploy.md").read_text()
YOURS, BOTH = "What is yours", "What both want"
WAYS = ("A CronJob", "Dagster")


def sections() -> dict[str, list[str]]:
    """Heading → its blocks of commands: what stands between ```sh and ```."""
    parts = re.split(r"^## (.*)\n", DOCUMENT, flags=re.MULTILINE)[1:]
    return {heading: re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE) for heading, text in zip(parts[::2], parts[1::2], strict=True)}


def script(way: str, **yours: str) -> str:
    """All commands of a way, the first that fails being the last. `yours` are values of the variables that the reader is to set to their own."""
    found = sections()
    (settings,) = found[YOURS]
    for name, value in yours.items():
        settings, times = re.subn(rf"(?<= ){name}=\S*", lambda _, said=f"{name}='{value}'": said, settings)
        assert times == 1, name
    return "".join(["set -euo pipefail\n", settings, *found[BOTH], *found[way]])
