"""Log lines, as text for people and as one JSON object a line (Elastic Common Schema) for collectors; every line says whose it is.

The core logs by the standard library (`logging.getLogger(__name__)`); what it says while `about` is entered carries the price list, the
export date and the run's id.
"""

import logging
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from typing import Any, Literal

import ecs_logging

LogFormat = Literal["text", "json"]

_subject: ContextVar[dict[str, str]] = ContextVar("subject", default={})  # noqa: B039 - never changed in place


@contextmanager
def about(price_list: str, export_date: date | str, run_id: str) -> Generator[None]:
    """Within this block, every line is about this price list, export date and run."""
    token = _subject.set({"price_list": price_list, "export_date": str(export_date), "run_id": run_id})
    try:
        yield
    finally:
        _subject.reset(token)


class Subject(logging.Filter):
    """Hangs onto each record what it is about."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        record.subject = _subject.get()
        if told := getattr(record, "dagster_meta", None):  # Dagster has kept the record as an event, and written job, run and step into its message
            record.msg = told["orig_message"]
        return True


class TextFormatter(logging.Formatter):
    """`06:00:02 INFO  wholesale 2026-11-24 [1f0c9d2a] read 200,000 rows` (the time is local)."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """Put the subject before the message."""
        subject: dict[str, str] = getattr(record, "subject", {})
        if subject:
            run = f" [{subject['run_id'][:8]}]" if subject["run_id"] else ""
            record.message = f"{subject['price_list']} {subject['export_date']}{run} {record.message}"
        return super().formatMessage(record)


class JsonFormatter(ecs_logging.StdlibFormatter):
    """One ECS object a line, of fields that deploy/logging/ecs-line.schema.json lists; the subject stands under `price_assets`."""

    def __init__(self) -> None:
        super().__init__(extra={"service.name": "price_assets"}, exclude_fields=["log.original", "process", "log.origin"])

    def format_to_ecs(self, record: logging.LogRecord) -> dict[str, Any]:
        """Name the subject's fields, and what Dagster knows of a run's record; what else somebody hung onto the record stays out of the line."""
        hung = record.__dict__
        line: dict[str, Any] = super().format_to_ecs(logging.makeLogRecord({name: value for name, value in hung.items() if name in _FIELDS}))
        meta: Mapping[str, Any] = hung.get("dagster_meta") or {}
        if subject := hung.get("subject") or _subject_of(meta):
            line["price_assets"] = subject
        if event := meta.get("dagster_event"):
            line["event"] = {"action": event.event_type_value}
            if error := getattr(event.event_specific_data, "error", None):
                cause = error.cause or error  # Dagster wraps what a step raised
                said = cause.message.strip()
                before, _, after = said.partition(": ")  # module.Class: what was said
                kind = cause.cls_name or ""
                line["error"] = {"type": kind, "message": after if before.endswith(kind) else said, "stack_trace": error.to_string()}
        return line


_FIELDS = frozenset(logging.makeLogRecord({}).__dict__)
"""What every record has; anything else is somebody's extra."""


def _subject_of(meta: Mapping[str, Any]) -> dict[str, str]:
    """What a record of Dagster's is about: the run's job is `export_<list>`, or Dagster's own, whose steps are `<list>__<asset>`."""
    job, step = str(meta.get("job_name") or ""), str(meta.get("step_key") or "")
    tags: Mapping[str, str] = meta.get("job_tags") or {}
    price_list = job.removeprefix("export_") if job.startswith("export_") else step.rpartition("__")[0]
    known: dict[str, str | None] = {"price_list": price_list, "export_date": tags.get("dagster/partition"), "run_id": meta.get("run_id")}
    return {name: value for name, value in known.items() if value}


def configure(wanted: LogFormat | None) -> None:
    """Send this process' log lines to stderr: in the wanted format, else as text on a terminal and as JSON elsewhere."""
    text = wanted == "text" or (wanted is None and sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(TextFormatter() if text else JsonFormatter())
    handler.addFilter(Subject())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("price_assets").setLevel(logging.INFO)
