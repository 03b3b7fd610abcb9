"""One export run, as the ledger keeps it: the words for how it stands, what made it run, and why it did not end well."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """How an export run stands."""

    RUNNING = "running"
    SUCCESS = "success"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    BLOCKED = "blocked"
    CANCELED = "canceled"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


class Trigger(StrEnum):
    """What made it run."""

    SCHEDULE = "schedule"
    CATCH_UP = "catch-up"
    BACKFILL = "backfill"
    UI = "ui"
    RETRY = "retry"
    ACCEPT = "accept"
    CLI = "cli"


class Reason(StrEnum):
    """Why a run did not end well: a closed list, for it is a label of a metric."""

    SOURCE = "source"
    STORAGE = "storage"
    ROWS = "rows"
    SETTINGS = "settings"
    PRICE_LIST = "price_list"
    KILLED = "killed"
    MISSED = "missed"
    OTHER = "other"


REASONS: Mapping[str, Reason] = {
    "SourceUnavailable": Reason.SOURCE,
    "SourceBusy": Reason.SOURCE,
    "SourceRefused": Reason.SOURCE,
    "StorageUnavailable": Reason.STORAGE,
    "StorageRefused": Reason.STORAGE,
    "SnapshotBlocked": Reason.ROWS,
    "ValueDoesNotFit": Reason.ROWS,
    "SettingError": Reason.SETTINGS,
    "UsageError": Reason.SETTINGS,
    "PriceListError": Reason.PRICE_LIST,
    "ContractMismatch": Reason.PRICE_LIST,
}
"""The class of the error that ended the run → why; another one is `other`."""


@dataclass(frozen=True, kw_only=True)
class ExportRun:
    """One attempt to bring a price list of an export date to publication.

    `file_bytes` is format → bytes of what the day has published; `error` is one line; both times have a zone. Of a run that goes on
    there is neither `finished` nor what follows it.
    """

    run_id: str
    price_list: str
    export_date: date
    status: Status
    trigger: Trigger
    started: datetime
    finished: datetime | None = None
    revision: str | None = None
    rows: int | None = None
    files: int | None = None
    bytes: int | None = None
    file_bytes: Mapping[str, int] = field(default_factory=dict[str, int])
    reason: Reason | None = None
    error: str | None = None


def published_files(files: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What an ExportRun tells of the files that its day has published; each of them has `format` and `bytes`."""
    sizes = {str(file["format"]): int(file["bytes"]) for file in files}
    return {"files": len(sizes) or None, "bytes": sum(sizes.values()) or None, "file_bytes": sizes}
