"""The sensor that settles: a copy which a dying process left behind is right again before a partner's next look."""

import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

import dagster as dg

from price_assets.errors import PriceAssetsError
from price_assets.export.exporter import Exporter
from price_assets.export.settle import SettleReport
from price_assets.operations.registers import side_by_side
from price_assets.settings import ExportSettings

INTERVAL = 300
SECONDS = 40.0
"""Of a tick, which Dagster cuts off after 60 [DG64]."""
RECENT = timedelta(hours=24)
"""A day that nothing has happened to for so long was settled hundreds of times already; `price-assets settle` looks at all of them."""
TOLD = 5
"""Lists that a skip reason names."""


def settle_sensor(price_lists: Sequence[str], settings: ExportSettings, exporter: Exporter, clock: Callable[[], datetime]) -> dg.SensorDefinition:
    """Settle `latest` and the recent days of every list; where the time is too short, the next tick goes on. `clock` tells the time."""

    @dg.sensor(
        name="settle",  # on or off is remembered by this name and the code location's [DG36]
        description="Makes the partners' copies follow the register, of every list, every five minutes.",
        minimum_interval_seconds=INTERVAL,
        default_status=dg.DefaultSensorStatus.RUNNING if settings.automation else dg.DefaultSensorStatus.STOPPED,
    )
    def settle(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        order = _from(sorted(price_lists), context.cursor)
        began = time.monotonic()
        try:
            exporter.store.preflight(writes=False)
        except PriceAssetsError as error:
            return dg.SensorResult(skip_reason=f"Nothing is settled: {error}", cursor=context.cursor)
        since, begun = clock() - RECENT, set[str]()

        def settled(name: str) -> SettleReport:
            begun.add(name)
            return exporter.settle(name, since)

        reports = side_by_side(order, settled, SECONDS - (time.monotonic() - began))
        reports = {name: report for name, report in reports.items() if name in begun}
        return dg.SensorResult(skip_reason=_said(context, len(order), reports), cursor=_next(order, reports))

    return settle


def _from(names: list[str], first: str | None) -> list[str]:
    """The names in order, from where the last tick was cut off."""
    return [name for name in names if name >= (first or "")] + [name for name in names if name < (first or "")]


def _next(order: list[str], reached: Collection[str]) -> str:
    """Where the next tick goes on: with the first list that was not begun. One that hangs does not hold up the others."""
    return next((name for name in order if name not in reached), min(order))  # an empty cursor leaves the old one [DG65]


def _said(context: dg.SensorEvaluationContext, lists: int, reports: dict[str, SettleReport | PriceAssetsError]) -> str:
    """One line for the tick; each list that failed, and what was put right, go to the log, too."""
    failed: list[str] = []
    mended: list[str] = []
    for name, report in sorted(reports.items()):
        if isinstance(report, PriceAssetsError):
            context.log.error("%s can't be settled: %s", name, report)
            failed.append(f"{name} can't be settled: {str(report).rstrip('.')}")
        elif report.changed:
            done = [f"{key} copied" for key in report.copied] + [f"{key} deleted" for key in report.deleted] + report.manifests
            context.log.info("%s was settled: %s", name, ", ".join(done))
            mended.append(f"{name} was settled")
    cut = [f"{lists - len(reports)} lists not reached, the next tick goes on with them"] if len(reports) < lists else []
    settled = f"{len(reports) - len(failed)} of {lists} lists stand as they should"
    return "; ".join([settled, *cut, *failed[:TOLD], *([f"and {len(failed) - TOLD} more"] if len(failed) > TOLD else []), *mended[:TOLD]]) + "."
