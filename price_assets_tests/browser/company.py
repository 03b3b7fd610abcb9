"""The demo's company as a deployment: its price lists since last week, a bucket, and Dagster with schedules and sensors switched off."""

import json
import re
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import boto3

from price_assets.demo.catalogue import fill
from price_assets.demo.server import Server
from price_assets.errors import ExitCode
from price_assets.variables import SHIPPED_PRICE_LISTS
from price_assets_tests.deployment.running_dagster import RunningDagster, running_dagster
from price_assets_tests.servers.postgres import Database, new_database
from price_assets_tests.servers.s3 import S3Server
from price_assets_tests.shop import Shop, command

ZONES = ("Europe/Moscow", "Asia/Vladivostok")
"""The company is in the first of them in which it is not near midnight."""
PUBLISHED_DAYS = 4
MISSING_DAYS = 3
WRONG_PRICE = """
UPDATE wholesale_prices SET price = -5 WHERE lower(valid) = '{day}' AND product_id = (
    SELECT min(product_id) FROM wholesale_prices JOIN products ON products.id = product_id
    WHERE lower(valid) = '{day}' AND NOT EXISTS (SELECT FROM stock WHERE stock.product_id = products.id)
        AND NOT EXISTS (SELECT FROM quantity_tiers WHERE quantity_tiers.category_id = products.category_id)
)
"""
"""Of a product that is in no other list on this day, and has one price."""


class ShippedLists(Shop):
    """The shipped price lists on the demo's catalogue: a shop whose days are those of the clock."""

    def __init__(self, folder: Path, database: Database, storage: dict[str, str]) -> None:
        """Fill the database; copy the lists, starting `PUBLISHED_DAYS + MISSING_DAYS` ago."""
        super().__init__(folder, database)
        self.zone = next(zone for zone in ZONES if datetime.now(ZoneInfo(zone)).hour in range(1, 23))
        self.today = datetime.now(ZoneInfo(self.zone)).date()
        for _ in fill(database.server, self.today, database.name):
            pass
        lists = folder / "lists"
        shutil.rmtree(lists)
        shutil.copytree(SHIPPED_PRICE_LISTS, lists)
        for path in lists.glob("*.yaml"):
            path.write_text(re.sub(r"^start: \S+", f"start: {self.missing[0]}", path.read_text(), flags=re.MULTILINE))
        self.environment |= storage | {"EXPORT_TIMEZONE": self.zone}

    @property
    def days(self) -> list[date]:
        """From the lists' start to today."""
        return [self.today - timedelta(days=ago) for ago in reversed(range(PUBLISHED_DAYS + MISSING_DAYS))]

    @property
    def missing(self) -> list[date]:
        """The days that nobody has asked for yet."""
        return self.days[:MISSING_DAYS]

    @property
    def exported(self) -> list[date]:
        """The days that the exporter has published, but for today's wholesale prices."""
        return self.days[MISSING_DAYS:]


@dataclass(frozen=True)
class Company:
    """What the tests see of it: Dagster, the source, and the bucket as a partner's program reads it."""

    dagster: RunningDagster
    lists: ShippedLists
    bucket: str
    s3: Any

    def get(self, address: str) -> bytes:
        """The object at an address or a key, by a client that is not ours."""
        key = urlsplit(address).path.lstrip("/") if "://" in address else address
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def register(self, name: str) -> dict[str, Any]:
        """A list's register."""
        return json.loads(self.get(f"{name}/publications.json"))

    def manifest(self, name: str, day: date) -> dict[str, Any] | None:
        """The manifest of what a day has published, each of its files read and held against its sha256; None where there is nothing."""
        entry = self.register(name)["days"].get(str(day))
        if not entry or not entry["published"]:
            return None
        manifest = json.loads(self.get(entry["published"]["manifest"]))
        for file in manifest["files"]:
            for key in (file["key"], f"{name}/{day}/{file['name']}"):
                assert sha256(self.get(key)).hexdigest() == file["sha256"]
        return manifest


@contextmanager
def company(server: Server, s3: S3Server, folder: Path) -> Generator[Company]:
    """Run it within this block, four days published as a CronJob does it; today's wholesale list is blocked by a negative price."""
    with new_database(server) as database:
        lists = ShippedLists(folder, database, s3.environment())
        database.execute(WRONG_PRICE.format(day=lists.today))
        with running_dagster(lists, server, EXPORT_AUTOMATION="off") as dagster:
            export = command("export", "--from", str(lists.exported[0]), "--to", str(lists.today))
            done = subprocess.run(export, env=dagster.environment, capture_output=True, text=True, check=False)
            assert done.returncode == ExitCode.ROWS_REFUSED, done.stderr
            keys = {"aws_access_key_id": s3.access_key, "aws_secret_access_key": s3.secret_key}
            yield Company(dagster, lists, s3.bucket, boto3.client("s3", endpoint_url=s3.endpoint, region_name="us-east-1", **keys))
