from collections.abc import Iterator

import pytest

from price_assets.demo.server import Server
from price_assets_tests.deployment.deployed import Deployment, deployed
from price_assets_tests.servers.s3 import S3Server


@pytest.fixture(scope="package")
def deployment(postgres_server: Server, s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """One for all tests that launch runs of their own: they belong to `xdist_group("dagster")`, for it takes half a minute to be up."""
    with deployed(tmp_path_factory.mktemp("deployment"), postgres_server, s3) as running:
        yield running
