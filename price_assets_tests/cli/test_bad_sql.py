"""SQL that is no query, writes, or gives what a column can't take: one line with file, line and the way out, and nothing left."""

from price_assets_tests.cli.bad_dates import NOWHERE
from price_assets_tests.cli.command import Command
from price_assets_tests.shop import DAY, PRICE_LIST, QUERY

_STARTS = "a query starts with SELECT, WITH, VALUES, TABLE or a parenthesis, not with"
_QUOTED = "and old dates would get today's prices: write it there, without quotes around it, or leave 'past_dates' out"
SQL = [
    ("", "lists/shop.sql:1: there is no query in it"),
    ("-- nothing\n;\n", "lists/shop.sql:1: there is no query in it"),
    (f"{QUERY};\nSELECT 2", "lists/shop.sql:3: a second statement begins here; a price list is one query"),
    (f"{QUERY.strip()}; DROP TABLE prices", "lists/shop.sql:1: a second statement begins here; a price list is one query"),
    ("-- all of it\nUPDATE prices SET price = 0", f"lists/shop.sql:2: {_STARTS} 'UPDATE'"),
    ("DELETE FROM prices", f"lists/shop.sql:1: {_STARTS} 'DELETE'"),
    (QUERY.replace(":export_date", ":export_day"), "lists/shop.sql:1: unknown parameter ':export_day'; did you mean ':export_date'?"),
    (QUERY.replace(":export_date", "$1"), "lists/shop.sql:1: unknown parameter '$1'; the only one is ':export_date'"),
    (f"{QUERY}, :brand", "lists/shop.sql:2: unknown parameter ':brand'; the only one is ':export_date'"),
    (QUERY.replace(":export_date", "':export_date'"), f"lists/shop.yaml:7:13: 'past_dates' is true without :export_date in shop.sql, {_QUOTED}"),
    ("SELECT 'a", "lists/shop.sql:1: the string that begins here never ends"),
]


def test_sql_that_is_no_query_is_told_with_file_and_line_before_anything_is_connected_to(price_assets: Command) -> None:
    for sql, said in SQL:
        price_assets.shop.write_list(sql=sql)
        assert price_assets.refused("export", "shop", "--date", DAY, settings=NOWHERE) == f"shop {DAY} refused: {said}"
    assert not price_assets.shop.storage.exists()


_GONE = "RETURNING *)\nSELECT sku, name, price, stock FROM gone WHERE :export_date > valid_on"
_READS = "A price list only reads: take what writes, or locks rows, out of the query"
_IN_A_WITH = f"Postgres refused the query: WITH clause containing a data-modifying statement must be at the top level (0A000). {_READS}"
SQL_THAT_POSTGRES_REFUSES = [
    (f"-- why\nWITH gone AS (DELETE FROM prices {_GONE}", f":2: {_IN_A_WITH}"),
    (f"WITH gone AS (UPDATE prices SET price = 0 {_GONE}", f":1: {_IN_A_WITH}"),
    (f"SELECT * FROM (\nWITH gone AS (INSERT INTO prices VALUES ('9') {_GONE}) AS q", f":2: {_IN_A_WITH}"),
    (f"{QUERY}FOR UPDATE", f": Postgres refused the query: cannot execute SELECT FOR UPDATE in a read-only transaction (25006). {_READS}"),
    (
        "SELECT sku, name, price, stock INTO copied FROM prices WHERE :export_date > valid_on",
        ": the query gives no columns: a price list is one SELECT with the contract's columns, and without INTO",
    ),
    (
        QUERY.replace(" stock", "\nstok AS stock"),
        ':2: Postgres refused the query: column "stok" does not exist. Perhaps you meant to reference the column "prices.stock" (42703)',
    ),
    (
        QUERY.replace("prices", "price"),
        ':1: Postgres refused the query: relation "price" does not exist (42P01). Check its name and its schema, and DB_NAME',
    ),
    (QUERY.replace("stock", "1 / 0 AS stock"), ": Postgres refused the query: division by zero (22012)"),
]


def test_sql_that_writes_or_does_not_fit_the_source_is_refused_by_postgres_with_file_and_line(price_assets: Command) -> None:
    (price_assets.shop.folder / "lists" / "shop.sql").unlink()
    yaml = PRICE_LIST.replace("shop.sql", "prices.sql")  # messages name the file that it is from, whatever the list is called
    (price_assets.shop.folder / "lists" / "shop.yaml").write_text(yaml)
    for sql, said in SQL_THAT_POSTGRES_REFUSES:
        (price_assets.shop.folder / "lists" / "prices.sql").write_text(sql)
        assert price_assets.refused_by_a_run("export", "shop", "--date", DAY) == f"shop {DAY} refused: lists/prices.sql{said}"
    assert price_assets.shop.database.execute("SELECT count(*), sum(price) FROM prices") == price_assets.shop.database.execute(
        "SELECT 3::bigint, 111.54"
    )


def test_the_date_stays_text_where_it_is_text_and_comments_and_a_semicolon_are_nothing(price_assets: Command) -> None:
    price_assets.shop.write_list(
        sql="\ufeff-- :export_date; here /* and here\n/* :other ; /* nested */ */ "
        "SELECT sku, ':export_date' || $$ :export_date $$ || $q$:other$q$ AS name,\n"
        "price, stock FROM prices -- :export_date\nWHERE valid_on <= :export_date ORDER BY sku ; -- the end;\n;\n"
    )
    ended = price_assets("export", "shop", "--date", DAY)
    assert ended.code == 0, ended
    assert price_assets.shop.copies(DAY)["csv"].decode().splitlines()[1] == "001,:export_date :export_date :other,10.50,7"


_TAKES = {
    "integer": "integer takes smallint, integer, bigint and numeric",
    '"decimal(12,2)"': "decimal(12,2) takes numeric and integers",
    "date": "date takes date",
    "boolean": "boolean takes boolean",
}
# The query's expression, its type, the contract's, what is said, and the same as that says
TYPES = [
    ("ARRAY[7, 8]", "integer[]", "integer", 'take one element, "stock"[1], or declare the column as text', "(ARRAY[7, 8])[1]"),
    ("'{1.5}'::numeric[]", "numeric[]", '"decimal(12,2)"', 'take one element, "stock"[1], or declare the column as text', "('{1.5}'::numeric[])[1]"),
    (
        "'{\"n\": 7}'::json",
        "json",
        "integer",
        "take one value out of it, (\"stock\"->>'…')::bigint, or declare the column as text",
        "('{\"n\": 7}'::json->>'n')::bigint",
    ),
    (
        '\'{"n": "2026-11-24"}\'::jsonb',
        "jsonb",
        "date",
        "take one value out of it, (\"stock\"->>'…')::date, or declare the column as text",
        "('{\"n\": \"2026-11-24\"}'::jsonb->>'n')::date",
    ),
    ("'\\x07'::bytea", "bytea", "integer", "write an expression that gives bigint, or declare the column as text", "get_byte('\\x07', 0)::bigint"),
    ("7.50::money", "money", '"decimal(12,2)"', 'write "stock"::numeric in the SQL', "7.50::money::numeric"),
    ("7::money", "money", "integer", 'write "stock"::numeric in the SQL', "7::money::numeric"),
    (
        "interval '90 s'",
        "interval",
        "integer",
        'write extract(epoch FROM "stock")::numeric for its seconds, or declare the column as text',
        "extract(epoch FROM interval '90 s')::numeric",
    ),
    ("1.5::float8", "double precision", '"decimal(12,2)"', 'write "stock"::numeric in the SQL', "1.5::float8::numeric"),
    ("'t'::text", "text", "boolean", 'write "stock"::boolean in the SQL', "'t'::text::boolean"),
    ("7", "integer", "boolean", 'write "stock" <> 0 in the SQL', "7 <> 0"),
    ("true", "boolean", "integer", 'write "stock"::integer in the SQL', "true::integer"),
    ("now()", "timestamp with time zone", "date", 'write "stock"::date in the SQL', "now()::date"),
]


def test_a_type_that_a_column_can_not_take_is_told_with_file_line_and_what_to_write(price_assets: Command) -> None:
    for source, name, wanted, mend, _ in TYPES:
        price_assets.shop.write_list(
            PRICE_LIST.replace("stock: {type: integer", f"stock: {{type: {wanted}"), QUERY.replace(" stock", f"\n{source} AS stock")
        )
        said = f"'stock' is {name}, and {_TAKES[wanted]}: {mend}. Mend the SELECT, or `columns:` beside it"
        found = price_assets.refused_by_a_run("export", "shop", "--date", DAY)
        assert found == f"shop {DAY} refused: lists/shop.sql:2: the query does not fit the contract: {said}"


def test_what_is_said_to_write_is_taken_by_the_column(price_assets: Command) -> None:
    columns = {f"c{number}": (wanted, written) for number, (_, _, wanted, _, written) in enumerate(TYPES)}
    yaml = "".join(f"  {name}: {{type: {wanted}}}\n" for name, (wanted, _) in columns.items())
    sql = ", ".join(f"{written} AS {name}" for name, (_, written) in columns.items())
    price_assets.shop.write_list(f"{PRICE_LIST}{yaml}", QUERY.replace("stock FROM", f"stock, {sql} FROM"))
    ended = price_assets("export", "shop", "--date", DAY)
    assert ended.code == 0, ended
    (row,) = [line for line in price_assets.shop.copies(DAY)["csv"].decode().splitlines() if line.startswith("003")]
    assert row.startswith('003,"",99.99,0,7,1.50,7,2026-11-24,7,7.50,7,90,1.50,t,t,1,')
