"""Dagster's instance, as dagster.yaml names it: whoever opens it logs as LOG_FORMAT says, and the daemon keeps its connections to Postgres.

Daemon, webserver and the processes of runs and ticks all open the instance, and load nothing else of ours at a moment that early [LG2].
"""

import os
import sys
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from price_assets.operations.service_logs import speak_as_asked

DAEMON = "dagster-daemon"
RECYCLED = 300
"""Seconds after which a connection is replaced: before what lies in between forgets one that is idle."""
MORE = 20
"""Connections to each storage at once, beside the one that is kept: the daemon has fewer threads."""


class Instance(dg.DagsterInstance):
    """Makes this process speak JSON where LOG_FORMAT is json, keeps the daemon's connections, and is DagsterInstance otherwise."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        speak_as_asked(os.environ)
        super().__init__(*arguments, **named)
        if Path(sys.argv[0]).name == DAEMON:
            self._keep_connections()

    @classmethod
    def config_schema(cls) -> dict[str, Any]:
        """No key of its own."""
        return {}

    @staticmethod
    def config_defaults(base_dir: str) -> Any:
        """Dagster's own."""
        return InstanceRef.config_defaults(base_dir)

    def _keep_connections(self) -> None:
        """As the webserver does, where it is Postgres: a connection for each statement is what bounds how many runs a minute are launched [DG72].

        One that has died meanwhile is noticed before it is used, and replaced.
        """
        self.optimize_for_webserver(statement_timeout=0, pool_recycle=RECYCLED, max_overflow=MORE)
        for storage in (self.run_storage, self.event_log_storage, self.schedule_storage):
            if engine := getattr(storage, "_engine", None):
                engine.pool._pre_ping = True  # noqa: SLF001 - Dagster makes the engine, and has no setting for it
