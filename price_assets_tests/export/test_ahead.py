from collections.abc import Iterator
from threading import Barrier

import pytest

from price_assets.export.ahead import ahead


def test_two_items_are_worked_on_at_once_and_come_in_their_order() -> None:
    both = Barrier(2, timeout=10)

    def work(item: int) -> int:
        both.wait()  # one alone would wait for ever
        return item * 10

    assert list(ahead(work, iter(range(6)))) == [0, 10, 20, 30, 40, 50]


def test_no_more_than_two_items_are_taken_before_they_are_wanted() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(10):
            taken.append(item)
            yield item

    done = ahead(lambda item: item, items())
    assert next(done) == 0
    assert taken == [0, 1, 2]


def test_an_error_shows_where_its_item_would_come() -> None:
    done = ahead(lambda item: 1 // item, iter([1, 0, 1]))
    assert next(done) == 1
    with pytest.raises(ZeroDivisionError):
        next(done)
