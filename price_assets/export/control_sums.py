"""Control sums: how many rows, and the exact sum of each decimal column. What a file and its snapshot must agree on."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

import polars as pl

from price_assets.export.contract import Contract, Kind

_HALF = pl.lit(10**19, dtype=pl.Int128)
_WHOLE_DIGITS = 28
"""Up to this many digits 10^10 values still sum up inside 128 bits; wider ones are summed in two halves of 19 digits."""


class ControlSums:
    """Adds up frames of a contract, one after the other, without rounding and without overflow at any precision up to 38 digits.

    NULL counts as nothing; a column without values sums up to 0. A total has its column's scale: `Decimal("91234567.80")`.
    """

    def __init__(self, columns: Contract) -> None:
        decimals = [column for column in columns if column.type.kind is Kind.DECIMAL]
        self._scales = {column.name: column.type.scale for column in decimals}
        self._wide = {column.name for column in decimals if column.type.precision > _WHOLE_DIGITS}
        self._units = dict.fromkeys(self._scales, 0)
        self.rows = 0

    def add(self, frame: pl.DataFrame | pl.LazyFrame) -> None:
        """Add a frame's rows; columns typed as `contract.schema` says. A LazyFrame is streamed."""
        sums = frame.lazy().select(pl.len().alias("rows"), *self.parts({name: pl.col(name) for name in self._scales}))
        self.add_parts(sums.collect(engine="streaming").row(0, named=True))

    def parts(self, values: Mapping[str, pl.Expr]) -> Iterator[pl.Expr]:
        """What is to be selected of a frame that has the values not in columns of those names: `add_parts` takes it, with the number of `rows`."""
        for position, name in enumerate(self._scales):
            units = values[name].to_physical()  # of the last decimal place, as Int128
            if name in self._wide:
                yield (units // _HALF).sum().alias(f"{position} high")
                yield (units % _HALF).sum().alias(f"{position} low")
            else:
                yield units.cast(pl.Int128).sum().alias(f"{position} low")

    def add_parts(self, sums: Mapping[str, int]) -> None:
        """Add what was selected."""
        self.rows += sums["rows"]
        for position, name in enumerate(self._scales):
            self._units[name] += sums.get(f"{position} high", 0) * 10**19 + sums[f"{position} low"]

    @property
    def totals(self) -> dict[str, Decimal]:
        """The sum of each decimal column, by the column's name, in the contract's order."""
        return {name: Decimal(f"{units}E-{self._scales[name]}") for name, units in self._units.items()}  # from text: a context would round
