"""YAML that coerces nothing in silence, and that knows the line and column of every key and value.

Parsers of YAML differ over what a plain (unquoted) `NO`, `007` or `1e3` is. Here a plain scalar has one meaning or none: what is a number, a
date, a truth or text to YAML 1.1 and 1.2 alike, in the one usual way to write it, is that; whatever either of them would read as anything but
text is `Unclear`, which no key takes. Anchors, aliases and tags are refused, and so is a key that stands twice.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple, Protocol, TypeAlias

import yaml

from price_assets.errors import PriceListError

_NO_CHARACTER = re.compile("[\\x00\\ud800-\\udfff\\ufffe\\uffff]")
"""What an escape can write, and neither UTF-8 nor a workbook can hold."""

MAX_DEPTH = 8
"""Of mappings and lists in each other; a price list needs half of it."""

Path: TypeAlias = tuple[str | int, ...]
Value: TypeAlias = "str | int | bool | Decimal | date | Unclear | tuple[Value, ...] | dict[str, Value]"


@dataclass(frozen=True)
class Unclear:
    """A plain scalar that is text to one parser and something else to another, or nothing at all; quotes make it text."""

    text: str


class Place(NamedTuple):
    """Where a key or a value begins, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Document:
    """A file's top mapping. `keys` and `places` say where the key, and the value, at a path begin."""

    file: str
    values: dict[str, Value]
    keys: dict[Path, Place] = field(default_factory=dict[Path, Place])
    places: dict[Path, Place] = field(default_factory=dict[Path, Place])

    def nearest(self, path: Path) -> Path:
        """The path itself where something stands there, else the nearest one above it."""
        while path not in self.places:
            path = path[:-1]
        return path

    def error(self, path: Path, message: str, *, at_key: bool = False) -> PriceListError:
        """`file:line:column: message`, of the value (or the key) at the path, or of what is nearest above it."""
        path = self.nearest(path)
        place = self.keys.get(path) if at_key else None
        return _error(self.file, place or self.places[path], message)


def read(text: str, file: str) -> Document:
    """Read one document; `file` is what messages call it. Raises PriceListError with file, line and column."""
    document = Document(file, {})
    try:
        _Reader(text, document).read()
    except yaml.MarkedYAMLError as error:
        raise _error(file, *_told(error)) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise _error(file, place, f"the character U+{ord(text[error.position]):04X} can't stand in YAML") from None
    return document


class _Reader:
    """Builds values from the parser's events, which, unlike its nodes, still tell an alias from what it stands for."""

    def __init__(self, text: str, document: Document) -> None:
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self._document = document

    def read(self) -> None:
        next(self._events)  # the stream starts
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise _error(self._document.file, Place(1, 1), "there is nothing in it")
        top = next(self._events)
        if not isinstance(top, yaml.MappingStartEvent):
            raise self._refused(top, "a mapping is due here: `name: …` and so on")
        self._refuse_extras(top)
        self._document.places[()] = _place(top.start_mark)
        self._document.values.update(self._mapping(()))
        next(self._events)  # the document ends
        if not isinstance(after := next(self._events), yaml.StreamEndEvent):
            raise self._refused(after, "a second document begins here; a file holds one")

    def _value(self, event: yaml.Event, path: Path) -> Value:
        self._refuse_extras(event)
        if len(path) > MAX_DEPTH:
            raise self._refused(event, f"nested too deep: a price list needs no more than {MAX_DEPTH} levels")
        self._document.places[path] = _place(event.start_mark)
        match event:
            case yaml.ScalarEvent():
                return event.value if event.style else plain(event.value)
            case yaml.MappingStartEvent():
                return self._mapping(path)
            case _:
                items: list[Value] = []
                while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
                    items.append(self._value(item, (*path, len(items))))
                return tuple(items)

    def _mapping(self, path: Path) -> dict[str, Value]:
        values: dict[str, Value] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            self._refuse_extras(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise self._refused(event, "a mapping or a list stands where a key is due")
            key: str = event.value
            if not event.style and not isinstance(plain(key), str):
                raise self._refused(event, f"a key is text, and {key!r} is not clearly that; quote it" if key else "a key is missing")
            if key in values:
                raise self._refused(event, f"key {key!r} stands here again; line {self._document.keys[*path, key].line} has it already: keep one")
            self._document.keys[*path, key] = _place(event.start_mark)
            values[key] = self._value(next(self._events), (*path, key))
        return values

    def _refuse_extras(self, event: yaml.Event) -> None:
        """An anchor lets a short file grow without bound, a tag makes text of a number in silence, and not every escape is a character."""
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._refused(event, "anchors and aliases (& and *) are not taken; write it out, or quote it where it is text")
        if getattr(event, "tag", None):
            raise self._refused(event, "tags (!) are not taken; what is text goes in quotes")
        if isinstance(event, yaml.ScalarEvent) and (found := _NO_CHARACTER.search(event.value)):
            raise self._refused(event, f"U+{ord(found[0]):04X} is no character that a file can hold; take it out")

    def _refused(self, event: yaml.Event, message: str) -> PriceListError:
        return _error(self._document.file, _place(event.start_mark), message)


_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NOT_TEXT = re.compile(
    r"""
      (?# nothing at all) | ~ | null | y | n | yes | no | on | off | true | false | = | <<
      | [-+]? (?: 0b[01_]+ | 0o?[0-7_]+ | 0x[0-9a-f_]+ | [0-9][0-9_]* (?::[0-5]?[0-9])+ (?:\.[0-9_]*)? )
      | [-+]? (?: [0-9][0-9_]* (?:\.[0-9_]*)? | \.[0-9][0-9_]* ) (?:e[-+]?[0-9]+)?
      | [-+]?\.inf | \.nan
      | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2} (?: (?:t|[ \t]+) [0-9]{1,2}:.* )?
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Everything that YAML 1.1 (yaml.org/type) or the core schema of 1.2 reads as something else than text, in whichever case."""


def plain(text: str) -> Value:
    """What an unquoted scalar is: `12` an int, `0.01` a Decimal, `2026-01-01` a date, `true` a bool, `шт` text, `007` unclear."""
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) <= _MAX_DIGITS else Unclear(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return Unclear(text)
    return Unclear(text) if _NOT_TEXT.fullmatch(text) else text


_MAX_DIGITS = 100
"""Python itself refuses to read a whole number of more than 4,300."""

_WORDS = {
    "found character '\\t' that cannot start any token": "a tab stands here; YAML wants spaces",
    "mapping values are not allowed here": "a colon is not expected here: is this line indented too far, or does text with ': ' in it want quotes?",
    "expected <block end>": "the indentation of this line does not fit the lines before it",
}
_BEGUN = {
    "could not find expected ':'": "a key is due here, and after it a colon and a space (key: value)",
    "expected ',' or ']'": "the list that begins here is not closed: a comma or ] is missing",
    "expected ',' or '}'": "the mapping that begins here is not closed: a comma or } is missing",
    "found unexpected end of stream": "the quotes that begin here are not closed",
}
"""What is wrong with something that began earlier, at `context_mark`."""


def _told(error: yaml.MarkedYAMLError) -> tuple[Place, str]:
    """Where, and the parser's complaint in a line."""
    problem, here = error.problem or "not YAML", _place(error.problem_mark or error.context_mark)
    for begins, said in _WORDS.items():
        if problem.startswith(begins):
            return here, said
    for begins, said in _BEGUN.items():
        if problem.startswith(begins) and error.context_mark:
            return _place(error.context_mark), said
    if problem.startswith("found character"):
        return here, f"{problem.replace('that cannot start any token', 'which starts no text')}: quote it"
    began = f" ({error.context} that begins in line {error.context_mark.line + 1})" if error.context and error.context_mark else ""
    return here, problem.replace("<stream end>", "the end of the file") + began


class _Mark(Protocol):
    line: int
    column: int


def _place(mark: _Mark | None) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)


def _error(file: str, place: Place, message: str) -> PriceListError:
    return PriceListError(f"{file}:{place.line}:{place.column}: {message}")
