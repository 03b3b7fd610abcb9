"""Reading by COPY through psycopg, whose libpq verifies whom it talks to, where ConnectorX can't [CX3, PJ12].

The rows come over a connection of their own, which is made just as the session's is and so verified just so. The frames are those of ConnectorX.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from typing import Any

import polars as pl
import psycopg

from price_assets.export import source_errors
from price_assets.export.describe import prepare
from price_assets.export.postgres import Session
from price_assets.export.projection import BOOL, DATE, INTEGERS, TIMESTAMP, quoted

BATCH = 4 * 2**20
"""Bytes of whole rows that are parsed at a time [PJ12]."""

_NO_TEXT = (*INTEGERS, BOOL, DATE, TIMESTAMP)
_DAY_10000 = pl.lit(2_932_897).cast(pl.Date)  # 10000-01-01 in days since 1970


def read(session: Session, statement: str) -> Generator[pl.DataFrame]:
    """The statement's rows in order, at the session's point in time, some four megabytes at a time.

    Its columns are what `projection` lets travel: integers, booleans, dates, timestamps and text. Where the reading ends before the last row, by an
    error or by closing the generator, psycopg ends the query in the server. Raises SourceUnavailable and SourceRefused.
    """
    columns = _columns(session, statement)
    with closing(session.connect_again()) as connection:
        connection.autocommit = True  # the statements begin the transaction themselves
        try:
            connection.execute("; ".join(session.reader_statements).encode())
            yield from _frames(connection, _copy(statement, columns), columns)
        except psycopg.Error as error:
            raise source_errors.of_statement(error) from None


def _frames(connection: psycopg.Connection[Any], copy_statement: bytes, columns: Mapping[str, int]) -> Generator[pl.DataFrame]:
    rows: list[bytes | bytearray | memoryview] = []
    size = 0
    with connection.cursor().copy(copy_statement) as copy:
        for row in copy:  # a message of the server is always one whole row (PostgreSQL documentation, Message Formats, CopyData)
            rows.append(row)
            size += len(row)
            if size >= BATCH:
                yield parse(rows, columns)
                rows, size = [], 0
    yield parse(rows, columns)


def _columns(session: Session, statement: str) -> dict[str, int]:
    """The oid of each column's type, by its name."""
    result = prepare(session.connection, statement)
    return {(result.fname(field) or b"").decode(): result.ftype(field) for field in range(result.nfields)}


def _copy(statement: str, columns: Mapping[str, int]) -> bytes:
    """The statement as a COPY.

    A first column of text is always quoted: else a batch might begin with what Polars takes for a byte order mark or for a compressed file [PJ16].
    """
    first, oid = next(iter(columns.items()))
    force_quote = "" if oid in _NO_TEXT else f", FORCE_QUOTE ({quoted(first)})"
    return f"COPY ({statement}) TO STDOUT (FORMAT csv{force_quote})".encode()


def parse(rows: Sequence[bytes | bytearray | memoryview], columns: Mapping[str, int]) -> pl.DataFrame:
    """Rows of CSV as COPY writes them, and the oid of each column's type by its name → the frame that ConnectorX would give of them."""
    schema = {name: pl.Int64() if oid in INTEGERS else pl.String() for name, oid in columns.items()}
    frame = pl.read_csv(b"".join(rows), has_header=False, schema=schema)
    if len(frame) != len(rows):
        raise AssertionError(f"Postgres sent {len(rows)} rows, and Polars read {len(frame)}")
    return frame.select(_typed(name, oid) for name, oid in columns.items())


def _typed(name: str, oid: int) -> pl.Expr:
    """The column as ConnectorX types it."""
    if oid == BOOL:
        return pl.col(name) == "t"
    if oid == DATE:
        return _parsed(name, pl.Date(), "%Y-%m-%d", "10000-01-01")
    if oid == TIMESTAMP:
        return _parsed(name, pl.Datetime("us"), "%Y-%m-%d %H:%M:%S%.f", "10000-01-01 00:00:00")
    return pl.col(name)


def _parsed(name: str, dtype: pl.Date | pl.Datetime, form: str, stand_in: str) -> pl.Expr:
    """A date or time; the stand-in of `projection` has too many digits for the parser [PJ3]."""
    text = pl.col(name)
    parsed = pl.when(text != stand_in).then(text).str.strptime(dtype, form)
    return pl.when(text == stand_in).then(_DAY_10000.cast(dtype)).otherwise(parsed).alias(name)
