"""`price-assets verify` as a person or a CronJob runs it: its lines, its exit code."""

import json
import re
from importlib import import_module
from pathlib import Path

import pytest

from price_assets_tests.export.verified_shop import DAY, DAYS, VerifiedShop, silent
from price_assets_tests.shop import Shop

BEFORE = DAYS[-2]


def test_what_is_whole_is_told_in_a_line_a_day(verified: VerifiedShop) -> None:
    done = verified.run("verify")
    assert (done.exit_code, done.stdout.count("\n")) == (0, 1)
    assert re.fullmatch(rf"shop {DAY}: whole; revision [0-9a-f]{{12}}, 2 files, \S+ kB, 3 rows compared with the snapshot\n", done.stdout)
    lines = verified.run("verify", "shop", "--all").stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == [f"shop {day}" for day in reversed(DAYS)]
    assert verified.run("verify", "--date", str(BEFORE)).stdout.startswith(f"shop {BEFORE}: whole")


def test_one_broken_list_does_not_stop_the_others(
    folder_shop: VerifiedShop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder_shop.add_lists("alpha", "zeta")
    silent("alpha", monkeypatch)
    done = folder_shop.run("verify")
    assert done.exit_code == 1
    assert [line.partition(";")[0] for line in done.stdout.splitlines()] == [f"shop {DAY}: whole", "zeta: nothing is published"]
    assert "alpha: the disk does not answer" in caplog.text


def test_what_nobody_may_read_ends_with_2_and_the_other_days_are_read(folder_shop: VerifiedShop, caplog: pytest.LogCaptureFixture) -> None:
    key = folder_shop.key_of(DAY, "csv")
    path = Path(folder_shop.store.address(key))
    path.unlink()
    path.mkdir()
    done = folder_shop.run("verify", "--all")
    assert done.exit_code == 2
    assert [line.partition(";")[0] for line in done.stdout.splitlines()] == [
        f"shop {DAY}: not read to its end",
        f"shop {BEFORE}: whole",
        f"shop {DAYS[0]}: whole",
    ]
    assert f"can't read {key}" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--all", "--date", "2026-11-24"), "--date goes without --all."),
        (("shpo",), "There is no price list 'shpo'; did you mean 'shop'?"),
        (("--date", "24.11.2026"), "write YYYY-MM-DD"),
    ],
)
def test_an_argument_that_is_wrong_ends_with_2(
    folder_shop: VerifiedShop, caplog: pytest.LogCaptureFixture, arguments: tuple[str, ...], said: str
) -> None:
    done = folder_shop.run("verify", *arguments)
    assert done.exit_code == 2
    assert said in caplog.text + done.stderr


def test_a_process_ends_with_1_where_anything_is_damaged(shop: Shop, folder_shop: VerifiedShop) -> None:
    """The whole command, as a CronJob runs it; the source is never asked."""
    environment = folder_shop.environment | {"DB_HOST": "nowhere.invalid"}
    assert shop.run("verify", **environment).returncode == 0
    folder_shop.overwrite(folder_shop.key_of(DAY, "csv"), b"")
    done = shop.run("verify", "--json", **environment)
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout)[0]["findings"][0]["damage"] == "empty"


def test_long_work_says_how_far_it_is(folder_shop: VerifiedShop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(import_module("price_assets.cli.verify"), "EVERY", 0)
    with caplog.at_level("INFO", "price_assets"):
        folder_shop.run("verify", "--all")
    assert f"reading shop {BEFORE}, day 2 of 3" in caplog.messages
    assert f"reading shop {DAY}: shop_{DAY}.csv, 126 bytes" in caplog.messages
