"""``… LIST``: today's export in a process that has imported everything; prints the seconds of the work."""

import sys
from datetime import datetime
from importlib import import_module
from zoneinfo import ZoneInfo

from benchmarks.timing import timed
from price_assets.definitions import defs
from price_assets.orchestration.exporter_instance import exporter_instance
from price_assets.orchestration.in_process import export_day


def main() -> int:
    """Returns the export's exit code. What the work imports when it needs it is there before it begins, too."""
    for name in ("connectorx", "pyarrow.parquet"):
        import_module(name)
    with exporter_instance(None) as instance, timed():
        exported = export_day(defs, instance, sys.argv[1], datetime.now(ZoneInfo("UTC")).date())
    return exported.exit_code


if __name__ == "__main__":
    sys.exit(main())
