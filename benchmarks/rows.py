"""The rows that are measured: a made-up catalogue of 14 columns, the same on every machine, for a seed and the server's hash are all its chance.

`made` has the server make them as they are read; `TABLES` puts them into the tables of a real JOIN, and into the table that its result is.
"""

from dataclasses import dataclass

SEED = 16


def _chance(column: int, below: int) -> str:
    """A number from 0 on, by the row's number `i`."""
    return f"(hashint8extended(i, {100 * SEED + column}) & {2**63 - 1}) % {below}"


def _price(column: int) -> str:
    return f"(({_chance(column, 1_000_000)} + 1) / 100.0)::numeric(12, 2)"


COLUMNS = {
    "sku": "lpad(i::text, 9, '0')",
    "name": f"CASE i % 3 WHEN 0 THEN 'Болт М' ELSE 'Hex bolt, \"M' END || {_chance(1, 40)} || ' × ' || {_chance(2, 200)} || ' mm'",
    "brand": "'Brand ' || i % 300",
    "category": "'Category ' || i % 40",
    "unit": "(ARRAY['шт', 'кг', 'м'])[1 + i % 3]",
    "barcode": f"lpad(({_chance(3, 10**13)})::text, 13, '0')",
    "price": _price(4),
    "price_10": _price(5),
    "price_100": _price(6),
    "price_old": f"(CASE WHEN i % 5 > 0 THEN {_price(7)} END)::numeric(12, 2)",
    "stock": f"({_chance(8, 5000)})::int",
    "available": f"{_chance(9, 2)} = 0",
    "valid_from": "DATE '2026-01-01' + (i % 100)::int",
    "updated": "TIMESTAMP '2026-01-01' + i * INTERVAL '7 seconds'",
}
TYPES = {
    **dict.fromkeys(("sku", "name", "brand", "category", "unit", "barcode"), "text"),
    **dict.fromkeys(("price", "price_10", "price_100", "price_old"), "decimal(12,2)"),
    "stock": "integer",
    "available": "boolean",
    "valid_from": "date",
    "updated": "timestamp",
}
PRICES = ("price", "price_10", "price_100", "price_old")
_MORE = {"price": ", min: 0", "price_old": ", nullable: true"}
_COLUMNS_YAML = "\n".join(f'  {name}: {{type: "{kind}"{_MORE.get(name, "")}}}' for name, kind in TYPES.items())


def price_list(name: str) -> str:
    """A list's YAML; its SQL stands beside it."""
    return f"name: {name}\nsql: {name}.sql\nkey: [sku]\ncolumns:\n{_COLUMNS_YAML}\n"


def made(rows: int, **others: str) -> str:
    """A query for so many rows, some columns by another expression. What it is ordered by needs no sort: they come in order as they are made."""
    columns = ", ".join(f"{value} AS {name}" for name, value in (COLUMNS | others).items())
    return f"SELECT {columns} FROM (SELECT generate_series(1, {rows}::bigint) AS i) AS numbers ORDER BY now()"


def changing() -> str:
    """The column `price`, of which a fiftieth is another each day: for a list with `past_dates`."""
    return f"{COLUMNS['price']} + CASE WHEN (i + (:export_date - DATE '2026-01-01')) % 50 = 0 THEN 1 ELSE 0 END"


@dataclass(frozen=True)
class Query:
    """What everybody is asked to write out; `table`, where it is all of one."""

    name: str
    title: str
    sql: str
    table: str | None = None


JOIN = Query(
    "joining",
    "a real JOIN of four tables, three prices a product",
    """
SELECT p.sku, p.name, b.title AS brand, c.title AS category, p.unit, p.barcode, h.price, h.price_10, h.price_100, h.price_old,
       p.stock, p.available, h.valid_from, p.updated
FROM products AS p
JOIN brands AS b ON b.id = p.brand_id
JOIN categories AS c ON c.id = p.category_id
JOIN price_history AS h ON h.product_id = p.id AND h.valid_from <= DATE '2026-11-25' AND (h.valid_to IS NULL OR h.valid_to > DATE '2026-11-25')
ORDER BY p.sku
""",
)


def joined(rows: int | None = None) -> Query:
    """The table that the JOIN comes to; or its first rows, which are a table of their own."""
    table = f"prices_{rows}" if rows else "prices"
    return Query(table, "an already joined table", f"SELECT * FROM {table} ORDER BY sku", table)


_PRODUCT = ", ".join(f"{COLUMNS[name]} AS {name}" for name in ("sku", "name", "unit", "barcode", "stock", "available", "updated"))
_HISTORY = ", ".join(f"({COLUMNS[name]} + n)::numeric(12, 2) AS {name}" for name in PRICES[:3])


def tables(rows: int) -> str:
    """SQL that makes all of them."""
    return f"""
CREATE TABLE brands AS SELECT i AS id, 'Brand ' || i AS title FROM generate_series(0, 299) AS i;
CREATE TABLE categories AS SELECT i AS id, 'Category ' || i AS title FROM generate_series(0, 39) AS i;
CREATE TABLE products AS SELECT i AS id, i % 300 AS brand_id, i % 40 AS category_id, {_PRODUCT} FROM generate_series(1, {rows}::bigint) AS i;
CREATE TABLE price_history AS
SELECT i AS product_id,
       {COLUMNS["valid_from"]} + 100 * n AS valid_from,
       CASE WHEN n < 2 THEN {COLUMNS["valid_from"]} + 100 * (n + 1) END AS valid_to,
       {_HISTORY}, {COLUMNS["price_old"]} AS price_old
FROM generate_series(1, {rows}::bigint) AS i, generate_series(0, 2) AS n;
ALTER TABLE brands ADD PRIMARY KEY (id);
ALTER TABLE categories ADD PRIMARY KEY (id);
ALTER TABLE products ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX ON price_history (product_id, valid_from);
CREATE TABLE prices AS {JOIN.sql};
CREATE UNIQUE INDEX ON prices (sku);
ANALYZE;
"""


def first(rows: int) -> str:
    """SQL that makes the table of the first rows, which are all of them where there are no more."""
    table = joined(rows).table
    made = f"CREATE TABLE IF NOT EXISTS {table} AS SELECT * FROM prices ORDER BY sku LIMIT {rows}"
    return f"{made}; CREATE UNIQUE INDEX IF NOT EXISTS {table}_sku ON {table} (sku); ANALYZE {table};"
