from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, LiteralString, cast

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from price_assets.demo.server import Server
from price_assets.errors import PriceListError
from price_assets.export.sql import scan
from price_assets_tests.servers.postgres import connect

DAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def postgres(postgres_server: Server) -> Iterator[psycopg.Connection[Any]]:
    with connect(postgres_server, postgres_server.database) as connection:
        yield connection


RENDERED = "DATE '2026-11-24'"

# {} stands for the parameter; whatever else looks like one is to stay as it is. [PJ6]
LEFT_ALONE = [
    "SELECT ':export_date', {}",
    "SELECT 'it''s :export_date', {}",
    "SELECT ''':export_date', {}",
    "SELECT '\\', {}, '\\'",
    "SELECT 'a'\n':export_date', {}",
    "SELECT '--', {}",
    "SELECT '/*', {}, '*/'",
    "SELECT '$$', {}, '$$'",
    "SELECT E'\\':export_date', {}",
    "SELECT e'\\\\', {}, '\\'",
    "SELECT E'a'':export_date\\\\', {}",
    "SELECT E'a' -- it goes on\n  '\\':export_date', {}",
    "SELECT E'a'\n\n-- and on\n'\\':export_date', {}",
    "SELECT E'a' /* no continuation */, '\\', {}, '\\'",
    "SELECT date'2026-01-01', '\\', {}, '\\'",
    "SELECT some_e'\\', {}, '\\'",
    "SELECT U&'\\0441:export_date', {}",
    "SELECT U&'\\', {}, U&'\\'",
    "SELECT U&'d!0061:export_date' UESCAPE '!', {}",
    "SELECT B'101', b':export_date', {}",
    "SELECT X'1F', x':export_date', {}",
    "SELECT N'ü:export_date', {}",
    'SELECT 1 AS ":export_date", {}',
    'SELECT 1 AS "a"":export_date", {}',
    'SELECT 1 AS "it\'s", {}',
    'SELECT 1 AS U&"d\\0061:export_date", {}',
    "SELECT {} -- :export_date\n, 1",
    "SELECT {} -- it's\n, 1",
    "SELECT {} -- :export_date\r, {}",
    "SELECT {} -- /*\n, {}",
    "SELECT /* :export_date */ {}",
    "SELECT /* it's */ {}",
    "SELECT /* a /* b */ :export_date */ {}",
    "SELECT /*/ :export_date */ {}",
    "SELECT /* :export_date **/ {}",
    "SELECT /* -- */ {}",
    "SELECT 4 */* :export_date */ 2, {}",
    "SELECT 4 -- :export_date */\n, {}",
    "SELECT $$ :export_date $$, {}",
    "SELECT $a$ :export_date $$ $b$ ' $a$, {}",
    "SELECT $цена$ :export_date $цена$, {}",
    "SELECT $a$ $a :export_date $a$, {}",
    "SELECT $$ $x$$, {}, $$ $$",
    "SELECT a$b$c, {}, a$b$c",
    "SELECT a$$, {}, b$$",
    "SELECT '1'::date, {}",
    "SELECT x::export_date, {}",
    "SELECT x :: export_date, {}",
    "SELECT f(a := 1, b:=2, c := {})",
    "SELECT f(a := b, c => {})",
    "SELECT a[1:2], {}",
    "SELECT a[1:n], a[lo:hi], a[:hi], a[lo:], a[:], {}",
    "SELECT a[f(1):g(n)], a[b[1]:b[n]], {}",
    "SELECT a['1':n], a[\"lo\":hi], {}",
    "SELECT value[1:n], {}",
    "SELECT a[1:export_date], a[lo:export_date], a[b[1]:export_date], {}",
    "SELECT a[1::int:n], {}",
    "SELECT ('{{1}}'::int[])[1:n], {}",
    "SELECT JSON_OBJECT('k':v, k2:v2, 'k' || 1:f(v), 'd':{})".replace(":{}", ": {}"),
    "SELECT json_object('k':E'\\':export_date'), {}",
    "SELECT JSON_OBJECTAGG(k:v), {}",
    "SELECT JSON_OBJECT('k':export_date), {}",
    "SELECT a @> b, a <@ b, a ~= b, a <#> b, a ?| b, a #>> b, {}",
    "SELECT a ? ':export_date', {}",
    "SELECT 10 % 3, '%s', '%(export_date)s', {}",
    "SELECT 1e10, 0x1F, 1_000, .5, 1., {}",
    "SELECT \u00a0, {}",
    "SELECT İ, a[İ:İ], {}",
]
PARAMETERS = [
    "SELECT {}",
    "SELECT {}::text",
    "SELECT d={}",
    "SELECT (d>={})AND d<{}",
    "SELECT ({})",
    "SELECT {}-1,{}+1",
    "SELECT -- why\n{}",
    "SELECT a[{} - DATE '2026-01-01']",
    "SELECT a[1: {} - DATE '2026-01-01']",
    "SELECT a[CASE WHEN {} > d THEN 1 ELSE 2 END:n]",
    "SELECT a[f({}):n]",
    "SELECT ARRAY[{}, {}]",
    "SELECT ARRAY[[{}], [{}]]",
    "SELECT JSON_OBJECT('k' : {})",
    "SELECT JSON_OBJECT('k' VALUE {})",
    "SELECT JSON_OBJECT('k' : f({}), CASE WHEN {} = d THEN 'a' ELSE 'b' END : v)",
    "SELECT * FROM f({}) WHERE d BETWEEN {} AND {}",
    "(SELECT {}) UNION (SELECT {})",
    "WITH a AS (SELECT {}) SELECT * FROM a",
    "VALUES ({})",
]


@pytest.mark.parametrize("template", [*LEFT_ALONE, *PARAMETERS])
def test_the_parameter_is_replaced_where_it_is_one_and_nowhere_else(template: str) -> None:
    query = scan(template.replace("{}", ":export_date"), "a.sql")
    assert query.render(DAY) == template.replace("{}", RENDERED)
    assert query.has_export_date


def test_a_word_glued_to_the_parameter_stays_a_word() -> None:
    assert scan("SELECT d>'x'AND:export_date<d", "a.sql").render(DAY) == "SELECT d>'x'AND DATE '2026-11-24'<d"


@pytest.mark.parametrize("sql", ["SELECT 1", "SELECT ':export_date'", "TABLE prices", "SELECT 1 -- :export_date"])
def test_a_query_without_the_parameter_is_rendered_as_it_is(sql: str) -> None:
    query = scan(sql, "a.sql")
    assert not query.has_export_date
    assert query.render(DAY) == sql


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT 1;", "SELECT 1"),
        ("\ufeffSELECT 1", "SELECT 1"),
        ("SELECT 1 ; ;\n-- done\n; /* ; */", "SELECT 1 "),
        ("SELECT ';' -- ;\n;", "SELECT ';' -- ;\n"),
        (";SELECT :export_date;", "SELECT :export_date"),
        ("-- a comment\n/* and /* another */ */\nselect 1", "-- a comment\n/* and /* another */ */\nselect 1"),
        ("With a AS (SELECT 1) TABLE a", "With a AS (SELECT 1) TABLE a"),
        ("((VALUES (1)))", "((VALUES (1)))"),
    ],
)
def test_one_query_is_taken_without_its_semicolon_and_byte_order_mark(sql: str, text: str) -> None:
    query = scan(sql, "a.sql")
    assert query.text == text
    assert query.render(DAY) == text.replace(":export_date", RENDERED)


@pytest.mark.parametrize(
    ("sql", "ordered"),
    [
        ("SELECT a FROM t ORDER BY a", True),
        ("select a from t order\n/* by */\nby a limit 3", True),
        ("SELECT a FROM t UNION SELECT a FROM u ORDER BY 1;", True),
        ("SELECT (SELECT 1) FROM t ORDER BY f(a)", True),
        ("SELECT a FROM (SELECT a FROM t ORDER BY a) q", False),
        ("(SELECT a FROM t ORDER BY a)", False),
        ("SELECT row_number() OVER (ORDER BY a) FROM t", False),
        ("SELECT array_agg(a ORDER BY a) FROM t", False),
        ("SELECT ARRAY[(SELECT 1 ORDER BY 1)]", False),
        ("SELECT 'ORDER BY' -- ORDER BY\n/* ORDER BY */", False),
        ('SELECT "order" by FROM t', False),
        ("SELECT $$ ORDER BY $$", False),
        ("SELECT orders, by_order FROM t", False),
    ],
)
def test_an_order_by_counts_at_the_top_level_only(sql: str, ordered: bool) -> None:  # noqa: FBT001
    assert scan(sql, "a.sql").ordered is ordered


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("", "a.sql:1: there is no query in it"),
        (" -- nothing\n/* at all */ ;", "a.sql:1: there is no query in it"),
        ("SELECT 1;\n\nSELECT 2", "a.sql:3: a second statement begins here; a price list is one query"),
        ("SELECT 1; DROP TABLE prices; --", "a.sql:1: a second statement begins here; a price list is one query"),
        ("-- the prices\nUPDATE t SET a = 1", "a.sql:2: a query starts with SELECT, WITH, VALUES, TABLE or a parenthesis, not with 'UPDATE'"),
        ("EXPLAIN SELECT 1", "a.sql:1: a query starts with SELECT, WITH, VALUES, TABLE or a parenthesis, not with 'EXPLAIN'"),
        ('"select" 1', "a.sql:1: a query starts with SELECT, WITH, VALUES, TABLE or a parenthesis, not with '\"select\"'"),
        ("SELECT\n:exportdate", "a.sql:2: unknown parameter ':exportdate'; did you mean ':export_date'?"),
        ("SELECT :EXPORT_DATE", "a.sql:1: unknown parameter ':EXPORT_DATE'; did you mean ':export_date'?"),
        ("SELECT :export_date_2", "a.sql:1: unknown parameter ':export_date_2'; did you mean ':export_date'?"),
        ("SELECT :brand", "a.sql:1: unknown parameter ':brand'; the only one is ':export_date'"),
        ("SELECT :İ ", "a.sql:1: unknown parameter ':İ'; the only one is ':export_date'"),
        ("SELECT ARRAY[1, :n]", "a.sql:1: unknown parameter ':n'; the only one is ':export_date'"),
        ("SELECT a[f(:n)]", "a.sql:1: unknown parameter ':n'; the only one is ':export_date'"),
        ("SELECT $1", "a.sql:1: unknown parameter '$1'; the only one is ':export_date'"),
        ("SELECT $1:x, $1", "a.sql:1: unknown parameter '$1'; the only one is ':export_date'"),
        ("SELECT\n'abc", "a.sql:2: the string that begins here never ends"),
        ("SELECT E'abc\\'", "a.sql:1: the string that begins here never ends"),
        ("SELECT E'a'\n'b\\'", "a.sql:1: the string that begins here never ends"),
        ('SELECT "abc', "a.sql:1: the quoted name that begins here never ends"),
        ("SELECT $a$ $b$", "a.sql:1: the dollar-quoted string that begins here never ends"),
        ("SELECT 1\n/* /* */", "a.sql:2: the comment that begins here never ends"),
        ("SELECT (1", "a.sql:1: '(' is never closed"),
        ("SELECT 1)\nAS q; DROP TABLE t", "a.sql:1: ')' closes nothing that is open"),
        ("SELECT (a[1)]", "a.sql:1: ')' closes nothing that is open"),
    ],
)
def test_what_postgres_would_refuse_is_refused_with_its_line(sql: str, message: str) -> None:
    with pytest.raises(PriceListError) as caught:
        scan(sql, "a.sql")
    assert str(caught.value) == message


# Each stands alone between others, and holds :export_date only as something else.
PIECES = [
    *("':export_date'", "'it''s'", "E'\\':export_date'", "E'\\\\'", "U&'\\'", "B'1'", '":export_date"', '"a"":b"', "$$:x$$", "$a$ $$ :x $a$"),
    *("/* ' */", "/* /* */ :export_date */", "-- ' :export_date\n", "::", ":=", "a$b$c", "1e5", "<@", "#>>", "*", "(", ")", "цена", "\n", "%"),
]


@given(st.lists(st.sampled_from([*PIECES, "{}"])))
def test_whatever_stands_beside_it_the_parameter_is_found(pieces: list[str]) -> None:
    if pieces.count("(") != pieces.count(")"):
        pieces = [piece for piece in pieces if piece not in ("(", ")")]
    template = " ".join(["SELECT", "(" * pieces.count(")"), *pieces, ")" * pieces.count("(")])
    assert scan(template.replace("{}", ":export_date"), "a.sql").render(DAY) == template.replace("{}", RENDERED)


@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("SELECT :export_date, ':export_date'", (DAY, ":export_date")),
        ("SELECT (1=1)AND:export_date>'2026-01-01'", (True,)),
        ("SELECT :export_date::text || E'\\':export_date'", ("2026-11-24':export_date",)),
        ("SELECT E'a' -- on\n'\\':export_date', :export_date", ("a':export_date", DAY)),
        ("SELECT '\\', :export_date, '\\'", ("\\", DAY, "\\")),
        ("SELECT U&'\\0441:export_date', :export_date", ("с:export_date", DAY)),
        ("SELECT $a$:export_date$$'$a$, :export_date", (":export_date$$'", DAY)),
        ("SELECT /* a /* b */ :export_date */ :export_date", (DAY,)),
        ("SELECT 4 */* :export_date */ 2", (8,)),
        ("SELECT (ARRAY[7,8,9])[n:m] FROM (VALUES (1, 2)) AS v(n, m)", ([7, 8],)),
        ("SELECT (ARRAY[7,8,9])[:m] FROM (VALUES (2)) AS v(m)", ([7, 8],)),
        ("SELECT (ARRAY[7,8,9])[1:export_date] FROM (VALUES (2)) AS v(export_date)", ([7, 8],)),
        ("SELECT (ARRAY[7,8,9])[:export_date - DATE '2026-11-22']", (8,)),
        ("SELECT (ARRAY[7,8,9])[1: :export_date - DATE '2026-11-22']", ([7, 8],)),
        ("SELECT ARRAY[[:export_date], [:export_date]]", ([[DAY], [DAY]],)),
        ("SELECT JSON_OBJECT('k':v, 'd': :export_date) FROM (VALUES (1)) AS t(v)", ({"k": 1, "d": "2026-11-24"},)),
        ("SELECT JSON_OBJECT('k':E'a\\':export_date')", ({"k": "a':export_date"},)),
        ("SELECT JSON_OBJECTAGG(k:v) FROM (VALUES ('a', 1)) AS t(k, v)", ({"a": 1},)),
        ('SELECT ":export_date" FROM (VALUES (1)) AS t(":export_date")', (1,)),
        ("SELECT a$b$c FROM (VALUES (1)) AS t(a$b$c)", (1,)),
        ("SELECT 1 AS \u00a0", (1,)),
        ("SELECT make_date(year := 2026, month:=11, day => 24) = :export_date", (True,)),
        ("SELECT 12.50 % 5;; -- done", (Decimal("2.50"),)),
        ("; VALUES (:export_date)", (DAY,)),
        ("SELECT :export_date\r-- :export_date\r, 1", (DAY, 1)),
    ],
)
def test_postgres_reads_it_as_the_scanner_does(postgres: psycopg.Connection[Any], sql: str, row: tuple[object, ...]) -> None:
    assert postgres.execute(cast("LiteralString", scan(sql, "a.sql").render(DAY))).fetchall() == [row]


@pytest.mark.parametrize(
    "sql", ["SELECT (1", "SELECT 1)", "SELECT 'a", "SELECT E'a\\'", "SELECT $a$ $b$", "SELECT 1 /* /* */", "UPDATE t SET a = 1", "-- x"]
)
def test_what_the_scanner_refuses_postgres_refuses(postgres: psycopg.Connection[Any], sql: str) -> None:
    with pytest.raises(PriceListError):
        scan(sql, "a.sql")
    with pytest.raises(psycopg.Error):
        postgres.execute(cast("LiteralString", f"SELECT * FROM (\n{sql}\n) AS q"))
