"""Publishing: one compare-and-swap of the register, made only after all that it names is there; then the copies are settled.

Whoever dies in between leaves objects that nothing names, or copies that the next settle brings up; never half a day.
"""

import logging
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from typing import Literal
from uuid import uuid4

from price_assets.errors import Failed, SnapshotBlocked, StorageRefused, StorageUnavailable, UsageError
from price_assets.export import layout
from price_assets.export.commit import REFUSALS, commit, damaged_revision, read_manifest, read_register
from price_assets.export.manifest import CheckSaid, Manifest, ManifestFile
from price_assets.export.price_list import contract_of
from price_assets.export.register import (
    Day,
    Decision,
    Event,
    FileReference,
    Outcome,
    Published,
    decide,
    revision_name,
    utc_now,
)
from price_assets.export.settle import settle
from price_assets.export.snapshot import Snapshot
from price_assets.export.storage import Contested, Head, Store

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Candidate:
    """What an export run asks to publish."""

    snapshot: Snapshot
    content: str
    files: tuple[FileReference, ...]
    run_id: str

    @property
    def revision(self) -> str:
        """The name of this set of files."""
        return revision_name(self.content, self.files)

    @property
    def published(self) -> Published:
        """The register's entry that this would be."""
        price_list, export_date = self.snapshot.price_list, self.snapshot.export_date
        return Published(
            revision=self.revision,
            snapshot=self.snapshot.name,
            content=self.content,
            source_time=self.snapshot.source_time,
            manifest=layout.manifest_key(price_list, export_date, self.revision),
        )

    @property
    def manifest(self) -> Manifest:
        """The manifest that this would have."""
        snapshot = self.snapshot
        files = sorted(self.files, key=lambda file: file.format)
        return Manifest(
            price_list=snapshot.price_list,
            export_date=snapshot.export_date,
            revision=self.revision,
            snapshot=snapshot.name,
            content=self.content,
            source_time=snapshot.source_time,
            run_id=self.run_id,
            rows=snapshot.rows,
            files=tuple(
                ManifestFile(format=file.format, name=file.name, key=file.key, bytes=file.bytes, sha256=file.sha256, rows=file.rows) for file in files
            ),
            control_sums=dict(snapshot.control_sums),
            contract=tuple(contract_of(snapshot.columns)),
            checks=tuple(CheckSaid(check=check, passed=passed) for check, passed in snapshot.verdicts.items()),
            changes=snapshot.changes,
            versions={package: version(package) for package in ("price_assets", "polars", "xlsxwriter")},
        )


@dataclass(frozen=True)
class Publication:
    """How it ended, and what of the day is published now: where the outcome is `superseded` that may be nothing, or somebody else's."""

    outcome: Literal["published", "unchanged", "superseded"]
    revision: str | None
    manifest: str | None
    files: tuple[FileReference, ...]
    commits: int


def publish(store: Store, candidate: Candidate) -> Publication:
    """Bring a candidate to publication, and settle `latest` and the day.

    Raises UsageError where the files render different snapshots, StorageUnavailable where one of them is not in the storage (any more),
    SnapshotBlocked where these rows were withdrawn, which leaves its event, as each block does, and Failed where a person accepted the snapshot and
    what that person saw published has been replaced meanwhile.
    """
    price_list, export_date = candidate.snapshot.price_list, candidate.snapshot.export_date
    wanted, acceptance = candidate.published, candidate.snapshot.acceptance
    _belong_together(candidate)

    standing = read_register(store, price_list).day(export_date)
    damaged = damaged_revision(store, standing)
    if decide(standing, wanted, damaged, acceptance) is Outcome.PUBLISHED:
        _are_there(store, candidate.files)
        _put_manifest(store, wanted.manifest, candidate.manifest)

    def publishing(day: Day) -> Day | None:
        return day.publishing(wanted) if decide(day, wanted, damaged, acceptance) is Outcome.PUBLISHED else None

    event = _event("published", candidate.snapshot, candidate.run_id, revision=wanted.revision)
    if acceptance:
        said = {"event": "accepted", "checks": acceptance.checks, "by": acceptance.by, "reason": acceptance.reason}
        event = event.model_copy(update=said)
    register, committed = commit(store, price_list, export_date, event, publishing)
    outcome = Outcome.PUBLISHED if committed else decide(register.day(export_date), wanted, acceptance=acceptance)
    if outcome is Outcome.WITHDRAWN:
        record_blocked(store, candidate.snapshot, ("withdrawn",), candidate.run_id)
        raise SnapshotBlocked(f"{price_list} {export_date}: snapshot {wanted.snapshot} was withdrawn. Accept it, or let the source give other rows.")
    settle(store, price_list, [export_date])
    published = register.day(export_date).published
    if outcome is Outcome.REPLACED:
        raise replaced_meanwhile(price_list, export_date, acceptance and acceptance.seen, published)
    manifest = read_manifest(store, published.manifest) if published else None
    return Publication(
        outcome=outcome.value,
        revision=published and published.revision,
        manifest=published and published.manifest,
        files=manifest.references if manifest else (),
        commits=register.commits,
    )


def replaced_meanwhile(price_list: str, export_date: date, seen: str | None, published: Published | None) -> Failed:
    """The error of a person's decision that came too late."""
    now = published.revision if published else "nothing"
    return Failed(
        f"{price_list} {export_date}: {f'revision {seen}' if seen else 'nothing'} was published when you decided and {now} is now; nothing was "
        "changed. Look at `price-assets history` and decide again."
    )


def record_blocked(store: Store, snapshot: Snapshot, checks: tuple[str, ...], run_id: str) -> bool:
    """Leave the event that these checks blocked this snapshot, and settle; False where that is the last thing that happened to the day anyway.

    A settle that fails is only warned of: the block stands, whoever asked must hear of that, and the copies are what each settle looks at.
    """
    event = _event("blocked", snapshot, run_id, checks=checks)

    def blocking(day: Day) -> Day | None:
        return None if day.just_blocked(snapshot.name, checks) else day

    _, committed = commit(store, snapshot.price_list, snapshot.export_date, event, blocking)
    try:
        settle(store, snapshot.price_list, [snapshot.export_date])
    except (StorageRefused, StorageUnavailable) as error:
        log.warning("The block is recorded, and the copies are left to a later settle: %s", error)
    return committed


def _event(event: Decision, snapshot: Snapshot, run_id: str, *, revision: str | None = None, checks: tuple[str, ...] = ()) -> Event:
    return Event(
        nonce=uuid4().hex,
        time=utc_now(),
        event=event,
        snapshot=snapshot.name,
        revision=revision,
        source_time=snapshot.source_time,
        run_id=run_id,
        checks=checks,
    )


def _belong_together(candidate: Candidate) -> None:
    said = {(file.snapshot, file.content) for file in candidate.files}
    if said != {(candidate.snapshot.name, candidate.content)}:
        made = ", ".join(f"{file.format} of snapshot {file.snapshot}, content {file.content}" for file in candidate.files) or "none"
        raise UsageError(
            f"{candidate.snapshot.price_list} {candidate.snapshot.export_date}: the files are not all of snapshot {candidate.snapshot.name}, "
            f"content {candidate.content} ({made}). Materialise {' and '.join(file.format for file in candidate.files) or 'the formats'} together."
        )


def _are_there(store: Store, files: tuple[FileReference, ...]) -> None:
    for file in files:
        if store.head(file.key) != Head(file.bytes, file.sha256):
            raise StorageUnavailable(f"{store.address(file.key)} is not there, or not as it was put. Materialise {file.format} again.")


def _put_manifest(store: Store, key: str, manifest: Manifest) -> None:
    """Create-only, and the first one stands: it names the same files. A create that lost may not have put anything [ST6], so look."""
    for _ in range(REFUSALS):
        try:
            store.create(key, manifest.to_json())
        except Contested:
            if store.get(key):
                return
        else:
            return
    raise StorageUnavailable(f"{store.address(key)}: the storage does not confirm the manifest. Run again.")
