"""The address of a published file, on every store: of which file, and what is said where there is none."""

from datetime import timedelta
from pathlib import Path

import pytest

from price_assets.errors import StorageRefused, UsageError
from price_assets.export.link import link
from price_assets.export.publication import publish
from price_assets.export.storage import Store, open_store
from price_assets.settings import StorageSettings
from price_assets_tests.export.stores import DAY, LIST, candidate, withdraw

HOUR = timedelta(hours=1)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=2)


@pytest.fixture
def folder(tmp_path: Path) -> Store:
    return open_store(StorageSettings(scheme="file", bucket=str(tmp_path / "storage"), prefix="shop"))


def test_it_leads_to_the_days_own_file_and_still_does_when_the_day_is_published_anew(folder: Store, tmp_path: Path) -> None:
    publish(folder, candidate(folder, tmp_path, "rows"))
    first = link(folder, LIST, DAY, "csv", HOUR)
    data = Path(first.address).read_bytes()
    publish(folder, candidate(folder, tmp_path, "others", minute=5))
    second = link(folder, LIST, DAY, "csv", HOUR)
    assert first.address != second.address
    assert Path(first.address).read_bytes() == data != Path(second.address).read_bytes()
    assert (first.file.name, first.ends) == (f"wholesale_{DAY}.csv", False)


def test_without_a_day_it_is_the_newest_and_without_a_format_the_xlsx_where_there_is_one(folder: Store, tmp_path: Path) -> None:
    publish(folder, candidate(folder, tmp_path, "new", export_date=DAY))
    publish(folder, candidate(folder, tmp_path, "old", export_date=BEFORE, formats=("csv",)))
    newest = link(folder, LIST, None, None, HOUR)
    assert (newest.export_date, newest.file.format) == (DAY, "xlsx")
    assert link(folder, LIST, BEFORE, None, HOUR).file.format == "csv"


def test_on_an_object_storage_it_is_signed(s3_store: Store, tmp_path: Path) -> None:
    publish(s3_store, candidate(s3_store, tmp_path, "rows"))
    found = link(s3_store, LIST, DAY, "csv", HOUR)
    assert found.ends
    assert found.file.key in found.address
    assert "X-Amz-Expires=3600" in found.address


def test_where_there_is_none_it_is_said_why_and_what_there_is(folder: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="wholesale has published nothing yet: `price-assets export wholesale` does"):
        link(folder, LIST, None, None, HOUR)
    publish(folder, candidate(folder, tmp_path, "rows", formats=("csv",)))
    with pytest.raises(UsageError, match=f"wholesale {DAY} has no xlsx: it was published as csv"):
        link(folder, LIST, DAY, "xlsx", HOUR)
    with pytest.raises(UsageError, match=f"wholesale {BEFORE} has published nothing; the nearest published day is {DAY}"):
        link(folder, LIST, BEFORE, None, HOUR)
    publish(folder, candidate(folder, tmp_path, "later", export_date=AFTER))
    between = DAY + timedelta(days=1)
    with pytest.raises(UsageError, match=f"has published nothing; the nearest published days are {DAY} and {AFTER}"):
        link(folder, LIST, between, None, HOUR)
    withdraw(folder)
    with pytest.raises(UsageError, match=f"wholesale {DAY} has nothing published any more: it was withdrawn; the nearest published day is {AFTER}"):
        link(folder, LIST, DAY, None, HOUR)


def test_a_file_that_somebody_deleted_gets_no_address(folder: Store, tmp_path: Path) -> None:
    publish(folder, candidate(folder, tmp_path, "rows"))
    Path(link(folder, LIST, DAY, "csv", HOUR).address).unlink()
    with pytest.raises(StorageRefused, match="is not there, though the register names it: it has expired, or somebody deleted it"):
        link(folder, LIST, DAY, "csv", HOUR)
