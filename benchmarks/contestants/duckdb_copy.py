"""DuckDB's COPY, straight from Postgres; or, for both formats, from a table that the rows are read into once."""

import os
import sys

import duckdb

from benchmarks.contestants.extensions import load

if __name__ == "__main__":
    query, _, out, *formats = sys.argv[1:]
    connection = duckdb.connect()
    load(connection, "postgres_scanner", "excel")
    connection.execute(f"ATTACH '{os.environ['DATABASE_URL']}' AS source (TYPE postgres, READ_ONLY)")
    rows = f"FROM postgres_query('source', $query${query}$query$)"
    if len(formats) > 1:
        connection.execute(f"CREATE TABLE rows AS {rows}")
        rows = "FROM rows"
    for name in formats:
        connection.execute(f"COPY ({rows}) TO '{out}.{name}' (FORMAT {name}, HEADER true)")
