"""What a manifest can be convicted of: it names itself by what it says, and the register, the rows and the files say the same."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from pydantic import ValidationError

from price_assets.export import layout
from price_assets.export.commit import first_problem
from price_assets.export.manifest import Manifest
from price_assets.export.register import Published, revision_name
from price_assets.export.reread import Totals
from price_assets.export.snapshot import Snapshot


def parse(data: bytes) -> Manifest:
    """A manifest's bytes. Raises ValueError that says what is wrong with them."""
    if not data:
        raise ValueError("is empty")
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        raise ValueError(f"can't be read: {first_problem(error)}") from None


def parse_beside(data: bytes) -> tuple[dict[str, Any], Manifest | None]:
    """What a manifest beside the copies says, and the manifest in it; None where it names nothing, or not well. Raises ValueError."""
    if not data:
        raise ValueError("is empty")
    try:
        said = cast("dict[str, Any]", json.loads(data))
        without = {name: value for name, value in said.items() if name != "commits"}
    except (ValueError, AttributeError) as error:  # AttributeError: JSON, and no object
        raise ValueError(f"can't be read: {error}") from None
    try:
        return said, parse(json.dumps(without).encode())
    except ValueError:
        return said, None


def contradictions(manifest: Manifest, published: Published) -> Iterator[str]:
    """What it says that can't be so, by itself and by the register's entry. Its source time may be older: the first manifest stands."""
    if published.manifest != layout.manifest_key(manifest.price_list, manifest.export_date, manifest.revision):
        yield f"it says that it is of {manifest.price_list} {manifest.export_date}, revision {manifest.revision}"
        return
    if (made := revision_name(manifest.content, manifest.references)) != manifest.revision:
        yield f"its content and its files' sha256 make revision {made}, not {manifest.revision}"
    for word, said, due in (("snapshot", manifest.snapshot, published.snapshot), ("content", manifest.content, published.content)):
        if said != due:
            yield f"it says {word} {said} where the register says {due}"
    for file in manifest.files:
        if file.key != (key := layout.file_key(manifest.price_list, manifest.export_date, file.format, file.sha256)):
            yield f"it says {file.key} where the sha256 makes {key}"
        if file.name != (name := layout.file_name(manifest.price_list, manifest.export_date, file.format)):
            yield f"it calls the {file.format} {file.name} where it is {name}"
        if file.rows != manifest.rows:
            yield f"it says {file.rows:,} rows of the {file.format} and {manifest.rows:,} of the day"
    try:
        manifest.columns  # noqa: B018 - whether it can be read
    except ValidationError as error:
        yield f"its contract can't be read: {first_problem(error)}"


def against_snapshot(manifest: Manifest, snapshot: Snapshot) -> Iterator[str]:
    """What its stored rows say otherwise: those have a name of their own, by which they were proven."""
    yield from against_totals(manifest, "its snapshot", Totals(snapshot.rows, snapshot.control_sums))
    said, due = ([(column.name, str(column.type)) for column in columns] for columns in (manifest.columns, snapshot.columns))
    if said != due:
        yield f"it says the columns {_listed(said)} where its snapshot has {_listed(due)}"


def against_totals(manifest: Manifest, whose: str, totals: Totals) -> Iterator[str]:
    """What somebody counted otherwise."""
    if manifest.rows != totals.rows:
        yield f"it says {manifest.rows:,} rows where {whose} has {totals.rows:,}"
    if manifest.control_sums.keys() != totals.sums.keys():
        yield f"it has control sums of {', '.join(manifest.control_sums) or 'nothing'} where {whose} has them of {', '.join(totals.sums)}"
    for name, total in totals.sums.items():
        if manifest.control_sums.get(name, total) != total:
            yield f"it says that {name} adds up to {manifest.control_sums[name]:f} where {whose} adds up to {total:f}"


def against_sizes(manifest: Manifest, sizes: Mapping[str, int]) -> Iterator[str]:
    """What whole files, by their key, have for bytes."""
    for file in manifest.files:
        if sizes.get(file.key, file.bytes) != file.bytes:
            yield f"it says {file.bytes:,} bytes of the {file.format}, whole by its sha256, which has {sizes[file.key]:,}"


def _listed(columns: list[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns)
