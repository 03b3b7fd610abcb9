"""What partners find in the bucket, read as they may: the register, a day's manifest, its files, each sha256 looked at."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

import fastexcel
import obstore
from obstore.store import S3Store

from price_assets_tests.servers.postgres import Database

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Bucket:
    """A bucket, and the prefix in it that is published to."""

    store: S3Store
    prefix: str

    def get(self, key: str) -> bytes | None:
        """An object's bytes, where it is there."""
        try:
            return bytes(obstore.get(self.store, f"{self.prefix}/{key}".lstrip("/")).bytes())
        except FileNotFoundError:
            return None

    def register(self, name: str) -> dict[str, Any]:
        """The register of a list; an empty one where nothing ever happened to it."""
        return json.loads(self.get(f"{name}/publications.json") or b'{"days": {}}')

    def events(self, name: str, day: date) -> list[str]:
        """What happened to a day, in order."""
        return [event["event"] for event in self.register(name)["days"].get(str(day), {"events": []})["events"]]

    def published(self, name: str, day: date) -> Mapping[str, bytes] | None:
        """Format → the bytes of what a day has published."""
        entry = self.register(name)["days"].get(str(day))
        if not entry or not entry["published"]:
            return None
        manifest = json.loads(self.get(entry["published"]["manifest"]) or b"")
        files = {file["format"]: self.get(file["key"]) or b"" for file in manifest["files"]}
        for file in manifest["files"]:
            assert sha256(files[file["format"]]).hexdigest() == file["sha256"]
        return files


def rows_of(xlsx: bytes) -> Rows:
    """The rows of a workbook's first sheet, as fastexcel reads them."""
    return fastexcel.read_excel(xlsx).load_sheet(0).to_polars().rows()


def rows_in(database: Database, table: str) -> Rows:
    """The rows of a list's table, as a workbook can hold them."""
    return database.execute(f"SELECT sku, name, price::float, stock FROM {table} ORDER BY sku")
