"""`price-assets settle` over several lists: a damaged one is told of, and holds up no other."""

import pytest

from price_assets.export import layout
from price_assets_tests.export.verified_shop import DAY, NAME, VerifiedShop, silent

COPY = layout.copy_key(NAME, layout.LATEST, "csv")


@pytest.fixture
def several(folder_shop: VerifiedShop) -> VerifiedShop:
    """The shop, with a copy that is to be settled, between two lists that have published nothing."""
    folder_shop.add_lists("alpha", "zeta")
    folder_shop.overwrite(COPY, b"old")
    return folder_shop


def test_a_damaged_list_is_told_of_and_the_next_ones_are_settled(several: VerifiedShop, caplog: pytest.LogCaptureFixture) -> None:
    several.overwrite(layout.register_key("alpha"), b"{")
    done = several.run("settle")
    assert (done.exit_code, done.stdout.splitlines()) == (2, [f"shop: copied {COPY}", "zeta: nothing to do"])
    (record,) = (record for record in caplog.records if record.levelname == "ERROR")
    assert record.message.startswith("alpha: ")
    assert layout.register_key("alpha") in record.message
    assert several.read(COPY) == several.read(several.key_of(DAY, "csv"))


def test_of_several_lists_a_failure_that_a_retry_mends_wins(several: VerifiedShop, monkeypatch: pytest.MonkeyPatch) -> None:
    silent("zeta", monkeypatch)
    several.overwrite(layout.register_key("alpha"), b"{")
    done = several.run("settle")
    assert (done.exit_code, done.stdout.splitlines()) == (1, [f"shop: copied {COPY}"])
