"""Dagster's instance by the dagster.yaml of an installation, on a real Postgres."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import yaml

from price_assets.demo.server import Server
from price_assets_tests.deployment.helm.chart import Installed
from price_assets_tests.deployment.running_dagster import open_instance
from price_assets_tests.servers.postgres import new_database

STORAGES = ("run_storage", "event_log_storage", "schedule_storage")


@contextmanager
def opened(installed: Installed, server: Server, home: Path) -> Generator[dg.DagsterInstance]:
    """Within this block. Only the database is another one: its address and user, and no TLS."""
    with new_database(server) as database:
        said = database.environment()
        place = {
            "hostname": server.host,
            "port": server.port,
            "db_name": database.name,
            "username": said["DB_USER"],
            "params": {"sslmode": "disable"},
        }
        instance = dict(installed.instance)
        for storage in STORAGES:
            config = instance[storage]["config"]
            assert config["postgres_db"]["password"] == {"env": "DAGSTER_PG_PASSWORD"}
            instance[storage] = instance[storage] | {"config": config | {"postgres_db": config["postgres_db"] | place}}
        (home / "dagster.yaml").write_text(yaml.safe_dump(instance))
        environment = {"DAGSTER_PG_PASSWORD": said["DB_PASSWORD"], "DAGSTER_COMPUTE_LOGS": "s3://logs/dagster", "AWS_DEFAULT_REGION": "eu-central-1"}
        with open_instance(home, environment) as opened:
            yield opened
