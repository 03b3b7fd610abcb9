"""What `price-assets verify` finds at the partners' addresses, and that what its line promises mends it. On folders and on S3."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from price_assets.export import layout
from price_assets.export.withdrawal import withdraw
from price_assets_tests.export.verified_shop import DAY, DAYS, NAME, YAML, VerifiedShop, flipped

BEFORE = DAYS[-2]
Damaging = Callable[[bytes], bytes]

COPIES: dict[str, Callable[[VerifiedShop, str, bytes], None]] = {
    "deleted": lambda shop, key, _: shop.store.delete(key),
    "of another day": lambda shop, key, _: shop.overwrite(key, shop.read(shop.key_of(BEFORE, Path(key).suffix[1:]))),
    "altered": lambda shop, key, right: shop.overwrite(key, flipped(right)),
    "cut": lambda shop, key, right: shop.overwrite(key, right[:-1]),
    "empty": lambda shop, key, _: shop.overwrite(key, b""),
}
SAID = {
    "deleted": "is not there",
    "of another day": f"holds the bytes of the csv of {BEFORE}, revision ",
    "altered": "has 126 bytes, as it should, but not those",
    "cut": "ends after 125 of 126 bytes",
    "empty": "is empty, where",
}


@pytest.mark.parametrize(("verified", "place"), [("folder", layout.LATEST), ("folder", DAY), ("s3", layout.LATEST)], indirect=["verified"])
@pytest.mark.parametrize("damage", COPIES)
def test_a_copy_that_is_not_what_is_published_is_stale_and_settle_mends_it(verified: VerifiedShop, damage: str, place: layout.Place) -> None:
    key = layout.copy_key(NAME, place, "csv")
    COPIES[damage](verified, key, verified.read(key))
    (report,) = verified.verify()
    (finding,) = report["findings"]
    assert (finding["damage"], verified.key(finding["object"])) == ("stale-copy", key)
    assert finding["what"].startswith(SAID[damage])
    assert verified.mend() == ["`price-assets settle shop`"]
    assert verified.findings("--all") == []


BESIDES: dict[str, tuple[Damaging | None, str]] = {
    "deleted": (None, "is not there"),
    "cut": (lambda data: data[:50], "can't be read"),
    "empty": (lambda _: b"", "is empty"),
    "no object": (lambda _: b"[]", "can't be read"),
    "of an earlier commit": (lambda data: data.replace(b'"commits": 3', b'"commits": 2'), "is of an earlier commit, 2 where 3 is due"),
    "a number": (lambda data: data.replace(b'"rows": 3', b'"rows": 4', 1), "says otherwise than what is published: rows"),
    "names nothing": (lambda _: b'{"revision": null, "files": [], "commits": 3}', "is that of nothing, where revision "),
}


@pytest.mark.parametrize(("verified", "place"), [("folder", layout.LATEST), ("s3", DAY)], indirect=["verified"])
@pytest.mark.parametrize("damage", BESIDES)
def test_a_manifest_beside_the_copies_that_is_wrong_is_stale_and_settle_mends_it(verified: VerifiedShop, damage: str, place: layout.Place) -> None:
    damaged, said = BESIDES[damage]
    key = layout.beside_key(NAME, place)
    right = verified.read(key)
    verified.store.delete(key)
    if damaged:
        assert damaged(right) != right
        verified.store.create(key, damaged(right))
    (report,) = verified.verify()
    (finding,) = report["findings"]
    assert (finding["damage"], verified.key(finding["object"])) == ("stale-copy", key)
    assert finding["what"].startswith(said)
    assert verified.mend() == ["`price-assets settle shop`"]
    assert verified.read(key) == right


def test_the_copies_of_a_run_that_died_before_it_settled_are_stale(verified: VerifiedShop, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: object) -> None:
        pass

    with monkeypatch.context() as patched:
        patched.setattr("price_assets.export.publication.settle", dies)
        verified.export(DAY + timedelta(days=1))
    (report,) = verified.verify()
    new, places = DAY + timedelta(days=1), [f"shop/{DAY + timedelta(days=1)}", "shop/latest"]
    assert [(each["damage"], verified.key(each["object"]).rpartition("/")[0]) for each in report["findings"]] == [
        ("stale-copy", place) for place in places for _ in range(3)
    ]
    assert [each["what"].split(", rev")[0] for each in report["findings"]][3:5] == [
        f"holds the bytes of the {each} of {DAY}" for each in ("csv", "xlsx")
    ]
    assert set(verified.mend()) == {"`price-assets settle shop`"}
    assert verified.findings("--all") == []
    assert new in [date.fromisoformat(report["export_date"]) for report in verified.verify()]


def test_copies_of_a_day_that_was_withdrawn_and_of_a_format_that_went_are_stale(verified: VerifiedShop) -> None:
    right = verified.read(layout.copy_key(NAME, DAY, "csv"))
    withdraw(verified.store, NAME, DAY, by="anna", reason="wrong")
    assert verified.findings("--all") == []
    assert verified.run("verify", "--date", str(DAY)).stdout == f"shop {DAY}: nothing is published\n"
    verified.overwrite(layout.copy_key(NAME, DAY, "csv"), right)
    assert verified.findings("--all") == [("stale-copy", layout.copy_key(NAME, DAY, "csv"))]
    verified.mend("--all")
    verified.write_list(YAML.replace(", xlsx: {sheet: Прайс}", ""))
    verified.export(BEFORE)
    assert verified.findings("--all") == []
    verified.overwrite(layout.copy_key(NAME, layout.LATEST, "xlsx"), right)
    assert verified.findings("--all") == [("stale-copy", layout.copy_key(NAME, layout.LATEST, "xlsx"))]
    verified.mend()
    assert verified.findings("--all") == []
