"""`price-assets` in the tests' own process."""

import pytest

from price_assets_tests.cli.command import Command
from price_assets_tests.shop import Shop


@pytest.fixture
def price_assets(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command, in the shop's folder."""
    command = Command(shop, monkeypatch)
    command.temporary.mkdir()
    monkeypatch.chdir(shop.folder)
    return command
