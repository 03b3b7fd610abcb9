from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from price_assets_tests.deployment.helm.chart import CHART, Installed, rendered
from price_assets_tests.deployment.helm.mirror import mirrored
from price_assets_tests.deployment.helm.values import values

NO_CHART = "LOUD: NO CHART HERE, so what it makes of the values is known by our mirror of it alone: set PRICE_ASSETS_CHART"


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    """What runs are launched from; only dagster-k8s looks at it."""
    with dg.DagsterInstance.local_temp() as made:
        yield made


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """What our values come to."""
    return rendered(values(), tmp_path_factory.mktemp("chart")) if CHART else mirrored(values())


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """A folder for values, where the chart is at hand. Skips the test where it is not."""
    if not CHART:
        pytest.skip(NO_CHART)
    return tmp_path
