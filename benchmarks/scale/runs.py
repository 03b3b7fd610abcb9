"""Runs of fifty lists in the queue: made by backfills and launched for pods that cost nothing here; and executed for real."""

import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from benchmarks.scale.deployment import PATIENCE, Deployment, deployment
from benchmarks.scale.pods import Pods
from benchmarks.scale.ticks import Ticks, ended_runs, run_times, sensor_ticks
from benchmarks.scale.watch import Watch, folder_bytes
from price_assets.demo.server import Server
from price_assets.export.exporter import Exporter
from price_assets.orchestration.due_day import Expected
from price_assets.orchestration.due_days import DueDays, Remembered
from price_assets.settings import ExportSettings, WatchSettings

NEVER = "0 6 1 1 *"
"""A schedule that is not due while this runs."""
LOOK = "look"
A_RUN = 20.0
"""Seconds at most of a run, and of what the queue takes for it, after PATIENCE for the first: then it is given up."""


@dataclass(frozen=True)
class Queued:
    """What was seen of `runs` runs: when each event was, in s since the beginning; what was watched; how long each sensor's ticks took."""

    lists: int
    runs: int
    slots: int
    watch: Watch
    times: dict[str, list[float]]
    ticks: dict[str, Ticks]
    database: str
    ready: dict[str, float]
    began: float
    storage: int = 0
    output: int = 0
    failed: int = 0
    extra: dict[str, float] = field(default_factory=dict[str, float])


def today() -> date:
    """In UTC, as the lists' days are."""
    return datetime.now(UTC).date()


def backfilled(server: Server, folder: Path, lists: int, days: int, slots: int, *, pods: float | None) -> Queued:
    """A backfill a list of so many past days. `pods` is how many seconds each run takes that is not executed here; None: all are."""
    start = today() - timedelta(days=days)
    with deployment(server, folder, lists, start, slots=slots, pods=pods is not None, EXPORT_CRON=NEVER) as running:
        wanted = [start + timedelta(days=day) for day in range(days)]

        def launch() -> None:
            for name in running.names:
                running.backfill(name, wanted)

        if pods is None:
            with Watch(running) as watch:
                began = time.time()
                launch()
                running.wait_until(lambda: ended_runs(running) >= lists * days, "all runs have ended", PATIENCE + A_RUN * lists * days)
        else:
            with Pods(running.instance, running.home, pods) as played, Watch(running) as watch:
                began = time.time()
                launch()
                running.wait_until(lambda: played.error or played.ended >= lists * days, "all runs have ended", PATIENCE + A_RUN * lists * days)
            if played.error:
                raise played.error
        found = seen(running, folder, watch, runs=lists * days, slots=slots, began=began)
        found.extra[LOOK] = _look(running, start, days)
        return found


def seen(running: Deployment, folder: Path, watch: Watch, *, runs: int, slots: int, began: float) -> Queued:
    """What there is to tell, once all has ended."""
    times = {kind: [at - began for at in all_times] for kind, all_times in run_times(running).items()}
    ticks = sensor_ticks(running, began)
    storage, output = (folder_bytes(folder / name) for name in ("storage", "output of runs"))
    failed = len(times.get("PIPELINE_FAILURE", []))
    return Queued(len(running.names), runs, slots, watch, times, ticks, running.database, dict(running.ready), began, storage, output, failed)


def _look(running: Deployment, start: date, days: int) -> float:
    """Seconds that `catch_up` and `alerts` take to look at every day of every list where neither remembers anything, as after an update of both."""
    environment = running.environment | {"EXPORT_CRON": "0 0 * * *", "CATCH_UP_DAYS": str(days + 1)}
    settings, watch = ExportSettings.from_environment(environment), WatchSettings.from_environment(environment)
    due = DueDays([Expected(name, start, past_dates=True) for name in running.names], settings, watch, Exporter(environment))
    began = time.monotonic()
    found = due.look(running.instance, datetime.now(UTC), Remembered())
    taken = time.monotonic() - began
    if len(found) < len(running.names) * days:
        raise RuntimeError(f"{len(found)} days were looked at, of {len(running.names)} lists × {days}")
    return taken
