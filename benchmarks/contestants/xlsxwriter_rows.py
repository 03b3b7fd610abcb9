"""XlsxWriter with `constant_memory`, row by row from a cursor of the server's."""

import os
import sys

import psycopg
import xlsxwriter

from benchmarks.contestants.sheet import write

if __name__ == "__main__":
    query, _, out = sys.argv[1:]
    with (
        psycopg.connect(os.environ["DATABASE_URL"]) as connection,
        connection.cursor("rows") as cursor,
        xlsxwriter.Workbook(f"{out}.xlsx", {"constant_memory": True}) as workbook,
    ):
        cursor.itersize = 10_000
        cursor.execute(query.encode())
        write(workbook, [column.name for column in cursor.description or ()], cursor)
