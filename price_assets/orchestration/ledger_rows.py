"""A run of Dagster's → the rows that the ledger has of it, one a price list; and a day that was missed → its row."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from price_assets.operations.export_run import REASONS, ExportRun, Reason, Status, Trigger, published_files
from price_assets.operations.own_runs import INTERRUPTIONS, STATUSES
from price_assets.orchestration.failed_runs import FailedRun, failed_run
from price_assets.orchestration.runs import FAILED, PRICE_LIST, RUNNING, TRIGGER, export_date_of
from price_assets.orchestration.tables import plain

MISSED = "missed"
"""The run id of a day on which nothing ran: with its list and its day it is one row."""
TRIGGERS = {each.value: each for each in (Trigger.SCHEDULE, Trigger.CATCH_UP, Trigger.CLI)}


def rows_of(instance: dg.DagsterInstance, record: dg.RunRecord) -> list[ExportRun]:
    """What is known of the run now. There is no row of one that has not begun, or that publishes nothing: it renders a format alone, say.

    What a list published counts, however the run ended: by its own failure, by that of another list, or by `kill -9`. One query; two of a failure.
    """
    run = record.dagster_run
    day, names = export_date_of(run), _to_be_published(run)
    if day is None or not names or (run.status in RUNNING and record.start_time is None):
        return []
    begun = [
        ExportRun(
            run_id=run.run_id,
            price_list=name,
            export_date=day,
            status=Status.RUNNING,
            trigger=_trigger(run, name),
            started=_time(record.start_time) or record.create_timestamp,
        )
        for name in names
    ]
    if run.status in RUNNING:
        return begun
    ended = _time(record.end_time) or record.update_timestamp
    published = _publications(instance, run.run_id)
    failed = failed_run(instance, run.run_id) if run.status in FAILED and set(names) - set(published) else FailedRun()
    return [
        replace(row, **_published(published[row.price_list]))
        if row.price_list in published
        else replace(row, finished=ended, **_failed(record, row.price_list, failed))
        for row in begun
    ]


def missed_rows(records: Iterable[dg.EventLogRecord], since: datetime) -> list[ExportRun]:
    """Of observations those that catch_up made of missed days since then."""
    found: list[ExportRun] = []
    for record in records:
        event, at = record.event_log_entry.dagster_event, datetime.fromtimestamp(record.event_log_entry.timestamp, UTC)
        observed = event.asset_observation_data.asset_observation if event else None
        if observed is None or at < since or "missed" not in observed.metadata or not observed.partition:
            continue
        found.append(
            ExportRun(
                run_id=MISSED,
                price_list=observed.asset_key.path[0],
                export_date=date.fromisoformat(observed.partition),
                status=Status.MISSED,
                trigger=Trigger.CATCH_UP,
                started=at,
                finished=at,
                reason=Reason.MISSED,
                error=observed.description,
            )
        )
    return found


def _to_be_published(run: dg.DagsterRun) -> list[str]:
    """The lists, sorted; none of another project's run. The exporter's own runs, which select nothing, are among them [DG68]."""
    if run.asset_selection:
        return sorted(key.path[0] for key in run.asset_selection if key.path[1:] == ["publication"])
    return [run.tags[PRICE_LIST]] if PRICE_LIST in run.tags else []


def _trigger(run: dg.DagsterRun, price_list: str) -> Trigger:
    """What made it run. A retry has the tags and the configuration of the run that it repeats [DG63]."""
    if "dagster/parent_run_id" in run.tags:
        return Trigger.RETRY
    steps: Any = run.run_config.get("ops") or {}
    if ((steps.get(f"{price_list}__snapshot") or {}).get("config") or {}).get("accept"):
        return Trigger.ACCEPT
    if "dagster/backfill" in run.tags:
        return Trigger.BACKFILL
    return TRIGGERS.get(run.tags.get(TRIGGER, ""), Trigger.UI)


def _publications(instance: dg.DagsterInstance, run_id: str) -> dict[str, tuple[datetime, Mapping[str, Any]]]:
    """Price list → when it was published by the run, and what its publication asset recorded."""
    found: dict[str, tuple[datetime, Mapping[str, Any]]] = {}
    for record in instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION).records:
        event = record.event_log_entry.dagster_event
        if event and event.asset_key and event.asset_key.path[1:] == ["publication"]:
            metadata = event.step_materialization_data.materialization.metadata
            at = datetime.fromtimestamp(record.event_log_entry.timestamp, UTC)
            found[event.asset_key.path[0]] = at, {name: plain(value) for name, value in metadata.items()}
    return found


def _published(publication: tuple[datetime, Mapping[str, Any]]) -> dict[str, Any]:
    at, said = publication
    return {
        "status": STATUSES.get(str(said.get("outcome")), Status.SUCCESS),
        "finished": at,
        "revision": said.get("revision"),
        "rows": said.get("dagster/row_count"),
        **published_files(said.get("files", ())),
    }


def _failed(record: dg.RunRecord, price_list: str, failed: FailedRun) -> dict[str, Any]:
    """Why the list was not published: its own step says so; else its run was ended, by a person or by the death of its process."""
    step = next((step for step in failed.steps if step.price_list == price_list), None)
    interrupted = step is None or step.error_class in INTERRUPTIONS
    if record.dagster_run.status is dg.DagsterRunStatus.CANCELED and interrupted:
        return {"status": Status.CANCELED, "error": "It was canceled in Dagster."}
    if step and not interrupted:
        reason = REASONS.get(step.error_class, Reason.OTHER)
        return {"status": Status.BLOCKED if reason is Reason.ROWS else Status.FAILED, "reason": reason, "error": step.error}
    killed = record.start_time is not None and failed.raised in ("", *INTERRUPTIONS)
    reason = Reason.KILLED if killed else REASONS.get(failed.raised, Reason.OTHER)
    return {"status": Status.FAILED, "reason": reason, "error": step.error if step else failed.cause}


def _time(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
