"""What is said about one revision: the manifest under its own key, and the one beside the copies, which also has the register's commits.

It is an interface that partners' programs read: a change of its form is a change of `version`.
"""

import json
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import PlainSerializer

from price_assets.export.contract import Column, Contract
from price_assets.export.price_list import FormatName
from price_assets.export.register import FileReference, Part, Standing, Utc

ControlSum = Annotated[Decimal, PlainSerializer(lambda number: f"{number:f}", when_used="json")]
"""An exact sum, without an exponent."""


class ManifestFile(Part):
    """A file, as the manifest names it."""

    format: FormatName
    name: str
    key: str
    bytes: int
    sha256: str
    rows: int


class CheckSaid(Part):
    """A check, and whether the rows passed it; a failed one was accepted."""

    check: str
    passed: bool


class Changes(Part):
    """Keys added, removed and repriced against the newest published day before."""

    against: date
    added: int
    removed: int
    repriced: int


class Manifest(Part):
    """All that is said about one revision. The first one put stands: what is the same in all of them is the files."""

    version: Literal[1] = 1
    price_list: str
    export_date: date
    revision: str
    snapshot: str
    content: str
    source_time: Utc
    run_id: str
    rows: int
    files: tuple[ManifestFile, ...]
    control_sums: dict[str, ControlSum]
    contract: tuple[dict[str, Any], ...]
    checks: tuple[CheckSaid, ...]
    changes: Changes | None = None
    versions: dict[str, str]

    @property
    def references(self) -> tuple[FileReference, ...]:
        """Its files, as they pass between assets."""
        return tuple(FileReference(snapshot=self.snapshot, content=self.content, **file.model_dump()) for file in self.files)

    @property
    def columns(self) -> Contract:
        """Its contract, without the rules of checks."""
        return tuple(Column.model_validate(column) for column in self.contract)

    def differs_in(self, other: "Manifest") -> list[str]:
        """The fields that another one says otherwise."""
        mine, others = self.model_dump(), other.model_dump()
        return [name for name in mine if mine[name] != others[name]]

    def to_json(self) -> bytes:
        """As it stands in the storage."""
        return self.model_dump_json(indent=1).encode() + b"\n"


def beside_json(price_list: str, standing: Standing, manifest: Manifest | None) -> bytes:
    """The manifest beside the copies; where nothing is published any more, one that names nothing."""
    said: dict[str, object] = {"version": 1, "price_list": price_list, "export_date": None, "revision": None, "files": []}
    if standing.export_date:
        said["export_date"] = str(standing.export_date)
    if manifest:
        said = json.loads(manifest.to_json())
    return json.dumps({**said, "commits": standing.commits}, indent=1, ensure_ascii=False).encode() + b"\n"
