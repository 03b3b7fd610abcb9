"""``python -m benchmarks.contestants.from_parquet PARQUET OUT WAY``: an XLSX by others; times itself."""

import sys

import duckdb
import polars as pl
import xlsxwriter

from benchmarks.contestants.extensions import load
from benchmarks.contestants.sheet import write
from benchmarks.timing import timed

if __name__ == "__main__":
    parquet, out, way = sys.argv[1:]
    match way:
        case "duckdb":
            connection = duckdb.connect()
            load(connection, "excel")
            with timed():
                connection.execute(f"COPY (FROM '{parquet}') TO '{out}' (FORMAT xlsx, HEADER true)")
        case "polars":
            with timed():
                pl.read_parquet(parquet).write_excel(out)
        case _:
            with timed(), xlsxwriter.Workbook(out, {"constant_memory": True}) as workbook:
                frame = pl.read_parquet(parquet)
                write(workbook, frame.columns, frame.iter_rows())
