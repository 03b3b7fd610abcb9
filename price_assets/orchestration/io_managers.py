"""How the assets hand their values on: a snapshot is resolved, a file is rendered, verified and put.

What passes is a small value, a `Snapshot` or a `FileReference`, unless whoever takes it asks for its rows: by the annotation `pl.LazyFrame` or
`pl.DataFrame`. A value that this run made is handed on as it is; in a run that starts in the middle it is what the newest materialisation of the
partition names, and where no run is at hand (a notebook) what the register has published [DG57].
"""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import dagster as dg
import polars as pl

from price_assets.errors import UsageError
from price_assets.export import layout
from price_assets.export.contract import Column, Contract
from price_assets.export.exporter import Exporter
from price_assets.export.manifest import Changes
from price_assets.export.price_list import FormatName, PriceList, contract_of
from price_assets.export.register import Acceptance, FileReference
from price_assets.export.snapshot import Snapshot
from price_assets.logs import about
from price_assets.orchestration.failures import told_to_dagster
from price_assets.orchestration.tables import preview


class SnapshotIOManager(dg.IOManager):
    """Remembers the snapshots of this process' runs; the step itself has stored them already, blocked or not [DG17]."""

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter
        self._made: dict[tuple[str, str, str], Snapshot] = {}

    def handle_output(self, context: dg.OutputContext, obj: Snapshot) -> None:
        """Keep the value for this run, its name for later ones."""
        self._made = {key: made for key, made in self._made.items() if key[0] == context.run_id}  # earlier runs' files are gone
        self._made[context.run_id, obj.price_list, context.asset_partition_key] = obj
        key = layout.snapshot_key(obj.price_list, obj.export_date, obj.name)
        with told_to_dagster():
            stored = self._exporter.store.head(key)
        context.add_output_metadata(
            {
                "snapshot": obj.name,
                "judged": judged(obj),
                "bytes": stored.bytes if stored else 0,
                "sha256": stored.sha256 or "" if stored else "",
                "dagster/uri": self._exporter.store.address(key),
            }
        )

    def load_input(self, context: dg.InputContext) -> Snapshot | pl.LazyFrame | pl.DataFrame:
        """Give this run's snapshot, else the newest materialised one, fetched from the storage; or its rows."""
        snapshot = self._snapshot(context)
        return _frame(context, snapshot.scan()) if _wants_rows(context) else snapshot

    def _snapshot(self, context: dg.InputContext) -> Snapshot:
        name, day = context.asset_key.path[0], context.asset_partition_key
        run_id = _run_id(context)
        if made := self._made.get((run_id, name, day)):
            return made
        with told_to_dagster():
            if found := _newest_metadata(context):
                snapshot = self._exporter.stored_snapshot(name, date.fromisoformat(day), str(found["snapshot"]), run_id)
                snapshot = replace(snapshot, **as_judged(found["judged"]))
            else:
                snapshot = self._exporter.published_snapshot(name, date.fromisoformat(day), run_id)
        if run_id:  # elsewhere nothing would ever clear it, and what is published may be another one by the next time
            self._made[run_id, name, day] = snapshot
        return snapshot


class FileIOManager(dg.IOManager):
    """Renders snapshots in one format, verifies the file, and puts it into the storage under the key that its bytes decide."""

    def __init__(self, exporter: Exporter, format_name: FormatName, price_lists: list[PriceList]) -> None:
        self._exporter = exporter
        self._format: FormatName = format_name
        self._price_lists = {price_list.name: price_list for price_list in price_lists}

    def handle_output(self, context: dg.OutputContext, obj: Snapshot) -> None:
        """Render, verify, put; the reference goes into the materialisation."""
        began = time.monotonic()
        with about(obj.price_list, obj.export_date, context.run_id), told_to_dagster():
            file = self._exporter.render(self._price_lists[obj.price_list], obj, self._format, context.run_id)
        context.add_output_metadata(
            {
                **asdict(file),
                "contract": contract_of(obj.columns),
                "dagster/row_count": file.rows,
                "dagster/uri": self._exporter.store.address(file.key),
                "seconds": round(time.monotonic() - began, 2),
                "preview": preview(obj),
            }
        )

    def load_input(self, context: dg.InputContext) -> FileReference | pl.LazyFrame | pl.DataFrame:
        """Give a reference to the newest materialised file of the partition, else to the published one; or the rows that the file holds."""
        with told_to_dagster():
            file, columns = self._file(context)
            return _frame(context, self._exporter.rows(file, columns, _run_id(context))) if _wants_rows(context) else file

    def _file(self, context: dg.InputContext) -> tuple[FileReference, Contract]:
        """The file, and the contract that it was rendered by."""
        name, day = context.asset_key.path[0], context.asset_partition_key
        if found := _newest_metadata(context):
            columns = tuple(Column.model_validate(column) for column in found["contract"])
            return FileReference(**{field: found[field] for field in FileReference.__dataclass_fields__}), columns
        if manifest := self._exporter.published_manifest(name, date.fromisoformat(day)):
            for file in manifest.references:
                if file.format == self._format:
                    return file, manifest.columns
        raise UsageError(f"{name} {day} has no {self._format} yet: materialise the whole list.")


def _wants_rows(context: dg.InputContext) -> bool:
    """Whether the input is annotated as a frame [DG57]."""
    return context.dagster_type.typing_type in (pl.LazyFrame, pl.DataFrame)


def _frame(context: dg.InputContext, rows: pl.LazyFrame) -> pl.LazyFrame | pl.DataFrame:
    return rows.collect() if context.dagster_type.typing_type is pl.DataFrame else rows


def judged(snapshot: Snapshot) -> dict[str, Any]:
    """What was found when the rows were judged, as JSON."""
    return {
        "verdicts": dict(snapshot.verdicts),
        "changes": snapshot.changes and snapshot.changes.model_dump(mode="json"),
        "acceptance": snapshot.acceptance and asdict(snapshot.acceptance),
    }


def as_judged(said: Mapping[str, Any]) -> dict[str, Any]:
    """The same, as fields of a snapshot."""
    acceptance: dict[str, Any] | None = said["acceptance"]
    return {
        "verdicts": said["verdicts"],
        "changes": said["changes"] and Changes.model_validate_json(json.dumps(said["changes"])),
        "acceptance": acceptance and Acceptance(tuple(acceptance["checks"]), acceptance["reason"], acceptance["by"], acceptance["seen"]),
    }


def _run_id(context: dg.InputContext) -> str:
    """The run that loads; empty where none does."""
    try:
        return context.step_context.run_id
    except dg.DagsterInvariantViolationError:
        return ""


def _newest_metadata(context: dg.InputContext) -> dict[str, Any] | None:
    """What the newest materialisation of this partition recorded: `load_asset_value` has no step context, hence no instance [DG57]."""
    try:
        instance = context.step_context.instance
    except dg.DagsterInvariantViolationError:
        return None
    wanted = dg.AssetRecordsFilter(asset_key=context.asset_key, asset_partitions=[context.asset_partition_key])
    for record in instance.fetch_materializations(wanted, limit=1).records:
        if record.asset_materialization:
            return {name: value.value for name, value in record.asset_materialization.metadata.items()}
    return None
