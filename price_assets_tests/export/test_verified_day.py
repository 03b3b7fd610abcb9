"""What `price-assets verify` finds of a day's manifest, and that what its line promises mends it. On folders and on S3."""

import json
import re
from collections.abc import Callable

import pytest

from price_assets.export import layout
from price_assets_tests.export.verified_shop import DAY, DAYS, NAME, YAML, VerifiedShop

BEFORE = DAYS[-2]
Damaging = Callable[[bytes], bytes]

MANIFESTS: dict[str, tuple[Damaging, str]] = {
    "empty": (lambda _: b"", "is empty"),
    "cut": (lambda data: data[:200], "can't be read: the text: Invalid JSON"),
    "of no release": (lambda data: data.replace(b'"version": 1', b'"version": 2'), "can't be read: version"),
    "rows": (lambda data: data.replace(b'"rows": 3', b'"rows": 4'), "it says 4 rows where its snapshot has 3"),
    "rows of the day": (lambda data: data.replace(b'"rows": 3', b'"rows": 4', 1), "it says 3 rows of the csv and 4 of the day"),
    "bytes": (lambda data: data.replace(b'"bytes": 126', b'"bytes": 125'), "it says 125 bytes of the csv, whole by its sha256, which has 126"),
    "a sum": (lambda data: data.replace(b'"price": "75.00"', b'"price": "75.01"'), "that price adds up to 75.01 where its snapshot adds up to 75.00"),
    "sha256": (lambda data: re.sub(rb'("sha256": ".{20}).', rb"\1x", data, count=1), "its content and its files' sha256 make revision "),
    "content": (lambda data: re.sub(rb'("content": ")....', rb"\g<1>0000", data), "it says content 0000"),
    "snapshot": (lambda data: re.sub(rb'("snapshot": ")....', rb"\g<1>0000", data), "it says snapshot 0000"),
    "a file's key": (lambda data: data.replace(b".csv", b".txt"), "where the sha256 makes"),
    "a type": (
        lambda data: data.replace(b"decimal(12,2)", b"decimal(12,3)"),
        "its contract does not read the csv|has other columns|its snapshot has",
    ),
    "no type": (lambda data: data.replace(b"decimal(12,2)", b"decimal(99,2)"), "its contract can't be read"),
    "a header": (lambda data: data.replace("Цена".encode(), b"Preis"), "both manifests beside the copies say otherwise: contract"),
    "a check": (lambda data: data.replace(b'"passed": true', b'"passed": false', 1), "both manifests beside the copies say otherwise: checks"),
}


@pytest.mark.parametrize(
    ("verified", "damage"),
    [*(("folder", damage) for damage in MANIFESTS), *(("s3", damage) for damage in ("cut", "rows", "sha256"))],
    indirect=["verified"],
)
def test_an_altered_manifest_is_named_and_mended_and_the_files_are_read_all_the_same(verified: VerifiedShop, damage: str) -> None:
    damaged, said = MANIFESTS[damage]
    key = verified.key_of(DAY, "manifest")
    right = verified.read(key)
    assert damaged(right) != right
    verified.overwrite(key, damaged(right))
    (report,) = verified.verify()
    (finding,) = report["findings"]
    assert (finding["damage"], verified.key(finding["object"])) == ("altered-manifest", key)
    assert re.search(said, finding["what"]), finding["what"]
    assert (report["whole_files"], report["rows"], report["rows_compared"]) == (2, 3, True)
    export = f"`price-assets export shop --date {DAY} --from-snapshots`"
    assert verified.mend() == [f"restore its last good version; or delete it, then {export}"]
    assert verified.findings("--all") == []
    assert json.loads(verified.read(key))["files"] == json.loads(right)["files"]


def test_an_altered_header_is_told_by_the_csv_where_one_manifest_stands_against_another(verified: VerifiedShop) -> None:
    key = verified.key_of(BEFORE, "manifest")
    verified.overwrite(key, verified.read(key).replace("Цена".encode(), b"Preis"))
    (finding,) = verified.verify("--date", str(BEFORE))[0]["findings"]
    assert re.search("its contract does not read the csv, .* the header of shop_.*csv is not that of its contract", finding["what"])


def test_another_day_s_manifest_in_its_place_is_altered(verified: VerifiedShop) -> None:
    key = verified.key_of(DAY, "manifest")
    verified.overwrite(key, verified.read(verified.key_of(BEFORE, "manifest")))
    assert verified.findings() == [("altered-manifest", key)]
    assert f"it says that it is of shop {BEFORE}" in verified.verify()[0]["findings"][0]["what"]


def test_a_manifest_that_is_gone_is_named_and_mended_and_the_files_are_read_all_the_same(verified: VerifiedShop) -> None:
    key = verified.key_of(DAY, "manifest")
    csv = verified.key_of(DAY, "csv")
    verified.store.delete(key)
    verified.overwrite(csv, b"")
    (report,) = verified.verify()
    assert [(each["damage"], verified.key(each["object"])) for each in report["findings"]] == [("missing-manifest", key), ("empty", csv)]
    verified.mend()
    assert verified.findings("--all") == []


def test_without_any_manifest_it_says_that_the_files_could_not_be_looked_at(verified: VerifiedShop) -> None:
    key, beside = verified.key_of(DAYS[0], "manifest"), layout.beside_key(NAME, DAYS[0])
    verified.store.delete(key)
    verified.store.delete(beside)
    (report,) = verified.verify("--date", str(DAYS[0]))
    assert [(each["damage"], verified.key(each["object"])) for each in report["findings"]] == [("missing-manifest", key), ("stale-copy", beside)]
    assert report["findings"][0]["what"].endswith("; nothing else says which files are published, so they were not looked at")
    verified.mend("--date", str(DAYS[0]))
    assert verified.findings("--all") == []


def test_a_past_day_of_a_list_without_past_dates_is_mended_too(folder_shop: VerifiedShop) -> None:
    folder_shop.write_list(YAML.replace("past_dates: true", ""))
    folder_shop.store.delete(folder_shop.key_of(DAY, "manifest"))
    folder_shop.mend()
    assert folder_shop.findings("--all") == []
