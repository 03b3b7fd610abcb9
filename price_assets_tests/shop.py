"""A small shop: three products in a real Postgres, one price list, a folder as storage; and a reader of what it publishes."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from price_assets_tests.servers.postgres import Database

DAY = "2026-11-24"
NEXT_DAY = "2026-11-25"
PRICE_LIST = """
name: shop
description: Prices of the shop.
owners: [pricing@example.com]
sql: shop.sql
start: 2026-11-20
past_dates: true
key: [sku]
columns:
  sku: {type: text, header: Артикул, description: As printed on the box}
  name: {type: text}
  price: {type: "decimal(12,2)", header: Цена, min: 0.01}
  stock: {type: integer, nullable: true}
"""
QUERY = "SELECT sku, name, price, stock FROM prices WHERE valid_on <= :export_date AND :export_date < valid_until ORDER BY sku\n"
PRODUCTS = """
CREATE TABLE prices (sku text, name text, price numeric(12, 2), stock int, valid_on date DEFAULT '2026-01-01', valid_until date DEFAULT '2027-01-01');
INSERT INTO prices VALUES ('001', 'Болт, "М8"', 10.50, 7), ('002', 'Гайка 🔩', 1.05, NULL), ('003', '', 99.99, 0);
"""


@dataclass
class Shop:
    """The shop's folder, database and environment."""

    folder: Path
    database: Database
    environment: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        """Write the price list, make the products."""
        (self.folder / "lists").mkdir()
        self.write_list()
        self.database.execute(PRODUCTS)
        self.environment = self.database.environment() | {
            "STORAGE_BUCKET": (self.folder / "storage").as_uri(),
            "PRICE_LISTS_DIR": str(self.folder / "lists"),
            "EXPORT_TIMEZONE": "UTC",
            "LOG_FORMAT": "json",
        }

    def write_list(self, yaml: str = PRICE_LIST, sql: str = QUERY, name: str = "shop") -> None:
        """Put a price list's two files into the folder of lists."""
        (self.folder / "lists" / f"{name}.yaml").write_text(yaml)
        (self.folder / "lists" / f"{name}.sql").write_text(sql)

    def process_environment(self, **changes: str) -> dict[str, str]:
        """What a process of its own gets: this environment and nothing of the tester's that could change it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DB_", "AWS_", "GOOGLE_", "DAGSTER_", "STORAGE_", "PG"))}
        return kept | self.environment | changes

    def run(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """`price-assets` in a process of its own, to its end."""
        return subprocess.run(command(*arguments), env=self.process_environment(**changes), capture_output=True, text=True, timeout=120, check=False)

    def export(self, *arguments: str, **changes: str) -> list[dict[str, Any]]:
        """`price-assets export … --json`, which must succeed."""
        done = self.run("export", *arguments, "--json", **changes)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @property
    def storage(self) -> Path:
        """The folder that is published to."""
        return self.folder / "storage"

    def register(self, name: str = "shop") -> dict[str, Any]:
        """The register, as a partner's program reads it."""
        return json.loads((self.storage / name / "publications.json").read_text())

    def published(self, day: str, name: str = "shop") -> dict[str, bytes] | None:
        """Format → the bytes of what a day has published, read as a partner may: register, manifest, files, each sha256 looked at."""
        register = self.storage / name / "publications.json"
        entry = json.loads(register.read_text())["days"].get(day) if register.exists() else None
        if not entry or not entry["published"]:
            return None
        manifest = json.loads((self.storage / entry["published"]["manifest"]).read_text())
        files = {file["format"]: (self.storage / file["key"]).read_bytes() for file in manifest["files"]}
        for file in manifest["files"]:
            assert sha256(files[file["format"]]).hexdigest() == file["sha256"]
            assert len(files[file["format"]]) == file["bytes"]
        return files

    def copies(self, day: str, name: str = "shop") -> dict[str, bytes]:
        """Format → the bytes at the addresses that never change."""
        return {path.suffix[1:]: path.read_bytes() for path in (self.storage / name / day).glob(f"{name}*.*") if path.suffix != ".json"}


def command(*arguments: str) -> list[str]:
    """The exporter's command line."""
    return [sys.executable, "-m", "price_assets", *arguments]


def log_lines(text: str) -> list[Mapping[str, Any]]:
    """The JSON lines of a log."""
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Shop:
    """A shop that has published nothing yet."""
    return Shop(tmp_path, database)
