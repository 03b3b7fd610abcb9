"""dlt's `sql_table` into its filesystem destination, as CSV, by one of its backends."""

import os
import sys
from pathlib import Path
from typing import Any

import dlt
from dlt.sources.sql_database import sql_table

_, table, out = sys.argv[1:4]
backend: Any = sys.argv[4]
url = os.environ["DATABASE_URL"]
folder = Path(f"{out}.dlt")
dlt.config["normalize.data_writer.disable_compression"] = True  # else the CSV is gzipped
rows = sql_table(
    credentials=url.replace("postgresql:", "postgresql+psycopg:"),
    table=table,
    backend=backend,
    backend_kwargs={"conn": url} if backend == "connectorx" else {},
    query_adapter_callback=lambda query, columns: query.order_by(columns.c.sku),
    reflection_level="full_with_precision",
    chunk_size=100_000,
)
dlt.config["runtime.dlthub_telemetry"] = False
pipeline = dlt.pipeline("prices", destination=dlt.destinations.filesystem(folder.as_uri()), dataset_name="prices", pipelines_dir=f"{out}.pipelines")
pipeline.run(rows, loader_file_format="csv")
