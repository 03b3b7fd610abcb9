"""What `price-assets verify` finds of files and of stored rows, and that what its line promises mends it. On folders and on S3."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from price_assets.export import layout
from price_assets.settings import StorageSettings
from price_assets_tests.export.verified_shop import DAY, DAYS, NAME, YAML, VerifiedShop, flipped, shop_in

BEFORE = DAYS[-2]
Damaging = Callable[[bytes], bytes]


def cut(data: bytes) -> bytes:
    return data[:-1]


def emptied(_: bytes) -> bytes:
    return b""


FILES: dict[str, tuple[str, Damaging | None, str]] = {
    "gone": ("missing", None, "is not there"),
    "empty": ("empty", lambda _: b"", "is empty, where 126 bytes are due"),
    "cut": ("truncated", lambda data: data[:60], "ends after 60 of 126 bytes"),
    "a byte flipped": ("altered", flipped, "has 126 bytes, as it should, but not those that were published"),
    "longer": ("altered", lambda data: data + b"x", "has 127 bytes where 126 were published"),
}


@pytest.mark.parametrize("damage", FILES)
def test_a_damaged_file_is_named_and_mended(verified: VerifiedShop, damage: str) -> None:
    kind, damaged, said = FILES[damage]
    key = verified.key_of(DAY, "csv")
    right = verified.read(key)
    verified.store.delete(key)
    if damaged:
        verified.overwrite(key, damaged(right))
    done = verified.run("verify")
    address = verified.store.address(key)
    mend = f"`price-assets export shop --date {DAY} --from-snapshots`"
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0] == f"{kind:<20}{address} {said}. To mend it: {mend}."
    assert done.stdout.splitlines()[1].startswith(f"shop {DAY}: 1 damaged object; revision ")
    assert ", 1 of 2 files whole, " in done.stdout
    assert verified.mend() == [mend]
    assert verified.findings("--all") == []
    assert verified.read(key) == right


def test_a_file_swapped_with_another_day_s_says_whose_bytes_it_holds(verified: VerifiedShop) -> None:
    mine, others = verified.key_of(DAY, "xlsx"), verified.key_of(BEFORE, "xlsx")
    right = verified.read(mine)
    verified.overwrite(mine, verified.read(others))
    verified.overwrite(others, right)
    assert verified.findings("--all") == [("altered", mine), ("altered", others)]
    revision = verified.register()["days"][str(BEFORE)]["published"]["revision"]
    (finding,) = verified.verify()[0]["findings"]
    assert finding["what"] == f"holds the bytes of the xlsx of {BEFORE}, revision {revision}"
    verified.mend("--all")
    assert verified.findings("--all") == []


@pytest.mark.parametrize("copy", [False, True])
def test_damage_behind_attributes_that_still_say_the_right_sha256_is_found_and_mended(verified: VerifiedShop, *, copy: bool) -> None:
    key = layout.copy_key(NAME, layout.LATEST, "csv") if copy else verified.key_of(DAY, "csv")
    verified.overwrite(key, flipped(verified.read(key)), hidden=True)
    assert verified.findings() == [("stale-copy" if copy else "altered", key)]
    (mend,) = verified.mend()
    assert ("delete it, since its attributes hide the damage" in mend) == (verified.settings.scheme == "s3")
    assert verified.findings("--all") == []


@pytest.mark.parametrize(("damaged", "kind"), [(flipped, "altered"), (cut, "altered"), (emptied, "empty")])
def test_a_damaged_snapshot_is_named_and_the_source_gives_it_again(verified: VerifiedShop, damaged: Damaging, kind: str) -> None:
    key = layout.snapshot_key(NAME, DAY, verified.register()["days"][str(DAY)]["published"]["snapshot"])
    verified.overwrite(key, damaged(verified.read(key)))
    (report,) = verified.verify()
    (finding,) = report["findings"]
    assert (finding["damage"], verified.key(finding["object"]), report["whole_files"]) == (kind, key, 2)
    assert (report["rows_compared"], report["note"]) == (False, "it is damaged")
    assert finding["mend"].startswith(f"delete it, then `price-assets export shop --date {DAY}` stores it again")
    verified.mend()
    assert verified.findings("--all") == []


def test_without_the_snapshot_rows_are_counted_in_the_files_and_it_says_so(verified: VerifiedShop) -> None:
    verified.store.delete(layout.snapshot_key(NAME, DAY, verified.register()["days"][str(DAY)]["published"]["snapshot"]))
    done = verified.run("verify")
    assert done.exit_code == 0
    assert "3 rows counted and added up in each file; not compared with the snapshot: it is no longer stored" in done.stdout
    key = verified.key_of(DAY, "manifest")
    verified.overwrite(key, verified.read(key).replace(b'"price": "75.00"', b'"price": "75.01"'))
    (finding,) = verified.verify()[0]["findings"]
    assert "it says that price adds up to 75.01 where the csv adds up to 75.00" in finding["what"]
    csv = verified.key_of(DAY, "csv")
    verified.store.delete(csv)
    assert verified.verify()[0]["findings"][1]["mend"] == f"`price-assets export shop --date {DAY}`"
    verified.write_list(YAML.replace("past_dates: true", ""))
    assert "restore its last good version: neither the day's rows nor" in verified.verify()[0]["findings"][1]["mend"]


def test_another_time_zone_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    yaml = YAML.replace("formats:", "  at: {type: timestamptz, nullable: true}\nformats:")
    settings = StorageSettings(scheme="file", bucket=str(tmp_path / "storage"), prefix="")
    shop = shop_in(settings, tmp_path, monkeypatch, yaml, at=datetime(2026, 11, 24, 6, tzinfo=UTC))
    assert shop.verify()[0]["rows_compared"]
    monkeypatch.setenv("EXPORT_TIMEZONE", "Asia/Tokyo")
    (report,) = shop.verify()
    assert (report["whole"], report["rows_compared"]) == (True, False)
    assert report["note"] == "the xlsx shows moments, and EXPORT_TIMEZONE or the list's options are not those that it was made with"
