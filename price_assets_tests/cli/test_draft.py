"""`price-assets draft`, as whoever has a SQL file and a database meets it."""

from pathlib import Path

import pytest

from price_assets_tests.cli.in_process import Ended, run
from price_assets_tests.shop import PRICE_LIST, Shop

QUERY = "SELECT sku, name, price, stock FROM prices WHERE valid_on <= :export_date ORDER BY sku\n"


@pytest.fixture
def file(shop: Shop) -> Path:
    """A SQL file without its YAML."""
    path = shop.folder / "lists" / "retail.sql"
    path.write_text(QUERY)
    return path


def draft(shop: Shop, *arguments: str, **changes: str | None) -> Ended:
    """With what reaches the source, and nothing else."""
    alone: dict[str, str | None] = {name: None for name in shop.environment if not name.startswith("DB_")} | {"LOG_FORMAT": "text"}
    return run(shop, "draft", *arguments, **alone | changes)


def files(shop: Shop) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (shop.folder / "lists").iterdir()}


def test_a_price_list_takes_a_query_and_a_database(shop: Shop, file: Path) -> None:
    shop.database.execute("ALTER TABLE prices ADD PRIMARY KEY (sku), ALTER name SET NOT NULL")
    done = draft(shop, str(file), "--date", "2026-11-24")
    assert (done.code, done.out) == (0, f"{file.with_suffix('.yaml')}: 4 columns, key sku, no guess\n")
    assert done.err == f"Next: export PRICE_LISTS_DIR={file.parent}; price-assets preview retail\n"
    assert file.with_suffix(".yaml").read_text().splitlines()[1:] == [
        "name: retail",
        "sql: retail.sql",
        "start: 2026-11-24",
        "past_dates: true",
        "key: [sku]",
        "columns:",
        "  sku:   {type: text}",
        "  name:  {type: text}",
        '  price: {type: "decimal(12,2)", nullable: true}',
        "  stock: {type: integer, nullable: true}",
    ]
    previewed = run(shop, "preview", "retail", "--date", "2026-11-24", STORAGE_BUCKET=None)
    assert previewed.code == 0, previewed.err


def test_where_price_lists_are_found_is_said_where_they_are_not(shop: Shop, file: Path) -> None:
    assert draft(shop, str(file), PRICE_LISTS_DIR=str(file.parent)).err == "Next: price-assets preview retail\n"


@pytest.mark.parametrize("suffix", [".yaml", ".yml"])
def test_what_is_there_is_never_overwritten(shop: Shop, file: Path, suffix: str) -> None:
    file.with_suffix(suffix).write_text(PRICE_LIST)
    before = files(shop)
    done = draft(shop, str(file), DB_PORT="1")
    assert (done.code, files(shop)) == (2, before)
    assert f"retail{suffix} is there already, and is never overwritten: move it away to draft anew." in done.err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Прайс.sql", "rename it, price_list.sql for instance."),
        ("price-list 2026.sql", "small letters, digits and _, a letter first: rename it, price_list_2026.sql for instance."),
        ("Retail.sql", "rename it, retail.sql for instance."),
        ("2026.sql", "rename it, price_list.sql for instance."),
        ("retail.txt", "a draft is made from a file *.sql with one SELECT in it."),
    ],
)
def test_a_file_whose_name_no_price_list_can_have_is_refused_before_anything_is_connected_to(shop: Shop, file: Path, name: str, said: str) -> None:
    path = file.with_name(name)
    path.write_text(QUERY)
    before = files(shop)
    done = draft(shop, str(path), DB_PORT="1")
    assert (done.code, files(shop)) == (2, before)
    assert said in done.err


def test_a_file_that_is_not_there_is_refused(shop: Shop) -> None:
    done = draft(shop, str(shop.folder / "nothing.sql"))
    assert done.code == 2
    assert f"There is no file {shop.folder / 'nothing.sql'}." in done.err


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "retail.sql:1: there is no query in it"),
        ("SELECT 1; SELECT 2", "retail.sql:1: a second statement begins here"),
        ("DELETE FROM prices", "retail.sql:1: a query starts with SELECT"),
        ("SELECT sku FROM prices WHERE valid_on = :day", "retail.sql:1: unknown parameter ':day'"),
        ("SELECT sku FROM nowhere", 'relation "nowhere" does not exist'),
        ("WITH gone AS (DELETE FROM prices RETURNING sku) SELECT sku FROM gone", "data-modifying"),
        ("SELECT 1 AS a, 2 AS a", "columns 1 and 2 are both named 'a'"),
    ],
)
def test_a_query_that_is_none_leaves_nothing_behind(shop: Shop, file: Path, query: str, said: str) -> None:
    file.write_text(query)
    before = files(shop)
    done = draft(shop, str(file))
    assert (done.code, files(shop), len(done.err.splitlines())) == (2, before, 1), done.err
    assert said in done.err
    assert shop.database.execute("SELECT count(*) FROM prices") == [(3,)]


def test_a_table_that_the_role_may_not_read_is_told_now(shop: Shop, file: Path) -> None:
    role = f"{shop.database.name}_nobody"
    shop.database.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'k4n@ry'")
    done = draft(shop, str(file), DB_USER=role, DB_PASSWORD="k4n@ry")
    assert done.code == 2
    assert "retail.sql: Postgres refused the query: permission denied for table prices" in done.err
    assert "k4n@ry" not in done.err + done.out


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"DB_HOST": None}, 2, "Not set: DB_HOST."),
        ({"DB_PASSWORD": "k4n@ry"}, 2, "password authentication failed"),
        ({"DB_PORT": "1"}, 1, "does not answer"),
        ({"EXPORT_TIMEZONE": "Moscow"}, 2, "EXPORT_TIMEZONE: 'Moscow' is no IANA time zone"),
    ],
)
def test_a_source_that_is_not_reached_is_one_line_and_its_own_code(
    shop: Shop, file: Path, changes: dict[str, str | None], code: int, said: str
) -> None:
    done = draft(shop, str(file), **changes)
    assert (done.code, len(done.err.splitlines())) == (code, 1), done.err
    assert said in done.err
    assert "k4n@ry" not in done.err + done.out
    assert not file.with_suffix(".yaml").exists()
