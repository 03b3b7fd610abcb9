"""What the server's plan of a query proves about its rows: which columns an outer join may leave empty, and whether a table's rows come once.

A plan is what the server would do, so a rule read from it holds whatever the query's text looks like: through views, subqueries and CTEs, and without
a parser of SQL. Where it proves nothing, the answer is that it is not known.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg

from price_assets.export import source_errors

Node = dict[str, Any]
Names = frozenset[tuple[str, str]]
"""Of one table: schema and name, and those of its partitions, which is what a plan shows of it."""

_AS_WRITTEN = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL max_parallel_workers_per_gather = 0"
"""A nested loop keeps the left side of a LEFT JOIN on its outer side, whatever the tables' sizes are; so the answer does not change with them."""

_ONE_TO_ONE = {"Hash", "Incremental Sort", "Limit", "LockRows", "Materialize", "Memoize", "Result", "Sort", "Subquery Scan", "Unique", "WindowAgg"}
"""Each row that comes out is one that went in."""

_SAME_COLUMNS = {"Incremental Sort", "Limit", "LockRows", "Sort", "Unique"}


class QueryPlan:
    """The plan of one query, as EXPLAIN (VERBOSE, FORMAT JSON) shows it."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._ctes = {node["Subplan Name"][4:]: node for node in _below(root) if str(node.get("Subplan Name", "")).startswith("CTE ")}
        self._scans = Counter(name for node in _below(root) if (name := _scanned(node)))
        self._ctes_scanned = Counter(node["CTE Name"] for node in _below(root) if node["Node Type"] == "CTE Scan")

    def may_leave_empty(self, table: Names) -> bool | None:
        """Whether a column of the table that is never null there may be null here. None where the plan does not tell."""
        nodes = list(_below(self._root))
        if any("Grouping Sets" in node for node in nodes):  # a total has no keys
            return None
        if not any(node.get("Join Type") in ("Left", "Right", "Full") for node in nodes):
            return False
        found = {empty for (name, empty) in self._sides(self._root, empty=False) if name in table}
        return found.pop() if len(found) == 1 else None

    def gives_rows_once(self, table: Names) -> bool:
        """Whether each row of the table surely comes at most once: it is read once, and nothing that it is joined with can repeat it."""
        read_once = all(self._scans[name] <= 1 for name in table) and all(times == 1 for times in self._ctes_scanned.values())
        return read_once and self._keeps(self._root, table)

    @property
    def grouped_by(self) -> tuple[int, ...]:
        """The positions, from 0, of the columns that a GROUP BY or DISTINCT makes unique; empty where there is none, or one of them is not given."""
        node = self._root
        while node["Node Type"] in _SAME_COLUMNS:
            (node,) = _children(node)
        keys: list[str] = node.get("Group Key", []) if node["Node Type"] in ("Aggregate", "Group") and "Grouping Sets" not in node else []
        output: list[str] = node.get("Output", [])
        places = [next((place for place, text in enumerate(output) if text in (key, key.partition(".")[2])), None) for key in keys]
        return () if None in places else tuple(sorted(place for place in places if place is not None))

    def _sides(self, node: Node, *, empty: bool) -> Iterator[tuple[tuple[str, str], bool]]:
        """Each table that is read for the result, and whether it is on a side that an outer join may leave empty."""
        if name := _scanned(node):
            yield name, empty
        kind = node.get("Join Type")
        for child in self._inputs(node):
            outer = child.get("Parent Relationship") == "Outer"
            yield from self._sides(child, empty=empty or kind == "Full" or (kind == "Left" and not outer) or (kind == "Right" and outer))

    def _keeps(self, node: Node, table: Names) -> bool:
        kind, inputs = node["Node Type"], self._inputs(node)
        if _scanned(node) in table:
            return True
        if kind in ("Append", "Merge Append"):
            return all(_scanned(child) in table for child in inputs)  # of partitions
        if "Join Type" in node:
            outer, inner = inputs
            if node["Join Type"] in ("Inner", "Left") and node.get("Inner Unique"):
                return self._keeps(outer, table)
            return (
                self._keeps(outer, table)
                if node["Join Type"] in ("Semi", "Anti")
                else node["Join Type"] == "Right Semi" and self._keeps(inner, table)
            )
        return (kind in _ONE_TO_ONE or kind == "CTE Scan") and len(inputs) == 1 and self._keeps(inputs[0], table)

    def _inputs(self, node: Node) -> list[Node]:
        """What the node's rows are made of."""
        if node["Node Type"] == "CTE Scan":
            return [self._ctes[node["CTE Name"]]] if node["CTE Name"] in self._ctes else []
        return _children(node)


def plan_of(connection: psycopg.Connection[Any], query: str, where: str) -> QueryPlan:
    """Have the server plan a query; it is not run. `where` is what an error begins with, `wholesale.sql: `.

    Raises SourceUnavailable and SourceRefused: unlike parsing, planning looks at the rights to the query's tables.
    """
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(_AS_WRITTEN)
            row = connection.execute(f"EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) {query}".encode()).fetchone()
    except psycopg.Error as error:
        raise source_errors.of_statement(error, where) from None
    assert row  # noqa: S101 - EXPLAIN in JSON is one row
    return QueryPlan(row[0][0]["Plan"])


def _children(node: Node) -> list[Node]:
    """Without the plans of scalar subqueries and of CTEs, which hang on a node as well."""
    return [child for child in node.get("Plans", []) if child.get("Parent Relationship") not in ("InitPlan", "SubPlan")]


def _below(node: Node) -> Iterator[Node]:
    """The node and all that hang below it."""
    yield node
    for child in node.get("Plans", []):
        yield from _below(child)


def _scanned(node: Node) -> tuple[str, str] | None:
    """The table that the node reads."""
    return (node["Schema"], node["Relation Name"]) if "Relation Name" in node and "Schema" in node else None
