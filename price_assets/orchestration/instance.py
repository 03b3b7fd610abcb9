"""Dagster's instance, as dagster.yaml names it: its only difference is that whoever opens it logs as LOG_FORMAT says.

Daemon, webserver and the processes of runs and ticks all open the instance, and load nothing else of ours at a moment that early [LG2].
"""

import os
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from price_assets.operations.service_logs import speak_as_asked


class Instance(dg.DagsterInstance):
    """Makes this process speak JSON where LOG_FORMAT is json, and is DagsterInstance otherwise."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        speak_as_asked(os.environ)
        super().__init__(*arguments, **named)

    @classmethod
    def config_schema(cls) -> dict[str, Any]:
        """No key of its own."""
        return {}

    @staticmethod
    def config_defaults(base_dir: str) -> Any:
        """Dagster's own."""
        return InstanceRef.config_defaults(base_dir)
