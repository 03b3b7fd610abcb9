"""The exporter's own runs in the ledger: what `price-assets export`, `accept` and `withdraw` write down, where there is a ledger.

Nothing of it can fail or hold up what it tells of; what could not be written is written with what comes next.
"""

import os
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

from price_assets.errors import PriceAssetsError, Stopped, UsageError
from price_assets.operations.export_run import REASONS, ExportRun, Reason, Status, Trigger, published_files
from price_assets.settings import export_runs_url
from price_assets.variables import Environment

if TYPE_CHECKING:
    from price_assets.operations.export_runs import Ledger

STATUSES = {"published": Status.SUCCESS, "unchanged": Status.UNCHANGED, "superseded": Status.SUPERSEDED, "blocked": Status.BLOCKED}
"""The exporter's outcome → the ledger's status; what was refused failed, too."""
INTERRUPTIONS = ("Stopped", "DagsterExecutionInterruptedError", "KeyboardInterrupt")
"""Classes of errors that end a run which somebody stopped."""


class Outcome(Protocol):
    """How a run ended, as the exporter tells it."""

    @property
    def outcome(self) -> str:
        """Published, unchanged, superseded, blocked, refused, or failed."""
        ...

    @property
    def revision(self) -> str | None:
        """What the day has published."""
        ...

    @property
    def rows(self) -> int | None:
        """Of the snapshot."""
        ...

    @property
    def files(self) -> Sequence[Mapping[str, Any]]:
        """What the day has published: each has `format` and `bytes`."""
        ...

    @property
    def error(self) -> str | None:
        """One line."""
        ...

    @property
    def error_class(self) -> str | None:
        """The name of the error's class."""
        ...


class OwnRun:
    """One run that goes on. `run_id` is for Dagster, which would make another one of its own."""

    def __init__(self, price_list: str, export_date: date, trigger: Trigger, began: datetime) -> None:
        self.run_id = str(uuid4())
        self.begun = ExportRun(
            run_id=self.run_id, price_list=price_list, export_date=export_date, status=Status.RUNNING, trigger=trigger, started=began
        )
        self.ended: ExportRun | None = None

    def ends(self, told: Outcome) -> None:
        """Take down how it ended."""
        status, reason, error = STATUSES.get(told.outcome, Status.FAILED), None, told.error
        if told.error_class in INTERRUPTIONS:
            status, error = Status.CANCELED, "The process was asked to stop."
        elif status is Status.BLOCKED:
            reason = Reason.ROWS
        elif status is Status.FAILED:
            reason = REASONS.get(told.error_class or "", Reason.OTHER)
        self._ends(status=status, reason=reason, error=error, revision=told.revision, rows=told.rows, **published_files(told.files))

    def breaks(self, error: BaseException) -> None:
        """Take down that an exception ended it."""
        canceled = isinstance(error, Stopped) or not isinstance(error, Exception)
        self._ends(
            status=Status.CANCELED if canceled else Status.FAILED,
            reason=None if canceled else REASONS.get(type(error).__name__, Reason.OTHER),
            error=str(error) or type(error).__name__,
        )

    def withdraws(self) -> None:
        """Take down that what the day had published was taken back."""
        self._ends(status=Status.WITHDRAWN)

    def _ends(self, **how: Any) -> None:
        self.ended = replace(self.begun, finished=datetime.now(UTC), **how)


class OwnRuns:
    """Writes the runs of this process down."""

    def __init__(self, ledger: "Ledger | None", trigger: Trigger = Trigger.CLI) -> None:
        self._ledger = ledger
        self._trigger = trigger
        self._unwritten: list[ExportRun] = []

    @classmethod
    def from_environment(cls, env: Environment = os.environ, trigger: Trigger = Trigger.CLI) -> "OwnRuns":
        """By EXPORT_RUNS_URL; without it nothing is written, and nothing imported. Raises SettingError."""
        url = export_runs_url(env)
        if url is None:
            return cls(None, trigger)
        from price_assets.operations.export_runs import Ledger  # noqa: PLC0415 - it imports psycopg

        return cls(Ledger(url), trigger)

    @contextmanager
    def run(self, price_list: str, export_date: date) -> Generator[OwnRun]:
        """A run that begins and ends with this block, however it is left."""
        run = OwnRun(price_list, export_date, self._trigger, datetime.now(UTC))
        if self._ledger:
            self._ledger.begin(run.begun)
            self._ledger.close()  # an export may take long, and what is idle is cut off somewhere
        try:
            yield run
        except BaseException as error:
            run.breaks(error)
            raise
        finally:
            self._write(run)

    @contextmanager
    def before(self, days: Iterable[tuple[str, date]]) -> Generator[None]:
        """What fails within this block keeps these price lists' days from being begun: each is a run that failed. A wrong argument is none."""
        began = datetime.now(UTC)
        try:
            yield
        except UsageError:
            raise
        except PriceAssetsError as error:
            broken = [OwnRun(price_list, export_date, self._trigger, began) for price_list, export_date in days]
            for run in broken:
                run.breaks(error)
            self._write(*broken)
            raise

    def withdrawn(self, price_list: str, export_date: date, began: datetime) -> None:
        """A day was taken back by somebody who asked for it at this time."""
        run = OwnRun(price_list, export_date, self._trigger, began)
        run.withdraws()
        self._write(run)

    def _write(self, *runs: OwnRun) -> None:
        if self._ledger:
            self._unwritten += [run.ended for run in runs if run.ended]
            if self._ledger.write(self._unwritten):
                self._unwritten.clear()
            self._ledger.close()
