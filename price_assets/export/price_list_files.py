"""A folder of price lists → PriceLists. A file that is wrong breaks its own list and no other.

The folder may be a ConfigMap's mount, which is a folder of links beside `..data`: links are followed, names that start with a dot are not read.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from price_assets.errors import PriceListError, did_you_mean
from price_assets.export import sql, strict_yaml
from price_assets.export.contract import Contract
from price_assets.export.formats.csv_dialects import header_cells, header_field, header_lacks
from price_assets.export.price_list import CsvOptions, PriceList
from price_assets.export.price_list_errors import first_error
from price_assets.export.strict_yaml import Document, Unclear, Value
from price_assets.settings import FormatName

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class BrokenPriceList:
    """A price list that does not load. `name` is its file's, made fit for a name and unlike all others."""

    name: str
    error: PriceListError


def load_price_lists(folder: Path, *, start: date, formats: tuple[FormatName, ...], only: str | None = None) -> list[PriceList | BrokenPriceList]:
    """Load every `*.yaml` and `*.yml` of the folder, sorted by name.

    `start` is for lists that give none (`EXPORT_START_DATE`); their formats are cut to `formats` (`OUTPUT_FORMATS`). Of a PriceList `sql` is the text
    of its SQL file. `only` is the one list that is wanted: where its file is there, no other is read. Raises PriceListError where the folder can't be
    read or holds no price list.
    """
    try:
        names = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith("."))
    except OSError as error:
        raise PriceListError(f"{shown(folder)}: the folder of price lists can't be read: {error.strerror}") from None
    if not names:
        raise PriceListError(f"{shown(folder)}: there is no price list in this folder: no file *.yaml")
    names = [name for name in names if Path(name).stem == only] or names
    loaded: dict[str, PriceList] = {}
    errors: dict[str, PriceListError] = {}
    for name in names:
        try:
            price_list = _load(folder / name, start, formats)
        except PriceListError as error:
            errors[name] = error
            continue
        if price_list.name in loaded:
            said = f"there is a price list {price_list.name!r} already; remove one of the two files"
            errors[name] = PriceListError(f"{shown(folder / name)}:1: {said}")
        else:
            loaded[price_list.name] = price_list
    broken: dict[str, BrokenPriceList] = {}
    for file, error in errors.items():
        name = next(name for name in _names(file) if name not in loaded and name not in broken)
        broken[name] = BrokenPriceList(name, error)
    return sorted((*loaded.values(), *broken.values()), key=lambda each: each.name)


def _names(file: str) -> Iterator[str]:
    """Valid names for the list of a file, the nearest first."""
    stem = re.sub(r"[^a-z0-9_]+", "_", file.rpartition(".")[0].lower())[:50]
    name = stem if re.match("[a-z]", stem) else f"list_{stem}"
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1


def _load(path: Path, start: date, formats: tuple[FormatName, ...]) -> PriceList:
    """One price list, read and checked whole."""
    document = strict_yaml.read(read_file(path), shown(path))
    try:
        price_list = PriceList.model_validate(_as_model(document, start))
    except ValidationError as error:
        raise first_error(error, document) from None
    if price_list.name != path.stem:
        raise document.error(("name",), f"'name' is {price_list.name!r}, and the file's is {path.stem!r}; they are to be one")
    if price_list.formats.csv:
        _refuse_headers_that_the_dialect_lacks(document, price_list.columns, price_list.formats.csv)
    made = price_list.formats.only(formats)
    if not price_list.formats.made:
        raise document.error(("formats",), "'formats' is empty; leave it out for both, or name csv, xlsx")
    if not made.made:
        only = ", ".join(price_list.formats.made)
        raise document.error(("formats",), f"'formats' has {only} only, and OUTPUT_FORMATS has {', '.join(formats)} only: nothing would be made")
    text = _sql(price_list.sql, path.parent, document)
    sql_file = shown(path.parent / price_list.sql)
    query = sql.scan(text, sql_file)
    if price_list.past_dates and not query.has_export_date:
        wanted = f"'past_dates' is true without :export_date in {price_list.sql}, and old dates would get today's prices"
        raise document.error(("past_dates",), f"{wanted}: write it there, without quotes around it, or leave 'past_dates' out")
    return price_list.loaded(text, sql_file, made)


def _as_model(document: Document, start: date) -> dict[str, object]:
    """The document's values in the model's form: columns are a sequence, defaults are filled in, and an empty `csv:` has all of its own."""
    values: dict[str, object] = {"start": start, **document.values}
    match document.values.get("columns"):
        case dict(columns):
            values["columns"] = tuple(_named(name, column, document) for name, column in columns.items())
        case None:
            pass
        case _:
            raise document.error(("columns",), "'columns' wants a mapping, a column a line (sku: {type: text})")
    match document.values.get("formats"):
        case dict(made):
            values["formats"] = {name: {} if options == Unclear("") else options for name, options in made.items()}
        case _:
            pass
    return values


def _named(name: str, column: Value, document: Document) -> object:
    if not isinstance(column, dict):
        return column
    if "name" in column:
        raise document.error(("columns", name, "name"), "unknown key 'name': a column's name is the key before its mapping", at_key=True)
    return {"name": name, **column}


def _refuse_headers_that_the_dialect_lacks(document: Document, columns: Contract, options: CsvOptions) -> None:
    """Of cp1251: a header with a character that can't be written, or that is written as another one is."""
    written: dict[str, str] = {}
    for column, cell in zip(columns, header_cells(columns, options), strict=True):
        said = f"can't be a header of the dialect {options.dialect}"
        if lacking := header_lacks(cell, options):
            problem = f"{said}: {lacking!r} (U+{ord(lacking):04X}) is neither in cp1251 nor in the table of docs/formats.md"
        elif cell in written:
            problem = f"{said}: it is written {cell!r}, as that of column {written[cell]!r} is"
        else:
            written[cell] = column.name
            continue
        if header_field(options) == "label" and column.header:
            raise document.error(("columns", column.name, "header"), f"'header' {column.header!r} {problem}")
        raise document.error(("columns", column.name), f"{column.name!r} {problem}", at_key=True)


def _sql(name: str, folder: Path, document: Document) -> str:
    """The text of the SQL file."""
    inside = Path(os.path.normpath(name))  # by its text: links are followed, wherever a mount lets them lead
    if inside.is_absolute() or ".." in inside.parts:
        raise document.error(("sql",), f"'sql' is {name!r}, which lies outside of the price lists' folder")
    path = folder / inside
    if not path.is_file():
        beside = sorted(each.name for each in folder.glob("*.sql"))
        raise document.error(("sql",), f"there is no file {name!r} beside this one{did_you_mean(name, beside)}")
    return read_file(path)


def read_file(path: Path) -> str:
    """The file's text, line ends as they are, without a byte order mark."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PriceListError(f"{shown(path)}:1: can't be read: {error.strerror}") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PriceListError(f"{shown(path)}:{line}: is not UTF-8 (byte {content[error.start]:#04x}); save it as UTF-8") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise PriceListError(f"{shown(path)}:{line}: holds a NUL character; save it as UTF-8 text")
    return text


def shown(path: Path) -> str:
    """As a person would write it: from the working folder, where it lies below."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
