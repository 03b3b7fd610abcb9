"""A workbook → its rows, by a reader that is not the writer's kin."""

from pathlib import Path

import fastexcel
import polars as pl

from price_assets.errors import Failed
from price_assets.export.contract import Column, Contract, Kind

_READ_AS: dict[Kind, fastexcel.DType] = {
    Kind.TEXT: "string",
    Kind.INTEGER: "float",
    Kind.DECIMAL: "float",  # all that a spreadsheet has; each of up to 15 digits is another one
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.TIMESTAMP: "datetime",
    Kind.TIMESTAMPTZ: "datetime",
}


def read(path: Path, columns: Contract, rows: int) -> pl.DataFrame:
    """Read the rows of a workbook of ours, of all its sheets but `About`; a whole sheet is in memory [XL10].

    Columns have the contract's names and types (`contract.schema`), but for what a workbook does not say: a timestamp is `Datetime("ms")`, cut to the
    millisecond, and so is a timestamptz, as the wall time that is shown; a line end in a text is a plain newline. Raises Failed where the header
    is not the contract's, or there are not so many rows.
    """
    workbook = fastexcel.read_excel(path)
    sheets = [read_sheet(workbook, position, 0, columns, f"{path.name}, sheet {name}") for position, name in enumerate(workbook.sheet_names[:-1])]
    found = pl.concat(sheets)
    if found.height != rows:
        raise Failed(f"{path.name} has {found.height:,} rows where {rows:,} are due. Materialise it again.")
    return found.select(_typed(column) for column in columns)


def read_sheet(workbook: fastexcel.ExcelReader, position: int, height: int, columns: Contract, sheet: str) -> pl.DataFrame:
    """Return a sheet's data rows by the columns' names, numbers as floats. `sheet` is what an error calls it.

    Rows at its end that are NULL throughout are not there for the reader, so they are added where it has fewer than `height`. Raises Failed.
    """
    types: dict[str | int, fastexcel.DType] = {number: _READ_AS[column.type.kind] for number, column in enumerate(columns)}
    values = workbook.load_sheet(position, header_row=0, dtypes=types).to_polars()
    labels = [column.label for column in columns]
    twice = len(set(labels)) < len(labels)  # then the reader adds numbers to them
    if len(values.columns) != len(labels) or not all(
        found.startswith(label) if twice else found == label for found, label in zip(values.columns, labels, strict=True)
    ):
        raise Failed(f"{sheet}: the header is {values.columns} where {labels} is due; run it again.")
    values.columns = [column.name for column in columns]
    return pl.concat([values, values.clear(max(height - values.height, 0))])


def exact(column: Column) -> pl.Expr:
    """Return the decimals that were read: the shortest text of a double of up to 15 digits is the number that was written."""
    return pl.col(column.name).cast(pl.String).cast(column.type.polars)


def _typed(column: Column) -> pl.Expr:
    match column.type.kind:
        case Kind.DECIMAL:
            return exact(column)
        case Kind.INTEGER:
            return pl.col(column.name).cast(pl.Int64)
        case _:
            return pl.col(column.name)
