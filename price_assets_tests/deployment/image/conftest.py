"""The images that were built, unpacked once a session. They are archives: PRICE_ASSETS_ARCHIVE, and PRICE_ASSETS_DAGSTER_ARCHIVE for the target.

docker build --tag price-assets . && docker save --output image.tar price-assets
PRICE_ASSETS_ARCHIVE=image.tar pytest price_assets_tests/deployment/image
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from price_assets_tests.deployment.image.archive import Image, unpacked


@contextmanager
def _image(variable: str) -> Generator[Image]:
    archive = os.environ.get(variable)
    if archive is None:
        pytest.skip(f"LOUD: no image is held to its tests; {variable} names the archive of one")
    if os.geteuid() != 0:
        pytest.skip("LOUD: the image is not held to its tests, which only root can run: they want namespaces and chroot")
    folder = Path(tempfile.mkdtemp(prefix="price-assets-image-"))
    try:
        yield unpacked(Path(archive), folder)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def image() -> Generator[Image]:
    """The exporter's."""
    with _image("PRICE_ASSETS_ARCHIVE") as found:
        yield found


@pytest.fixture(scope="session")
def dagster_image() -> Generator[Image]:
    """That of the target `dagster`."""
    with _image("PRICE_ASSETS_DAGSTER_ARCHIVE") as found:
        yield found
