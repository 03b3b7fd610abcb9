"""What somebody on call must hear of: one price list, one export date, and what is wrong with it; and a message that says so."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256
from itertools import accumulate
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict

from price_assets.operations.alerts.message_text import CAUSE, COMMAND, MESSAGE, one_line


class Kind(StrEnum):
    """What is wrong; also the heading of the runbook, docs/operations.md, that says what to do."""

    FAILED = "failed"
    BLOCKED = "blocked"
    OVERDUE = "overdue"
    MISSED = "missed"
    GAVE_UP = "gave-up"


def _encodable(value: Any) -> Any:
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_encodable)]
"""A file's name or an error may hold half of a surrogate pair, which can't be written down: it becomes a question mark."""


class Problem(BaseModel):
    """`cause` is one line; `step` is snapshot, csv, xlsx or publication, where one failed; `details` are further lines, such as each failed check.

    `remedy` is what to do, where more can be said than the runbook says: for a blocked day the whole `accept` command.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind
    price_list: Text
    export_date: date
    at: AwareDatetime
    cause: Text
    step: str = ""
    details: tuple[Text, ...] = ()
    remedy: Text = ""
    run_id: str = ""

    @property
    def fingerprint(self) -> str:
        """12 hex digits that problems of one cause share, whatever list, day, run or number their causes name."""
        cause = re.sub(rf"\b{re.escape(self.price_list)}\b", "*", self.cause)
        cause = re.sub(r"\b[0-9a-f]{8,}\b|[0-9]+", "#", cause)
        return sha256(f"{self.kind} {self.step} {cause}".encode()).hexdigest()[:12]

    def as_told(self) -> "Problem":
        """The same without what is more than a message holds, so that a state with many of them stays small; its command stays whole."""
        details = [one_line(line) for line in self.details]
        room = sum(size <= MESSAGE for size in accumulate(len(line) for line in details))
        return self.model_copy(
            update={"cause": one_line(self.cause, CAUSE), "details": tuple(details[:room]), "remedy": one_line(self.remedy, COMMAND)}
        )


Level = Literal["failure", "warning", "success", "info"]


@dataclass(frozen=True)
class Message:
    """What a channel is given: a title of one line, and lines of plain text below it."""

    title: str
    lines: tuple[str, ...]
    level: Level

    def __post_init__(self) -> None:
        """Make both fit to be written down, in a log too."""
        object.__setattr__(self, "title", _encodable(self.title))
        object.__setattr__(self, "lines", tuple(map(_encodable, self.lines)))
