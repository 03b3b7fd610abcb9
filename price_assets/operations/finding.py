"""What the doctor finds: one thing that a run needs, how it is, and what to do about it."""

import re
from dataclasses import dataclass
from typing import Literal

from price_assets.errors import ExitCode, Failed, PriceAssetsError, Refused

FINDABLE = (Failed, Refused)
"""What is a finding. A signal is none, though it is an error of ours too: it ends the doctor."""

Area = Literal["settings", "price lists", "source", "storage", "ledger", "this machine", "notifications"]
State = Literal["ok", "warning", "wrong", "skipped"]


@dataclass(frozen=True)
class Finding:
    """`said` is one line: how it is, and what to do where it is not well. `exit_code` is what a run would end with for it."""

    area: Area
    subject: str
    state: State
    said: str
    exit_code: ExitCode = ExitCode.OK


def ok(area: Area, subject: str, said: str) -> Finding:
    """It is as it should be."""
    return Finding(area, subject, "ok", said)


def warning(area: Area, subject: str, said: str) -> Finding:
    """A run would go well, and yet."""
    return Finding(area, subject, "warning", said)


def wrong(area: Area, subject: str, error: PriceAssetsError) -> Finding:
    """A run would end with this error; where its line begins with the subject, that is not said twice."""
    return Finding(area, subject, "wrong", re.sub(rf"^{re.escape(subject)}(: ?| )", "", str(error)), error.exit_code)


def skipped(area: Area, subject: str, said: str) -> Finding:
    """It was not looked at, for something before it is wrong."""
    return Finding(area, subject, "skipped", said)
