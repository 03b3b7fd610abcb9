"""The wrapper around a price list's query: each column travels in a form that every reader delivers alike and that nothing rounds [PJ2, PJ3]."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from price_assets.export.contract import Column, Contract, Kind
from price_assets.export.way_out import way_out

# PostgreSQL's pg_type.dat: these numbers are fixed for ever.
BOOL, INT8, INT2, INT4, NUMERIC, DATE, TIMESTAMP, TIMESTAMPTZ = 16, 20, 21, 23, 1700, 1082, 1114, 1184
INTEGERS = (INT2, INT4, INT8)

TAKES: Mapping[Kind, tuple[int, ...]] = {
    Kind.INTEGER: (*INTEGERS, NUMERIC),
    Kind.DECIMAL: (NUMERIC, *INTEGERS),
    Kind.BOOLEAN: (BOOL,),
    Kind.DATE: (DATE,),
    Kind.TIMESTAMP: (TIMESTAMP,),
    Kind.TIMESTAMPTZ: (TIMESTAMPTZ,),
}
"""The types that each kind takes. Text takes every type: it is the server's own `::text`."""

_TAKES: Mapping[Kind, str] = {
    Kind.INTEGER: "smallint, integer, bigint and numeric",
    Kind.DECIMAL: "numeric and integers",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.TIMESTAMP: "timestamp without time zone",
    Kind.TIMESTAMPTZ: "timestamp with time zone",
}


@dataclass(frozen=True)
class SourceColumn:
    """A column of the query: its position from 1, its name, its type's oid (a domain's base type), and its type as Postgres writes it.

    `modifier` is the type's own, such as a numeric's precision and scale, and -1 where there is none. `table` and `attribute` are the oid of the
    table or view, and the number in it, of the column that this one is; 0 where it is an expression.
    """

    position: int
    name: str
    oid: int
    type_name: str
    modifier: int = -1
    table: int = 0
    attribute: int = 0

    @property
    def reference(self) -> str:
        """How the wrapper refers to it: by position, so that odd and duplicate names don't matter."""
        return f"q.c{self.position}"


def misfit(column: Column, found: SourceColumn) -> str | None:
    """Why the contract's column can't take what the query gives, and what to write; None where it can."""
    kind = column.type.kind
    if kind is Kind.TEXT or found.oid in TAKES[kind]:
        return None
    mend = way_out(kind, quoted(column.name), found.oid, found.type_name)
    return f"{column.name!r} is {found.type_name}, and {column.type} takes {_TAKES[kind]}: {mend}"


@dataclass(frozen=True)
class Projection:
    """A query whose columns fit the contract. `found` is its column for each of the contract's (`describe.match`)."""

    query: str
    columns: Contract
    key: Sequence[str]
    found: Mapping[str, SourceColumn]
    source_columns: int
    ordered: bool
    """The query has an ORDER BY of its own at the top level, which the wrapper keeps [PJ2]."""

    @property
    def sql(self) -> str:
        """The statement to read: the contract's columns, in its order; rows in the query's own order, else by key in "C" collation."""
        projected = ", ".join(f"{_project(column, self.found[column.name])} AS {quoted(column.name)}" for column in self.columns)
        return f"SELECT {projected} {self._from}{self._order}"

    def misfit_sql(self, column: Column) -> str:
        """The first row in which a date or time column lies outside the years 1 to 9999: the key's columns and the value, as text."""
        found = self.found[column.name]
        texts = ", ".join(f"{reference}::text" for reference in (*(self.found[name].reference for name in self.key), found.reference))
        return f"SELECT {texts} {self._from} WHERE NOT ({_within_years(found)}){self._order} LIMIT 1"

    @property
    def _from(self) -> str:
        # The line ends keep a comment in the query's last line to itself.
        aliases = ", ".join(f"c{position}" for position in range(1, self.source_columns + 1))
        return f"FROM (\n{self.query}\n) AS q({aliases})"

    @property
    def _order(self) -> str:
        if self.ordered:
            return ""
        texts = {column.name for column in self.columns if column.type.kind is Kind.TEXT}
        return " ORDER BY " + ", ".join(
            f'{self.found[name].reference}::text COLLATE "C"' if name in texts else self.found[name].reference for name in self.key
        )


def _project(column: Column, found: SourceColumn) -> str:
    reference = found.reference
    match column.type.kind:
        case Kind.BOOLEAN:
            return reference
        case Kind.INTEGER | Kind.DECIMAL if found.oid in INTEGERS:
            return f"{reference}::int8"
        case Kind.DATE:
            return f"CASE WHEN {reference} IS NULL OR {_within_years(found)} THEN {reference} ELSE DATE '10000-01-01' END"
        case Kind.TIMESTAMP:
            return f"CASE WHEN {reference} IS NULL OR {_within_years(found)} THEN {reference} ELSE TIMESTAMP '10000-01-01' END"
        case Kind.TIMESTAMPTZ:
            utc = f"{reference} AT TIME ZONE 'UTC'"
            return f"CASE WHEN {reference} IS NULL OR {_within_years(found)} THEN {utc} ELSE TIMESTAMP '10000-01-01' END"
        case _:
            return f"{reference}::text"


def _within_years(found: SourceColumn) -> str:
    """Whether a date or time lies in the years 1 to 9999; infinity and BC do not. A timestamptz must do so in UTC and in the session's time zone."""
    ranges = {
        DATE: [("DATE", found.reference)],
        TIMESTAMP: [("TIMESTAMP", found.reference)],
        TIMESTAMPTZ: [("TIMESTAMPTZ", found.reference), ("TIMESTAMP", f"{found.reference} AT TIME ZONE 'UTC'")],
    }[found.oid]
    return " AND ".join(f"{value} >= {kind} '0001-01-01' AND {value} < {kind} '10000-01-01'" for kind, value in ranges)


def quoted(name: str) -> str:
    """The name as SQL writes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
