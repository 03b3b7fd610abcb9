"""A price list with a few published days, in any store and without a database; ways to damage them, and to do what `verify` says."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl
import pytest
from click.testing import CliRunner, Result

from price_assets.cli import main
from price_assets.errors import StorageRefused, StorageUnavailable
from price_assets.export import layout
from price_assets.export.contract import schema
from price_assets.export.exporter import Exporter, Taken
from price_assets.export.folder import Folder
from price_assets.export.price_list import PriceList
from price_assets.export.price_list_files import load_price_lists
from price_assets.export.snapshot import Snapshot
from price_assets.export.snapshot_files import SnapshotWriter
from price_assets.export.storage import Attributes, Store
from price_assets.settings import FORMATS, StorageSettings
from price_assets_tests.servers.s3 import S3Server

NAME = "shop"
DAYS = (date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 24))
DAY = DAYS[-1]
YAML = """
name: shop
sql: shop.sql
start: 2026-11-01
past_dates: true
key: [sku]
columns:
  sku: {type: text, header: Артикул}
  name: {type: text}
  price: {type: "decimal(12,2)", header: Цена}
formats: {csv: {dialect: excel-semicolon}, xlsx: {sheet: Прайс}}
"""


@dataclass
class VerifiedShop:
    """Its storage, and the environment of its commands."""

    folder: Path
    settings: StorageSettings
    environment: dict[str, str]
    yaml: str = YAML
    cells: Mapping[str, object] = field(default_factory=dict[str, object])

    def __post_init__(self) -> None:
        self.lists = self.folder / "lists"
        self.lists.mkdir(parents=True)
        self.write_list(self.yaml)
        self.environment |= {"PRICE_LISTS_DIR": str(self.lists), "STORAGE_BUCKET": self._bucket, "STORAGE_PREFIX": self.settings.prefix}

    @property
    def _bucket(self) -> str:
        return Path(self.settings.bucket).as_uri() if self.settings.scheme == "file" else f"{self.settings.scheme}://{self.settings.bucket}"

    def write_list(self, yaml: str, name: str = NAME) -> None:
        (self.lists / f"{name}.yaml").write_text(yaml)
        (self.lists / f"{name}.sql").write_text("SELECT :export_date\n")

    def add_lists(self, *names: str) -> None:
        """Lists like the shop's, which have published nothing."""
        for name in names:
            self.write_list(YAML.replace("shop", name), name)

    @property
    def price_list(self) -> PriceList:
        (found,) = load_price_lists(self.lists, start=DAYS[0], formats=FORMATS)
        assert isinstance(found, PriceList), found
        return found

    def exporter(self) -> Exporter:
        """As a process of its own would have one, which remembers nothing."""
        return Exporter(self.environment)

    @property
    def store(self) -> Store:
        return self.exporter().store

    def snapshot(self, day: date, prices: int = 3) -> Snapshot:
        """What the source gives: every day another price."""
        columns = self.price_list.columns
        rows = {"sku": [f"{number:03}" for number in range(prices)], "name": [f'Болт, "М{number}"' for number in range(prices)]}
        frame = pl.DataFrame(rows).with_columns(price=pl.Series([Decimal(day.day) + number for number in range(prices)]))
        frame = frame.with_columns(**{name: pl.lit(value) for name, value in self.cells.items()}).cast(schema(columns))
        with SnapshotWriter(
            self.folder / f"{uuid4().hex}.parquet",
            columns,
            price_list=NAME,
            export_date=day,
            source_time=datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=6),
        ) as writer:
            writer.write(frame.select(schema(columns).names()))
            return writer.finish()

    def export(self, day: date, *, from_snapshots: bool = False) -> None:
        """`price-assets export`, without Dagster."""
        exporter, run = self.exporter(), uuid4().hex
        taken = exporter.take(self.price_list, day, run, from_snapshots=True) if from_snapshots else Taken(self.snapshot(day))
        verdict = exporter.judge(self.price_list, taken, run)
        verdict.raise_if_blocked()
        files = [exporter.render(self.price_list, verdict.judged, name, run) for name in self.price_list.formats.made]
        exporter.publish(self.price_list, verdict.judged, files, run)

    def run(self, *arguments: str) -> Result:
        """A command, in this process."""
        return CliRunner().invoke(main, arguments, catch_exceptions=False)

    def verify(self, *arguments: str) -> list[dict[str, Any]]:
        """`price-assets verify --json`, whose exit code must say whether anything is damaged."""
        done = self.run("verify", *arguments, "--json")
        reports = json.loads(done.stdout)
        assert done.exit_code == (0 if all(report["whole"] for report in reports) else 1)
        return reports

    def findings(self, *arguments: str) -> list[tuple[str, str]]:
        """The kind of damage and the key of each damaged object."""
        return [(each["damage"], self.key(each["object"])) for report in self.verify(*arguments) for each in report["findings"]]

    def key(self, address: str) -> str:
        return address.removeprefix(self.store.address()).lstrip("/")

    def key_of(self, day: date, what: str) -> str:
        """The key of a day's `manifest`, of its `csv` or of its `xlsx`, as published."""
        manifest = self.register()["days"][str(day)]["published"]["manifest"]
        if what == "manifest":
            return manifest
        (key,) = (file["key"] for file in json.loads(self.read(manifest))["files"] if file["format"] == what)
        return key

    def register(self) -> dict[str, Any]:
        return json.loads(self.read(layout.register_key(NAME)))

    def read(self, key: str) -> bytes:
        path = self.folder / uuid4().hex
        assert self.store.fetch(key, path), f"{key} is not there"
        return path.read_bytes()

    def overwrite(self, key: str, data: bytes, *, hidden: bool = False) -> None:
        """Other bytes; `hidden`: behind the attributes of what stood there, as a disk that rots does it."""
        head = self.store.head(key)
        path = self.folder / "damage"
        path.write_bytes(data)
        self.store.put_file(key, path, Attributes("text/plain", "x", ((head and head.sha256) or "") if hidden else ""))

    def mend(self, *arguments: str) -> list[str]:
        """Do what each line says, word for word, and in its order; gives what was done."""
        done: list[str] = []
        for report in self.verify(*arguments):
            for finding in report["findings"]:
                mend: str = finding["mend"]
                if "delete it" in mend:
                    self.store.delete(self.key(finding["object"]))
                commands = re.findall(r"`price-assets ([^`]*)`", mend)
                assert commands, mend
                for command in commands:
                    with suppress(StorageRefused):  # another line's damage is in the way: the next round mends this one
                        self._do(command.split())
                done.append(mend)
        return done

    def _do(self, words: list[str]) -> None:
        if words[0] == "export":
            assert (words[1], words[2]) == (NAME, "--date")
            self.export(date.fromisoformat(words[3]), from_snapshots="--from-snapshots" in words)
        else:
            self.run(*words)


def flipped(data: bytes) -> bytes:
    """The same with one byte flipped, in its middle."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.fixture(params=["folder", "s3"])
def verified(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VerifiedShop:
    """Three days, published and whole."""
    if request.param == "folder":
        settings = StorageSettings(scheme="file", bucket=str(tmp_path / "storage"), prefix="shop")
    else:
        server: S3Server = request.getfixturevalue("s3")
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        settings = StorageSettings(scheme="s3", bucket=server.bucket, prefix=uuid4().hex)
    return shop_in(settings, tmp_path, monkeypatch)


def silent(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that no longer gives what belongs to this list."""
    get = Folder.get

    def failing(self: Folder, key: str) -> object:
        if key.startswith(name):
            raise StorageUnavailable("the disk does not answer")
        return get(self, key)

    monkeypatch.setattr(Folder, "get", failing)


def _unconfigured(_: object) -> None:
    """Leave the process' log as it is."""


def shop_in(settings: StorageSettings, folder: Path, monkeypatch: pytest.MonkeyPatch, yaml: str = YAML, **cells: object) -> VerifiedShop:
    """The shop in a store."""
    shop = VerifiedShop(folder, settings, {"EXPORT_TIMEZONE": "UTC"}, yaml, cells)
    for name, value in shop.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("price_assets.logs.configure", _unconfigured)  # the runner's stderr ends before the process' log does
    for day in DAYS:
        shop.export(day)
    return shop


@pytest.fixture
def folder_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VerifiedShop:
    """The same in a folder alone."""
    return shop_in(StorageSettings(scheme="file", bucket=str(tmp_path / "storage"), prefix=""), tmp_path / "shop", monkeypatch)
