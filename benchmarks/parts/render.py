"""``… csv|xlsx SNAPSHOT OUT``: our file of a snapshot, rendered and not read again."""

import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.timing import timed
from price_assets.export.formats import csv, xlsx
from price_assets.export.price_list import CsvOptions, XlsxOptions
from price_assets.export.snapshot_files import open_snapshot


def main() -> None:
    """Write it."""
    format_name, path, out = sys.argv[1:]
    snapshot, timezone = open_snapshot(Path(path)), ZoneInfo("UTC")
    with timed():
        if format_name == "csv":
            csv.render(snapshot, CsvOptions(), timezone, Path(out))
        else:
            about = xlsx.About(snapshot.price_list, "", snapshot.export_date, snapshot.name)
            xlsx.render(snapshot, XlsxOptions(), about, timezone, Path(out))


if __name__ == "__main__":
    main()
