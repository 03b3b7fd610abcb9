"""The exporter on a real S3 server, looked at by a client that is not ours."""

import hashlib
import json
from typing import Any
from uuid import uuid4

import boto3
import pytest

from price_assets_tests.servers.s3 import S3Server
from price_assets_tests.shop import DAY, NEXT_DAY, Shop, log_lines


class Partner:
    """A partner's program, by boto3."""

    def __init__(self, server: S3Server, prefix: str) -> None:
        keys = {"aws_access_key_id": server.access_key, "aws_secret_access_key": server.secret_key}
        self._client: Any = boto3.client("s3", endpoint_url=server.endpoint, region_name="us-east-1", **keys)
        self._bucket, self._prefix = server.bucket, prefix

    def get(self, key: str) -> dict[str, Any]:
        """An object's answer, its body read."""
        answer = self._client.get_object(Bucket=self._bucket, Key=f"{self._prefix}/{key}")
        return answer | {"Body": answer["Body"].read()}

    def json(self, key: str) -> dict[str, Any]:
        return json.loads(self.get(key)["Body"])


@pytest.fixture
def partner(shop: Shop, s3: S3Server) -> Partner:
    prefix = f"tests/{uuid4().hex}"
    shop.environment |= s3.environment() | {"STORAGE_PREFIX": f"/{prefix}/"}
    return Partner(s3, prefix)


def test_a_partner_finds_whole_files_with_their_names_and_checksums(shop: Shop, partner: Partner) -> None:
    (day,) = shop.export("--date", DAY)
    assert day["files"][0]["copy"].endswith(f"/shop/{DAY}/shop_{DAY}.csv")
    manifest = partner.json(partner.json("shop/publications.json")["days"][DAY]["published"]["manifest"])
    for file in manifest["files"]:
        for key in (file["key"], f"shop/{DAY}/shop_{DAY}.{file['format']}", f"shop/latest/shop.{file['format']}"):
            found = partner.get(key)
            assert hashlib.sha256(found["Body"]).hexdigest() == file["sha256"] == found["Metadata"]["sha256"]
            assert found["ContentDisposition"] == f'attachment; filename="shop_{DAY}.{file["format"]}"'
    assert partner.get("shop/latest/shop.csv")["ContentType"].startswith("text/csv")
    assert partner.json("shop/latest/manifest.json")["revision"] == manifest["revision"]


def test_the_same_again_is_unchanged_and_a_newer_day_moves_latest(shop: Shop, partner: Partner) -> None:
    shop.export("--date", DAY)
    assert shop.export("--date", DAY)[0]["outcome"] == "unchanged"
    shop.database.execute("UPDATE prices SET price = 12.34 WHERE sku = '001'")
    assert shop.export("--date", NEXT_DAY)[0]["outcome"] == "published"
    assert b"12.34" in partner.get("shop/latest/shop.csv")["Body"]
    assert b"10.50" in partner.get(f"shop/{DAY}/shop_{DAY}.csv")["Body"]


def test_a_bucket_that_is_not_there_ends_with_2_before_the_source_is_asked(shop: Shop, partner: Partner) -> None:
    assert partner
    done = shop.run("export", "--date", DAY, STORAGE_BUCKET="no-such-bucket", DB_HOST="nowhere.invalid")
    assert done.returncode == 2
    (line,) = log_lines(done.stderr)
    assert "no-such-bucket" in line["message"]


def test_a_storage_that_does_not_answer_ends_with_1(shop: Shop, partner: Partner) -> None:
    assert partner
    done = shop.run("export", "--date", DAY, AWS_ENDPOINT_URL="http://127.0.0.1:1")
    assert done.returncode == 1
    assert shop.environment["AWS_SECRET_ACCESS_KEY"] not in done.stderr


def test_a_wrong_key_ends_with_2(shop: Shop, partner: Partner, s3: S3Server) -> None:
    assert partner
    if not s3.real:
        pytest.skip("moto checks no signatures: the real S3 server is not built")
    done = shop.run("export", "--date", DAY, AWS_SECRET_ACCESS_KEY="wrong")
    assert done.returncode == 2
