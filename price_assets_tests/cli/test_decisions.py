"""A bad day, as the one on call meets it: blocked, looked at, accepted or withdrawn, and told afterwards."""

import json

import pytest

from price_assets_tests.shop import DAY, NEXT_DAY, PRICE_LIST, Shop

CAREFUL = PRICE_LIST + "checks: {row_count: {min: 1, max_drop: 0.2}, price_change: {ratio: 0.5, share: 0.1}}\n"


@pytest.fixture
def blocked(shop: Shop) -> tuple[Shop, str]:
    """A shop whose prices have jumped overnight, and the snapshot that was blocked."""
    shop.write_list(CAREFUL)
    shop.export("--date", DAY)
    shop.database.execute("UPDATE prices SET price = price * 3 WHERE sku <> '001'")
    done = shop.run("export", "--date", NEXT_DAY)
    assert done.returncode == 3, done.stderr
    return shop, shop.register()["days"][NEXT_DAY]["events"][0]["snapshot"]


def test_prices_that_jump_block_the_day_and_say_which_and_how_to_accept_them(shop: Shop) -> None:
    shop.write_list(CAREFUL)
    shop.export("--date", DAY)
    shop.database.execute("UPDATE prices SET price = price * 3 WHERE sku <> '001'")
    done = shop.run("export", "--date", NEXT_DAY, "--json", LOG_FORMAT="text")
    assert done.returncode == 3
    snapshot = shop.register()["days"][NEXT_DAY]["events"][0]["snapshot"]
    assert f"2 of 3 keys (66.7 %) moved by more than 50 % since {DAY}, where at most 10 % may" in done.stderr
    assert "(002 has price 3.15 (was 1.05, +200.0 %), 003 has price 299.97 (was 99.99, +200.0 %))" in done.stderr
    assert f'price-assets accept shop --date {NEXT_DAY} --snapshot {snapshot} --check price_change --reason "…"' in done.stderr
    (day,) = json.loads(done.stdout)
    (failed,) = [check for check in day["checks"] if not check["passed"]]
    assert (failed["check"], failed["keys"], failed["offending"], failed["against"]) == ("price_change", 3, 2, DAY)
    assert failed["offending_rows"][0] == {"key": "002", "column": "price", "value": "3.15", "rule": "was 1.05, +200.0 %"}
    assert shop.copies("latest") == shop.published(DAY)


def test_a_jump_that_is_meant_is_accepted_without_the_source_and_history_tells_who_and_why(blocked: tuple[Shop, str]) -> None:
    shop, snapshot = blocked
    shop.database.execute("DROP TABLE prices")
    accept = ("accept", "shop", "--date", NEXT_DAY, "--snapshot", snapshot, "--check", "price_change", "--reason", "spring sale", "--by", "anna")
    done = shop.run(*accept, "--json")
    assert done.returncode == 0, done.stderr
    (day,) = json.loads(done.stdout)
    assert (day["outcome"], day["changes"]) == ("published", {"against": DAY, "added": 0, "removed": 0, "repriced": 2})
    assert shop.copies("latest") == shop.copies(NEXT_DAY) == shop.published(NEXT_DAY)
    manifest = json.loads((shop.storage / shop.register()["days"][NEXT_DAY]["published"]["manifest"]).read_text())
    assert {"check": "price_change", "passed": False} in manifest["checks"]
    events = json.loads(shop.run("history", "shop", "--json").stdout)
    assert [(event["export_date"], event["event"], event["by"], event["reason"], event["checks"], event["stands"]) for event in events] == [
        (NEXT_DAY, "accepted", "anna", "spring sale", ["price_change"], True),
        (NEXT_DAY, "blocked", None, None, ["price_change"], False),
        (DAY, "published", None, None, [], True),
    ]
    again = shop.run(*accept, "--json")
    assert (again.returncode, json.loads(again.stdout)[0]["outcome"]) == (0, "unchanged")


def test_accepted_rows_are_published_by_the_next_run_with_a_note(blocked: tuple[Shop, str]) -> None:
    shop, snapshot = blocked
    shop.run("accept", "shop", "--date", NEXT_DAY, "--snapshot", snapshot, "--check", "price_change", "--reason", "spring sale")
    (day,) = shop.export("--date", NEXT_DAY)
    assert day["outcome"] == "unchanged"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--snapshot", "550cd0706e3b", "--check", "price_change", "--reason", "x"), 2, "no such snapshot of shop on 2026-11-25 was stored"),
        (("--snapshot", "550cd", "--check", "price_change", "--reason", "x"), 2, "has 12 hex digits"),
        (("--snapshot", "S", "--reason", "x"), 3, "is blocked by price_change"),
        (("--snapshot", "S", "--check", "price_change", "--check", "nulls", "--reason", "x"), 2, "did not fail nulls"),
        (("--snapshot", "S", "--check", "price_chang", "--reason", "x"), 2, "shop has no check 'price_chang'; did you mean 'price_change'?"),
        (("--snapshot", "S", "--check", "formats", "--reason", "x"), 2, "formats can't be accepted"),
        (("--snapshot", "S", "--check", "price_change", "--reason", "…"), 2, "'reason' says nothing"),
        (("--snapshot", "S", "--check", "price_change", "--reason", "x", "--by", ""), 2, "'by' says nothing"),
    ],
)
def test_an_acceptance_that_does_not_fit_changes_nothing(blocked: tuple[Shop, str], arguments: tuple[str, ...], code: int, said: str) -> None:
    shop, snapshot = blocked
    before = shop.register()
    done = shop.run("accept", "shop", "--date", NEXT_DAY, *(snapshot if each == "S" else each for each in arguments), LOG_FORMAT="text")
    assert (done.returncode, shop.register()) == (code, before), done.stderr
    assert said in done.stderr


def test_a_withdrawn_day_is_gone_and_comes_back_neither_with_the_same_rows_nor_with_another_header(shop: Shop) -> None:
    shop.export("--from", DAY, "--to", NEXT_DAY)
    snapshot = shop.register()["days"][NEXT_DAY]["published"]["snapshot"]
    done = shop.run("withdraw", "shop", "--date", NEXT_DAY, "--reason", "wrong discount", "--by", "anna")
    assert (done.returncode, done.stdout) == (0, f"shop {NEXT_DAY}: withdrawn; latest is {DAY} now\n"), done.stderr
    assert shop.copies("latest") == shop.published(DAY)
    assert not shop.copies(NEXT_DAY)
    for yaml in (PRICE_LIST, PRICE_LIST.replace("Цена", "Preis")):
        shop.write_list(yaml)
        again = shop.run("export", "--date", NEXT_DAY)
        assert again.returncode == 3
        assert "is blocked by withdrawn: these rows were withdrawn" in again.stderr
    assert shop.copies("latest") == shop.published(DAY)
    assert (
        shop.run("withdraw", "shop", "--date", NEXT_DAY, "--reason", "again").stdout == f"shop {NEXT_DAY}: already withdrawn; latest is {DAY} now\n"
    )
    done = shop.run("accept", "shop", "--date", NEXT_DAY, "--snapshot", snapshot, "--check", "withdrawn", "--reason", "it was right")
    assert done.returncode == 0, done.stderr
    assert shop.copies("latest") == shop.copies(NEXT_DAY) == shop.published(NEXT_DAY)


def test_one_goes_back_to_an_earlier_state_of_a_day(shop: Shop) -> None:
    shop.export("--date", DAY)
    first = shop.register()["days"][DAY]["published"]["snapshot"]
    before = shop.copies(DAY)
    shop.database.execute("UPDATE prices SET price = 11 WHERE sku = '001'")
    shop.export("--date", DAY)
    assert shop.run("withdraw", "shop", "--date", DAY, "--reason", "wrong").returncode == 0
    done = shop.run("accept", "shop", "--date", DAY, "--snapshot", first, "--reason", "the rows of the morning")
    assert done.returncode == 0, done.stderr
    assert shop.copies(DAY) == shop.copies("latest") == before


def test_history_for_people_marks_what_stands(shop: Shop) -> None:
    shop.export("--date", DAY)
    shop.run("withdraw", "shop", "--date", DAY, "--reason", "wrong discount", "--by", "anna")
    lines = shop.run("history", "shop", "--date", DAY).stdout.splitlines()
    assert lines[0].split() == ["date", "time,", "UTC", "event", "snapshot", "revision", "rows", "by", "why"]
    assert lines[1].split()[0:1] + lines[1].split()[3:4] == [DAY, "withdrawn"]
    assert lines[1].split()[-3:] == ["anna", "wrong", "discount"]
    assert " * " not in "".join(lines)
    assert shop.run("history", "shop", "--date", NEXT_DAY).stdout == f"shop {NEXT_DAY}: nothing has happened yet\n"


@pytest.mark.parametrize("command", [("history",), ("withdraw", "--date", DAY, "--reason", "x")])
def test_a_list_that_nobody_ever_heard_of_is_a_typing_error(shop: Shop, command: tuple[str, ...]) -> None:
    done = shop.run(command[0], "shpo", *command[1:], LOG_FORMAT="text")
    assert done.returncode == 2
    assert "There is no price list 'shpo'; did you mean 'shop'?" in done.stderr


def test_nothing_is_withdrawn_where_nothing_was_published(shop: Shop) -> None:
    done = shop.run("withdraw", "shop", "--date", DAY, "--reason", "x", LOG_FORMAT="text")
    assert (done.returncode, (shop.storage / "shop").exists()) == (2, False)
    assert "has published nothing" in done.stderr


def test_a_column_that_goes_breaks_loaders_and_so_blocks(shop: Shop) -> None:
    shop.export("--date", DAY)
    narrower = PRICE_LIST.replace("  stock: {type: integer, nullable: true}\n", "")
    shop.write_list(narrower, "SELECT sku, name, price FROM prices WHERE :export_date > valid_on ORDER BY sku")
    done = shop.run("export", "--date", NEXT_DAY, LOG_FORMAT="text")
    assert done.returncode == 3
    assert f"blocked by columns: against {DAY}, stock was dropped, which breaks partners' loaders" in done.stderr


def test_a_drop_of_rows_blocks(shop: Shop) -> None:
    shop.write_list(CAREFUL)
    shop.export("--date", DAY)
    shop.database.execute("DELETE FROM prices WHERE sku = '003'")
    done = shop.run("export", "--date", NEXT_DAY, LOG_FORMAT="text")
    assert done.returncode == 3
    assert f"33.3 % fewer than the 3 of {DAY}, where at most 20 % may be" in done.stderr


def test_what_changed_is_in_the_table_the_manifest_and_json(shop: Shop) -> None:
    shop.export("--date", DAY)
    shop.database.execute("UPDATE prices SET price = 2 WHERE sku = '002'")
    shop.database.execute("UPDATE prices SET sku = '004' WHERE sku = '003'")
    done = shop.run("export", "--date", NEXT_DAY)
    assert done.returncode == 0, done.stderr
    head, row = (line.split() for line in done.stdout.splitlines()[:2])
    assert dict(zip(head[:7], row[:7], strict=True)) | {"date": ""} == {
        "list": "shop",
        "date": "",
        "outcome": "published",
        "rows": "3",
        "added": "1",
        "removed": "1",
        "repriced": "1",
    }
    manifest = json.loads((shop.storage / shop.register()["days"][NEXT_DAY]["published"]["manifest"]).read_text())
    assert manifest["changes"] == {"against": DAY, "added": 1, "removed": 1, "repriced": 1}


def test_a_day_whose_rows_have_expired_is_no_reason_to_block(shop: Shop) -> None:
    shop.write_list(CAREFUL)
    shop.export("--date", DAY)
    for stored in (shop.storage / "_snapshots").rglob("*.parquet"):
        stored.unlink()
    shop.database.execute("UPDATE prices SET price = price * 3")
    (day,) = shop.export("--date", NEXT_DAY)
    assert (day["outcome"], day["changes"]) == ("published", None)
    (said,) = [check["summary"] for check in day["checks"] if check["check"] == "price_change"]
    assert said == f"the rows of {DAY} are no longer stored, so there is nothing to compare with: an expired day blocks nothing"


def test_a_source_whose_clock_stepped_back_blocks_until_it_is_accepted(shop: Shop) -> None:
    shop.export("--date", DAY)
    register = shop.register()
    for entry in (register["days"][DAY], register["days"][DAY]["published"]):
        entry["newest_source_time" if "events" in entry else "source_time"] = "2099-01-01T00:00:00.000000Z"
    (shop.storage / "shop" / "publications.json").write_text(json.dumps(register))
    shop.database.execute("UPDATE prices SET price = 2 WHERE sku = '002'")
    done = shop.run("export", "--date", DAY, LOG_FORMAT="text")
    assert done.returncode == 3
    assert "blocked by source_time: the source's clock stepped back" in done.stderr
    snapshot = shop.register()["days"][DAY]["events"][-1]["snapshot"]
    done = shop.run("accept", "shop", "--date", DAY, "--snapshot", snapshot, "--check", "source_time", "--reason", "the clock was mended")
    assert done.returncode == 0, done.stderr
    assert b"2.00" in shop.copies(DAY)["csv"]


def test_an_acceptance_excuses_no_check_that_nobody_accepted(blocked: tuple[Shop, str]) -> None:
    shop, snapshot = blocked
    shop.run("accept", "shop", "--date", NEXT_DAY, "--snapshot", snapshot, "--check", "price_change", "--reason", "spring sale")
    shop.database.execute("UPDATE prices SET price = price / 3 WHERE sku <> '001'")
    shop.export("--date", NEXT_DAY)
    shop.database.execute("UPDATE prices SET price = price * 3 WHERE sku <> '001'")
    shop.write_list(CAREFUL.replace("min: 0.01}", "min: 0.01, max: 50}"))
    done = shop.run("export", "--date", NEXT_DAY, LOG_FORMAT="text")
    assert done.returncode == 3
    assert "is blocked by ranges: 1 of 3 rows has price above 50" in done.stderr


def test_a_register_that_was_lost_is_not_begun_anew_in_silence(shop: Shop) -> None:
    shop.export("--date", DAY)
    (shop.storage / "shop" / "publications.json").unlink()
    done = shop.run("export", "--date", DAY, LOG_FORMAT="text")
    assert done.returncode == 2
    assert "publications.json is gone, though shop/latest/manifest.json says that days were published" in done.stderr
    assert not (shop.storage / "shop" / "publications.json").exists()


def test_a_path_with_brackets_is_shown_as_it_is(shop: Shop) -> None:
    done = shop.run("export", "--date", DAY, STORAGE_PREFIX="a[/b]c[red]")
    assert done.returncode == 0, done.stderr
    assert f"a[/b]c[red]/shop/{DAY}/shop_{DAY}.csv" in done.stdout
