"""The YAML that is drafted from a query: it loads as it is, fits the query that it was made from, and marks what was guessed."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from price_assets.demo.server import Server
from price_assets.errors import Refused, SourceRefused, UsageError
from price_assets.export.extraction import project
from price_assets.export.postgres import open_session
from price_assets.export.price_list import PriceList
from price_assets.export.price_list_files import load_price_lists
from price_assets.export.sql import scan
from price_assets.operations.draft import draft, write
from price_assets.settings import FORMATS
from price_assets_tests.servers.postgres import Database, new_database

DAY = date(2026, 11, 24)
TABLES = """
CREATE TYPE unit AS ENUM ('шт', 'кг');
CREATE DOMAIN money_amount AS numeric(14, 4);
CREATE TABLE products (
    sku text PRIMARY KEY, name text NOT NULL, weight numeric, price numeric(12, 2) NOT NULL, unit unit NOT NULL, cost money_amount
);
CREATE TABLE stock (sku text NOT NULL, warehouse int NOT NULL, pieces int NOT NULL, PRIMARY KEY (sku, warehouse));
CREATE TABLE barcodes (sku text, code text NOT NULL);
CREATE UNIQUE INDEX ON barcodes (sku);
CREATE UNIQUE INDEX ON barcodes (code) WHERE code <> '';
CREATE UNIQUE INDEX ON barcodes (lower(code));
CREATE TABLE prices (sku text NOT NULL, valid_from date NOT NULL, price numeric(12, 2), PRIMARY KEY (sku, valid_from))
    PARTITION BY RANGE (valid_from);
CREATE TABLE prices_h1 PARTITION OF prices FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
CREATE TABLE prices_h2 PARTITION OF prices FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE heirs () INHERITS (parents);
CREATE VIEW in_stock AS SELECT p.sku, p.name, pieces FROM products AS p LEFT JOIN stock USING (sku);
CREATE VIEW dear AS SELECT sku, name, price * 2 AS twice FROM (SELECT * FROM products WHERE price > 100) AS q;
CREATE VIEW dearest AS SELECT sku, twice FROM dear;
CREATE MATERIALIZED VIEW kept AS SELECT sku, name FROM products;
CREATE SCHEMA private; CREATE TABLE private.costs (sku text PRIMARY KEY, cost numeric(12, 2));
CREATE VIEW shown AS SELECT sku, cost FROM private.costs;
"""
DECIMAL = '"decimal(12,2)"'
EXPRESSION = "never null (an expression)"
TIME_AS_TEXT = (
    '{type: text}  # guess: text, as Postgres writes time without time zone; for a number write extract(epoch FROM "x")::numeric(12,2) in the SQL'
)
JOINED = "the key, from the primary keys of the query's tables; a join may repeat it"


@pytest.fixture(scope="module")
def shop_database(postgres_server: Server) -> Iterator[Database]:
    with new_database(postgres_server) as made:
        made.execute(TABLES)
        yield made


def drafted(database: Database, folder: Path, query: str, name: str = "shop") -> str:
    """The YAML; it is written, loaded, and held against the query as a run holds it."""
    (folder / f"{name}.sql").write_text(query)
    source = database.source
    path = write(draft(folder / f"{name}.sql", DAY, source), folder / f"{name}.sql")
    (loaded,) = load_price_lists(folder, start=DAY, formats=FORMATS)
    assert isinstance(loaded, PriceList), loaded.error
    with open_session(source, "draft") as session:
        project(loaded, scan(loaded.sql, "shop.sql"), DAY, session)
    return path.read_text()


def columns(yaml: str) -> dict[str, str]:
    """Column → what stands behind it, with spaces for people taken out."""
    lines = yaml.partition("columns:\n")[2].splitlines()
    return {name.strip(): rest.strip() for name, _, rest in (line.partition(": ") for line in lines)}


def key(yaml: str) -> str:
    return next(line.removeprefix("key: ") for line in yaml.splitlines() if line.startswith("key: "))


def test_a_draft_is_a_price_list_for_people(shop_database: Database, tmp_path: Path) -> None:
    yaml = drafted(
        shop_database, tmp_path, "SELECT sku, name, price, weight, price * 1.2 AS vat FROM products WHERE :export_date > '2026-01-01';\n", "retail"
    )
    assert (
        yaml
        == """\
# Drafted from retail.sql: what is marked "guess" the server did not say. Headers, descriptions, checks and formats are yours to add.
name: retail
sql: retail.sql
start: 2026-11-24
past_dates: true
key: [sku]
columns:
  sku:    {type: text}
  name:   {type: text}
  price:  {type: "decimal(12,2)"}
  weight: {type: "decimal(12,2)", nullable: true}  # guess: decimal(12,2), as the server knows no scale: a value with more decimals is refused
  vat:    {type: "decimal(12,2)"}  # guess: decimal(12,2), as the server knows no scale: a value with more decimals is refused; \
never null (an expression)
"""
    )


def test_what_the_server_says_whole_holds_no_guess(shop_database: Database, tmp_path: Path) -> None:
    yaml = drafted(shop_database, tmp_path, "SELECT sku, name, price FROM products")
    assert yaml.startswith("# Drafted from shop.sql: the server said all of it. ")
    assert "guess" not in yaml
    assert "past_dates" not in yaml


def test_what_somebody_wrote_meanwhile_stands(shop_database: Database, tmp_path: Path) -> None:
    file = tmp_path / "shop.sql"
    file.write_text("SELECT sku FROM products")
    made = draft(file, DAY, shop_database.source)
    (tmp_path / "shop.yaml").write_text("mine")
    with pytest.raises(UsageError, match=r"shop\.yaml is there already, and is never overwritten"):
        write(made, file)
    assert (tmp_path / "shop.yaml").read_text() == "mine"


@pytest.mark.parametrize("used", ["name > '' -- :export_date", "name > '' /* :export_date */", "name <> ':export_date'", "name <> $$:export_date$$"])
def test_past_dates_take_a_parameter_and_not_its_name_in_a_text(shop_database: Database, tmp_path: Path, used: str) -> None:
    assert "past_dates" not in drafted(shop_database, tmp_path, f"SELECT sku FROM products WHERE {used}\n")


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("1::smallint", "{type: integer}"),
        ("1::bigint", "{type: integer}"),
        ("1::numeric(10)", '{type: "decimal(10,0)"}'),
        ("0.1::numeric(38,38)", '{type: "decimal(38,38)"}'),
        ("100::numeric(5,-2)", '{type: "decimal(7,0)"}'),
        ("0.00001::numeric(3,5)", '{type: "decimal(5,5)"}'),
        (
            "1::numeric(50,2)",
            '{type: "decimal(38,2)"}  # guess: decimal(38,2), for numeric(50,2) has more digits than a decimal holds; text holds all',
        ),
        ("true", "{type: boolean}"),
        ("now()::date", "{type: date}"),
        ("now()::timestamp(0)", "{type: timestamp}"),
        ("now()", "{type: timestamptz}"),
        ("'a'::varchar(10)", "{type: text}"),
        ("'a'::char(3)", "{type: text}"),
        ("'шт'::unit", "{type: text}"),
        ("gen_random_uuid()", "{type: text}"),
        ("NULL", "{type: text}"),
        ("1.5::float8", '{type: text}  # guess: text, as Postgres writes double precision; for a number write "x"::numeric(12,2) in the SQL'),
        ("1.5::real", '{type: text}  # guess: text, as Postgres writes real; for a number write "x"::numeric(12,2) in the SQL'),
        ("1::money", '{type: text}  # guess: text, as Postgres writes money; for a number write "x"::numeric(12,2) in the SQL'),
        ("'1'::json", "{type: text}  # guess: text, as Postgres writes json; for a number write (\"x\" #>> '{}')::numeric(12,2) in the SQL"),
        ("'1'::jsonb", '{type: text}  # guess: text, as Postgres writes jsonb; for a number write "x"::numeric(12,2) in the SQL'),
        ("ARRAY[1]", '{type: text}  # guess: text, as Postgres writes integer[]; for a number write "x"[1]::numeric(12,2) in the SQL'),
        ("'a'::bytea", "{type: text}  # guess: text, as Postgres writes bytea"),
        ("'1.1.1.1'::inet", "{type: text}  # guess: text, as Postgres writes inet"),
        ("ROW(1, 2)", "{type: text}  # guess: text, as Postgres writes record"),
        (
            "now() - now()",
            '{type: text}  # guess: text, as Postgres writes interval; for a number write extract(epoch FROM "x")::numeric(12,2) in the SQL',
        ),
        (
            "localtime",
            TIME_AS_TEXT,
        ),
    ],
)
def test_each_type_has_its_own_and_the_casts_that_are_shown_are_right(shop_database: Database, tmp_path: Path, expression: str, said: str) -> None:
    yaml = drafted(shop_database, tmp_path, f"SELECT sku, {expression} AS x FROM products")
    assert columns(yaml)["x"] == (f"{said}; {EXPRESSION}" if "# guess" in said else f"{said}  # guess: {EXPRESSION}")
    if "write " in said:
        cast = said.partition("write ")[2].removesuffix(" in the SQL")
        (tmp_path / "shop.yaml").unlink()
        yaml = drafted(shop_database, tmp_path, f"SELECT sku, {cast} AS x FROM (SELECT sku, {expression} AS x FROM products) AS q")
        assert columns(yaml)["x"] == f"{{type: {DECIMAL}}}  # guess: {EXPRESSION}"


def test_a_domain_is_what_it_is_made_of(shop_database: Database, tmp_path: Path) -> None:
    assert columns(drafted(shop_database, tmp_path, "SELECT sku, cost FROM products"))["cost"] == '{type: "decimal(14,4)", nullable: true}'


@pytest.mark.parametrize(
    ("query", "column", "nullable"),
    [
        ("SELECT sku, pieces FROM stock JOIN products USING (sku)", "pieces", "known never"),
        ("SELECT p.sku, pieces FROM products AS p LEFT JOIN stock AS s ON s.sku = p.sku", "pieces", "known"),
        ("SELECT p.sku, pieces FROM stock AS s RIGHT JOIN products AS p ON s.sku = p.sku", "pieces", "known"),
        ("SELECT p.sku, name, pieces FROM products AS p LEFT JOIN stock AS s ON s.sku = p.sku", "name", "known never"),
        ("SELECT p.sku, name, pieces FROM products AS p FULL JOIN stock AS s ON s.sku = p.sku", "name", "known"),
        ("SELECT p.sku, pieces FROM products AS p LEFT JOIN stock AS s ON s.sku = p.sku WHERE pieces > 0", "pieces", "known never"),
        ("SELECT p.sku, r.valid_from FROM products AS p LEFT JOIN prices AS r ON r.sku = p.sku", "valid_from", "known"),
        ("SELECT sku, valid_from FROM prices", "valid_from", "known never"),
        ("SELECT sku, price FROM prices", "price", "known"),
        ("SELECT a.sku, b.name FROM products AS a LEFT JOIN products AS b ON a.name = b.sku", "name", "guessed"),
        ("SELECT p.sku, s.pieces FROM products AS p LEFT JOIN stock AS s ON false", "pieces", "guessed"),
        ("WITH s AS MATERIALIZED (SELECT * FROM stock) SELECT p.sku, s.pieces FROM products AS p LEFT JOIN s USING (sku)", "pieces", "known"),
        ("SELECT warehouse, pieces FROM stock GROUP BY ROLLUP (warehouse, pieces)", "pieces", "guessed"),
        ("SELECT * FROM in_stock", "pieces", "known"),
        ("SELECT * FROM in_stock", "name", "known never"),
        ("SELECT * FROM dearest", "twice", "guessed never"),
        ("SELECT sku, name FROM kept", "name", "guessed never"),
        ("SELECT name, lower(sku) AS sku FROM products", "sku", "guessed never"),
        ("SELECT sku, name FROM products UNION ALL SELECT NULL, NULL", "name", "guessed never"),
        ("SELECT sku, (SELECT max(pieces) FROM stock) AS most FROM products", "most", "guessed never"),
    ],
)
def test_whether_a_column_may_be_null_is_what_the_server_proves(
    shop_database: Database, tmp_path: Path, query: str, column: str, nullable: str
) -> None:
    said = columns(drafted(shop_database, tmp_path, query))[column]
    assert ("nullable: true" in said, "never null" in said, "nullable (an outer join" in said) == {
        "known": (True, False, False),
        "known never": (False, False, False),
        "guessed": (True, False, True),
        "guessed never": (False, True, False),
    }[nullable], said


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT name, sku FROM products", "[sku]"),
        ("SELECT pieces, warehouse, sku FROM stock", "[sku, warehouse]"),
        ("SELECT s.sku, s.warehouse, name FROM stock AS s LEFT JOIN products AS p ON p.sku = s.sku", "[sku, warehouse]"),
        ("SELECT sku, name FROM products WHERE sku IN (SELECT sku FROM barcodes) ORDER BY name LIMIT 10", "[sku]"),
        ("SELECT sku, row_number() OVER (ORDER BY name) AS place FROM products", "[sku]"),
        ("SELECT p.sku, sum(pieces) AS pieces FROM products AS p LEFT JOIN stock AS s ON s.sku = p.sku GROUP BY p.sku ORDER BY 2", "[sku]"),
        ("SELECT warehouse, sku, max(pieces) FROM stock GROUP BY 1, 2", "[warehouse, sku]"),
        ("SELECT warehouse, count(*) AS goods FROM stock GROUP BY warehouse", "[warehouse]"),
        ("SELECT DISTINCT name FROM products", "[name]"),
        ("SELECT DISTINCT sku FROM prices", "[sku]"),
        ("SELECT sku, valid_from, price FROM prices", "[sku, valid_from]"),
        ("SELECT * FROM dear", "[sku]"),
        ("SELECT sku, cost FROM shown", "[sku]"),
        ("WITH p AS (SELECT * FROM products) SELECT sku, name FROM p", "[sku]"),
        ("WITH p AS MATERIALIZED (SELECT * FROM products) SELECT sku, name FROM p", "[sku]"),
        ("SELECT p.sku, pieces FROM products AS p LEFT JOIN stock AS s ON s.sku = p.sku", f"[sku]  # guess: {JOINED}"),
        (
            "SELECT p.sku, s.warehouse, r.price FROM products AS p LEFT JOIN stock AS s ON true LEFT JOIN prices AS r ON true",
            f"[sku]  # guess: {JOINED}",
        ),
        ("SELECT p.sku, s.warehouse, pieces FROM stock AS s CROSS JOIN products AS p", f"[sku, warehouse]  # guess: {JOINED}"),
        ("SELECT a.sku, b.name FROM products AS a CROSS JOIN products AS b", f"[sku]  # guess: {JOINED}"),
        ("SELECT b.sku FROM products AS a JOIN products AS b ON b.sku = a.name", f"[sku]  # guess: {JOINED}"),
        ("SELECT sku, unnest(ARRAY[1, 2]) AS part FROM products", f"[sku]  # guess: {JOINED}"),
        ("SELECT sku, price FROM prices WHERE valid_from <= :export_date", f"[sku]  # guess: {JOINED}"),
        ("SELECT DISTINCT ON (sku) sku, price FROM prices ORDER BY sku, valid_from DESC", f"[sku]  # guess: {JOINED}"),
        ("WITH p AS MATERIALIZED (SELECT * FROM products) SELECT a.sku FROM p AS a CROSS JOIN p AS b", f"[sku]  # guess: {JOINED}"),
        ("SELECT sku, code FROM barcodes", "[sku]  # guess: the key, if none of it is ever null"),
        ("SELECT weight, count(*) AS goods FROM products GROUP BY weight", "[weight]  # guess: the key, if none of it is ever null"),
        ("SELECT code FROM barcodes", "[code]  # guess: the key, for no unique index is among the columns"),
        ("SELECT price, name FROM products", "[name]  # guess: the key, for no unique index is among the columns"),
        ("SELECT id FROM parents", "[id]  # guess: the key, for no unique index is among the columns"),
        ("SELECT sku FROM products UNION ALL SELECT sku FROM stock", "[sku]  # guess: the key, for no unique index is among the columns"),
        ("VALUES (1, 'a'), (2, 'b')", "[column1]  # guess: the key, for no unique index is among the columns"),
        ("TABLE products", "[sku]"),
        ("(SELECT 1.5::float8 AS x)", "[x]  # guess: the key, for no unique index is among the columns"),
    ],
)
def test_the_key_is_what_an_index_or_a_grouping_makes_unique(shop_database: Database, tmp_path: Path, query: str, said: str) -> None:
    assert key(drafted(shop_database, tmp_path, query)) == said


NAMES = [
    "Цена, руб.",
    "select",
    "y",
    "NO",
    "007",
    "1e3",
    "null",
    "~",
    "a: b",
    "a #b",
    "- a",
    "[x]",
    "{x}",
    "&a",
    "!a",
    "|",
    "'",
    'a"b',
    "a\\b",
    "%",
    "?",
]
MORE_NAMES = [
    "?column?",
    "name ",
    " name",
    "a\u00a0b",
    "a\u2028b",
    "\ufeffa",
    "🔩",
    "true",
    "2026-11-24",
    "a.b",
    "A B c_1",
    "@",
    "`",
    "key",
    "ё" * 31,
]


@pytest.mark.parametrize("name", NAMES + MORE_NAMES)
def test_any_name_that_a_column_may_have_is_written_so_that_it_is_read_again(shop_database: Database, tmp_path: Path, name: str) -> None:
    written = name.replace('"', '""')
    yaml = drafted(shop_database, tmp_path, f'SELECT sku AS "{written}", name FROM products')
    (loaded,) = load_price_lists(tmp_path, start=DAY, formats=FORMATS)
    assert isinstance(loaded, PriceList)
    assert [column.name for column in loaded.columns] == [name, "name"]
    assert loaded.key == (name,)
    assert all(letter.isprintable() or letter == "\n" for letter in yaml)


def test_names_that_only_capitals_tell_apart_get_headers(shop_database: Database, tmp_path: Path) -> None:
    yaml = drafted(shop_database, tmp_path, 'SELECT sku, name AS "Sku", name AS "SKU", name AS "sku (2)" FROM products')
    guess = "  # guess: the header, for Excel tells no capitals from small letters"
    assert columns(yaml) == {
        "sku": "{type: text}",
        "Sku": f'{{type: text, header: "Sku (2)"}}{guess}',
        "SKU": f'{{type: text, header: "SKU (3)"}}{guess}',
        '"sku (2)"': f'{{type: text, header: "sku (2) (2)"}}{guess}',
    }


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT 1, 2", r"shop\.sql: columns 1 and 2 are both named '\?column\?': give them names of their own \(AS …\)"),
        ("SELECT sku, name AS sku FROM products", "columns 1 and 2 are both named 'sku'"),
        ('SELECT sku, name AS "*" FROM products', r"shop\.sql: the query's columns make no price list: .*give the column another name in the SQL"),
        ('SELECT sku AS "a\uffffb" FROM products', r"U\+FFFF is no character"),
        ('SELECT sku AS "a\nb", name FROM products', "control character"),
    ],
)
def test_columns_that_no_price_list_can_have_are_refused(shop_database: Database, tmp_path: Path, query: str, said: str) -> None:
    with pytest.raises(Refused, match=said) as caught:
        drafted(shop_database, tmp_path, query)
    assert "/price-assets-" not in str(caught.value)
    assert not (tmp_path / "shop.yaml").exists()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT nothing FROM products", r"shop\.sql:1: Postgres refused the query: column \"nothing\" does not exist"),
        ("SELECT sku\nFORM products", r"shop\.sql:2: Postgres refused the query: syntax error"),
        ("SELECT FROM products", "the query gives no columns"),
    ],
)
def test_what_postgres_refuses_is_refused_with_file_and_line(shop_database: Database, tmp_path: Path, query: str, said: str) -> None:
    with pytest.raises(SourceRefused, match=said):
        drafted(shop_database, tmp_path, query)


def test_a_query_of_very_many_columns(shop_database: Database, tmp_path: Path) -> None:
    query = "SELECT sku, " + ", ".join(f"{number} AS c{number}" for number in range(1_599)) + " FROM products"
    assert len(columns(drafted(shop_database, tmp_path, query))) == 1_600
