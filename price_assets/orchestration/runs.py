"""A run of Dagster's as we see it: which price lists it is about, on which day, and how it stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import dagster as dg

PRICE_LIST = "price_list"
TRIGGER = "trigger"
"""The tag that says what launched a run: schedule, catch-up, cli; a person's have none."""
CATCH_UP = "catch-up"
PARTITION = "dagster/partition"
WILL_RETRY = "dagster/will_retry"
PRIORITY = "dagster/priority"
TODAY_FIRST = "1"
"""The run queue's priority of the morning's runs: before backfills, which have 0 [DG14, DG58]."""
LAST = "-1"
"""That of what is caught up on: after them."""

QUEUED = (dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED)
RUNNING = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)
FAILED = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
MOST = 5000
"""So many runs are looked at, the newest: those of 200 lists that failed, were retried and caught up on for days are fewer."""
PATIENCE = timedelta(minutes=10)
"""So long a run that Dagster says it will retry may wait for that; it takes seconds."""


@dataclass(frozen=True)
class SeenRun:
    """A run that publishes, or is to. `since` is when it was queued, began to run, or ended; `canceled`: a person ended it.

    `is_try`: catch-up launched it; what Dagster or a person makes of it again is not counted.
    """

    run_id: str
    price_lists: frozenset[str]
    export_date: date
    state: Literal["queued", "running", "retrying", "failed", "succeeded"]
    created: datetime
    since: datetime
    canceled: bool = False
    is_try: bool = False


def runs_of(instance: dg.DagsterInstance, days: Iterable[date], now: datetime) -> list[SeenRun]:
    """The runs of these days that publish, the newest first, however they were launched [DG11]: one query, whatever there is to know."""
    wanted = dg.RunsFilter(tags={PARTITION: [str(day) for day in days]}, statuses=[*QUEUED, *RUNNING, *FAILED, dg.DagsterRunStatus.SUCCESS])
    return [run for record in instance.get_run_records(wanted, limit=MOST) if (run := _seen(record, now)).price_lists]


def will_be_retried(run: dg.DagsterRun) -> bool:
    """Whether Dagster retries the run [DG32]: then the retry says how it ends."""
    return run.tags.get(WILL_RETRY) == "true"


def price_lists_of(run: dg.DagsterRun) -> list[str]:
    """The lists that a run is about, sorted: by its assets too, since the asset page launches a job without our tags [DG11]."""
    return sorted({key.path[0] for key in run.asset_selection or ()} or {run.tags.get(PRICE_LIST, run.job_name)})


def export_date_of(run: dg.DagsterRun) -> date | None:
    """The day that a run is about; None of one without a partition that is a day."""
    try:
        return date.fromisoformat(run.tags.get(PARTITION, ""))
    except ValueError:
        return None


def _seen(record: dg.RunRecord, now: datetime) -> SeenRun:
    run = record.dagster_run
    created = record.create_timestamp.replace(tzinfo=record.create_timestamp.tzinfo or UTC)
    if run.status in QUEUED:
        state, since = "queued", created
    elif run.status in RUNNING:
        state, since = "running", _time(record.start_time, created)
    elif run.status is dg.DagsterRunStatus.SUCCESS:
        state, since = "succeeded", _time(record.end_time, created)
    else:
        since = _time(record.end_time, created)
        waits = will_be_retried(run) and "dagster/auto_retry_run_id" not in run.tags and now - since < PATIENCE
        state = "retrying" if waits else "failed"
    return SeenRun(
        run.run_id,
        frozenset(_publishes(run)),
        date.fromisoformat(run.tags[PARTITION]),
        state,
        created,
        since,
        canceled=run.status is dg.DagsterRunStatus.CANCELED,
        is_try=run.tags.get(TRIGGER) == CATCH_UP and "dagster/parent_run_id" not in run.tags,
    )


def _publishes(run: dg.DagsterRun) -> list[str]:
    """The lists that the run would publish: one that renders a format alone, or that a person makes of some steps of another, doesn't."""
    if run.step_keys_to_execute:
        return [name for name, _, step in (key.rpartition("__") for key in run.step_keys_to_execute) if step == "publication"]
    if run.asset_selection is None:
        return price_lists_of(run)
    return [key.path[0] for key in run.asset_selection if key.path[-1] == "publication"]


def _time(seconds: float | None, otherwise: datetime) -> datetime:
    return datetime.fromtimestamp(seconds, UTC) if seconds else otherwise
