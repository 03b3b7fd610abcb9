"""What an export of a day would come to now: its rows, its checks, what it would change. Nothing is stored."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from price_assets.export.exporter import Exporter
from price_assets.export.price_list import PriceList
from price_assets.export.register import Outcome
from price_assets.export.verdict import Verdict

End = Literal["published", "unchanged", "superseded", "blocked"]


@dataclass(frozen=True)
class Preview:
    """The rows, judged (`verdict`), and how an export of them would end."""

    verdict: Verdict
    outcome: End


_ENDS: dict[Outcome, End] = {
    Outcome.PUBLISHED: "published",
    Outcome.UNCHANGED: "unchanged",
    Outcome.SUPERSEDED: "superseded",
    Outcome.WITHDRAWN: "blocked",  # by somebody who took these rows back since they were checked
}


def preview(exporter: Exporter, price_list: PriceList, export_date: date) -> Preview:
    """Take the rows as an export does, check them and compare them with the newest published day before.

    Only the files are not rendered: `formats` tells what they can't hold. Raises what extracting and reading the storage do.
    """
    verdict = exporter.look_at(price_list, exporter.take(price_list, export_date, run_id="", from_snapshots=False), run_id="")
    if verdict.blocking:
        return Preview(verdict, "blocked")
    return Preview(verdict, _ENDS[exporter.foresee(price_list, verdict.snapshot)])
