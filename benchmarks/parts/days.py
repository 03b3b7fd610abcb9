"""``… LIST FROM TO``: a list's days by the steps of an export run, without Dagster. The first is not timed: it has nothing to be compared with."""

import os
import sys
from datetime import date, timedelta
from uuid import uuid4

from benchmarks.timing import timed
from price_assets.cli.catalogue import whole_price_list
from price_assets.export.exporter import Exporter
from price_assets.export.price_list import PriceList


def main() -> None:
    """Export them, one after the other."""
    name, first, last = sys.argv[1], *map(date.fromisoformat, sys.argv[2:])
    exporter = Exporter(os.environ)
    price_list = whole_price_list(name, exporter.settings)
    _export(exporter, price_list, first)
    with timed():
        for offset in range(1, (last - first).days + 1):
            _export(exporter, price_list, first + timedelta(days=offset))


def _export(exporter: Exporter, price_list: PriceList, day: date) -> None:
    run_id = str(uuid4())
    taken = exporter.take(price_list, day, run_id, from_snapshots=False)
    verdict = exporter.judge(price_list, taken, run_id)
    verdict.raise_if_blocked()
    files = [exporter.render(price_list, verdict.judged, name, run_id) for name in price_list.formats.made]
    exporter.publish(price_list, verdict.judged, files, run_id)


if __name__ == "__main__":
    main()
