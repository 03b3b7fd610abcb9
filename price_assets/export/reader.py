"""Reading by ConnectorX: one statement, at the session's point in time, as a stream of frames."""

import os
from collections.abc import Generator, Iterable
from typing import Any, cast

import polars as pl

from price_assets.export import source_errors
from price_assets.export.postgres import Session
from price_assets.export.snapshot_hash import BLOCK


def read(session: Session, statement: str) -> Generator[pl.DataFrame]:
    """The statement's rows in order, `BLOCK` at a time.

    ConnectorX's channel has no bound, so whoever takes the frames must be faster than Postgres [CX8]. Where the reading ends before the last row, by
    an error or by closing the generator, the query is ended in the server. Raises SourceUnavailable and SourceRefused.
    """
    os.environ["RUST_BACKTRACE"] = "0"  # else a panic prints hundreds of lines, values of rows among them
    import connectorx  # noqa: PLC0415 - what only loads definitions need not load it

    complete = False
    try:
        stream = cast(
            "Iterable[Any]",
            connectorx.read_sql(
                session.reader_url, statement, return_type="arrow_stream", batch_size=BLOCK, pre_execution_query=session.reader_statements
            ),
        )
        for batch in stream:
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
