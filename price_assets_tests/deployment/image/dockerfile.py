"""The Dockerfile, read into its stages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

CLONE = Path(__file__).parents[3]
DOCKERFILE = CLONE / "Dockerfile"


@dataclass(frozen=True)
class Stage:
    """What it starts from, its name, and its instructions: word and rest, on one line."""

    base: str
    name: str | None
    instructions: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def all(self, word: str) -> Sequence[str]:
        """The instructions of one kind."""
        return [rest for found, rest in self.instructions if found == word]


def stages() -> list[Stage]:
    """All, in their order."""
    text = re.sub(r"\\\n\s*", " ", re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE))
    found: list[Stage] = []
    for line in filter(None, text.splitlines()):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append(Stage(base, name or None))
        else:
            found[-1].instructions.append((word, rest))
    return found


def stage(name: str | None) -> Stage:
    """The one of this name; None: the last, which is built where none is named."""
    return stages()[-1] if name is None else next(stage for stage in stages() if stage.name == name)


def copied_from_context() -> list[str]:
    """What is copied from the clone, by any stage."""
    return [path for stage in stages() for rest in stage.all("COPY") if not rest.startswith("--from") for path in rest.split()[:-1]]
