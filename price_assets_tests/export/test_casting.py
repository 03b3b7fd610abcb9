from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from price_assets.errors import ExitCode, ValueDoesNotFit
from price_assets.export.casting import Misfit, cast
from price_assets.export.contract import Column, ColumnType, schema


def column(name: str, type_: str) -> Column:
    return Column(name=name, type=ColumnType.parse(type_))


def cast_one(values: pl.Series, type_: str, misfit: Misfit | None = None) -> pl.Series:
    columns = (column("sku", "text"), column("value", type_))
    raw = pl.DataFrame({"sku": [f"A-{row}" for row in range(len(values))], "value": values}, schema_overrides={"value": values.dtype})
    frame = cast(raw, columns, ["sku"], lambda _: misfit)
    assert frame.schema == schema(columns)
    return frame["value"]


def refusal(value: str | int | date, type_: str, misfit: Misfit | None = None) -> str:
    """The message for a column in which only the third row does not fit."""
    fits = {str: "1", int: 1, date: date(2026, 1, 1), datetime: datetime(2026, 1, 1)}[type(value)]  # noqa: DTZ001 - as Postgres sends it
    with pytest.raises(ValueDoesNotFit) as caught:
        cast_one(pl.Series([None, fits, value, fits, value]), type_, misfit)
    assert caught.value.exit_code is ExitCode.ROWS_REFUSED
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "type_", "number"),
    [
        ("10.50", "decimal(12,2)", "10.50"),
        ("10.5", "decimal(12,2)", "10.50"),
        ("10", "decimal(12,2)", "10.00"),
        ("-0.01", "decimal(12,2)", "-0.01"),
        ("1.50000000000", "decimal(12,2)", "1.50"),
        ("1." + "0" * 900, "decimal(12,2)", "1.00"),
        ("7.000", "decimal(5,0)", "7"),
        ("9" * 38, "decimal(38,0)", "9" * 38),
        ("-" + "9" * 36 + ".99", "decimal(38,2)", "-" + "9" * 36 + ".99"),
        ("0." + "0" * 37 + "1", "decimal(38,38)", "0." + "0" * 37 + "1"),
    ],
)
def test_a_number_that_fits_keeps_every_digit(text: str, type_: str, number: str) -> None:
    typed = cast_one(pl.Series([text, None, text]), type_)
    assert typed.to_list() == [Decimal(number), None, Decimal(number)]


def test_spare_zeros_in_some_rows_change_nothing() -> None:
    assert cast_one(pl.Series(["1.50", "2", "-3.1000", "0.00"]), "decimal(12,2)").to_list() == [Decimal(t) for t in ("1.50", "2", "-3.10", "0")]


def test_one_and_five_thousandths_is_refused_where_polars_alone_would_round_it() -> None:
    """[PJ5]: the regression test of the fact itself stands first."""
    assert pl.Series(["1.005"]).cast(pl.Decimal(12, 2), strict=True).to_list() == [Decimal("1.00")]
    assert refusal("1.005", "decimal(12,2)") == (
        "Column value, row with sku 'A-2': 1.005 does not fit decimal(12,2): that type holds at most 2 decimals; "
        'write round("value", 2) in the SQL, or widen the type in the price list'
    )


@pytest.mark.parametrize("value", ["12345678901.00", "-99999999999", "10000000000"])
def test_more_digits_than_the_precision_are_refused(value: str) -> None:
    assert f"{value} does not fit decimal(12,2): that type holds at most 10 digits before the point" in refusal(value, "decimal(12,2)")


@pytest.mark.parametrize("type_", ["decimal(12,2)", "decimal(12,0)", "integer"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_nan_and_infinity_are_refused(value: str, type_: str) -> None:
    assert f"{value} does not fit {type_}: it is no number" in refusal(value, type_)


def test_whole_numerics_are_integers() -> None:
    assert cast_one(pl.Series(["12", "12.00", "-0", None, str(2**63 - 1), str(-(2**63))]), "integer").to_list() == [
        12,
        12,
        0,
        None,
        2**63 - 1,
        -(2**63),
    ]


@pytest.mark.parametrize("value", [str(2**63), str(-(2**63) - 1), "1" + "0" * 60])
def test_an_integer_beyond_64_bits_is_refused(value: str) -> None:
    assert f"{value} does not fit integer: an integer has 64 bits" in refusal(value, "integer")


def test_a_fraction_is_no_integer() -> None:
    assert "1.5 does not fit integer: that type holds whole numbers only" in refusal("1.5", "integer")


def test_integers_become_decimals() -> None:
    assert cast_one(pl.Series([1, None, -999]), "decimal(5,2)").to_list() == [Decimal(1), None, Decimal(-999)]
    assert "1000 does not fit decimal(5,2): that type holds at most 3 digits before the point" in refusal(1000, "decimal(5,2)")


FAR = datetime(9999, 12, 31, 23, 59, 59, 999999)  # noqa: DTZ001 - as Postgres sends it


def test_the_first_and_the_last_moment_fit() -> None:
    assert cast_one(pl.Series([date.min, None, date.max]), "date").to_list() == [date.min, None, date.max]
    moments = pl.Series([datetime.min, None, FAR], dtype=pl.Datetime("us"))  # noqa: DTZ901
    assert cast_one(moments, "timestamp").to_list() == moments.to_list()
    assert cast_one(moments, "timestamptz").to_physical().to_list() == moments.to_physical().to_list()


STAND_IN = pl.Series([2_932_897]).cast(pl.Date)
"""10000-01-01, which `projection` puts where Postgres has infinity, BC, or a year of five digits [PJ3]."""


@pytest.mark.parametrize("type_", ["date", "timestamp", "timestamptz"])
def test_a_stand_in_is_refused_with_the_true_value(type_: str) -> None:
    values = STAND_IN if type_ == "date" else STAND_IN.cast(pl.Datetime("us"))
    with pytest.raises(ValueDoesNotFit, match="row with sku 'B-7': infinity does not fit"):
        cast_one(values, type_, Misfit({"sku": "B-7"}, "infinity"))


def test_a_stand_in_whose_true_value_is_gone_is_refused_all_the_same() -> None:
    with pytest.raises(ValueDoesNotFit, match="row with sku 'A-0': a value outside the years 1 to 9999 does not fit date"):
        cast_one(STAND_IN, "date")


def test_the_key_of_a_row_shows_null_and_every_column() -> None:
    columns = (column("sku", "text"), column("region", "integer"), column("price", "decimal(4,2)"))
    raw = pl.DataFrame({"sku": [None], "region": [7], "price": ["1.234"]}, schema_overrides={"sku": pl.String})
    with pytest.raises(ValueDoesNotFit, match=r"Column price, row with sku NULL, region '7': 1\.234"):
        cast(raw, columns, ["sku", "region"], lambda _: None)


def test_text_booleans_and_null_pass_as_they_are() -> None:
    texts = pl.Series(["", " x ", None, "1e2", "é😀\n"])
    assert cast_one(texts, "text").to_list() == texts.to_list()
    assert cast_one(pl.Series([True, None, False]), "boolean").to_list() == [True, None, False]
    for type_ in ("text", "decimal(3,1)", "integer"):
        assert cast_one(pl.Series([None, None], dtype=pl.String), type_).to_list() == [None, None]


@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9), min_size=1), st.integers(0, 6))
def test_any_number_comes_out_as_it_went_in_or_is_refused(numbers: list[Decimal], scale: int) -> None:
    texts = pl.Series([format(number, "f") for number in numbers])
    fits = all(number == number.quantize(Decimal(1).scaleb(-scale)) for number in numbers)
    try:
        assert cast_one(texts, f"decimal(20,{scale})").to_list() == numbers
        assert fits
    except ValueDoesNotFit:
        assert not fits


def test_a_wide_stretch_of_dates_keeps_every_day() -> None:
    days = [date(1, 1, 1) + timedelta(days=9_973 * step) for step in range(366)]
    assert cast_one(pl.Series(days), "date").to_list() == days
