"""Bad input, through the real command in this process: one clear line that says where, what and how to mend it, an exit code, and nothing left.

What each reader refuses in all its variety is told by the tests of `settings`, `strict_yaml`, `price_list_files`, `sql` and `describe`.
"""

import logging
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from price_assets.cli import main
from price_assets.settings import VARIABLES
from price_assets_tests.shop import DAY, NEXT_DAY, PRICE_LIST, QUERY, Shop

S = "550cd0706e3b"


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, and the last line on stderr without the time before it."""

    code: int
    said: str
    stdout: str


@dataclass(frozen=True)
class Command:
    """`price-assets` in this process, as if it were one of its own."""

    shop: Shop
    monkeypatch: pytest.MonkeyPatch

    @property
    def temporary(self) -> Path:
        return self.shop.folder / "tmp"

    def __call__(self, *arguments: str, **settings: str | None) -> Ended:
        wanted: dict[str, str | None] = {**self.shop.process_environment(LOG_FORMAT="text", TMPDIR=str(self.temporary)), **settings}
        at_exit: list[Callable[[], Any]] = []
        with self.monkeypatch.context() as process:
            process.delitem(sys.modules, "price_assets.definitions", raising=False)  # it reads the environment as it is imported
            process.setattr(tempfile, "tempdir", None)
            process.setattr(logging.getLogger(), "handlers", [])

            def register(end: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
                at_exit.append(partial(end, *args, **kwargs))

            process.setattr("price_assets.export.exporter.atexit", SimpleNamespace(register=register))
            done = CliRunner().invoke(main, arguments, env={**dict.fromkeys(os.environ), **wanted}, prog_name="price-assets")
            for end in reversed(at_exit):
                end()
        assert isinstance(done.exception, SystemExit | None), done.exception
        last = done.stderr.splitlines()[-1] if done.stderr else ""
        return Ended(done.exit_code, last.partition(" ERROR   ")[2] or last, done.stdout)

    @property
    def left(self) -> list[str]:
        """What there is in the storage and in the temp folder, but for the locks, which stay on purpose [ST8]."""
        places = (self.shop.storage, self.temporary)
        return sorted(str(path.relative_to(self.shop.folder)) for place in places for path in place.rglob("*") if ".locks" not in path.parts)


@pytest.fixture
def price_assets(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command, in the shop's folder."""
    command = Command(shop, monkeypatch)
    command.temporary.mkdir()
    monkeypatch.chdir(shop.folder)
    return command


def refused(price_assets: Command, *arguments: str, code: int = 2, **settings: str | None) -> str:
    """What is said of it; nothing is left anywhere."""
    before = price_assets.left
    ended = price_assets(*arguments, **settings)
    assert ended.code == code, ended
    assert price_assets.left == before
    return ended.said


# Variable → what is said where it is missing, empty, and malformed; None where that is none of these.
_NAME = "holds a control character; a line break at its end often comes from a file or from `echo` (use `printf`)."
_DEFAULT, _UNSET = "is empty: give it a value, or unset it for its default.", "is empty: give it a value, or unset it."
_BUCKET = "where files go: s3://bucket, gs://bucket, file:///folder, or the bare name of a bucket in S3."
SETTINGS: dict[str, tuple[str | None, str | None, tuple[str, str] | None]] = {
    "DB_HOST": (
        "Not set: DB_HOST. Set it to reach the source.",
        "DB_HOST is empty: give it a value, the host of the source.",
        ("db:5432", "DB_HOST is to be one host name or IP address and nothing else: port, user and password go to DB_PORT, DB_USER and DB_PASSWORD"),
    ),
    "DB_PORT": (None, f"DB_PORT {_DEFAULT}", ("54x2", "DB_PORT: '54x2' is no port: a number from 1 to 65535")),
    "DB_NAME": (
        "Not set: DB_NAME. Set it to reach the source.",
        "DB_NAME is empty: give it a value, the database.",
        ("shop\n", f"DB_NAME {_NAME}"),
    ),
    "DB_USER": (
        "Not set: DB_USER. Set it to reach the source.",
        "DB_USER is empty: give it a value, the role, which needs to read and nothing else.",
        ("reader\n", f"DB_USER {_NAME}"),
    ),
    # Any character may be in a password, and it may be empty.
    "DB_PASSWORD": ("Not set: DB_PASSWORD. Set it (to nothing, where the server asks for no password) to reach the source.", None, None),
    "DB_SSLMODE": (
        None,
        f"DB_SSLMODE {_DEFAULT}",
        ("required", "DB_SSLMODE: 'required' is not one of disable, prefer, require, verify-ca, verify-full; did you mean 'require'?"),
    ),
    "DB_SSLROOTCERT": (None, f"DB_SSLROOTCERT {_UNSET}", ("/nowhere/ca.crt", "DB_SSLROOTCERT: there is no file /nowhere/ca.crt")),
    "DB_SSLCERT": (None, f"DB_SSLCERT {_UNSET}", ("/nowhere/a.crt", "DB_SSLCERT: there is no file /nowhere/a.crt")),
    "DB_SSLKEY": (None, f"DB_SSLKEY {_UNSET}", ("/nowhere/a.key", "DB_SSLKEY: there is no file /nowhere/a.key")),
    "DB_STATEMENT_TIMEOUT": (
        None,
        f"DB_STATEMENT_TIMEOUT {_DEFAULT}",
        ("5 min", "DB_STATEMENT_TIMEOUT: '5 min' is no duration: write 30 or 30s, 5m, 1h30m"),
    ),
    "DB_CONNECT_TIMEOUT": (
        None,
        f"DB_CONNECT_TIMEOUT {_DEFAULT}",
        ("0", "DB_CONNECT_TIMEOUT: 0 is out of range: more than 0, at most 24 days"),
    ),
    "STORAGE_BUCKET": (
        f"STORAGE_BUCKET is not set: {_BUCKET}",
        f"STORAGE_BUCKET is empty: give it a value, {_BUCKET}",
        ("s3://shop/prices", "STORAGE_BUCKET is the bucket only; put the path into STORAGE_PREFIX (a folder is written as file:///folder)"),
    ),
    "STORAGE_PREFIX": (None, None, ("a//b", "STORAGE_PREFIX: 'a//b' holds '//', '.' or '..', which no key can hold on every storage")),
    "OUTPUT_FORMATS": (None, f"OUTPUT_FORMATS {_DEFAULT}", ("xslx", "OUTPUT_FORMATS: 'xslx' is not one of csv, xlsx; did you mean 'xlsx'?")),
    "EXPORT_TIMEZONE": (
        None,
        f"EXPORT_TIMEZONE {_DEFAULT}",
        ("Moscow", "EXPORT_TIMEZONE: 'Moscow' is no IANA time zone, such as Europe/Moscow; did you mean 'Europe/Moscow'?"),
    ),
    "EXPORT_START_DATE": (None, f"EXPORT_START_DATE {_DEFAULT}", ("01.02.2024", "EXPORT_START_DATE: '01.02.2024' is no date: write YYYY-MM-DD")),
    "RUN_DATE": (None, f"RUN_DATE {_UNSET}", ("2024-1-5", "RUN_DATE: '2024-1-5' is no date: write YYYY-MM-DD, here 2024-01-05")),
    "PRICE_LISTS_DIR": (None, f"PRICE_LISTS_DIR {_DEFAULT}", ("/nowhere", "PRICE_LISTS_DIR: there is no folder /nowhere")),
    "LOG_FORMAT": (None, f"LOG_FORMAT {_UNSET}", ("ecs", "LOG_FORMAT: 'ecs' is not one of text, json")),
    "EXPORT_AUTOMATION": (None, f"EXPORT_AUTOMATION {_DEFAULT}", ("no", "EXPORT_AUTOMATION: 'no' is not one of on, off")),
}


def test_every_setting_is_tried() -> None:
    assert list(SETTINGS) == [each.name for each in VARIABLES]


def test_a_setting_that_is_missing_empty_or_malformed_is_named_before_anything_is_connected_to(price_assets: Command) -> None:
    for name, (missing, empty, malformed) in SETTINGS.items():
        for value, said in ((None, missing), ("", empty), malformed or (None, None)):
            if said:
                settings: dict[str, Any] = {name: value}
                assert refused(price_assets, "export", **settings) == said
    assert not price_assets.shop.storage.exists()


_TAG, _ALIAS = (
    "tags (!) are not taken; what is text goes in quotes",
    "anchors and aliases (& and *) are not taken; write it out, or quote it where it is text",
)
_BOMB = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
# What stands there instead, of what in the list, what is said
YAML = [
    ("\tname: {", "  name: {", "11:1: a tab stands here; YAML wants spaces"),
    ("key:\t[sku]", "key: [sku]", "8:5: a tab stands here; YAML wants spaces"),
    ("key: [sku]\nkey: [name]", "key: [sku]", "9:1: key 'key' stands here again; line 8 has it already: keep one"),
    ("name:", "stock:", "13:3: key 'name' stands here again; line 11 has it already: keep one"),
    ("past_date:", "past_dates:", "7:1: unknown key 'past_date'; did you mean 'past_dates'?"),
    ("nulable:", "nullable:", "13:26: unknown key 'nulable'; did you mean 'nullable'?"),
    ("!!python/object/apply:os.system ['touch pwned']", "[sku]", f"8:6: {_TAG}"),
    ("!!binary aGVsbG8=", "[sku]", f"8:6: {_TAG}"),
    (f"{_BOMB}key: *i", "key: [sku]", f"8:4: {_ALIAS}"),
    ("NO", "Prices of the shop.", "3:14: 'description' wants text, not NO; quote it: \"NO\""),
    ("007", "Цена", "12:42: 'header' wants text, not 007; quote it: \"007\""),
    ("1e3", "0.01", "12:53: 'min' wants a number or a date (2026-01-31), not 1e3; write it as 1000"),
    ("[SE, NO]}", "text}", "11:16: 'type' wants text, not a list"),
    ("text, allowed: [SE, NO]}", "text}", "11:36: 'allowed' is to hold texts or whole numbers, not both; what is text goes in quotes"),
    ("key:[sku]", "key: [sku]", "8:1: a key is due here, and after it a colon and a space (key: value)"),
    ("[sku", "[sku]", "8:6: the list that begins here is not closed: a comma or ] is missing"),
    ("Prices: of", "Prices of", "3:20: a colon is not expected here: is this line indented too far, or does text with ': ' in it want quotes?"),
    ("2024-02-30", "2026-11-20", "6:8: 'start' wants a date (2026-01-31), not 2024-02-30"),
    ("2024-1-5", "2026-11-20", "6:8: 'start' wants a date (2026-01-31), not 2024-1-5"),
    ("01.02.2024", "2026-11-20", "6:8: 'start' wants a date (2026-01-31), not '01.02.2024'"),
]


def test_yaml_that_is_wrong_or_unclear_is_told_with_file_line_and_column(price_assets: Command) -> None:
    for wrong, right, said in YAML:
        assert right in PRICE_LIST
        price_assets.shop.write_list(PRICE_LIST.replace(right, wrong, 1))
        assert refused(price_assets, "export", "shop", "--date", DAY) == f"shop {DAY} refused: lists/shop.yaml:{said}"
    assert not price_assets.shop.storage.exists()  # nothing is connected to for the sake of a list that does not load
    assert not (price_assets.shop.folder / "pwned").exists()


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
        assert refused(price_assets, "export", "shop", "--date", DAY, DB_HOST="nowhere.invalid") == f"shop {DAY} refused: {said}"
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
        ':2: Postgres refused the query: column "stok" does not exist. Perhaps you meant to reference the column "prices.stock". (42703)',
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
        assert _without_run(refused(price_assets, "export", "shop", "--date", DAY)) == f"shop {DAY} refused: lists/prices.sql{said}"
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
        found = _without_run(refused(price_assets, "export", "shop", "--date", DAY))
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


USAGE = "Error: Invalid value for '--date': "
TODAY = datetime.now(UTC).date()
DATES = [
    (("--date", "2024-02-30"), f"{USAGE}'2024-02-30' is no date of the calendar."),
    (("--date", "2024-13-01"), f"{USAGE}'2024-13-01' is no date of the calendar."),
    (("--date", "2024-1-5"), f"{USAGE}'2024-1-5' is no date: write YYYY-MM-DD, here 2024-01-05."),
    (("--date", "20241105"), f"{USAGE}'20241105' is no date: write YYYY-MM-DD, here 2024-11-05."),
    (("--date", "01.02.2024"), f"{USAGE}'01.02.2024' is no date: write YYYY-MM-DD."),  # which of the two is the month is not for us to say
    (("--date", f" {DAY}"), f"{USAGE}' {DAY}' is no date: write YYYY-MM-DD, here {DAY}."),
    (("--date", ""), f"{USAGE}'' is no date: write YYYY-MM-DD."),
    (("--date", "today"), f"{USAGE}'today' is no date: write YYYY-MM-DD."),
    (("--date", "2999-01-01"), f"2999-01-01 lies in the future; the newest day is {TODAY}, today in UTC."),
    (("--from", "2999-01-01"), f"2999-01-01 lies in the future; the newest day is {TODAY}, today in UTC."),
    (("--from", DAY, "--to", "2999-01-01"), f"2999-01-01 lies in the future; the newest day is {TODAY}, today in UTC."),
    (("--from", NEXT_DAY, "--to", DAY), f"--from {NEXT_DAY} lies after --to {DAY}."),
    (("--to", DAY), "--to wants a --from."),
    (("--date", DAY, "--from", DAY), "--date goes without --from and --to."),
    (("shop", "--date", "2026-11-01"), "shop starts on 2026-11-20; 2026-11-01 lies before it."),
    (("shop", "--from", "2026-11-01", "--to", DAY), "shop starts on 2026-11-20; 2026-11-01 lies before it."),
    (("--date", "2026-11-01"), "No list has begun by 2026-11-01: the first starts on 2026-11-20."),
    (("shop ", "--date", DAY), "There is no price list 'shop '; did you mean 'shop'?"),
    (("", "--date", DAY), "There is no price list ''; there are shop."),
]


@pytest.mark.skipif(datetime.now(UTC) + timedelta(minutes=10) > datetime.combine(TODAY, datetime.max.time(), UTC), reason="the day is about to end")
def test_a_date_that_can_not_be_exported_is_refused_before_anything_is_connected_to(price_assets: Command) -> None:
    for arguments, said in DATES:
        assert refused(price_assets, "export", *arguments, DB_HOST="nowhere.invalid") == said
    said = f"2999-01-01 lies in the future; the newest day is {TODAY}, today in UTC."
    assert refused(price_assets, "export", DB_HOST="nowhere.invalid", RUN_DATE="2999-01-01") == said
    assert not price_assets.shop.storage.exists()


def test_a_past_day_of_a_list_that_knows_today_only_is_refused(price_assets: Command) -> None:
    price_assets.shop.write_list(PRICE_LIST.replace("past_dates: true\n", ""))
    assert _without_run(refused(price_assets, "export", "shop", "--date", DAY)) == (
        f"shop {DAY} refused: shop {DAY} is past and has published nothing, and the source knows today's prices only: "
        "it takes `past_dates: true` and SQL that honours :export_date to export a past day."
    )


_WANTED = ("--snapshot", S, "--reason", "x")
DECISIONS = [
    *((("accept", "shop", "--date", *arguments[1:], *_WANTED), said) for arguments, said in DATES[:8]),
    (("accept", "shop", "--date", "2026-11-01", *_WANTED), "shop starts on 2026-11-20; 2026-11-01 lies before it."),
    (("accept", "shop", *_WANTED), "Error: Missing option '--date'."),
    (("accept", "shop", "--date", DAY, "--snapshot", S), "Error: Missing option '--reason'."),
    (("accept", "shop", "--date", DAY, "--reason", "x"), "Error: Missing option '--snapshot'."),
    *(
        (
            ("accept", "shop", "--date", DAY, "--snapshot", text, "--reason", "x"),
            f"{text!r} is no snapshot's name, which has 12 hex digits: `price-assets history shop` names those of each day.",
        )
        for text in ("", "550cd0706e3", "550cd0706e3bb", "550cd0706e3g", "../../../etc", "wholesale")
    ),
    (("accept", "shop", "--date", DAY, "--snapshot", S, "--reason", " \n"), "'reason' says nothing: the register keeps who decided and why."),
    (("accept", "shop", "--date", DAY, *_WANTED, "--by", " "), "'by' says nothing: the register keeps who decided and why."),
    (("accept", "shop", "--date", DAY, "--snapshot", S, "--reason", "\x1b[2J"), "'reason' holds a control character: write plain text."),
    (("accept", "shpo", "--date", DAY, *_WANTED), "There is no price list 'shpo'; did you mean 'shop'?"),
    (("accept", "", "--date", DAY, *_WANTED), "There is no price list ''; there are shop."),
    (
        ("accept", "shop", "--date", DAY, *_WANTED, "--check", "formats"),
        "The check formats can't be accepted: the file would not hold the rows. Mend them, or leave the format out.",
    ),
    (("accept", "shop", "--date", DAY, *_WANTED, "--check", "row_cuont"), "shop has no check 'row_cuont'; did you mean 'row_count'?"),
    (
        ("accept", "shop", "--date", DAY, *_WANTED, "--check", ""),
        "shop has no check ''; it has columns, row_count, key, nulls, ranges, formats, withdrawn, source_time.",
    ),
    *((("withdraw", "shop", *arguments, "--reason", "x"), said) for arguments, said in DATES[:8]),
    (("withdraw", "shop", "--date", DAY, "--reason", "x"), f"shop {DAY} has published nothing, so there is nothing to withdraw."),
    (("withdraw", "shop", "--date", "2999-01-01", "--reason", "x"), "shop 2999-01-01 has published nothing, so there is nothing to withdraw."),
    (("withdraw", "shop", "--date", DAY, "--reason", ""), "'reason' says nothing: the register keeps who decided and why."),
    (("withdraw", "shop", "--date", DAY), "Error: Missing option '--reason'."),
    (("withdraw", "Shop", "--date", DAY, "--reason", "x"), "There is no price list 'Shop'; did you mean 'shop'?"),
    *((("history", "shop", *arguments), said) for arguments, said in DATES[:8]),
    (("history", " shop"), "There is no price list ' shop'; did you mean 'shop'?"),
    *(
        (("history", name), f"There is no price list {name!r}, and the storage knows of none; there are shop.")
        for name in ("", "../elsewhere", "/etc", "a\nb", "шоп")
    ),
    (("history", "shop", "shop"), "Error: Got unexpected extra argument (shop)"),
    (("histroy", "shop"), "Error: No such command 'histroy'. Did you mean 'history'?"),
]


def test_a_decision_or_a_look_back_that_is_ill_put_is_one_line_and_changes_nothing(price_assets: Command) -> None:
    elsewhere = price_assets.shop.folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "publications.json").write_text('{"price_list": "../elsewhere", "days": {"2026-11-24": {}}}')
    for arguments, said in DECISIONS:
        assert refused(price_assets, *arguments) == said
    unknown = refused(price_assets, "accept", "shop", "--date", DAY, *_WANTED)
    assert _without_run(unknown) == (
        f"shop {DAY} refused: {price_assets.shop.storage}/_snapshots/shop/{DAY}/{S}.parquet is not there: "
        f"no such snapshot of shop on {DAY} was stored; `price-assets history shop` names those that were."
    )


def test_a_user_without_a_name_is_asked_for_one(price_assets: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr("getpass.getuser", nameless)
    said = refused(price_assets, "withdraw", "shop", "--date", DAY, "--reason", "x")
    assert said == "The user of this machine has no name: say by --by who decided it."


def test_a_snapshot_s_name_may_be_pasted_with_white_space_and_a_reason_is_kept_as_one_line(price_assets: Command) -> None:
    price_assets.shop.database.execute("UPDATE prices SET price = -1 WHERE sku = '002'")
    assert price_assets("export", "shop", "--date", DAY).code == 3
    snapshot = price_assets.shop.register()["days"][DAY]["events"][0]["snapshot"]
    decided = ("--snapshot", f" {snapshot.upper()}\n", "--check", "ranges", "--check", "ranges", "--reason", " a return,\nasked Anna ", "--by", "Bo ")
    ended = price_assets("accept", "shop", "--date", DAY, *decided)
    assert ended.code == 0, ended
    event = price_assets.shop.register()["days"][DAY]["events"][-1]
    assert (event["event"], event["checks"], event["reason"], event["by"]) == ("accepted", ["ranges"], "a return, asked Anna", "Bo")


def _without_run(said: str) -> str:
    """Without the run's id, which is another each time."""
    before, _, after = said.partition(" [")
    return f"{before} {after.partition('] ')[2]}"
