"""The key of a drafted price list: what an index or a GROUP BY makes unique, or the nearest guess."""

from collections.abc import Sequence

from price_assets.export.contract import Kind
from price_assets.operations.draft_columns import DraftColumn
from price_assets.operations.query_plan import QueryPlan
from price_assets.operations.source_catalogue import Origin, Table


def draft_key(
    columns: Sequence[DraftColumn], origins: Sequence[Origin | None], tables: dict[int, Table], plan: QueryPlan
) -> tuple[tuple[str, ...], str]:
    """The names of the key's columns, and what is guessed of it.

    A unique index counts if all its columns are given and never null, and nothing that its table is joined with can repeat a row.
    """
    whole = [places for oid, table in tables.items() if plan.gives_rows_once(table.names) for places in _indexes(oid, table, origins)]
    grouped = [plan.grouped_by] if plan.grouped_by and all(place < len(columns) for place in plan.grouped_by) else []
    for places in (*whole, *grouped):
        if not any(columns[place].nullable or columns[place].null_guess for place in places):
            return _named(places, columns), ""
    for places in (*grouped, *whole):
        return _named(places, columns), "the key, if none of it is ever null"
    primary = {(oid, attribute) for oid, table in tables.items() for attribute in next(iter(table.unique), ())}
    parts = [place for place, origin in enumerate(origins) if origin and (origin.table, origin.attribute) in primary and not columns[place].nullable]
    if parts:
        return _named(parts, columns), "the key, from the primary keys of the query's tables; a join may repeat it"
    likely = [place for place, column in enumerate(columns) if column.type.kind in (Kind.TEXT, Kind.INTEGER) and not column.nullable]
    return _named((likely or [0])[:1], columns), "the key, for no unique index is among the columns"


def _indexes(oid: int, table: Table, origins: Sequence[Origin | None]) -> list[tuple[int, ...]]:
    """Each unique index that is given whole, as places of columns."""
    given = {origin.attribute: place for place, origin in reversed(list(enumerate(origins))) if origin and origin.table == oid}
    return [tuple(given[attribute] for attribute in index) for index in table.unique if all(attribute in given for attribute in index)]


def _named(places: Sequence[int], columns: Sequence[DraftColumn]) -> tuple[str, ...]:
    return tuple(columns[place].name for place in places)
