"""``… SNAPSHOT OUT``: Polars' `sink_csv` of the same rows, and nothing around it."""

import sys

import polars as pl

from benchmarks.timing import timed

if __name__ == "__main__":
    with timed():
        pl.scan_parquet(sys.argv[1]).sink_csv(sys.argv[2])
