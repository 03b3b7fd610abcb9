"""What the source's catalogue says about the columns that a query's columns are: whether they may be null, and which of them are unique."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg

from price_assets.errors import SourceRefused
from price_assets.export.describe import prepare
from price_assets.export.projection import SourceColumn
from price_assets.operations.query_plan import Names

_MAX_VIEWS = 16
"""Of views in each other that are followed to a table."""

_RELATIONS = """
SELECT relkind::text, CASE relkind WHEN 'v' THEN pg_get_viewdef(oid) END,
    EXISTS (SELECT FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid WHERE inhparent = relation.oid AND relation.relkind = 'r')
FROM pg_class AS relation WHERE oid = %s
"""
_NOT_NULL = "SELECT attnotnull FROM pg_attribute WHERE attrelid = %s AND attnum = %s"
_FAMILY = """
WITH RECURSIVE family(oid) AS (
    SELECT %s::oid UNION SELECT inhrelid FROM pg_inherits JOIN family ON inhparent = family.oid
) SELECT nspname, relname FROM family JOIN pg_class USING (oid) JOIN pg_namespace ON pg_namespace.oid = relnamespace
"""
_UNIQUE = """
SELECT (indkey::int2[])[0:indnkeyatts - 1] FROM pg_index
WHERE indrelid = %s AND indisunique AND indisvalid AND indpred IS NULL AND indexprs IS NULL
ORDER BY NOT indisprimary, indnkeyatts, indexrelid
"""


@dataclass(frozen=True)
class Origin:
    """The column of a table that a query's column is. `not_null` is None where the catalogue does not say: of a foreign table, for instance."""

    table: int
    attribute: int
    not_null: bool | None


@dataclass(frozen=True)
class Table:
    """`names` are its own and its partitions'; `unique` are the attributes of each unique index over all of them, the primary key's first."""

    names: Names
    unique: tuple[tuple[int, ...], ...]


def origins(connection: psycopg.Connection[Any], columns: Iterable[SourceColumn]) -> list[Origin | None]:
    """For each column of a query where it comes from, through views; None for an expression."""
    return [_origin(connection, column.table, column.attribute) if column.table else None for column in columns]


def table(connection: psycopg.Connection[Any], oid: int) -> Table:
    """What is known of a table."""
    names = frozenset((str(schema), str(name)) for schema, name in connection.execute(_FAMILY, (oid,)).fetchall())
    _, _, has_heirs = connection.execute(_RELATIONS, (oid,)).fetchone() or ("", None, False)
    # An index of a table that others inherit from does not reach their rows; that of a partitioned one reaches all.
    unique = [] if has_heirs else [tuple(attributes) for (attributes,) in connection.execute(_UNIQUE, (oid,)).fetchall()]
    return Table(names, tuple(unique))


def _origin(connection: psycopg.Connection[Any], relation: int, attribute: int) -> Origin | None:
    for _ in range(_MAX_VIEWS):
        kind, definition, _ = connection.execute(_RELATIONS, (relation,)).fetchone() or ("", None, False)
        if kind != "v":
            said = connection.execute(_NOT_NULL, (relation, attribute)).fetchone()
            return Origin(relation, attribute, said[0] if said and kind in ("r", "p") else None)
        try:
            with connection.transaction(force_rollback=True):
                result = prepare(connection, str(definition))
        except SourceRefused:  # the view may be read, and a schema that it reads from not
            return Origin(relation, attribute, None)
        relation, attribute = result.ftable(attribute - 1), result.ftablecol(attribute - 1)
        if not relation:
            return None
    return None
