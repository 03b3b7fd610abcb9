"""DuckDB's extensions, from the packages that carry them: nothing is downloaded when it runs."""

from importlib import import_module
from pathlib import Path

import duckdb


def load(connection: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Load them."""
    for name in names:
        package = import_module(f"duckdb_extension_{name}")
        connection.load_extension(str(next(Path(package.__path__[0]).rglob("*.duckdb_extension"))))
