"""pandas: `read_sql` in chunks through a cursor of the server's, each chunk written after the one before."""

import os
import sys

import pandas as pd
import sqlalchemy as sa

query, _, out, way = sys.argv[1:]
engine = sa.create_engine(os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg:"))
with engine.connect().execution_options(stream_results=True) as connection:
    chunks = pd.read_sql(sa.text(query), connection, chunksize=50_000)
    if way == "csv":
        for number, chunk in enumerate(chunks):
            chunk.to_csv(f"{out}.csv", mode="a", header=number == 0, index=False)
    else:
        with pd.ExcelWriter(f"{out}.xlsx", engine="xlsxwriter") as writer:
            row = 0
            for chunk in chunks:
                chunk.to_excel(writer, startrow=row, header=row == 0, index=False)
                row += len(chunk) + (row == 0)
