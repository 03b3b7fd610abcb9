import os

import pytest

from price_assets_tests.export.protocol_model import DROPS, Scenario, explore, scenarios

NAMES = [scenario.name for scenario in scenarios()]
SMALL = ("a withdrawal against a slow, older run", "withdrawn as soon as published", "withdrawn and accepted at once")
"""Those whose every lost answer is searched in seconds."""


def scenario(name: str) -> Scenario:
    return next(scenario for scenario in scenarios() if scenario.name == name)


@pytest.mark.parametrize("crashes", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_in_no_interleaving_does_a_reader_see_what_is_wrong(name: str, crashes: int) -> None:
    states, found = explore(scenario(name), crashes=crashes)
    assert states > 500
    assert not found


@pytest.mark.parametrize("name", NAMES)
def test_in_no_interleaving_does_a_lost_answer_harm(name: str) -> None:
    if name not in SMALL and "PRICE_ASSETS_FULL_MODEL" not in os.environ:
        pytest.skip("a long search (a minute for all of them): PRICE_ASSETS_FULL_MODEL=1 runs it")
    assert not explore(scenario(name), losses=1)[1]


@pytest.mark.parametrize("drop", DROPS)
def test_without_any_one_step_the_model_finds_what_breaks(drop: str) -> None:
    pairs = [scenario for scenario in scenarios(frozenset({drop})) if len(scenario.processes) == 2]
    assert any(explore(pair, crashes=crashes, first=True)[1] for crashes in (0, 1) for pair in pairs) or any(
        explore(pair, losses=1, first=True)[1] for pair in pairs if pair.name in SMALL
    )
