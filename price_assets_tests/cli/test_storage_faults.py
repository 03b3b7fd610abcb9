"""The exporter as a whole, on storages that fail: its exit code, its one line, and that nothing half-made is left."""

import hashlib
import json
import subprocess
from collections.abc import Generator
from math import inf
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from price_assets_tests.servers.disks import fill, on_a_read_only_root, small_disk
from price_assets_tests.servers.faults import Fault, Proxy, proxied
from price_assets_tests.servers.gcs import GCSServer
from price_assets_tests.servers.s3 import S3Server
from price_assets_tests.shop import DAY, NEXT_DAY, Shop, command, log_lines

LARGE = """
DROP TABLE prices;
CREATE TABLE prices AS
SELECT g::text AS sku, (SELECT string_agg(md5(g::text || n::text), '') FROM generate_series(1, 40) AS n) AS name, 1.05::numeric(12, 2) AS price,
       g AS stock, DATE '2026-01-01' AS valid_on, DATE '2027-01-01' AS valid_until
FROM generate_series(1, 8000) AS g
"""
"""Ten megabytes of CSV: two parts of an upload."""
NOT_TRIED = {"DB_HOST": "nowhere.invalid"}
"""What ends with another line, was the source asked."""


@pytest.fixture
def proxy(shop: Shop, s3: S3Server) -> Generator[Proxy]:
    """In front of S3, to which the shop exports."""
    with proxied(s3.endpoint) as made:
        shop.environment |= s3.environment() | {"AWS_ENDPOINT_URL": made.endpoint, "STORAGE_PREFIX": uuid4().hex}
        yield made


@pytest.fixture
def temporary(shop: Shop) -> Path:
    """The exporter's temp folder."""
    folder = shop.folder / "temporary"
    folder.mkdir()
    shop.environment["TMPDIR"] = str(folder)
    return folder


def the_error(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that says what went wrong."""
    assert "Traceback" not in done.stderr
    (line,) = (line["message"] for line in log_lines(done.stderr) if line["log.level"] == "error")
    return line


def published(gcs: GCSServer, key: str) -> dict[str, Any]:
    return json.loads(gcs.objects[key].data)


def test_the_exporter_publishes_to_google_cloud_storage(shop: Shop, gcs: GCSServer) -> None:
    shop.environment |= gcs.environment() | {"STORAGE_PREFIX": "shops/one"}
    (day,) = shop.export("--date", DAY)
    assert day["files"][0]["copy"] == f"gs://prices/shops/one/shop/{DAY}/shop_{DAY}.csv"
    register = published(gcs, "shops/one/shop/publications.json")
    manifest = published(gcs, f"shops/one/{register['days'][DAY]['published']['manifest']}")
    for file in manifest["files"]:
        for key in (file["key"], f"shop/{DAY}/shop_{DAY}.{file['format']}", f"shop/latest/shop.{file['format']}"):
            found = gcs.objects[f"shops/one/{key}"]
            assert hashlib.sha256(found.data).hexdigest() == file["sha256"] == found.headers["x-goog-meta-sha256"]
            assert found.headers["content-disposition"] == f'attachment; filename="shop_{DAY}.{file["format"]}"'
    assert shop.export("--date", DAY)[0]["outcome"] == "unchanged"
    assert not gcs.uploads


def test_a_bucket_of_google_that_is_not_there_ends_with_2_before_the_source_is_asked(shop: Shop, gcs: GCSServer) -> None:
    shop.environment |= gcs.environment()
    done = shop.run("export", "--date", DAY, **NOT_TRIED, STORAGE_BUCKET="gs://no-such-bucket")
    assert done.returncode == 2
    assert the_error(done).endswith(" has no bucket 'no-such-bucket'. Create it, or change STORAGE_BUCKET.")


def test_a_bad_morning_is_survived(shop: Shop, proxy: Proxy, temporary: Path) -> None:
    """503 for three seconds, a connection that is cut in the middle of a part, and lost answers to what joins the parts and what commits the day."""
    shop.database.execute(LARGE)
    proxy.faults += [
        Fault(503, times=inf, skip=2, seconds=3),  # the preflight does not wait
        Fault("reset in the middle", ("part",)),
        Fault("lost answer", ("complete",)),
        Fault("lost answer", ("create",), skip=1),
    ]
    (day,) = shop.export("--date", DAY)
    assert day["outcome"] == "published"
    assert all(fault.met for fault in proxy.faults)
    assert not list(temporary.iterdir())


def test_a_right_that_is_lost_half_way_ends_with_2_and_leaves_nothing_half_made(shop: Shop, proxy: Proxy, temporary: Path) -> None:
    shop.database.execute(LARGE)
    proxy.faults += [Fault(403, ("part",), inf, skip=1)]
    done = shop.run("export", "--date", DAY)
    assert done.returncode == 2
    assert "refused: AccessDenied (Said by the proxy). Look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the rights" in the_error(done)
    verbs = [verb for verb, _ in proxy.requests]
    assert verbs.count("begin") == verbs.count("abort") > 0
    assert not {"create", "copy"} & set(verbs)
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("status", [501, 400])
def test_a_storage_without_conditional_writes_is_refused_before_the_source_is_asked(shop: Shop, proxy: Proxy, status: int) -> None:
    proxy.faults += [Fault(status, ("create", "swap"), inf)]
    done = shop.run("export", "--date", DAY, **NOT_TRIED)
    assert done.returncode == 2
    assert the_error(done).endswith("the storage must know conditional writes (If-Match, If-None-Match).")


def test_half_a_pair_of_keys_is_refused_before_anything_is_asked(shop: Shop, proxy: Proxy) -> None:
    del shop.environment["AWS_SECRET_ACCESS_KEY"]
    done = shop.run("export", "--date", DAY, **NOT_TRIED)
    assert (done.returncode, proxy.requests) == (2, [])
    assert the_error(done) == "AWS_ACCESS_KEY_ID wants AWS_SECRET_ACCESS_KEY beside it: set both, or neither."


def test_a_full_temp_folder_ends_with_1_and_leaves_nothing_in_it(shop: Shop, temporary: Path) -> None:
    shop.database.execute(LARGE)
    with small_disk(temporary, 1):
        done = shop.run("export", "--date", DAY)
        assert done.returncode == 1
        assert "No space left on device" in the_error(done)
        assert "Look at the space and the rights of the temp folder" in the_error(done)
        assert not list(temporary.iterdir())
    assert not (shop.storage / "shop").exists()


def test_a_folder_on_a_full_disk_ends_with_1_and_keeps_what_it_has_published(shop: Shop) -> None:
    with small_disk(shop.storage, 20):
        shop.export("--date", DAY)
        before = shop.published(DAY)
        shop.database.execute(LARGE)
        fill(shop.storage)
        done = shop.run("export", "--date", NEXT_DAY)
        assert done.returncode == 1
        assert the_error(done).endswith("No space left on device. Look at the disk, then run again.")
        assert not list(shop.storage.rglob("*.part"))
        assert shop.published(DAY) == shop.copies(DAY) == shop.copies("latest") == before


def test_a_read_only_root_with_a_temp_folder_elsewhere_is_enough(shop: Shop, s3: S3Server, temporary: Path) -> None:
    """As in a pod with `readOnlyRootFilesystem` and an `emptyDir`."""
    shop.environment |= s3.environment() | {"STORAGE_PREFIX": uuid4().hex}
    exporter = on_a_read_only_root(*command("export", "--date", DAY, "--json"), writable=temporary)
    done = subprocess.run(exporter, env=shop.process_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["outcome"] == "published"


@pytest.mark.parametrize(
    ("writable", "words"), [(True, "Read-only file system. Give this user the right to it"), (False, "TMPDIR: no temp folder can")]
)
def test_where_nothing_can_be_written_it_ends_with_2_before_the_source_is_asked(shop: Shop, temporary: Path, writable: bool, words: str) -> None:  # noqa: FBT001
    exporter = on_a_read_only_root(*command("export", "--date", DAY), writable=temporary if writable else None)
    done = subprocess.run(exporter, env=shop.process_environment(**NOT_TRIED), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert words in the_error(done)
