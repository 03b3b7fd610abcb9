"""A deployment in which nothing is due, so that nothing runs but what a test launches: Dagster, four price lists, and a webhook that is told.

The ledger lies in the database of the catalogue.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from price_assets.demo.server import Server
from price_assets_tests.deployment.catalogue import Catalogue, days_ago
from price_assets_tests.deployment.running_dagster import RunningDagster, running_dagster
from price_assets_tests.deployment.slack import Slack, serving_slack
from price_assets_tests.operations.ledgers import url_of
from price_assets_tests.servers.postgres import new_database
from price_assets_tests.servers.s3 import S3Server

LISTS = ("brushes", "paints", "screws", "tools")


@dataclass(frozen=True)
class Deployment:
    """A running Dagster, the catalogue that it exports, and who is told."""

    dagster: RunningDagster
    catalogue: Catalogue
    slack: Slack


@contextmanager
def deployed(folder: Path, server: Server, s3: S3Server) -> Generator[Deployment]:
    """Within this block; the output of runs goes to S3."""
    with new_database(server) as database, serving_slack() as slack:
        catalogue = Catalogue(folder, database)
        for name in LISTS:
            catalogue.add(name, start=days_ago(20))
        in_a_month = days_ago(-30)
        catalogue.environment |= {name: value for name, value in s3.environment().items() if name.startswith("AWS_")}
        catalogue.environment |= {"EXPORT_CRON": f"0 6 {in_a_month.day} {in_a_month.month} *", "SLACK_WEBHOOK_URL": slack.url}
        catalogue.environment["EXPORT_RUNS_URL"] = url_of(database)
        with running_dagster(catalogue, server, logs=f"s3://{s3.bucket}/dagster/logs") as dagster:
            yield Deployment(dagster, catalogue, slack)
