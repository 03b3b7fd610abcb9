"""What the checks say of a snapshot, and whether it may be published all the same."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from price_assets.errors import SnapshotBlocked, UsageError
from price_assets.export.check_result import CheckResult
from price_assets.export.comparing_checks import Past
from price_assets.export.manifest import Changes
from price_assets.export.offending_rows import row_text
from price_assets.export.register import Acceptance, Day
from price_assets.export.snapshot import Snapshot


@dataclass(frozen=True)
class Verdict:
    """`day` is the register's entry of the snapshot's day, as it stood; `acceptance` a person's decision in this run."""

    snapshot: Snapshot
    results: Sequence[CheckResult]
    past: Past
    day: Day = field(default_factory=Day)
    acceptance: Acceptance | None = None

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """The checks that the rows did not pass."""
        return tuple(result for result in self.results if not result.passed)

    @property
    def blocking(self) -> tuple[CheckResult, ...]:
        """The checks that keep the rows from being published."""
        return tuple(result for result in self.failed if not self.excuse(result))

    @property
    def changes(self) -> Changes | None:
        """What publishing changes, as the manifest has it; None where there is nothing to compare with."""
        found = self.past.comparison
        return found and Changes(against=found.against, added=found.added, removed=found.removed, repriced=found.repriced)

    @property
    def judged(self) -> Snapshot:
        """The snapshot, and with it what was found."""
        verdicts = {result.check: result.passed for result in self.results}
        return replace(self.snapshot, verdicts=verdicts, changes=self.changes, acceptance=self.acceptance)

    def excuse(self, result: CheckResult) -> str | None:
        """Why a failed check is only noted, where it is.

        Rows that are published pass, whatever the checks say, if the formats carry them; accepted ones pass the checks that were accepted.
        """
        if result.check == "formats":
            return None
        if self.acceptance and result.check in self.acceptance.checks:
            return f"Accepted by {self.acceptance.by}: {self.acceptance.reason}"
        if self.day.published and self.day.published.snapshot == self.snapshot.name:
            return "These rows are published already, so the check does not block them."
        if result.check in self.day.accepted(self.snapshot.name):
            return "These rows were accepted, so the check does not block them."
        return None

    def raise_if_blocked(self) -> None:
        """Raise SnapshotBlocked, which says which checks failed and how, unless the rows may be published.

        Raises UsageError where a person accepts a check that did not fail.
        """
        failed = [result.check for result in self.failed]
        if self.acceptance and (surplus := [check for check in self.acceptance.checks if check not in failed]):
            raise UsageError(
                f"Snapshot {self.snapshot.name} did not fail {', '.join(surplus)}; name every check that failed and no other: "
                f"{', '.join(failed) or 'none did'}."
            )
        if self.blocking:
            said = "; ".join(f"{result.check}: {result.summary}{_rows(result)}" for result in self.blocking)
            raise SnapshotBlocked(f"Snapshot {self.snapshot.name} is blocked by {said}. {self._mend}")

    @property
    def can_be_accepted(self) -> bool:
        """Whether a person may publish the rows all the same: not what a format can't carry."""
        return all(result.check != "formats" for result in self.blocking)

    @property
    def _mend(self) -> str:
        mend = "Mend the rows in the source, or the list's rules, and export again"
        if not self.can_be_accepted:
            return f"{mend}."
        checks = " ".join(f"--check {result.check}" for result in self.failed)
        where = f"{self.snapshot.price_list} --date {self.snapshot.export_date} --snapshot {self.snapshot.name}"
        return f'{mend}; or, if they are right: price-assets accept {where} {checks} --reason "…"'


def _rows(result: CheckResult) -> str:
    """` (002 has price -1.00, 007 has price -3.50)`: the offending rows that were kept, by key; nothing where they have none."""
    told = [row_text(row) for row in result.offending if row["key"]]
    return f" ({', '.join(told)})" if told else ""
