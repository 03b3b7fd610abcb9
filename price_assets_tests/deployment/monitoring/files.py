"""The files of deploy/monitoring, read."""

import json
from pathlib import Path
from typing import Any

import yaml

CLONE = Path(__file__).parents[3]
MONITORING = CLONE / "deploy" / "monitoring"


def read(name: str) -> str:
    """A file as it is."""
    return (MONITORING / name).read_text()


def parsed(name: str) -> dict[str, Any]:
    """A YAML or JSON file."""
    text = read(name)
    return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)


def rules() -> dict[str, dict[str, Any]]:
    """Alert → its rule."""
    return {rule["alert"]: rule for group in parsed("rules.yaml")["groups"] for rule in group["rules"]}
