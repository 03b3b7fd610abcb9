"""A price list, looked at before anything of it is stored: by a newcomer who tries it, and by the one on call."""

import json
import signal
import subprocess
import sys

import pytest

from price_assets.export.exporter import Exporter
from price_assets_tests.cli.in_process import publish, run
from price_assets_tests.cli.test_decisions import CAREFUL
from price_assets_tests.cli.test_stopping import ENDLESS, running_queries, until
from price_assets_tests.shop import DAY, NEXT_DAY, PRICE_LIST, QUERY, Shop, command

FIRST_DAY = """\
shop 2026-11-24: 3 rows as of TIME:

sku      name                price    stock
Артикул                       Цена
text     text        decimal(12,2)  integer
001      Болт, "М8"          10.50        7
002      Гайка 🔩             1.05     NULL
003      ""                  99.99        0

check                found
columns      passed  no published day is there to compare with
row_count    passed  3 rows where at least 1 must be
key          passed  all 3 rows are right
nulls        passed  all 3 rows are right
ranges       passed  all 3 rows are right
formats      passed  all 3 rows are right
withdrawn    passed  these rows were not withdrawn
source_time  passed  the source's clock runs on

No day before 2026-11-24 is published: there is nothing to compare with.

An export would publish this: price-assets export shop --date 2026-11-24
"""


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def everything(shop: Shop) -> dict[str, bytes]:
    """What stands in the storage, lock files too."""
    return {str(path): path.read_bytes() for path in shop.storage.rglob("*") if path.is_file()}


def test_a_first_day_says_so_and_shows_typed_rows_and_every_check(shop: Shop) -> None:
    done = run(shop, "preview", "shop", "--date", DAY)
    assert done.code == 0, done.err
    first, *rest = lines(done.out)
    assert first.startswith("shop 2026-11-24: 3 rows as of 20")
    assert first.endswith(" UTC:")
    assert rest == FIRST_DAY.splitlines()[1:]


def test_nothing_is_left_behind_and_dagster_is_not_even_loaded(shop: Shop) -> None:
    temporary = shop.folder / "tmp"
    temporary.mkdir()
    code = f"""
import sys, atexit
atexit.register(lambda: print("dagster" in sys.modules))
from price_assets.cli import main
main(["preview", "shop", "--date", "{DAY}"])
"""
    environment = shop.process_environment(TMPDIR=str(temporary))
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
    assert not shop.storage.exists()
    assert not list(temporary.iterdir())


def test_a_day_that_would_be_blocked_ends_with_3_and_leaves_no_event(shop: Shop) -> None:
    shop.write_list(CAREFUL)
    publish(shop, DAY)
    shop.database.execute("UPDATE prices SET price = price * 3 WHERE sku <> '001'; UPDATE prices SET price = -1 WHERE sku = '001'")
    before = everything(shop)
    done = run(shop, "preview", "shop", "--date", NEXT_DAY)
    assert (done.code, everything(shop)) == (3, before)
    out = lines(done.out)
    assert "ranges        failed  1 of 3 rows has price below 0.01" in out
    assert f"price_change  failed  3 of 3 keys (100.0 %) moved by more than 50 % since {DAY}, where at most 10 % may" in out
    place = out.index("What fails ranges, all:")
    assert [line.split() for line in out[place + 1 : place + 3]] == [
        ["key", "column", "value", "what", "is", "wrong"],
        ["001", "price", "-1.00", "price", "below", "0.01"],
    ]
    assert f"Against {DAY}, the published day before:" in out
    assert "0 added, 0 removed, 3 repriced, of 3 in both." in out
    assert out[-1].startswith(
        "An export would be blocked by ranges, price_change. Mend the rows in the source, or the list's rules; or, if they are "
    )


def test_what_would_change_is_told_with_before_after_and_distance(shop: Shop) -> None:
    publish(shop, DAY)
    shop.database.execute("UPDATE prices SET price = 2.10 WHERE sku = '002'; UPDATE prices SET sku = '004' WHERE sku = '003'")
    done = run(shop, "preview", "shop", "--date", NEXT_DAY, "--rows", "1")
    assert done.code == 0, done.err
    out = lines(done.out)
    assert out[0].endswith(", the first:")
    assert not [line for line in out if line.startswith("002  ") and "Гайка" in line]
    assert "1 added, 1 removed, 1 repriced, of 2 in both." in out
    place = out.index("The move:")
    assert [line.split() for line in out[place + 1 : place + 3]] == [
        ["key", "column", "before", "after", "distance"],
        ["002", "price", "1.05", "→", "2.10", "+100.0", "%"],
    ]


def test_without_rows_no_row_is_shown(shop: Shop) -> None:
    assert "Болт" not in run(shop, "preview", "shop", "--date", DAY, "--rows", "0").out
    shop.database.execute("DELETE FROM prices")
    done = run(shop, "preview", "shop", "--date", DAY)
    assert done.code == 3
    assert "row_count    failed  0 rows where at least 1 must be" in lines(done.out)


def test_the_same_again_is_unchanged_and_another_header_would_be_published(shop: Shop) -> None:
    publish(shop, DAY)
    before = everything(shop)
    unchanged = run(shop, "preview", "shop", "--date", DAY)
    shop.write_list(PRICE_LIST.replace("Цена", "Preis"))
    changed = run(shop, "preview", "shop", "--date", DAY)
    assert (unchanged.code, lines(unchanged.out)[-1]) == (0, "An export would change nothing: this is what the day has published.")
    assert (changed.code, lines(changed.out)[-1]) == (0, f"An export would publish this: price-assets export shop --date {DAY}")
    assert everything(shop) == before


def test_published_rows_that_a_check_would_block_are_noted_and_pass(shop: Shop) -> None:
    publish(shop, DAY)
    shop.write_list(PRICE_LIST + "checks: {row_count: {min: 5}}\n")
    done = run(shop, "preview", "shop", "--date", DAY)
    assert done.code == 0
    assert [line for line in lines(done.out) if line.startswith("row_count")] == [
        "row_count    noted   3 rows where at least 5 must be. These rows are published already, so the check does not block them."
    ]


def test_withdrawn_rows_would_be_blocked(shop: Shop) -> None:
    publish(shop, DAY)
    assert run(shop, "withdraw", "shop", "--date", DAY, "--reason", "wrong").code == 0
    done = run(shop, "preview", "shop", "--date", DAY)
    assert done.code == 3
    assert "An export would be blocked by withdrawn." in done.out


def test_a_past_day_of_a_list_without_past_dates_shows_what_it_has_published(shop: Shop) -> None:
    publish(shop, DAY)
    shop.write_list(PRICE_LIST.replace("past_dates: true", "past_dates: false"))
    shop.database.execute("UPDATE prices SET price = 5")
    done = run(shop, "preview", "shop", "--date", DAY)
    assert (done.code, "10.50" in done.out) == (0, True)
    refused = run(shop, "preview", "shop", "--date", "2026-11-23")
    assert refused.code == 2
    assert "shop 2026-11-23 is past and has published nothing" in refused.err


def test_expired_rows_are_no_reason_to_stay_silent(shop: Shop) -> None:
    publish(shop, DAY)
    for stored in (shop.storage / "_snapshots").rglob("*.parquet"):
        stored.unlink()
    shop.database.execute("UPDATE prices SET price = 5")
    done = run(shop, "preview", "shop", "--date", NEXT_DAY)
    assert done.code == 0
    assert f"The rows of {DAY}, the published day before, are no longer stored: there is nothing to compare with." in done.out


def test_a_newcomer_without_a_storage_sees_a_first_day(shop: Shop) -> None:
    done = run(shop, "preview", "shop", "--date", DAY, STORAGE_BUCKET=None)
    assert done.code == 0, done.err
    assert "Гайка" in done.out
    assert lines(done.out)[-1] == "STORAGE_BUCKET is not set, so this was shown as a first day. Once it is set, an export would publish it."
    shop.database.execute("UPDATE prices SET price = -1")
    assert run(shop, "preview", "shop", "--date", DAY, STORAGE_BUCKET=None).code == 3


def test_for_a_program_all_of_it_is_json_and_a_decimal_is_text(shop: Shop) -> None:
    shop.write_list(CAREFUL)
    publish(shop, DAY)
    shop.database.execute("UPDATE prices SET price = price * 3 WHERE sku <> '001'")
    done = run(shop, "preview", "shop", "--date", NEXT_DAY, "--json", "--rows", "2")
    told = json.loads(done.out)
    assert (done.code, told["outcome"], told["price_list"], told["export_date"], told["rows"]) == (3, "blocked", "shop", NEXT_DAY, 3)
    assert told["source_time"].endswith("Z")
    assert told["columns"][2] == {"name": "price", "type": "decimal(12,2)", "header": "Цена"}
    assert told["first_rows"] == [
        {"sku": "001", "name": 'Болт, "М8"', "price": "10.50", "stock": 7},
        {"sku": "002", "name": "Гайка 🔩", "price": "3.15", "stock": None},
    ]
    (failed,) = [check for check in told["checks"] if not check["passed"]]
    assert (failed["check"], failed["offending"], failed["offending_rows"][0]["key"]) == ("price_change", 2, "002")
    assert {name: told["changes"][name] for name in ("against", "common", "added", "removed", "repriced")} == {
        "against": DAY,
        "common": 3,
        "added": 0,
        "removed": 0,
        "repriced": 2,
    }
    assert told["changes"]["largest"][0] == {
        "key": "002",
        "column": "price",
        "before": "1.05",
        "after": "3.15",
        "share": 2.0,
        "further": True,
        "distance": "+200.0 %",
    }


@pytest.mark.parametrize(
    ("arguments", "changes", "code", "said"),
    [
        (("shpo",), {}, 2, "There is no price list 'shpo'; did you mean 'shop'?"),
        (("shop", "--date", "2999-01-01"), {}, 2, "2999-01-01 lies in the future"),
        (("shop", "--date", "2026-11-19"), {}, 2, "shop starts on 2026-11-20; 2026-11-19 lies before it."),
        (("shop", "--date", "24.11.2026"), {}, 2, "write YYYY-MM-DD"),
        (("shop", "--date", DAY), {"RUN_DATE": "soon"}, 0, ""),
        (("shop",), {"RUN_DATE": "soon"}, 2, "RUN_DATE"),
        (("shop", "--date", DAY), {"DB_PASSWORD": None}, 2, "Not set: DB_PASSWORD"),
        (("shop", "--date", DAY), {"DB_PASSWORD": "wrong"}, 2, "password"),
        (("shop", "--date", DAY), {"DB_NAME": "nowhere"}, 2, "nowhere"),
        (("shop", "--date", DAY), {"STORAGE_BUCKET": "s3://a/b"}, 2, "STORAGE_PREFIX"),
        (("shop", "--date", DAY), {"STORAGE_BUCKET": ""}, 2, "STORAGE_BUCKET is empty"),
    ],
)
def test_what_is_wrong_is_one_line_and_the_designs_code(
    shop: Shop, arguments: tuple[str, ...], changes: dict[str, str | None], code: int, said: str
) -> None:
    done = run(shop, "preview", *arguments, **changes)
    assert (done.code, said in done.err) == (code, True), done.err
    assert (not done.out) == (code != 0)
    assert not shop.storage.exists()


def test_a_broken_list_says_where(shop: Shop) -> None:
    shop.write_list(PRICE_LIST.replace("price: {type", "price: {typ"))
    done = run(shop, "preview", "shop", "--date", DAY)
    assert done.code == 2
    assert "shop.yaml:" in done.err


def test_a_value_that_does_not_fit_ends_with_3_and_names_it(shop: Shop) -> None:
    shop.write_list(sql=QUERY.replace("price,", "price + 0.001 AS price,"))
    done = run(shop, "preview", "shop", "--date", DAY)
    assert (done.code, done.out) == (3, "")
    assert "10.501" in done.err


def test_a_storage_that_does_not_answer_ends_with_1_before_the_source_is_read(shop: Shop) -> None:
    shop.database.execute("DROP TABLE prices")
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1"}
    done = run(shop, "preview", "shop", "--date", DAY, STORAGE_BUCKET="prices", AWS_ENDPOINT_URL="http://127.0.0.1:1", **keys)
    assert done.code == 1
    assert "does not answer" in done.err


def test_rows_that_were_published_newer_meanwhile_would_be_superseded(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at the rows and the look at the register another run publishes."""
    look_at = Exporter.look_at

    def and_another_run_publishes(self: Exporter, *arguments: object, **named: object) -> object:
        verdict = look_at(self, *arguments, **named)  # type: ignore[arg-type]
        monkeypatch.setattr(Exporter, "look_at", look_at)
        shop.database.execute("UPDATE prices SET price = 5")
        publish(shop, DAY)
        return verdict

    monkeypatch.setattr(Exporter, "look_at", and_another_run_publishes)
    done = run(shop, "preview", "shop", "--date", DAY)
    assert (done.code, lines(done.out)[-1]) == (0, "An export would change nothing: the day has published newer rows.")


def test_a_signal_in_the_middle_of_the_read_ends_the_query_and_leaves_nothing(shop: Shop) -> None:
    shop.write_list(sql=ENDLESS)
    temporary = shop.folder / "tmp"
    temporary.mkdir()
    environment = shop.process_environment(TMPDIR=str(temporary))
    arguments = command("preview", "shop", "--date", DAY)
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: any(path.stat().st_size for path in temporary.rglob("*.parquet")))
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate()
    assert (process.returncode, out) == (143, ""), err
    assert "Stopped by SIGTERM" in err
    until(lambda: not running_queries(shop))
    assert not list(temporary.iterdir())
    assert not shop.storage.exists()
