"""A price list → its four assets (snapshot, csv, xlsx, publication) and its checks."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, cast

import dagster as dg
from pydantic import Field

from price_assets.errors import SnapshotBlocked
from price_assets.export import checks, layout
from price_assets.export.check_result import CheckResult
from price_assets.export.exporter import Exporter
from price_assets.export.manifest import Changes
from price_assets.export.price_list import FormatName, PriceList
from price_assets.export.price_list_files import BrokenPriceList
from price_assets.export.register import FileReference
from price_assets.export.snapshot import Snapshot
from price_assets.export.storing import snapshot_name
from price_assets.export.verdict import Verdict
from price_assets.logs import about
from price_assets.orchestration.failures import failure, told_to_dagster
from price_assets.orchestration.interruption import ended_by_a_thread
from price_assets.orchestration.tables import column_schema, preview, table
from price_assets.settings import ExportSettings


class AcceptConfig(dg.Config):
    """A person's decision, as the launchpad asks for it."""

    snapshot: str = Field(
        description="The snapshot, 12 hex digits, as the failed run names it: its stored rows are published, the source is not read."
    )
    checks: list[str] = Field(description="Every check that it failed; none ([]) for one that was replaced or withdrawn and passes them all.")
    reason: str = Field(description="Why the rows are right all the same. It stays in the register for good.")
    by: str = Field(description="Who decided it.")


class SnapshotConfig(dg.Config):
    """What a person may choose for one run of the snapshot asset; the launchpad shows it."""

    from_snapshots: bool = Field(default=False, description="Take the rows that this day has published already, and leave the source alone.")
    accept: AcceptConfig | None = Field(
        default=None,
        description="Publish a stored snapshot that was blocked, withdrawn or replaced. Materialise all the list's assets with it.",
    )


def price_list_assets(price_list: PriceList, settings: ExportSettings, exporter: Exporter) -> list[dg.AssetsDefinition]:
    """The assets of one price list: snapshot → a rendering for each format → publication."""
    days = _days(price_list.start, settings)
    snapshot = _snapshot(price_list, days, exporter)
    renderings: dict[FormatName, dg.AssetsDefinition] = {name: _rendering(price_list, name, snapshot.key, days) for name in price_list.formats.made}
    return [snapshot, *renderings.values(), _publication(price_list, snapshot.key, renderings, days, exporter)]


def broken_assets(broken: BrokenPriceList, settings: ExportSettings) -> list[dg.AssetsDefinition]:
    """The assets that the list had, as far as one can tell, each with its error for a description."""
    return [_broken_asset(broken, name, settings) for name in ("snapshot", *settings.formats, "publication")]


def _broken_asset(broken: BrokenPriceList, name: str, settings: ExportSettings) -> dg.AssetsDefinition:
    """Stand where a list would not load: its error shows in the catalog, its 06:00 run fails and alerts, the other lists live."""

    @dg.asset(
        key=[broken.name, name],
        deps=[] if name == "snapshot" else [dg.AssetKey([broken.name, "snapshot"])],
        partitions_def=_days(settings.start_date, settings),
        group_name=broken.name,
        pool=broken.name,
        description=f"Does not load: {broken.error}",
    )
    def broken_list() -> None:
        raise failure(broken.error)

    return broken_list


def _days(start: date, settings: ExportSettings) -> dg.DailyPartitionsDefinition:
    """The export dates from the start to today: the partition of a day exists from its midnight on, so that its 06:00 run can make it [DG8]."""
    return dg.DailyPartitionsDefinition(start.isoformat(), timezone=str(settings.timezone), end_offset=1)


def _snapshot(price_list: PriceList, days: dg.PartitionsDefinition[str], exporter: Exporter) -> dg.AssetsDefinition:
    key = dg.AssetKey([price_list.name, "snapshot"])

    @dg.asset(
        key=key,
        partitions_def=days,
        group_name=price_list.name,
        pool=price_list.name,  # one run of a list at a time, however it was launched [DG38, DG58]
        owners=price_list.owners,
        kinds={"postgres", "parquet"},
        io_manager_key="snapshot",
        check_specs=[
            dg.AssetCheckSpec(name, asset=key, blocking=True, description=checks.description(name, price_list))
            for name in checks.check_names(price_list)
        ],
        description=price_list.description,
        metadata={"dagster/column_schema": column_schema(price_list.columns), "sql": dg.MetadataValue.md(f"```sql\n{price_list.sql}\n```")},
    )
    def snapshot(context: dg.AssetExecutionContext, config: SnapshotConfig) -> Iterator[dg.Output[Snapshot] | dg.AssetCheckResult]:
        began, day = time.monotonic(), date.fromisoformat(context.partition_key)
        with about(price_list.name, day, context.run.run_id), told_to_dagster():
            verdict = _verdict(exporter, price_list, day, context.run.run_id, config)
            # Results first, then the failure, then the output: so that green means passed [DG15–DG18].
            yield from (_check_result(key, result, day, verdict.excuse(result)) for result in verdict.results)
            _raise_if_blocked(verdict)
            taken = verdict.judged
            yield dg.Output(
                taken,
                metadata={
                    "dagster/row_count": taken.rows,
                    "source_time": dg.MetadataValue.timestamp(taken.source_time),
                    "control_sums": {name: f"{total:f}" for name, total in taken.control_sums.items()},
                    "seconds": round(time.monotonic() - began, 2),
                    "preview": preview(taken),
                },
            )

    return snapshot


def _verdict(exporter: Exporter, price_list: PriceList, day: date, run_id: str, config: SnapshotConfig) -> Verdict:
    accept = cast("AcceptConfig | None", config.accept)
    if accept is None:
        taken = exporter.take(price_list, day, run_id, from_snapshots=config.from_snapshots, beside_threads=ended_by_a_thread())
        return exporter.judge(price_list, taken, run_id)
    name = snapshot_name(accept.snapshot, price_list.name)
    acceptance = exporter.acceptance(price_list, day, name, accept.checks, by=accept.by, reason=accept.reason)
    taken = exporter.take_stored(price_list, day, name, run_id)
    return exporter.judge(price_list, taken, run_id, acceptance)


def _raise_if_blocked(verdict: Verdict) -> None:
    """What is blocked and may be accepted says what to paste into the launchpad for it."""
    try:
        verdict.raise_if_blocked()
    except SnapshotBlocked as blocked:
        if not verdict.can_be_accepted:
            raise
        raise failure(blocked, launchpad=_launchpad(verdict)) from None


def _launchpad(verdict: Verdict) -> str:
    """The configuration of an acceptance, as YAML; who and why are left to the person. In one line, so that it can be copied [DG60]."""
    checks = ", ".join(result.check for result in verdict.failed)
    accept = f'{{snapshot: "{verdict.snapshot.name}", checks: [{checks}], reason: "", by: ""}}'
    return f"ops: {{{verdict.snapshot.price_list}__snapshot: {{config: {{accept: {accept}}}}}}}"


def _check_result(key: dg.AssetKey, result: CheckResult, day: date, excuse: str | None) -> dg.AssetCheckResult:
    metadata: dict[str, Any] = {"date": day.isoformat(), "summary": result.summary, **result.numbers}
    if result.offending:
        metadata["offending_rows"] = table(result.offending, list(result.offending[0]))
    if excuse and not result.passed:
        metadata["note"] = excuse
    severity = dg.AssetCheckSeverity.WARN if excuse else dg.AssetCheckSeverity.ERROR
    return dg.AssetCheckResult(
        passed=result.passed, check_name=result.check, asset_key=key, severity=severity, description=result.summary, metadata=metadata
    )


def _rendering(price_list: PriceList, format_name: FormatName, snapshot: dg.AssetKey, days: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    @dg.asset(
        key=[price_list.name, format_name],
        partitions_def=days,
        group_name=price_list.name,
        pool=price_list.name,  # one run of a list at a time, however it was launched [DG38, DG58]
        owners=price_list.owners,
        kinds={format_name},
        ins={"rows": dg.AssetIn(snapshot)},
        io_manager_key=format_name,
        description=f"{price_list.description}\n\nAs {format_name.upper()}.".strip(),
        metadata={"dagster/column_schema": column_schema(price_list.columns)},
    )
    def rendering(rows: Snapshot) -> Snapshot:
        return rows  # the IO manager renders, verifies and puts

    return rendering


def _publication(
    price_list: PriceList,
    snapshot: dg.AssetKey,
    renderings: Mapping[FormatName, dg.AssetsDefinition],
    days: dg.PartitionsDefinition[str],
    exporter: Exporter,
) -> dg.AssetsDefinition:
    inputs = {"rows": dg.AssetIn(snapshot), **{name: dg.AssetIn(asset.key, dagster_type=FileReference) for name, asset in renderings.items()}}

    @dg.asset(
        key=[price_list.name, "publication"],
        partitions_def=days,
        group_name=price_list.name,
        pool=price_list.name,  # one run of a list at a time, however it was launched [DG38, DG58]
        owners=price_list.owners,
        kinds={"json"},
        ins=inputs,
        description=f"{price_list.description}\n\nWhat partners find at the addresses that never change.".strip(),
    )
    def publication(context: dg.AssetExecutionContext, rows: Snapshot, **files: FileReference) -> dg.MaterializeResult[Any]:
        began = time.monotonic()
        with about(price_list.name, context.partition_key, context.run.run_id), told_to_dagster():
            published = exporter.publish(price_list, rows, list(files.values()), context.run.run_id)
        return dg.MaterializeResult(
            metadata={
                "outcome": published.outcome,
                "revision": published.revision,
                "dagster/row_count": rows.rows,
                "bytes": sum(file.bytes for file in published.files),
                **_changes(rows.changes),
                "files": _files(published.files, rows, exporter),
                "manifest": exporter.store.address(published.manifest or ""),
                "preview": preview(rows),
                "seconds": round(time.monotonic() - began, 2),
            }
        )

    return publication


def _changes(changes: Changes | None) -> dict[str, Any]:
    """Numbers, so that the UI plots them over the days."""
    return {"against": str(changes.against), "added": changes.added, "removed": changes.removed, "repriced": changes.repriced} if changes else {}


def _files(files: Sequence[FileReference], rows: Snapshot, exporter: Exporter) -> dg.TableMetadataValue:
    """A row a file: what it is, where it is and where the day's copy is, both unsigned."""
    shown = [
        {
            "format": file.format,
            "rows": file.rows,
            "bytes": file.bytes,
            "sha256": file.sha256,
            "copy": exporter.store.address(layout.copy_key(rows.price_list, rows.export_date, file.format)),
            "file": exporter.store.address(file.key),
        }
        for file in files
    ]
    return table(shown, ["format", "rows", "bytes", "sha256", "copy", "file"])
