"""What is published, looked at: two days compared, the address of a file."""

import csv
import hashlib
import json
from pathlib import Path
from urllib.request import urlopen
from uuid import uuid4

import pytest

from price_assets_tests.cli.in_process import publish, run
from price_assets_tests.servers.s3 import S3Server
from price_assets_tests.shop import DAY, NEXT_DAY, PRICE_LIST, Shop


@pytest.fixture
def two_days(shop: Shop) -> Shop:
    """A price and a product changed overnight."""
    publish(shop, DAY)
    shop.database.execute("UPDATE prices SET price = 2.10 WHERE sku = '002'; UPDATE prices SET sku = '004' WHERE sku = '003'")
    publish(shop, NEXT_DAY)
    return shop


def test_a_diff_tells_what_changed_without_the_source_and_leaves_nothing(two_days: Shop) -> None:
    two_days.database.execute("DROP TABLE prices")
    before = sorted(two_days.storage.rglob("*"))
    done = run(two_days, "diff", "shop", DAY, NEXT_DAY, DB_HOST=None, DB_PASSWORD=None)
    assert done.code == 0, done.err
    assert [line.split() for line in done.out.splitlines()] == [
        f"shop {DAY}, 3 rows → {NEXT_DAY}, 3 rows:".split(),
        ["1", "added,", "1", "removed,", "1", "repriced,", "of", "2", "in", "both."],
        [],
        ["The", "move:"],
        ["key", "column", "before", "after", "distance"],
        ["002", "price", "1.05", "→", "2.10", "+100.0", "%"],
    ]
    assert sorted(two_days.storage.rglob("*")) == before


def test_days_are_compared_in_the_order_in_which_they_are_given(two_days: Shop) -> None:
    told = json.loads(run(two_days, "diff", "shop", NEXT_DAY, DAY, "--json").out)
    assert (told["before"]["export_date"], told["after"]["export_date"]) == (NEXT_DAY, DAY)
    assert (told["common"], told["added"], told["removed"], told["repriced"]) == (2, 1, 1, 1)
    assert [(move["key"], move["before"], move["after"], move["distance"]) for move in told["largest"]] == [("002", "2.10", "1.05", "-50.0 %")]
    assert (told["columns"], told["csv"]) == ([], None)
    same = run(two_days, "diff", "shop", DAY, DAY)
    assert "0 added, 0 removed, 0 repriced, of 3 in both." in same.out


def test_every_change_goes_into_a_new_file(two_days: Shop, tmp_path: Path) -> None:
    path = tmp_path / "changes.csv"
    done = run(two_days, "diff", "shop", DAY, NEXT_DAY, "--csv", str(path), "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["csv"] == {"path": str(path), "changes": 3}
    with path.open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["change", "key", "column", "before", "after"],
            ["repriced", "002", "price", "1.05", "2.10"],
            ["removed", "003", "", "", ""],
            ["added", "004", "", "", ""],
        ]
    again = run(two_days, "diff", "shop", DAY, NEXT_DAY, "--csv", str(path))
    assert (again.code, again.out, "exists already: name a new file" in again.err) == (2, "", True)


def test_columns_that_came_or_went_are_told_too(shop: Shop) -> None:
    publish(shop, DAY)
    shop.write_list(
        PRICE_LIST.replace("  stock: {type: integer, nullable: true}\n", ""),
        "SELECT sku, name, price FROM prices WHERE :export_date > valid_on ORDER BY sku",
    )
    publish(shop, NEXT_DAY, accepted=("columns",))
    assert "The columns differ, too: stock dropped, it was integer" in run(shop, "diff", "shop", DAY, NEXT_DAY).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("shpo", DAY, NEXT_DAY), "There is no price list 'shpo'; did you mean 'shop'?"),
        (("shop", "2026-11-23", NEXT_DAY), f"shop 2026-11-23 has published nothing; the nearest published day is {DAY}."),
        (("shop", DAY, "2026-11-26"), f"shop 2026-11-26 has published nothing; the nearest published day is {NEXT_DAY}."),
        (("shop", DAY, "26.11.2026"), "write YYYY-MM-DD"),
        (("shop", DAY), "Missing argument 'D2'"),
        (("shop", DAY, NEXT_DAY, "--csv", "/nowhere/changes.csv"), "/nowhere/changes.csv can't be made: No such file or directory."),
    ],
)
def test_days_that_can_not_be_compared_end_with_2_and_why(two_days: Shop, arguments: tuple[str, ...], said: str) -> None:
    done = run(two_days, "diff", *arguments)
    assert (done.code, done.out, said in done.err) == (2, "", True), done.err


def test_rows_that_have_expired_are_said_to_be_gone(two_days: Shop) -> None:
    for stored in (two_days.storage / "_snapshots" / "shop" / DAY).iterdir():
        stored.unlink()
    done = run(two_days, "diff", "shop", DAY, NEXT_DAY)
    assert done.code == 2
    assert f"The rows of shop {DAY} are no longer stored" in done.err


def test_a_link_of_a_folder_is_a_path_and_talk_is_on_stderr(two_days: Shop) -> None:
    done = run(two_days, "link", "shop", "--format", "csv")
    assert done.code == 0, done.err
    data = Path(done.out.rstrip("\n")).read_bytes()
    assert data == two_days.copies("latest")["csv"]
    assert f"shop_{NEXT_DAY}.csv, {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}\n" in done.err
    assert run(two_days, "link", "shop", "--date", DAY).out.rstrip("\n").endswith(".xlsx")


def test_a_list_that_has_left_its_folder_still_has_links(two_days: Shop) -> None:
    for path in (two_days.folder / "lists").glob("shop.*"):
        path.unlink()
    two_days.write_list(PRICE_LIST.replace("name: shop", "name: other").replace("shop.sql", "other.sql"), name="other")
    assert run(two_days, "link", "shop").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("shpo",), "There is no price list 'shpo'; did you mean 'shop'?"),
        (("shop", "--date", "2026-11-23"), f"shop 2026-11-23 has published nothing; the nearest published day is {DAY}."),
        (("shop", "--format", "pdf"), "'pdf' is not one of 'csv', 'xlsx'"),
        (("shop", "--expires", "169h"), "169h is out of range: more than 0, at most 7 days"),
        (("shop", "--expires", "0"), "0 is out of range"),
        (("shop", "--expires", "tomorrow"), "'tomorrow' is no duration: write 30 or 30s, 5m, 1h30m"),
    ],
)
def test_a_link_that_can_not_be_ends_with_2_and_why(two_days: Shop, arguments: tuple[str, ...], said: str) -> None:
    done = run(two_days, "link", *arguments)
    assert (done.code, done.out, said in done.err) == (2, "", True), done.err


def test_a_link_of_s3_is_followed_by_anybody_and_says_until_when(shop: Shop, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.environment |= s3.environment() | {"STORAGE_PREFIX": uuid4().hex}
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    publish(shop, DAY)
    done = run(shop, "link", "shop", "--format", "csv", "--expires", "2h")
    assert done.code == 0, done.err
    with urlopen(done.out.rstrip("\n")) as answer:
        assert hashlib.sha256(answer.read()).hexdigest() in done.err
        assert answer.headers["Content-Disposition"] == f'attachment; filename="shop_{DAY}.csv"'
    assert ", until 20" in done.err
    assert s3.secret_key not in done.out + done.err
