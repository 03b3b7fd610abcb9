"""What a format can't hold, for the `formats` check."""

from typing import NamedTuple

import polars as pl


class Limit(NamedTuple):
    """Of a column: `broken` is true, over a snapshot's frame, for rows that the format would have to change (NULL where the value is); `why` says it.

    `value` is what a person is shown of such a row, where the value by itself would not tell.
    """

    column: str
    broken: pl.Expr
    why: str
    value: pl.Expr | None = None
