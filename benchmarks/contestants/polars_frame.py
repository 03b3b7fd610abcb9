"""Polars: `read_database_uri`, then `write_csv`, `write_excel`, or xlsxturbo, which writes frames of Polars."""

import os
import sys

import polars as pl

query, _, out, way = sys.argv[1:]
frame = pl.read_database_uri(query, os.environ["DATABASE_URL"])
match way:
    case "csv":
        frame.write_csv(f"{out}.csv")
    case "xlsx":
        frame.write_excel(f"{out}.xlsx")
    case _:
        import xlsxturbo

        xlsxturbo.df_to_xlsx(frame, f"{out}.xlsx")
