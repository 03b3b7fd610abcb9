"""What to write in the SQL where a column of the query is of a type that the contract's can't take."""

from price_assets.export.contract import Kind

# PostgreSQL's pg_type.dat: these numbers are fixed for ever.
BOOL, NUMBERS, DATE, TIMESTAMP, TIMESTAMPTZ = 16, (20, 21, 23, 1700), 1082, 1114, 1184
TEXTS = (18, 19, 25, 1042, 1043)  # "char", name, text, char(n), varchar; NULL and 'a' without a type are text, too
FLOATS, MONEY, INTERVAL, JSONS = (700, 701), 790, 1186, (114, 3802)

_CASTS = {
    Kind.INTEGER: ("bigint", TEXTS),
    Kind.DECIMAL: ("numeric", TEXTS),
    Kind.BOOLEAN: ("boolean", TEXTS),
    Kind.DATE: ("date", (*TEXTS, TIMESTAMP, TIMESTAMPTZ)),
    Kind.TIMESTAMP: ("timestamp", (*TEXTS, DATE, TIMESTAMPTZ)),
    Kind.TIMESTAMPTZ: ("timestamptz", (*TEXTS, DATE, TIMESTAMP)),
}
"""The cast that leads to each kind, and from which types it does."""


def way_out(kind: Kind, name: str, oid: int, type_name: str) -> str:
    """How a column that is `name` in the SQL gets to the kind, such as `write "price"::numeric in the SQL`. What rounds is never proposed."""
    cast, castable = _CASTS[kind]
    number = kind in (Kind.INTEGER, Kind.DECIMAL)
    or_text = "or declare the column as text"
    if type_name.endswith("[]"):
        return f"take one element, {name}[1], {or_text}"
    if oid in JSONS:
        return f"take one value out of it, ({name}->>'…')::{cast}, {or_text}"
    if oid == INTERVAL and number:
        return f"write extract(epoch FROM {name})::numeric for its seconds, {or_text}"
    if oid in (*FLOATS, MONEY) and number:
        return f"write {name}::numeric in the SQL"
    if oid == BOOL and number:
        return f"write {name}::integer in the SQL"
    if oid in NUMBERS and kind is Kind.BOOLEAN:
        return f"write {name} <> 0 in the SQL"
    if oid in castable:
        return f"write {name}::{cast} in the SQL"
    return f"write an expression that gives {cast}, {or_text}"
