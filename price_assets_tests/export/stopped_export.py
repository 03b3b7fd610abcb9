"""An extraction in a process of its own, to be stopped: it prints one line on stderr and ends as the exporter does."""

import json
import logging
import os
import signal
import sys
from datetime import date
from pathlib import Path

from price_assets.cli.signals import stopped_by_signals
from price_assets.errors import PriceAssetsError
from price_assets.export.contract import Column, ColumnType
from price_assets.export.extraction import extract
from price_assets.export.price_list import PriceList
from price_assets.settings import SourceSettings


def main() -> int:
    """`argv`: a folder for the rows, and a JSON object with `sql` and what else `extract` takes."""
    logging.disable()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that started the tests with `&` has it ignored
    folder, told = sys.argv[1], json.loads(sys.argv[2])
    sku = Column(name="sku", type=ColumnType.parse("text"))
    price_list = PriceList(name="stopped", sql=told.pop("sql"), start=date(2026, 1, 1), key=("sku",), columns=(sku,))
    try:
        with stopped_by_signals():
            extract(price_list, date(2026, 11, 24), SourceSettings.from_environment(os.environ), Path(folder), **told)
    except PriceAssetsError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
