"""Whether the role may do more than read. The session is read-only whatever it may; a password that leaks is not."""

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from price_assets.operations.finding import Area, Finding, ok, warning

_SHOWN = 3
"""Tables and schemas are named up to so many."""
_OWN = "nspname !~ '^pg_' AND nspname <> 'information_schema'"
_IS_SUPERUSER = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
_TABLES = f"""
SELECT format('%I.%I', nspname, relname) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind IN ('r', 'p') AND {_OWN} AND has_schema_privilege(pg_namespace.oid, 'USAGE')
    AND has_table_privilege(pg_class.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') ORDER BY nspname, relname
"""
_MAKES = f"SELECT nspname FROM pg_namespace WHERE {_OWN} AND has_schema_privilege(oid, 'USAGE') AND has_schema_privilege(oid, 'CREATE') ORDER BY 1"
_READS = f"""
SELECT DISTINCT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND {_OWN}
    AND has_schema_privilege(pg_namespace.oid, 'USAGE') AND has_table_privilege(pg_class.oid, 'SELECT')
ORDER BY 1
"""
READER = "price_lists_reader"
"""What the role is called that the advice makes."""


def examine_rights(connection: psycopg.Connection[Any], area: Area) -> Finding:
    """A warning with the SQL that makes a role which only reads, where this one does more."""
    if _first(connection, _IS_SUPERUSER)[0]:
        return warning(area, "rights", f"the role is a superuser, and needs to read and nothing else. {_advice(connection)}")
    tables, schemas = _first(connection, _TABLES), _first(connection, _MAKES)
    may = [f"change {_some(tables)}"] if tables else []
    may += [f"create tables in {_some(schemas)}"] if schemas else []
    if may:
        return warning(area, "rights", f"the role may {' and '.join(may)}, and needs to read and nothing else. {_advice(connection)}")
    return ok(area, "rights", "the role may only read")


def _first(connection: psycopg.Connection[Any], query: str) -> list[Any]:
    return [value for (value,) in connection.execute(query.encode()).fetchall()]


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _advice(connection: psycopg.Connection[Any]) -> str:
    schemas = _first(connection, _READS)[:_SHOWN] or ["public"]
    database, role = sql.Identifier(connection.info.dbname), sql.Identifier(READER)
    grants = [sql.SQL("CREATE ROLE {} LOGIN PASSWORD '…'").format(role), sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, role)]
    for schema in map(sql.Identifier, schemas):
        grants.append(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, role))
        grants.append(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(schema, role))
    return f"Make it one of its own, and set DB_USER to it: {'; '.join(grant.as_string(connection) for grant in grants)};"
