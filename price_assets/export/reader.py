"""Reading one statement, at the session's point in time, as a stream of frames: by ConnectorX, or by COPY where that one can't be used."""

import os
from collections.abc import Generator, Iterator
from typing import Any, cast

import polars as pl

from price_assets.export import copy_reader, source_errors
from price_assets.export.panics import without_panics
from price_assets.export.postgres import Session
from price_assets.export.snapshot_hash import BLOCK
from price_assets.export.watcher import in_main_thread


def read(session: Session, statement: str, *, beside_threads: bool = False) -> Generator[pl.DataFrame]:
    """The statement's rows in order, some `BLOCK` at a time. Both readers give the same [PJ12], and ConnectorX is the faster one.

    It can't verify a host [CX3], and while it waits no thread of Python runs [PJ11]: so it does not read where another thread must, such as one that
    ends this process (`beside_threads`), or the main one, in which signals are handled.
    The query is ended in the server where the reading ends before the last row. Raises SourceUnavailable and SourceRefused.
    """
    by_copy = session.source.verifies or beside_threads or not in_main_thread()
    return copy_reader.read(session, statement) if by_copy else read_by_connectorx(session, statement)


def read_by_connectorx(session: Session, statement: str) -> Generator[pl.DataFrame]:
    """The statement's rows in order, `BLOCK` at a time.

    ConnectorX's channel has no bound, so whoever takes the frames must be faster than Postgres [CX8]. Where the reading ends before the last row, by
    an error or by closing the generator, the query is ended in the server. Raises SourceUnavailable and SourceRefused.
    """
    os.environ["RUST_BACKTRACE"] = "0"  # else a panic prints hundreds of lines, values of rows among them
    import connectorx  # noqa: PLC0415 - what only loads definitions need not load it

    complete = False
    try:
        with without_panics() as quiet:
            stream = cast(
                "Iterator[Any]",
                quiet.call(
                    cast("Any", connectorx.read_sql),
                    session.reader_url,
                    statement,
                    return_type="arrow_stream",
                    batch_size=BLOCK,
                    pre_execution_query=session.reader_statements,
                ),
            )
            while (batch := quiet.call(next, stream, None)) is not None:
                yield pl.DataFrame(batch)
        complete = True
    except RuntimeError as error:
        raise source_errors.of_reader(error) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of ConnectorX's own Rust, which has no name to import, and is no Exception [CX2]
            raise
        raise source_errors.of_reader(error) from None
    finally:
        if not complete:
            session.cancel_reader()
