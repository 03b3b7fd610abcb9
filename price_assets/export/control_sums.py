"""Control sums: how many rows, and the exact sum of each decimal column. What a file and its snapshot must agree on."""

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
        parts = [pl.len().alias("rows")]
        for position, name in enumerate(self._scales):
            units = pl.col(name).to_physical()  # of the last decimal place, as Int128
            if name in self._wide:
                parts += [(units // _HALF).sum().alias(f"{position} high"), (units % _HALF).sum().alias(f"{position} low")]
            else:
                parts += [units.cast(pl.Int128).sum().alias(f"{position} low")]
        sums: dict[str, int] = frame.lazy().select(parts).collect(engine="streaming").row(0, named=True)
        self.rows += sums["rows"]
        for position, name in enumerate(self._scales):
            self._units[name] += sums.get(f"{position} high", 0) * 10**19 + sums[f"{position} low"]

    @property
    def totals(self) -> dict[str, Decimal]:
        """The sum of each decimal column, by the column's name, in the contract's order."""
        return {name: Decimal(f"{units}E-{self._scales[name]}") for name, units in self._units.items()}  # from text: a context would round
