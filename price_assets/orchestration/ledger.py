"""The sensor that writes Dagster's export runs into the ledger, however they ended: what a killed process could not say itself, Dagster knows.

The ledger has a row of each run once, whoever writes it and however often; so nothing is lost where more is read than is new.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta

import dagster as dg
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from price_assets.errors import SettingError
from price_assets.operations.export_run import ExportRun, Status
from price_assets.operations.export_runs import Ledger
from price_assets.orchestration.ledger_rows import missed_rows, rows_of
from price_assets.orchestration.runs import FAILED, RUNNING
from price_assets.settings import ExportSettings, export_runs_url

INTERVAL = 30
BEGINNING = timedelta(days=7)
"""The first tick looks back so far."""
OVERLAP = timedelta(minutes=10)
"""A run's time is that of its own clock, and is written down later [DG66]: one that comes so late is not lost."""
AT_ONCE = 200
"""Runs that one tick takes in, and as many missed days."""
SECONDS = 20.0
"""So long a tick reads; with the ledger's own time-outs it stays below the 60 s that Dagster gives it [DG64]."""
RUNLESS = ""
"""The run that Dagster has for events of assets outside of runs [DG67]."""


class LedgerCursor(BaseModel):
    """Where the next tick goes on. `upto`: so far all runs were taken in, by the time of their last change.

    `seen`: of the runs changed in the OVERLAP before that, Dagster's number → the time (s) of the change that was taken in. `observed`: Dagster's
    cursor of what was observed outside of runs.
    """

    upto: AwareDatetime | None = None
    seen: dict[int, float] = Field(default_factory=dict[int, float])
    observed: str | None = None

    @classmethod
    def read(cls, text: str | None) -> "LedgerCursor":
        """Begin anew where there is none, or another release wrote it: all it costs is to look again."""
        try:
            return cls.model_validate_json(text or "{}")
        except ValidationError:
            return cls()

    def since(self, now: datetime) -> datetime:
        """Runs that changed later are looked at."""
        return min(self.upto, now) - OVERLAP if self.upto else now - BEGINNING

    def after(self, records: Sequence[dg.RunRecord], observed: str, now: datetime, *, all_read: bool) -> "LedgerCursor":
        """The cursor once these are written down."""
        upto = now if all_read else min(records[-1].update_timestamp, now)
        changed = self.seen | {record.storage_id: record.update_timestamp.timestamp() for record in records}
        return LedgerCursor(upto=upto, seen={number: at for number, at in changed.items() if at > (upto - OVERLAP).timestamp()}, observed=observed)


def ledger_sensor(settings: ExportSettings, environment: Mapping[str, str], clock: Callable[[], datetime]) -> dg.SensorDefinition:
    """Write down the runs that changed, the days that were missed, and that the daemon works. `clock` tells the time.

    EXPORT_RUNS_URL is read here, and not when the definitions load: one that is wrong is a log line, and the runs wait.
    """

    @dg.sensor(
        name="ledger",  # on or off is remembered by this name and the code location's [DG36]
        description="Writes each export run down in the ledger, EXPORT_RUNS_URL, however it ended.",
        minimum_interval_seconds=INTERVAL,
        default_status=dg.DefaultSensorStatus.RUNNING if settings.automation else dg.DefaultSensorStatus.STOPPED,
    )
    def ledger(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        said, text = "", context.cursor
        try:
            if url := export_runs_url(environment):
                with closing(Ledger(url)) as opened:
                    said, text = _tick(context, opened, clock().astimezone(UTC))
            else:
                said = "Nothing is written down: EXPORT_RUNS_URL is not set."
        except SettingError as error:
            said = f"Nothing is written down: {error}"
            context.log.error(said)  # noqa: TRY400 - its line says all
        except Exception as error:  # the sensor's body never raises
            said = f"Nothing is written down, and the next tick tries again: {type(error).__name__}: {error}"
            context.log.exception(said)
        return dg.SensorResult(skip_reason=said, cursor=text)

    return ledger


def _tick(context: dg.SensorEvaluationContext, ledger: Ledger, now: datetime) -> tuple[str, str | None]:
    """What there is to say, and the new cursor, or the old one where nothing could be written."""
    cursor, began = LedgerCursor.read(context.cursor), time.monotonic()
    if not ledger.heartbeat(now):
        return _waits(ledger), context.cursor
    found, left = _changed_runs(context.instance, cursor, now)
    rows: list[ExportRun] = []
    taken: list[dg.RunRecord] = []
    for record in found:
        if taken and time.monotonic() - began > SECONDS:
            break
        rows += rows_of(context.instance, record)
        taken.append(record)
    observed = context.instance.get_records_for_run(RUNLESS, cursor.observed, dg.DagsterEventType.ASSET_OBSERVATION, AT_ONCE)
    rows += missed_rows(observed.records, min(cursor.upto or now, now) - BEGINNING)
    if not ledger.write(rows):
        return _waits(ledger), context.cursor
    left = left or len(taken) < len(found)
    return _said(rows, left=left), cursor.after(taken, observed.cursor, now, all_read=not left).model_dump_json()


def _changed_runs(instance: dg.DagsterInstance, cursor: LedgerCursor, now: datetime) -> tuple[list[dg.RunRecord], bool]:
    """The runs that began or ended since, in the order in which they did, up to AT_ONCE; and whether there may be more."""
    wanted = dg.RunsFilter(statuses=[*RUNNING, *FAILED, dg.DagsterRunStatus.SUCCESS], updated_after=cursor.since(now))
    most = AT_ONCE + len(cursor.seen)
    records = instance.get_run_records(wanted, limit=most, order_by="update_timestamp", ascending=True)
    new = [record for record in records if cursor.seen.get(record.storage_id) != record.update_timestamp.timestamp()]
    return new[:AT_ONCE], len(records) == most or len(new) > AT_ONCE


def _waits(ledger: Ledger) -> str:
    return f"Nothing is written down, and the runs wait: {ledger.complaint}"


def _said(rows: Sequence[ExportRun], *, left: bool) -> str:
    missed = sum(row.status is Status.MISSED for row in rows)
    counts = ((len(rows) - missed, "run", "runs"), (missed, "missed day", "missed days"))
    told = [f"{count} {one if count == 1 else many}" for count, one, many in counts if count]
    return ("Written down: " + ", ".join(told) if told else "Nothing is new") + ("; the next tick goes on." if left else ".")
