"""A price list of one's own from its SQL alone: the server describes the query, and the YAML is written beside it."""

import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from price_assets.errors import PriceListError, Refused, UsageError
from price_assets.export.contract import ColumnType, Kind
from price_assets.export.describe import describe, prepare
from price_assets.export.postgres import open_session
from price_assets.export.price_list import PriceList
from price_assets.export.price_list_files import SUFFIXES, load_price_lists, read_file, shown
from price_assets.export.sql import scan
from price_assets.export.strict_yaml import plain
from price_assets.operations.draft_columns import DraftColumn, draft_columns
from price_assets.operations.draft_key import draft_key
from price_assets.operations.query_plan import plan_of
from price_assets.operations.source_catalogue import origins, table
from price_assets.settings import FORMATS, SourceSettings


@dataclass(frozen=True)
class Draft:
    """A drafted price list; `guesses` of its key, and those of its columns, are what the server did not say."""

    name: str
    sql: str
    start: date
    past_dates: bool
    key: tuple[str, ...]
    key_guess: str
    columns: tuple[DraftColumn, ...]

    @property
    def guesses(self) -> int:
        """How many lines hold a guess."""
        return sum(bool(column.guesses) for column in self.columns) + bool(self.key_guess)

    def to_yaml(self) -> str:
        """As `price_list_files` loads it, a column a line."""
        guessed = 'what is marked "guess" the server did not say' if self.guesses else "the server said all of it"
        names = [_scalar(column.name) for column in self.columns]
        width = min(max(map(len, names)) + 1, 32)
        lines = [
            f"# Drafted from {self.sql}: {guessed}. Headers, descriptions, checks and formats are yours to add.",
            f"name: {self.name}",
            f"sql: {_scalar(self.sql)}",
            f"start: {self.start}",
            *(["past_dates: true"] if self.past_dates else []),
            f"key: [{', '.join(map(_scalar, self.key))}]{_comment(self.key_guess)}",
            "columns:",
            *(f"  {f'{name}:':<{width}} {_mapping(column)}{_comment(*column.guesses)}" for name, column in zip(names, self.columns, strict=True)),
        ]
        return "\n".join(lines) + "\n"


def draft(file: Path, day: date, source: SourceSettings) -> Draft:
    """Describe the query of a SQL file; `day` is the list's first, and what `:export_date` stands for meanwhile.

    Raises UsageError for a file that can't be a price list's, PriceListError, SourceUnavailable, SourceRefused, and Refused for columns that no
    price list can have.
    """
    refuse_what_can_be_no_list(file)
    query = scan(read_file(file), shown(file))
    text = query.render(day)
    with open_session(source, f"price_assets draft {file.stem[:40]}") as session:
        connection = session.connection
        found = describe(connection, text, shown(file))
        _refuse_names_that_stand_twice([column.name for column in found], file)
        prepare(connection, f"SELECT FROM (\n{text}\n) AS q", shown(file), wrapped=1)  # as an export asks: a CTE that writes is refused
        plan = plan_of(connection, text, f"{shown(file)}: ")
        come_from = origins(connection, found)
        tables = {oid: table(connection, oid) for oid in dict.fromkeys(origin.table for origin in come_from if origin)}
        columns = draft_columns(connection, found, come_from, tables, plan)
    key, key_guess = draft_key(columns, come_from, tables, plan)
    # A key is never null, and whether it really is not is among what is guessed of it.
    columns = [replace(column, nullable=False, null_guess="") if column.name in key else column for column in columns]
    drafted = Draft(file.stem, file.name, day, query.has_export_date, key, key_guess, tuple(columns))
    _refuse_what_does_not_load(drafted, file)
    return drafted


def write(drafted: Draft, file: Path) -> Path:
    """Write the YAML beside the SQL, where none is. Raises UsageError."""
    path = file.with_suffix(SUFFIXES[0])
    try:
        with path.open("x", encoding="utf-8") as opened:
            opened.write(drafted.to_yaml())
    except FileExistsError:
        raise _is_there(path) from None
    except OSError as error:
        raise UsageError(f"{shown(path)} can't be written: {error.strerror}.") from None
    return path


def refuse_what_can_be_no_list(file: Path) -> None:
    """Look at the file's name, and at what is beside it, before anything is connected to. Raises UsageError."""
    if file.suffix.lower() != ".sql":
        raise UsageError(f"{shown(file)}: a draft is made from a file *.sql with one SELECT in it.")
    if not file.is_file():
        raise UsageError(f"There is no file {shown(file)}.")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", file.stem):
        fit = re.sub(r"[^a-z0-9]+", "_", file.stem.lower()).strip("_")
        hint = f", {fit}.sql for instance" if re.match("[a-z]", fit) else ", price_list.sql for instance"
        raise UsageError(
            f"{shown(file)}: the price list gets the file's name, so it is small letters, digits and _, a letter first: rename it{hint}."
        )
    for suffix in SUFFIXES:
        if (path := file.with_suffix(suffix)).exists():
            raise _is_there(path)


def _is_there(path: Path) -> UsageError:
    return UsageError(f"{shown(path)} is there already, and is never overwritten: move it away to draft anew.")


def _refuse_names_that_stand_twice(names: Sequence[str], file: Path) -> None:
    for position, name in enumerate(names, 1):
        if (first := names.index(name) + 1) < position:
            raise Refused(f"{shown(file)}: columns {first} and {position} are both named {name!r}: give them names of their own (AS …).")


def _refuse_what_does_not_load(drafted: Draft, file: Path) -> None:
    """What a name can't be, or holds that YAML can't, is known where price lists are loaded."""
    with tempfile.TemporaryDirectory(prefix="price-assets-") as name:
        folder = Path(name)
        (folder / drafted.sql).write_bytes(file.read_bytes())
        (folder / f"{drafted.name}.yaml").write_text(drafted.to_yaml(), encoding="utf-8")
        (loaded,) = load_price_lists(folder, start=drafted.start, formats=FORMATS)
    if not isinstance(loaded, PriceList):
        assert isinstance(loaded.error, PriceListError)  # noqa: S101
        raise Refused(f"{shown(file)}: the query's columns make no price list: {re.sub(r'^.*?:[0-9]+:[0-9]+: ', '', str(loaded.error))}")


def _mapping(column: DraftColumn) -> str:
    parts = [f"type: {_type(column.type)}"]
    parts += [f"header: {_scalar(column.header)}"] if column.header else []
    parts += ["nullable: true"] if column.nullable else []
    return f"{{{', '.join(parts)}}}"


def _type(type_: ColumnType) -> str:
    return f'"{type_}"' if type_.kind is Kind.DECIMAL else str(type_)


def _comment(*guesses: str) -> str:
    said = "; ".join(guess for guess in guesses if guess)
    # What a name holds must not end the comment.
    return f"  # guess: {''.join(letter if letter.isprintable() else '�' for letter in said)}" if said else ""


def _scalar(text: str) -> str:
    """Text as YAML takes it for text: bare where nobody can misread it, else in quotes with whatever does not show escaped."""
    if re.fullmatch(r"[^\W\d][\w.]*(?: [\w.]+)*", text) and isinstance(plain(text), str):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08X}" for letter in quoted)
