"""The whole extraction: a price list's rows of one export date, from Postgres to a Parquet file on this machine."""

import logging
import time
from contextlib import closing, suppress
from datetime import date
from pathlib import Path
from uuid import uuid4

import psycopg
import stamina

from price_assets.errors import SourceRefused
from price_assets.export.casting import Misfit, cast
from price_assets.export.contract import Column
from price_assets.export.describe import describe, match, prepare
from price_assets.export.postgres import Session, open_session
from price_assets.export.price_list import PriceList
from price_assets.export.projection import Projection
from price_assets.export.reader import read
from price_assets.export.snapshot import Snapshot
from price_assets.export.snapshot_files import SnapshotWriter
from price_assets.export.source_errors import SourceBusy
from price_assets.export.sql import Query, scan
from price_assets.export.time_zone import compare_time_zones
from price_assets.export.watcher import watched
from price_assets.settings import SourceSettings

log = logging.getLogger(__name__)
stamina.instrumentation.set_on_retry_hooks([])  # each retry is told here

TRIES = 3
TRIES_WITHIN = 120.0
FIRST_WAIT = 5.0
WAIT_GROWS = 3.0
WAIT_JITTER = 5.0
PROGRESS_EVERY = 5.0
"""All in seconds, but for the number of tries and how the wait grows with each."""


def extract(price_list: PriceList, export_date: date, source: SourceSettings, folder: Path, *, beside_threads: bool = False) -> Snapshot:
    """Read the rows of the day into a Parquet file in the folder: all of them, at one point in time, or none.

    What is transient is tried three times within two minutes. Where the process is stopped or killed the query ends in the server, too.
    `beside_threads`: other threads of this process must run meanwhile.
    Raises SourceUnavailable, SourceRefused, PriceListError, ContractMismatch, ValueDoesNotFit.
    """
    query = scan(price_list.sql, price_list.sql_file)
    for attempt in stamina.retry_context(
        SourceBusy,
        attempts=TRIES,
        timeout=TRIES_WITHIN,
        wait_initial=FIRST_WAIT,
        wait_exp_base=WAIT_GROWS,
        wait_max=TRIES_WITHIN,
        wait_jitter=WAIT_JITTER,
    ):
        with attempt:
            try:
                return _extract(price_list, query, export_date, source, folder, beside_threads=beside_threads)
            except SourceBusy as busy:
                again = f"again in {attempt.next_wait:.0f} s" if attempt.num < TRIES else "given up"
                log.warning("Try %s of %s, %s: %s", attempt.num, TRIES, again, busy)
                raise
    raise AssertionError  # the last attempt returned or raised


def _extract(price_list: PriceList, query: Query, export_date: date, source: SourceSettings, folder: Path, *, beside_threads: bool) -> Snapshot:
    with open_session(source, application_name(price_list.name)) as session, watched(session.parameters, session.application_name):
        projection = project(price_list, query, export_date, session)
        path = folder / f"{price_list.name}_{export_date}.parquet"
        writing = SnapshotWriter(path, price_list.columns, price_list=price_list.name, export_date=export_date, source_time=session.source_time)
        try:
            with writing as writer, closing(read(session, projection.sql, beside_threads=beside_threads)) as frames:
                rows, told = 0, time.monotonic()
                for frame in frames:
                    writer.write(cast(frame, price_list.columns, price_list.key, lambda column: _true_misfit(session, projection, column)))
                    rows += len(frame)
                    if time.monotonic() >= told + PROGRESS_EVERY:
                        log.info("Read %s rows", rows)
                        told = time.monotonic()
                snapshot = writer.finish()
        except SourceRefused as refused:
            raise SourceRefused(f"{price_list.sql_file}: {refused}") from None
        compare_time_zones(session.connection, snapshot, source.timezone)
        return snapshot


def application_name(price_list: str) -> str:
    """How the server lists this extraction, and by what it is found there to be ended: at most 63 bytes, or Postgres would cut it."""
    return f"price_assets {price_list[:40]} {uuid4().hex[:8]}"


def project(price_list: PriceList, query: Query, export_date: date, session: Session) -> Projection:
    """What an extraction would read, refused where the query and the contract do not fit; nothing is read yet.

    Raises SourceUnavailable, SourceRefused, ContractMismatch.
    """
    text, file = query.render(export_date), price_list.sql_file
    found = describe(session.connection, text, file)
    projection = Projection(text, price_list.columns, price_list.key, match(price_list.columns, found, file, text), len(found), query.ordered)
    # What the wrapper can't be asked is refused here, with a SQLSTATE, and not in ConnectorX without one.
    prepare(session.connection, projection.sql, file, wrapped=1)
    return projection


def _true_misfit(session: Session, projection: Projection, column: Column) -> Misfit | None:
    with suppress(psycopg.Error):
        row = session.connection.execute(projection.misfit_sql(column).encode()).fetchone()
        return Misfit(dict(zip(projection.key, row[:-1], strict=True)), row[-1]) if row else None
    return None
