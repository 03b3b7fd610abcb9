"""Arguments of `accept`, `withdraw` and `history` that are ill put: one line, exit code 2, and nothing changed."""

import pytest

from price_assets_tests.cli.bad_dates import DATES
from price_assets_tests.cli.command import Command
from price_assets_tests.shop import DAY

S = "550cd0706e3b"
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
        assert price_assets.refused(*arguments) == said
    assert price_assets.refused_by_a_run("accept", "shop", "--date", DAY, *_WANTED) == (
        f"shop {DAY} refused: {price_assets.shop.storage}/_snapshots/shop/{DAY}/{S}.parquet is not there: "
        f"it has expired, or no such snapshot of shop on {DAY} was stored; `price-assets history shop` names those that were."
    )


def test_a_user_without_a_name_is_asked_for_one(price_assets: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr("getpass.getuser", nameless)
    said = price_assets.refused("withdraw", "shop", "--date", DAY, "--reason", "x")
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
