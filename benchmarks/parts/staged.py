"""``… LIST``: today's export in a process that has imported everything; prints what each step of the work took, as JSON.

The steps are timed from outside, by wrappers around the core's functions: the core knows nothing of it.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

from price_assets.definitions import defs
from price_assets.export import exporter, extraction, snapshot_files
from price_assets.orchestration.exporter_instance import exporter_instance
from price_assets.orchestration.in_process import export_day

STEPS: tuple[tuple[Any, str, str], ...] = (
    (exporter, "extract", "read, cast, hash, write the snapshot"),
    (extraction, "cast", "– of it: strict casts"),
    (snapshot_files.SnapshotWriter, "_write_block", "– of it: hash, sums, Parquet"),
    (exporter, "store_snapshot", "put the snapshot"),
    (exporter, "run_checks", "checks"),
    (exporter.csv, "render", "CSV: render"),
    (exporter.verify_csv, "verify", "CSV: read again"),
    (exporter.xlsx, "render", "XLSX: render, and read behind it"),
    (exporter.verify_xlsx, "verify", "XLSX: the rest of reading it again"),
    (exporter, "store_file", "put both files"),
    (exporter, "publish", "publish: register, manifests, four copies"),
)


def main() -> int:
    """Returns the export's exit code."""
    for name in ("connectorx", "pyarrow.parquet"):
        import_module(name)
    taken = {label: [0.0, 0.0] for _, _, label in STEPS}
    for owner, name, label in STEPS:
        setattr(owner, name, _timed(getattr(owner, name), taken[label]))
    with exporter_instance(None) as instance:
        began, used = time.perf_counter(), time.process_time()
        exported = export_day(defs, instance, sys.argv[1], datetime.now(ZoneInfo("UTC")).date())
        whole = [time.perf_counter() - began, time.process_time() - used]
    print(json.dumps({"wall": whole[0], "cpu": whole[1], "steps": taken}))  # noqa: T201 - this is what it is for
    return exported.exit_code


def _timed(step: Callable[..., Any], taken: list[float]) -> Callable[..., Any]:
    def run(*arguments: Any, **named: Any) -> Any:
        began, used = time.perf_counter(), time.process_time()
        try:
            return step(*arguments, **named)
        finally:
            taken[0] += time.perf_counter() - began
            taken[1] += time.process_time() - used

    return run


if __name__ == "__main__":
    sys.exit(main())
