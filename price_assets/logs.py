"""Log lines, as text for people and as one JSON object a line (Elastic Common Schema) for collectors; every line says whose it is.

The core logs by the standard library (`logging.getLogger(__name__)`); what it says while `about` is entered carries the price list, the
export date and the run's id.
"""

import logging
import sys
from collections.abc import Generator
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


class _Subject(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
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
    """One ECS object a line; the subject stands under `price_assets`."""

    def __init__(self) -> None:
        super().__init__(extra={"service.name": "price_assets"}, exclude_fields=["log.original", "process", "log.origin"])

    def format_to_ecs(self, record: logging.LogRecord) -> dict[str, Any]:
        """Name the subject's fields."""
        subject: dict[str, str] = record.__dict__.pop("subject", {})
        line: dict[str, Any] = super().format_to_ecs(record)
        return line | {"price_assets": subject} if subject else line


def configure(wanted: LogFormat | None) -> None:
    """Send this process' log lines to stderr: in the wanted format, else as text on a terminal and as JSON elsewhere."""
    text = wanted == "text" or (wanted is None and sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(TextFormatter() if text else JsonFormatter())
    handler.addFilter(_Subject())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("price_assets").setLevel(logging.INFO)
