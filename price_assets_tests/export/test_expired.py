"""What is left of a day whose files a lifecycle rule took is read, compared with and never called damage; here the rules' work is done by hand."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from price_assets.errors import StorageRefused
from price_assets.export import layout
from price_assets.export.comparing_checks import EXPIRED
from price_assets.export.diff import diff
from price_assets.export.exporter import Taken
from price_assets.export.history import history
from price_assets.export.settle import settle
from price_assets.settings import FORMATS
from price_assets_tests.export.verified_shop import DAY, DAYS, NAME, YAML, VerifiedShop

OLD = DAYS[0]
CAREFUL = YAML + "checks: {row_count: {min: 1, max_drop: 0.2}, price_change: {ratio: 0.5, share: 0.1}}\n"


def aged(shop: VerifiedShop, day: date, days: int = 401) -> None:
    """As if all that the register tells of the day had happened so many days before."""
    found = shop.store.get(layout.register_key(NAME))
    assert found
    said = json.loads(found.data)
    for event in said["days"][str(day)]["events"]:
        event["time"] = f"{datetime.fromisoformat(event['time']) - timedelta(days=days):%Y-%m-%dT%H:%M:%S.%fZ}"
    shop.store.swap(layout.register_key(NAME), json.dumps(said).encode(), found.version)


def expire(shop: VerifiedShop, day: date, *, files: bool = True, rows: bool = True, copies: bool = False) -> None:
    """What the rules take, by prefix; `copies`: a team's own rule takes the day's folder, too."""
    aged(shop, day)
    keys = [layout.copy_key(NAME, day, name) for name in FORMATS] + [layout.beside_key(NAME, day)] if copies else []
    if files:
        keys += [shop.key_of(day, what) for what in ("csv", "xlsx", "manifest")]
    if rows:
        keys.append(layout.snapshot_key(NAME, day, shop.register()["days"][str(day)]["published"]["snapshot"]))
    for key in keys:
        shop.store.delete(key)


def said(shop: VerifiedShop, day: date) -> dict[str, str]:
    """What the checks of a day say of its new rows."""
    exporter = shop.exporter()
    verdict = exporter.look_at(shop.price_list, Taken(shop.snapshot(day)), "run")
    assert not verdict.blocking
    return {result.check: result.summary for result in verdict.results}


def test_an_expired_day_is_settled_verified_listed_and_no_damage(verified: VerifiedShop) -> None:
    expire(verified, OLD)
    assert not settle(verified.store, NAME).changed
    report = verified.verify("--date", str(OLD))[0]
    assert (report["whole"], report["expired"], report["findings"]) == (True, True, [])
    assert f"shop {OLD}: expired, revision {report['revision']}, its copies are whole\n" in verified.run("verify", "--all").stdout
    (event,) = history(verified.store, NAME, OLD)
    assert (event.stands, event.rows) == (True, None)
    assert verified.run("settle").exit_code == 0
    assert verified.run("history", NAME).exit_code == 0
    assert str(DAY) in verified.run("status", NAME).stdout


def test_a_day_of_which_nothing_is_left_is_expired_too(verified: VerifiedShop) -> None:
    expire(verified, OLD, copies=True)
    assert not settle(verified.store, NAME).changed
    assert f"shop {OLD}: expired, revision " in (told := verified.run("verify", "--date", str(OLD))).stdout
    assert (told.exit_code, "and so have its copies" in told.stdout) == (0, True)


def test_what_is_gone_too_soon_or_in_part_is_damage(verified: VerifiedShop) -> None:
    expire(verified, OLD)
    aged(verified, OLD, days=-380)
    assert [damage for damage, _ in verified.findings("--date", str(OLD))] == ["missing-manifest", "missing", "missing"]
    verified.store.delete(verified.key_of(DAYS[1], "manifest"))
    aged(verified, DAYS[1])
    assert [damage for damage, _ in verified.findings("--date", str(DAYS[1]))] == ["missing-manifest"]


def test_a_damaged_copy_of_an_expired_day_is_found_and_mended_by_another_export(verified: VerifiedShop) -> None:
    expire(verified, OLD, rows=False)
    copy = layout.copy_key(NAME, OLD, "csv")
    verified.overwrite(copy, b"something else")
    assert verified.findings("--date", str(OLD)) == [("stale-copy", copy)]
    with pytest.raises(StorageRefused, match=r"is not there, so .* can't be made"):
        settle(verified.store, NAME)
    assert verified.mend("--date", str(OLD)) == [f"`price-assets export shop --date {OLD} --from-snapshots`"]
    assert verified.findings("--all") == []


@pytest.mark.parametrize("source", ["rows of the source", "stored rows"])
def test_an_expired_day_that_is_exported_again_is_whole_again(verified: VerifiedShop, source: str) -> None:
    before = verified.read(layout.copy_key(NAME, OLD, "xlsx"))
    expire(verified, OLD, rows=source != "stored rows")
    verified.export(OLD, from_snapshots=source == "stored rows")
    assert [event.event for event in history(verified.store, NAME, OLD)] == ["published", "published"]
    (report,) = verified.verify("--date", str(OLD))
    assert (report["whole"], report["expired"], report["rows_compared"]) == (True, False, True)
    assert verified.read(layout.copy_key(NAME, OLD, "xlsx")) == before


def test_without_rows_and_source_the_day_can_not_be_made_again_and_says_so(folder_shop: VerifiedShop) -> None:
    expire(folder_shop, OLD)
    with pytest.raises(StorageRefused, match="is not there: it has expired, or no such snapshot"):
        folder_shop.export(OLD, from_snapshots=True)


def test_stored_rows_are_rendered_by_the_contract_that_they_were_published_by(folder_shop: VerifiedShop) -> None:
    folder_shop.write_list(YAML.replace("header: Цена", "header: PriceEUR"))  # as many bytes: the stored rows are not put again
    folder_shop.export(OLD)
    expire(folder_shop, OLD, rows=False)
    folder_shop.export(OLD, from_snapshots=True)
    assert "PriceEUR" in folder_shop.read(layout.copy_key(NAME, OLD, "csv")).decode("utf-8-sig")


def test_rows_that_are_stored_can_be_compared_after_their_files_have_expired(folder_shop: VerifiedShop) -> None:
    expire(folder_shop, OLD, rows=False)
    found = diff(folder_shop.exporter(), folder_shop.price_list, OLD, DAY)
    assert found.comparison.repriced == 3


def test_a_check_against_an_expired_day_says_so_and_passes(verified: VerifiedShop) -> None:
    verified.write_list(CAREFUL)
    for day in DAYS[:2]:
        expire(verified, day)
    found = said(verified, DAY)
    assert found["price_change"] == f"the rows of {DAYS[1]} are no longer stored, so there is nothing to compare with: {EXPIRED}"
    assert f"fewer than the 3 of {DAYS[1]}" in found["row_count"]  # the manifest beside its copies tells


def test_where_nothing_is_left_of_the_days_before_the_checks_say_so_and_pass(verified: VerifiedShop) -> None:
    verified.write_list(CAREFUL)
    for day in DAYS:
        expire(verified, day, copies=True)
    verified.store.delete(layout.beside_key(NAME, layout.LATEST))
    found = said(verified, DAY + timedelta(days=1))
    expired = f"the days before have expired, so there is nothing to compare with: {EXPIRED}"
    assert (found["price_change"], found["columns"]) == (expired, expired)
    assert found["row_count"] == f"3 rows where at least 1 must be, {expired}"


def test_the_newest_day_of_a_list_that_stands_still_expires_and_partners_keep_it(verified: VerifiedShop) -> None:
    expire(verified, DAY)
    assert not settle(verified.store, NAME).changed
    assert not verified.exporter().settle(NAME, datetime.now(UTC) - timedelta(hours=24)).changed  # as the sensor does
    assert verified.run("status", NAME, "--date", str(DAY)).exit_code == 0
    assert verified.verify()[0]["expired"]
    verified.export(DAY + timedelta(days=1))
    assert verified.findings("--all") == []


def test_an_expired_day_can_be_withdrawn(verified: VerifiedShop) -> None:
    expire(verified, OLD)
    assert verified.run("withdraw", NAME, "--date", str(OLD), "--reason", "x", "--by", "anna").exit_code == 0
    assert verified.store.head(layout.copy_key(NAME, OLD, "csv")) is None
    assert verified.findings("--all") == []
