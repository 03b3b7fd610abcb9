"""What a query would give, asked of the server itself before a row is read, and whether that is the contract."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import pq
from psycopg.errors import error_from_result

from price_assets.errors import ContractMismatch, SourceRefused, did_you_mean
from price_assets.export import source_errors
from price_assets.export.contract import Contract
from price_assets.export.projection import SourceColumn, misfit

_TYPE_NAMES = (
    "SELECT format_type(oid, modifier) FROM unnest(%s::oid[], %s::int[]) WITH ORDINALITY AS described(oid, modifier, position) ORDER BY position"
)


def describe(connection: psycopg.Connection[Any], query: str, file: str) -> list[SourceColumn]:
    """The columns that the query would give; a domain counts as what it is made of [PJ1].

    The query is parsed by the server and not run. Raises SourceRefused, with file and line, for what Postgres refuses, two statements for example,
    and for a query without columns, which ConnectorX can't read.
    """
    result = prepare(connection, query, file)
    if not result.nfields:
        raise SourceRefused(f"{file}: the query gives no columns: a price list is one SELECT with the contract's columns, and without INTO")
    oids = [result.ftype(field) for field in range(result.nfields)]
    modifiers = [result.fmod(field) for field in range(result.nfields)]
    types = connection.execute(_TYPE_NAMES, (oids, modifiers)).fetchall()
    return [
        SourceColumn(
            field + 1,
            (result.fname(field) or b"").decode(),
            oids[field],
            types[field][0],
            modifiers[field],
            result.ftable(field),
            result.ftablecol(field),
        )
        for field in range(result.nfields)
    ]


def prepare(connection: psycopg.Connection[Any], query: str, file: str | None = None, *, wrapped: int = 0) -> pq.abc.PGresult:
    """Have the server parse a query without running it, and describe the result. Raises what `source_errors` makes of its refusal.

    `file` is where the query stands, line for line; a wrapper around it may begin with `wrapped` lines of its own.
    """
    parsed = connection.pgconn.prepare(b"", query.encode())
    result = connection.pgconn.describe_prepared(b"") if parsed.status == pq.ExecStatus.COMMAND_OK else parsed
    if result.status != pq.ExecStatus.COMMAND_OK:
        error = error_from_result(result, encoding="utf-8")
        position = error.diag.statement_position
        line = query.count("\n", 0, int(position) - 1) + 1 - wrapped if position else None
        raise source_errors.of_statement(error, f"{file}:{line}: " if file and line else f"{file}: " if file else "")
    return result


def match(columns: Contract, found: Sequence[SourceColumn], file: str, query: str = "") -> dict[str, SourceColumn]:
    """The query's column for each one of the contract, by name and in the contract's order.

    Raises ContractMismatch that names every column which is missing, extra, there twice, or of a type that the contract's does not take, and the
    line where the first of them that the query names stands.
    """
    by_name = {column.name: column for column in found}
    wanted = {column.name for column in columns}
    problems = [(name, f"{name!r} is there {times} times") for name, times in Counter(column.name for column in found).items() if times > 1]
    problems += [(column.name, f"{column.name!r} is missing") for column in columns if column.name not in by_name]
    problems += [(name, f"{name!r} is not in the contract{did_you_mean(name, wanted - by_name.keys())}") for name in by_name if name not in wanted]
    problems += [(column.name, said) for column in columns if column.name in by_name and (said := misfit(column, by_name[column.name]))]
    if problems:
        line = next((line for name, _ in problems if (line := _line(query, name))), None)
        where = f"{file}:{line}" if line else file
        said = ", and ".join(said for _, said in problems)
        raise ContractMismatch(f"{where}: the query does not fit the contract: {said}. Mend the SELECT, or `columns:` beside it")
    return {column.name: by_name[column.name] for column in columns}


def _line(query: str, name: str) -> int | None:
    """The first line that has the name as a word; `SELECT *` has none."""
    found = re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", query, re.IGNORECASE)
    return query.count("\n", 0, found.start()) + 1 if found else None
