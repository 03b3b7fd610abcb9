"""Where the output of runs goes: one value in dagster.yaml chooses the manager of compute logs.

Without it, another storage would mean another block of dagster.yaml. A manager is imported where it is chosen, for dagster-aws' is dear [DG53].
"""

# ruff: noqa: PLC0415 (imports where they are used)

from collections.abc import Mapping
from tempfile import gettempdir
from typing import Any
from urllib.parse import unquote, urlsplit

import dagster as dg
from dagster._core.storage.compute_log_manager import ComputeLogManager
from dagster._serdes import ConfigurableClass, ConfigurableClassData

UPLOAD_SECONDS = 30
"""How often what a run has said so far goes into the bucket: so much is lost of one that is killed."""


class ComputeLogs(ComputeLogManager[Any], ConfigurableClass):
    """Stands in dagster.yaml for the manager of the place that `to` names. Dagster asks it for a manager, and gets that one."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """`to`: s3://bucket/prefix, gs://bucket/prefix or file:///folder."""
        return {"to": dg.StringSource}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Any:
        """The manager itself. Raises DagsterInvariantViolationError, and SettingError for credentials of Google's that can't be right."""
        to = urlsplit(str(config_value["to"]))
        prefix = to.path.strip("/") or "dagster"
        match to.scheme:
            case "s3" if to.netloc:
                from dagster_aws.s3.compute_log_manager import S3ComputeLogManager

                return S3ComputeLogManager(
                    to.netloc,
                    local_dir=gettempdir(),  # else /tmp, whatever TMPDIR says [DG53]
                    inst_data=inst_data,
                    prefix=prefix,
                    skip_empty_files=True,
                    upload_interval=UPLOAD_SECONDS,
                )
            case "gs" if to.netloc:
                from price_assets.export.storage import open_store
                from price_assets.orchestration.gcs_compute_logs import GCSComputeLogManager
                from price_assets.settings import StorageSettings

                return GCSComputeLogManager(open_store(StorageSettings("gs", to.netloc, prefix)), UPLOAD_SECONDS)
            case "file" if not to.netloc and to.path.strip("/"):
                from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager

                return LocalComputeLogManager(unquote(to.path), inst_data=inst_data)
            case _:
                places = "s3://bucket/prefix, gs://bucket/prefix or file:///folder"
                raise dg.DagsterInvariantViolationError(f"Compute logs can't go to {config_value['to']!r}: set DAGSTER_COMPUTE_LOGS to {places}.")
