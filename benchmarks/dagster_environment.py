"""What a process of a deployment is told that keeps everything in one folder, and Dagster's runs and the ledger in databases of one server."""

import os
from pathlib import Path

from price_assets.demo.server import Server


def dagster_environment(server: Server, folder: Path, database: str, ledger: str) -> dict[str, str]:
    """For `home`, `lists` and `storage` in the folder. Both databases are named, and made by the caller."""
    dagster = {"HOST": server.host, "PORT": str(server.port), "DB": database, "USERNAME": server.user, "PASSWORD": server.password}
    return {
        **os.environ,
        **server.environment(),
        **{f"DAGSTER_PG_{name}": value for name, value in dagster.items()},
        "DAGSTER_HOME": str(folder / "home"),
        "DAGSTER_COMPUTE_LOGS": (folder / "output of runs").as_uri(),
        "EXPORT_RUNS_URL": f"postgresql://{server.user}:{server.password}@{server.host}:{server.port}/{ledger}",
        "PRICE_LISTS_DIR": str(folder / "lists"),
        "STORAGE_BUCKET": (folder / "storage").as_uri(),
        "LOG_FORMAT": "text",
    }
