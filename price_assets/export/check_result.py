"""What a check found."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from price_assets.export.offending_rows import OffendingRow


@dataclass(frozen=True)
class CheckResult:
    """What a check found: `summary` is one line without a full stop, `numbers` has what it counted, `offending` up to ten of the rows."""

    check: str
    passed: bool
    numbers: Mapping[str, int | str]
    summary: str
    offending: list[OffendingRow] = field(default_factory=list[OffendingRow])
