from decimal import Decimal, localcontext

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from price_assets.export.contract import Column, ColumnType, schema
from price_assets.export.control_sums import ControlSums


def columns(*types: str) -> tuple[Column, ...]:
    return tuple(Column(name=f"c{number}", type=ColumnType.parse(text)) for number, text in enumerate(types))


def frame(contract: tuple[Column, ...], **values: list[object]) -> pl.DataFrame:
    return pl.DataFrame(values, schema=schema(contract))


def test_batches_add_up_with_the_columns_scale() -> None:
    contract = columns("decimal(12,2)", "text", "decimal(10,0)")
    sums = ControlSums(contract)
    sums.add(frame(contract, c0=[Decimal("1.05"), None], c1=["a", None], c2=[Decimal(3), Decimal(-4)]))
    sums.add(frame(contract, c0=[Decimal("0.05")], c1=["b"], c2=[None]).lazy())
    assert sums.rows == 3
    assert {name: str(total) for name, total in sums.totals.items()} == {"c0": "1.10", "c2": "-1"}


def test_no_rows_sum_up_to_zero() -> None:
    contract = columns("decimal(12,2)")
    sums = ControlSums(contract)
    sums.add(frame(contract, c0=[]))
    assert (sums.rows, sums.totals) == (0, {"c0": Decimal("0.00")})


@pytest.mark.parametrize("sign", [1, -1])
def test_the_widest_decimals_do_not_overflow(sign: int) -> None:
    contract = columns("decimal(38,2)", "decimal(38,38)", "decimal(28,0)")
    widest = [Decimal(sign * (10**38 - 1)).as_tuple(), Decimal(sign * (10**38 - 1)).as_tuple(), Decimal(sign * (10**28 - 1)).as_tuple()]
    values = [Decimal((parts.sign, parts.digits, -column.type.scale)) for parts, column in zip(widest, contract, strict=True)]
    sums = ControlSums(contract)
    sums.add(pl.DataFrame([values] * 1000, schema=schema(contract), orient="row"))
    with localcontext(prec=100):
        assert list(sums.totals.values()) == [value * 1000 for value in values]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.one_of(st.none(), st.integers(-(10**38) + 1, 10**38 - 1)), max_size=20))
def test_any_values_sum_up_as_whole_numbers_do(units: list[int | None]) -> None:
    contract = columns("decimal(38,7)")
    sums = ControlSums(contract)
    sums.add(frame(contract, c0=[None if unit is None else Decimal(f"{unit}E-7") for unit in units]))
    assert sums.totals == {"c0": Decimal(f"{sum(unit or 0 for unit in units)}E-7")}
