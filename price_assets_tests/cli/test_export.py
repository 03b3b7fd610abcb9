"""`price-assets export` as a CronJob runs it: a process, its exit code, its table or JSON, its log."""

import json
import subprocess

import pytest

from price_assets_tests.shop import DAY, NEXT_DAY, PRICE_LIST, QUERY, Shop, log_lines


def test_a_day_is_published_and_the_table_says_where(shop: Shop) -> None:
    done = shop.run("export", "--date", DAY)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["list", "date", "outcome", "rows", "added", "removed", "repriced", "file", "size", "path"]
    assert lines[1].split()[:5] == ["shop", DAY, "published", "3", "csv"]
    assert lines[1].split()[-1] == str(shop.storage / "shop" / DAY / f"shop_{DAY}.csv")
    assert shop.copies(DAY) == shop.published(DAY)


def test_the_result_for_a_program_is_one_json_array_and_nothing_else(shop: Shop) -> None:
    (day,) = shop.export("--date", DAY)
    assert (day["price_list"], day["export_date"], day["outcome"], day["rows"]) == ("shop", DAY, "published", 3)
    assert [file["format"] for file in day["files"]] == ["csv", "xlsx"]
    assert day["files"][0]["bytes"] == len(shop.copies(DAY)["csv"])
    checks = ("columns", "row_count", "key", "nulls", "ranges", "formats", "withdrawn", "source_time")
    assert {check["check"]: check["passed"] for check in day["checks"]} == dict.fromkeys(checks, True)


def test_every_log_line_is_json_and_says_whose_it_is(shop: Shop) -> None:
    done = shop.run("export", "--date", DAY)
    lines = log_lines(done.stderr)
    assert lines
    for line in lines:
        assert line["price_assets"]["price_list"] == "shop"
        assert line["price_assets"]["export_date"] == DAY
        assert line["price_assets"]["run_id"] == shop.register()["days"][DAY]["events"][0]["run_id"]


def test_a_range_of_days_is_published_in_order_and_again_is_unchanged(shop: Shop) -> None:
    days = shop.export("--from", DAY, "--to", NEXT_DAY)
    assert [(day["export_date"], day["outcome"]) for day in days] == [(DAY, "published"), (NEXT_DAY, "published")]
    assert shop.register()["latest"] == NEXT_DAY
    assert [day["outcome"] for day in shop.export("--from", DAY, "--to", NEXT_DAY)] == ["unchanged", "unchanged"]


def test_an_older_day_never_moves_latest_back(shop: Shop) -> None:
    shop.export("--date", NEXT_DAY)
    latest = shop.copies("latest")
    shop.database.execute("UPDATE prices SET price = 4 WHERE sku = '001'")
    shop.export("--date", DAY)
    assert shop.copies("latest") == latest != shop.copies(DAY)


def test_run_date_is_the_day_and_an_option_beats_it(shop: Shop) -> None:
    assert shop.export(RUN_DATE=DAY)[0]["export_date"] == DAY
    assert shop.export("--date", NEXT_DAY, RUN_DATE=DAY)[0]["export_date"] == NEXT_DAY


def test_stored_rows_are_rendered_again_without_the_source(shop: Shop) -> None:
    shop.export("--date", DAY)
    shop.write_list(PRICE_LIST + "formats: {csv: {dialect: excel-semicolon}}\n")
    (day,) = shop.export("--date", DAY, "--from-snapshots", DB_HOST="nowhere.invalid")
    assert day["outcome"] == "published"
    assert shop.copies(DAY)["csv"].startswith("\ufeffАртикул;name;Цена;stock\r\n".encode())
    assert set(shop.copies(DAY)) == {"csv"}


def test_a_day_that_published_nothing_has_no_snapshot_to_render(shop: Shop) -> None:
    done = shop.run("export", "--date", DAY, "--from-snapshots")
    assert done.returncode == 2
    assert "has published nothing" in done.stderr


def test_blocked_rows_end_with_3_and_show_the_rows(shop: Shop) -> None:
    shop.database.execute("UPDATE prices SET price = -1 WHERE sku = '002'")
    done = shop.run("export", "--date", DAY, "--json")
    assert done.returncode == 3
    (day,) = json.loads(done.stdout)
    assert day["outcome"] == "blocked"
    (failed,) = [check for check in day["checks"] if not check["passed"]]
    assert failed["offending_rows"] == [{"key": "002", "column": "price", "value": "-1.00", "rule": "price below 0.01"}]
    assert "blocked by ranges: 1 of 3 rows has price below 0.01 (002 has price -1.00)" in log_lines(done.stderr)[-1]["message"]
    assert not shop.copies("latest")


def test_a_value_that_does_not_fit_ends_with_3_and_names_column_key_and_value(shop: Shop) -> None:
    shop.database.execute("ALTER TABLE prices ALTER price TYPE numeric; UPDATE prices SET price = 1.005 WHERE sku = '002'")
    done = shop.run("export", "--date", DAY)
    assert done.returncode == 3
    said = log_lines(done.stderr)[-1]["message"]
    assert all(part in said for part in ("price", "002", "1.005", "decimal(12,2)"))
    assert not shop.storage.joinpath("shop").exists()


def test_a_wrong_password_ends_with_2_and_is_not_repeated(shop: Shop) -> None:
    done = shop.run("export", "--date", DAY, DB_PASSWORD="guess-me")
    assert done.returncode == 2
    assert "password authentication failed" in done.stderr
    assert "guess-me" not in done.stderr + done.stdout
    assert shop.database.server.log.read_text(errors="replace").count("password authentication failed") >= 1


def test_a_source_that_does_not_answer_ends_with_1(shop: Shop) -> None:
    done = shop.run("export", "--date", DAY, DB_PORT="1")
    assert done.returncode == 1
    assert not shop.storage.joinpath("shop").exists()


def test_sql_that_postgres_refuses_ends_with_2_and_says_what_it_said(shop: Shop) -> None:
    shop.write_list(sql=QUERY.replace("stock FROM", "stok AS stock FROM"))
    done = shop.run("export", "--date", DAY)
    assert done.returncode == 2
    assert 'column "stok" does not exist' in log_lines(done.stderr)[-1]["message"]


def test_a_broken_list_breaks_only_itself(shop: Shop) -> None:
    shop.write_list(PRICE_LIST.replace("name: shop", "name: torn").replace("shop.sql", "torn.sql").replace("key:", "keys:"), name="torn")
    done = shop.run("export", "--date", DAY)
    assert done.returncode == 2
    assert "torn.yaml:8:1: unknown key 'keys'; did you mean 'key'?" in done.stderr
    assert shop.copies("latest")


def test_a_list_that_starts_later_holds_up_no_other(shop: Shop) -> None:
    shop.write_list(PRICE_LIST.replace("name: shop", "name: later").replace("2026-11-20", "2026-11-25"), name="later")
    assert [day["price_list"] for day in shop.export("--date", DAY)] == ["shop"]
    assert shop.run("export", "later", "--date", DAY).returncode == 2


def test_a_dagster_home_that_is_not_there_ends_with_2(shop: Shop) -> None:
    done = shop.run("export", "--date", DAY, DAGSTER_HOME=str(shop.folder / "nowhere"))
    assert done.returncode == 2
    assert "DAGSTER_HOME" in log_lines(done.stderr)[-1]["message"]


def test_of_several_lists_a_failure_that_a_retry_mends_wins(shop: Shop) -> None:
    shop.write_list(PRICE_LIST.replace("name: shop", "name: torn"), name="torn")
    done = shop.run("export", "--date", DAY, DB_PORT="1")
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shoop"], "There is no price list 'shoop'; did you mean 'shop'?"),
        (["shop", "--date", "2026-11-01"], "shop starts on 2026-11-20"),
        (["--date", "2026-11-01"], "No list has begun by 2026-11-01"),
        (["--date", "2999-01-01"], "lies in the future"),
        (["--date", DAY, "--from", DAY], "--date goes without --from and --to"),
        (["--to", DAY], "--to wants a --from"),
        (["--from", NEXT_DAY, "--to", DAY], f"--from {NEXT_DAY} lies after --to {DAY}"),
        (["--date", "2026-02-30"], "'2026-02-30' is no date of the calendar"),
        (["--date", "24.11.2026"], "'24.11.2026' is no date: write YYYY-MM-DD"),
        (["--date", "20261124"], "write YYYY-MM-DD, here 2026-11-24"),
    ],
)
def test_a_wrong_argument_is_one_line_and_ends_with_2_before_anything_is_connected_to(shop: Shop, arguments: list[str], message: str) -> None:
    done = shop.run("export", *arguments, DB_HOST="nowhere.invalid")
    assert done.returncode == 2
    assert message in done.stderr
    assert not shop.storage.exists()


@pytest.mark.parametrize("name", ["DB_HOST", "DB_NAME", "DB_USER", "DB_PASSWORD", "STORAGE_BUCKET"])
def test_a_missing_setting_is_named_and_ends_with_2(shop: Shop, name: str) -> None:
    del shop.environment[name]
    done = shop.run("export", "--date", DAY)
    assert done.returncode == 2
    assert name in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_runs_show_in_the_instance_of_dagster_home(shop: Shop) -> None:
    home = shop.folder / "home"
    home.mkdir()
    shop.export("--date", DAY, DAGSTER_HOME=str(home))
    assert (home / "history" / "runs").exists()


def test_nothing_is_left_in_the_temp_folder(shop: Shop) -> None:
    temporary = shop.folder / "tmp"
    temporary.mkdir()
    shop.export("--date", DAY, TMPDIR=str(temporary))
    assert not list(temporary.iterdir())


def test_settle_mends_a_copy_that_was_damaged(shop: Shop) -> None:
    shop.export("--date", DAY)
    (shop.storage / "shop" / "latest" / "shop.csv").write_bytes(b"damaged")
    done: subprocess.CompletedProcess[str] = shop.run("settle")
    assert done.returncode == 0, done.stderr
    assert "shop: " in done.stdout
    assert shop.copies("latest") == shop.published(DAY)
    assert shop.run("settle").stdout == "shop: nothing to do\n"
