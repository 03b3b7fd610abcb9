"""The lines of a log, held against deploy/logging/ecs-line.schema.json."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

LOGGING = Path(__file__).parents[3] / "deploy" / "logging"
SCHEMA: dict[str, Any] = json.loads((LOGGING / "ecs-line.schema.json").read_text())
_VALIDATOR = Draft202012Validator(SCHEMA)


def lines(text: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The JSON lines of a log, each of which the schema allows, and the others."""
    said: list[dict[str, Any]] = []
    others: list[str] = []
    for line in text.splitlines():
        try:
            parsed = json.loads(line)
        except ValueError:
            others.append(line)
            continue
        faults = [error.message for error in _VALIDATOR.iter_errors(parsed)]
        assert not faults, (line, faults)
        said.append(parsed)
    return said, others
