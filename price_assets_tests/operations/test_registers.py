import threading
import time

from price_assets.errors import Failed, StorageRefused, StorageUnavailable
from price_assets.operations.registers import AT_ONCE, side_by_side


def test_what_is_told_keeps_the_order_of_the_names_and_each_is_asked_once() -> None:
    asked: list[str] = []
    names = [f"list{number}" for number in range(50)]

    def ask(name: str) -> str:
        asked.append(name)
        return name.upper()

    assert list(side_by_side([*names, *names], ask).items()) == [(name, name.upper()) for name in names]
    assert sorted(asked) == sorted(names)
    assert side_by_side([], ask) == {}


def test_one_that_fails_does_not_hold_up_the_others() -> None:
    refused = StorageRefused("no right")

    def ask(name: str) -> str:
        if name == "refused":
            raise refused
        if name == "odd":
            raise KeyError(name)
        return name

    told = side_by_side(["a", "refused", "odd", "b"], ask)
    assert (told["a"], told["refused"], told["b"]) == ("a", refused, "b")
    assert isinstance(told["odd"], Failed)
    assert str(told["odd"]) == "KeyError: 'odd'"


def test_they_are_asked_side_by_side() -> None:
    together = threading.Barrier(AT_ONCE, timeout=30)

    def ask(_: str) -> int:
        return together.wait()

    assert len(set(side_by_side([str(number) for number in range(AT_ONCE)], ask).values())) == AT_ONCE


def test_who_never_answers_is_not_waited_for() -> None:
    never = threading.Event()
    began = time.monotonic()
    told = side_by_side(["a", "hangs"], lambda name: never.wait() if name == "hangs" else name, seconds=0.2)
    assert time.monotonic() - began < 10
    never.set()
    assert told["a"] == "a"
    assert isinstance(told["hangs"], StorageUnavailable)
    assert str(told["hangs"]) == "The storage did not answer within 0 s."
