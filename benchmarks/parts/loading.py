"""``… dagster|definitions``: `import dagster`; or `import price_assets.definitions`, once that is there."""

import sys
from importlib import import_module

from benchmarks.timing import timed

if __name__ == "__main__":
    wanted = "dagster"
    if sys.argv[1] == "definitions":
        import_module("dagster")
        wanted = "price_assets.definitions"
    with timed():
        import_module(wanted)
