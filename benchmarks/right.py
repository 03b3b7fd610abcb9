r"""Is what a contestant wrote what Postgres holds? Cell by cell, against `\copy`'s file of the same query, by readers that are not ours.

``python -m benchmarks.right TRUTH.csv FILE`` prints as JSON what is wrong, or what only looks otherwise than the server prints it. In a CSV a value
may look otherwise (33073.8100000000) as long as it is the same; in an XLSX a number that is text is wrong, and what else is text there is told. A
file may hold the first rows only: how many is told, too.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import fastexcel
import polars as pl
import pyarrow as pa
from pyarrow import csv

from benchmarks.rows import TYPES

_BLOCK = 1 << 16
_DECIMAL = pl.Decimal(38, 12)
_LOOKS = {"decimal(12,2)": r"^-?[0-9]+\.[0-9]{2}$", "timestamp": r"^[0-9-]{10}[ T][0-9:]{8}(\.[0-9]+)?$"}
"""How it is to look as text. True, true and t are all the same to us."""


class Wrong(Exception):
    """The first thing that is wrong."""


def look_at(truth: Path, file: Path) -> tuple[int, list[str]]:
    """How many rows it holds, and what looks otherwise. Raises Wrong."""
    workbook = file.suffix == ".xlsx"
    looks: dict[str, str] = {}
    there = _blocks(_csv(truth))
    rows = 0
    for block in _blocks(_xlsx(file) if workbook else _csv(file)):
        expected = next(there, block.clear()).head(len(block))
        if len(expected) < len(block):
            raise Wrong(f"more rows than the {rows + len(expected):,} there are")
        for name, kind in TYPES.items():
            found, right = block[name], _typed(expected[name], kind)
            is_text = found.dtype == pl.String
            cells_of_text = workbook and is_text and kind != "text" and found.null_count() < len(found)
            if cells_of_text and kind in ("decimal(12,2)", "integer"):
                raise Wrong(f"{name} is text")
            same = _typed(found, kind).eq_missing(right) if is_text else _same_cells(found, right, kind)
            if not same.all():
                row = (~same).arg_true()[0]
                raise Wrong(f"{name} of row {rows + row + 1:,} is {found[row]} and not {right[row]}")
            if cells_of_text:
                looks[name] = f"{name} is text"
            elif is_text and kind in _LOOKS and name not in looks and len(others := found.filter(~found.str.contains(_LOOKS[kind]))):
                looks[name] = f"prints {name} {others[0]}"
        rows += len(block)
    if not rows:
        raise Wrong("no rows")
    return rows, list(looks.values())


def _same_cells(found: pl.Series, right: pl.Series, kind: str) -> pl.Series:
    """A workbook's number is a double, the one nearest to the decimal; a moment is one too, near enough to the millisecond."""
    match kind:
        case "decimal(12,2)" | "integer" if found.dtype.is_numeric():
            return found.cast(pl.Float64).eq_missing(right.cast(pl.Float64))
        case "boolean" if found.dtype == pl.Boolean:
            return found.eq_missing(right)
        case "date" | "timestamp" if found.dtype.is_temporal():
            return found.cast(pl.Datetime("us")).dt.round("1ms").eq_missing(right.cast(pl.Datetime("us")))
        case _:
            raise Wrong(f"{found.name}: {kind} became {found.dtype}")


def _typed(values: pl.Series, kind: str) -> pl.Series:
    """Text → its value. Raises Wrong where it is none."""
    try:
        match kind:
            case "text":
                return values
            case "decimal(12,2)":
                if len(others := values.filter(~values.str.contains(r"^-?[0-9]+(\.[0-9]{1,12})?$"))):
                    raise Wrong(f"{values.name}: {others[0]!r} is no decimal")
                return values.cast(_DECIMAL)
            case "integer":
                return values.cast(pl.Int64)
            case "boolean":
                return values.str.head(1).str.to_lowercase().replace_strict({"t": True, "f": False}, return_dtype=pl.Boolean)
            case "date":
                return values.str.to_date("%Y-%m-%d")
            case _:
                plain = values.str.replace("T", " ").str.replace(r" ?(\+00(:?00)?|Z)$", "")
                return plain.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us")
    except pl.exceptions.PolarsError as error:
        raise Wrong(f"{values.name}: {str(error).splitlines()[0]}") from None


def _csv(path: Path) -> Iterator[pl.DataFrame]:
    """Everything is text; an empty field is NULL and "" is not."""
    arrow, reader = cast("Any", pa), cast("Any", csv)
    text = dict.fromkeys(TYPES, arrow.large_string())
    kept = reader.ConvertOptions(column_types=text, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False)
    for batch in reader.open_csv(path, parse_options=reader.ParseOptions(newlines_in_values=True), convert_options=kept):
        yield _named(cast("pl.DataFrame", pl.from_arrow(batch)))


def _xlsx(path: Path) -> Iterator[pl.DataFrame]:
    """The sheets that have our columns, one after the other."""
    book = fastexcel.read_excel(path)
    found = 0
    for sheet in book.sheet_names:
        frame = book.load_sheet(sheet, schema_sample_rows=1000).to_polars()
        if frame.columns == list(TYPES):
            found += 1
            yield frame
    if not found:
        raise Wrong("no sheet has the columns")


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    if frame.columns != list(TYPES):
        raise Wrong(f"its columns are {', '.join(frame.columns)}")
    return frame


def _blocks(frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same rows, as many at a time, so that two files are held against each other row by row."""
    waiting: pl.DataFrame | None = None
    for frame in frames:
        rows = frame if waiting is None else pl.concat([waiting, frame])
        whole = len(rows) - len(rows) % _BLOCK
        for start in range(0, whole, _BLOCK):
            yield rows.slice(start, _BLOCK)
        waiting = rows.slice(whole)
    if waiting is not None and len(waiting):
        yield waiting


def main() -> None:
    """Say it as JSON."""
    try:
        rows, looks = look_at(Path(sys.argv[1]), Path(sys.argv[2]))
        said: dict[str, Any] = {"rows": rows, "looks": looks}
    except Wrong as wrong:
        said = {"wrong": str(wrong)}
    except Exception as error:  # noqa: BLE001 - a reader's own errors: the file can't be read
        said = {"wrong": f"can't be read: {str(error).splitlines()[0]}"}
    print(json.dumps(said, ensure_ascii=False))  # noqa: T201


if __name__ == "__main__":
    main()
