"""``… LIST OUT``: today's rows of a list, from its source, as the Parquet file that a snapshot is."""

import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.timing import timed
from price_assets.cli.catalogue import whole_price_list
from price_assets.export.extraction import extract
from price_assets.settings import ExportSettings, SourceSettings


def main() -> None:
    """Take it, and leave it at OUT."""
    name, out = sys.argv[1:]
    price_list, source = whole_price_list(name, ExportSettings.from_environment()), SourceSettings.from_environment()
    with tempfile.TemporaryDirectory() as folder, timed():
        shutil.move(extract(price_list, datetime.now(UTC).date(), source, Path(folder)).path, out)


if __name__ == "__main__":
    main()
