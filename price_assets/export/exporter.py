"""What a process exports with: its settings, its store, a temp folder; and the steps of an export run, which the assets call."""

import atexit
import logging
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

import polars as pl

from price_assets.errors import Failed, UsageError, did_you_mean
from price_assets.export import layout
from price_assets.export.checks import check_names, run_checks
from price_assets.export.commit import damaged_revision, find_manifest, read_manifest, read_register, whole_manifest
from price_assets.export.contract import Contract
from price_assets.export.decided_by import decided_by
from price_assets.export.expired import lasting_manifest
from price_assets.export.extraction import extract
from price_assets.export.formats import csv, read_csv, read_xlsx, verify_csv, verify_xlsx, xlsx
from price_assets.export.look_back import look_back
from price_assets.export.manifest import Manifest
from price_assets.export.price_list import FormatName, PriceList, content_name
from price_assets.export.publication import Candidate, Publication, publish, record_blocked
from price_assets.export.register import Acceptance, FileReference, Outcome, Published, decide
from price_assets.export.settle import SettleReport, settle
from price_assets.export.snapshot import Snapshot
from price_assets.export.storage import Store, open_store
from price_assets.export.storing import fetch_file, fetch_snapshot, store_file, store_snapshot
from price_assets.export.verdict import Verdict
from price_assets.settings import ExportSettings, SourceSettings, StorageSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Taken:
    """A snapshot; of one that was just read, what the newest source time of its day was before the source was asked."""

    snapshot: Snapshot
    newest_source_time: datetime | None = None


class Exporter:
    """Settings are read and the store is opened when first needed, so that definitions load without them.

    Temporary files lie in one folder, which goes with the process; a run's own go when the next run begins.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    @cached_property
    def settings(self) -> ExportSettings:
        """What a day is, and which formats are made."""
        return ExportSettings.from_environment(self._environment)

    @cached_property
    def source(self) -> SourceSettings:
        """Where the rows come from."""
        return SourceSettings.from_environment(self._environment)

    @cached_property
    def store(self) -> Store:
        """Where the files go to."""
        return open_store(StorageSettings.from_environment(self._environment))

    @cached_property
    def _temporary(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="price-assets-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)  # not with this object: frames that a notebook loaded may outlive it
        return folder

    def _folder(self, run_id: str) -> Path:
        """The run's own folder. A process makes one run after the other, so what earlier ones left goes."""
        folder = self._temporary / (run_id or "no-run")
        if not folder.exists():
            for earlier in self._temporary.iterdir():
                shutil.rmtree(earlier)
            folder.mkdir()
        return folder

    def take(self, price_list: PriceList, export_date: date, run_id: str, *, from_snapshots: bool, beside_threads: bool = False) -> Taken:
        """The rows of the day: from the source, or those that it has published already.

        The source of a list without `past_dates` knows today's prices only, so a past day of it is rendered from what is published. Raises
        UsageError where nothing is. `beside_threads`: other threads of this process must run while the source is read.
        """
        past = export_date < datetime.now(self.settings.timezone).date()
        if past and not price_list.past_dates and not read_register(self.store, price_list.name).day(export_date).published:
            raise UsageError(
                f"{price_list.name} {export_date} is past and has published nothing, and the source knows today's prices only: "
                "it takes `past_dates: true` and SQL that honours :export_date to export a past day."
            )
        if from_snapshots or (past and not price_list.past_dates):
            return Taken(self.published_snapshot(price_list.name, export_date, run_id))
        newest_source_time = read_register(self.store, price_list.name).day(export_date).newest_source_time
        snapshot = extract(price_list, export_date, self.source, self._folder(run_id), beside_threads=beside_threads)
        log.info("snapshot %s: %s rows", snapshot.name, f"{snapshot.rows:,}")
        if not price_list.past_dates and snapshot.source_time.astimezone(self.settings.timezone).date() > export_date:
            raise UsageError(  # the read waited, or was tried again, until after midnight
                f"{price_list.name} {export_date} was read at {snapshot.source_time:%Y-%m-%d %H:%M:%S} UTC, which is the next day, and the source "
                "knows that day's prices only: they are not published under this date."
            )
        return Taken(snapshot, newest_source_time)

    def judge(self, price_list: PriceList, taken: Taken, run_id: str, acceptance: Acceptance | None = None) -> Verdict:
        """Store the snapshot, blocked or not, and run its checks; a block leaves its event in the register."""
        store_snapshot(self.store, taken.snapshot)
        verdict = self.look_at(price_list, taken, run_id, acceptance)
        if verdict.blocking and not acceptance:
            record_blocked(self.store, taken.snapshot, tuple(result.check for result in verdict.blocking), run_id)
        return verdict

    def look_at(self, price_list: PriceList, taken: Taken, run_id: str, acceptance: Acceptance | None = None) -> Verdict:
        """Run the checks of a snapshot, and change nothing."""
        snapshot, register = taken.snapshot, read_register(self.store, price_list.name)
        past = look_back(self.store, register, price_list, snapshot, self._folder(run_id))
        past = replace(past, newest_source_time=taken.newest_source_time)
        results = run_checks(price_list, snapshot, past)
        return Verdict(snapshot, results, past, register.day(snapshot.export_date), acceptance)

    def foresee(self, price_list: PriceList, snapshot: Snapshot) -> Outcome:
        """What publishing the snapshot would come to now; nothing is changed."""
        day = read_register(self.store, price_list.name).day(snapshot.export_date)
        asked = Published(
            revision="", snapshot=snapshot.name, content=self._content(price_list, snapshot), source_time=snapshot.source_time, manifest=""
        )
        return decide(day, asked, damaged_revision(self.store, day))

    def take_stored(self, price_list: PriceList, export_date: date, name: str, run_id: str) -> Taken:
        """A stored snapshot, for a person's decision; the source's clock is only held against it where that blocked it."""
        snapshot = self.stored_snapshot(price_list.name, export_date, name, run_id)
        day = read_register(self.store, price_list.name).day(export_date)
        stepped_back = any(event.snapshot == name and "source_time" in event.checks for event in day.events)
        return Taken(snapshot, day.newest_source_time if stepped_back else None)

    def acceptance(self, price_list: PriceList, export_date: date, snapshot: str, checks: Sequence[str], *, by: str, reason: str) -> Acceptance:
        """A person's decision about a stored snapshot, on what the day has published now.

        Raises UsageError for a check that the list lacks, or that nobody can accept, where it is not said who decided and why, and where other rows
        were published since anything happened to the snapshot: a decision may be hours old when its run begins, and must not replace them unseen.
        """
        by, reason = decided_by(by, reason)
        known = check_names(price_list)
        for check in checks:
            if check not in known:
                there_are = f"; it has {', '.join(known)}."
                raise UsageError(f"{price_list.name} has no check {check!r}{did_you_mean(check, known) or there_are}")
            if check == "formats":
                raise UsageError("The check formats can't be accepted: the file would not hold the rows. Mend them, or leave the format out.")
        day = read_register(self.store, price_list.name).day(export_date)
        if newer := day.published_since(snapshot):
            raise UsageError(
                f"{price_list.name} {export_date}: revision {newer.revision}, of snapshot {newer.snapshot}, was published since, and accepting "
                f"{snapshot} would replace it. Where that is meant, take it back first: "
                f'price-assets withdraw {price_list.name} --date {export_date} --reason "…"'
            )
        published = day.published
        return Acceptance(tuple(dict.fromkeys(checks)), reason, by, published and published.revision)

    def stored_snapshot(self, price_list: str, export_date: date, name: str, run_id: str) -> Snapshot:
        """Fetch a stored snapshot, with its own contract: that of the newest manifest which published it, else the one it was stored with."""
        snapshot = fetch_snapshot(self.store, price_list, export_date, name, self._folder(run_id))
        day = read_register(self.store, price_list).day(export_date)
        revisions = [event.revision for event in day.events if event.snapshot == name and event.event in ("published", "accepted")]
        if not revisions or revisions[-1] is None:
            return snapshot
        if day.published and day.published.revision == revisions[-1]:
            manifest = lasting_manifest(self.store, price_list, export_date, day.published)
        else:
            manifest = find_manifest(self.store, layout.manifest_key(price_list, export_date, revisions[-1]))
        return snapshot if manifest is None else replace(snapshot, columns=manifest.columns)

    def published_snapshot(self, price_list: str, export_date: date, run_id: str) -> Snapshot:
        """Fetch what the day has published. Raises UsageError where nothing is."""
        published = read_register(self.store, price_list).day(export_date).published
        if published is None:
            raise UsageError(f"{price_list} {export_date} has published nothing, so there are no stored rows to render: export it from its source.")
        return self.stored_snapshot(price_list, export_date, published.snapshot, run_id)

    def published_manifest(self, price_list: str, export_date: date) -> Manifest | None:
        """What is said about the revision that the day has published; None where nothing is."""
        published = read_register(self.store, price_list).day(export_date).published
        return read_manifest(self.store, published.manifest) if published else None

    def rows(self, file: FileReference, columns: Contract, run_id: str) -> pl.LazyFrame:
        """Fetch a file and read its rows, typed by the contract that it was rendered by as far as the format tells (`read_csv`, `read_xlsx`)."""
        path = fetch_file(self.store, file, self._folder(run_id))
        return read_csv.read(path, columns) if file.format == "csv" else read_xlsx.read(path, columns, file.rows).lazy()

    def render(self, price_list: PriceList, snapshot: Snapshot, format_name: FormatName, run_id: str) -> FileReference:
        """Bring the snapshot into the storage as a file of this format, verified. What is published with this content is not made again.

        Raises Failed where the file does not read back as the snapshot.
        """
        content = self._content(price_list, snapshot)
        published = read_register(self.store, price_list.name).day(snapshot.export_date).published
        if published and published.content == content and (manifest := whole_manifest(self.store, published)):
            for file in manifest.references:
                if file.format == format_name:
                    return file
        path = self._folder(run_id) / layout.file_name(price_list.name, snapshot.export_date, format_name)
        log.info("rendering %s", format_name)
        sums = self._rendered(price_list, snapshot, format_name, content, path)
        if sums != snapshot.control_sums:
            raise Failed(f"The {format_name} adds up to {sums} and its snapshot to {snapshot.control_sums}: it was not published. Export again.")
        file = store_file(
            self.store,
            path,
            price_list=price_list.name,
            export_date=snapshot.export_date,
            format=format_name,
            snapshot=snapshot.name,
            content=content,
            rows=snapshot.rows,
        )
        path.unlink()
        return file

    def publish(self, price_list: PriceList, snapshot: Snapshot, files: Sequence[FileReference], run_id: str) -> Publication:
        """The register by compare-and-swap, then the copies."""
        candidate = Candidate(snapshot, self._content(price_list, snapshot), tuple(files), run_id)
        publication = publish(self.store, candidate)
        log.info("%s, revision %s", publication.outcome, publication.revision)
        return publication

    def settle(self, price_list: str, since: datetime | None = None) -> SettleReport:
        """The copies of every day follow the register; with `since` those of `latest` and of the days that something happened to since then."""
        days = read_register(self.store, price_list).days_since(since) if since else None
        return settle(self.store, price_list, days)

    def _rendered(self, price_list: PriceList, snapshot: Snapshot, format_name: FormatName, content: str, path: Path) -> Mapping[str, object]:
        timezone = self.settings.timezone
        if format_name == "csv":
            options = price_list.formats.csv
            assert options  # noqa: S101 - there is an asset for the formats that are made, and for no other
            csv.render(snapshot, options, timezone, path)
            return verify_csv.verify(path, snapshot, options)
        options = price_list.formats.xlsx
        assert options  # noqa: S101
        about = xlsx.About(price_list.name, price_list.description, snapshot.export_date, content)
        behind = verify_xlsx.reader(snapshot)
        xlsx.render(snapshot, options, about, timezone, path, behind=behind)
        return verify_xlsx.verify(path, snapshot, options, timezone, behind)

    def _content(self, price_list: PriceList, snapshot: Snapshot) -> str:
        return content_name(snapshot.name, price_list.description, snapshot.columns, price_list.formats, str(self.settings.timezone))
