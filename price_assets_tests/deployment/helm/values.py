"""helm-values.yaml, and the keys that the chart reads."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import yaml

from price_assets_tests.deployment.running_dagster import CLONE

VALUES = CLONE / "helm-values.yaml"
KEYS = Path(__file__).with_name("chart_keys.txt")

Values = dict[str, Any]
Key = tuple[str | int, ...]
"""The way to a value: keys, and places in lists."""


class Once(yaml.SafeLoader):
    """Refuses a key that stands twice; the chart would take the last one, and say nothing."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 (as PyYAML has it)
        names = [cast("str", self.construct_object(key, deep=True)) for key, _ in node.value]
        assert len(names) == len(set(names)), f"line {node.start_mark.line + 1}: {sorted(name for name in names if names.count(name) > 1)} twice"
        return super().construct_mapping(node, deep)


def values() -> Values:
    """Those of the repository."""
    return yaml.load(VALUES.read_text(), Once)


def leaves(value: Any, key: Key = ()) -> Iterator[Key]:
    """The way to each value that is no mapping and no list; an empty one is such a value."""
    if isinstance(value, Mapping) and value:
        for name, inner in cast("Mapping[str, Any]", value).items():
            yield from leaves(inner, (*key, name))
    elif isinstance(value, Sequence) and value and not isinstance(value, str):
        for place, inner in enumerate(cast("Sequence[Any]", value)):
            yield from leaves(inner, (*key, place))
    else:
        yield key


def unknown_keys(said: Values) -> list[str]:
    """The keys of the values that the chart does not read."""
    known = [line for line in KEYS.read_text().splitlines() if line and not line.startswith("#")]
    pattern = re.compile("|".join(re.escape(line).replace(r"\.\*\*", r"(?:[.\[].*)?") for line in known))
    return [name for key in leaves(said) if not pattern.fullmatch(name := written(key))]


def written(key: Key) -> str:
    """As chart_keys.txt writes it."""
    return "".join("[]" if isinstance(each, int) else f".{each}" for each in key).removeprefix(".")


def at(said: Any, key: Key) -> Any:
    """What stands there."""
    for each in key:
        said = said[each]
    return said
