"""What pydantic finds wrong with a price list, told as the first error in its YAML: where, what is due there, and what stands there."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from inspect import isclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from price_assets.errors import PriceListError, did_you_mean
from price_assets.export.contract import Column
from price_assets.export.price_list import PriceList
from price_assets.export.strict_yaml import Document, Path, Unclear, plain

_DUE = {
    "is_instance_of": "a number",  # of Decimal: first, for where a number may be, a whole one may be too
    "int_type": "a whole number",
    "date_type": "a date (2026-01-31)",
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list ([one, two])",
    "model_type": "a mapping ({key: value})",
}
_LIMITS: dict[str, Callable[[dict[str, Any]], str]] = {
    "too_short": lambda _: "is empty",
    "too_long": lambda limit: f"has {limit['actual_length']:,} entries, and a query of Postgres gives at most {limit['max_length']:,} columns",
    "string_too_long": lambda limit: f"is longer than {limit['max_length']} characters",
    "greater_than": lambda limit: f"is to be more than {limit['gt']}",
    "greater_than_equal": lambda limit: f"is to be at least {limit['ge']}",
    "less_than_equal": lambda limit: f"is to be at most {limit['le']}",
}


_EXAMPLES = {
    "name": "name: wholesale",
    "sql": "sql: wholesale.sql",
    "columns": "columns: and a column a line (sku: {type: text})",
    "key": "key: [sku]",
    "type": "type: text",
    "ratio": "ratio: 0.5",
    "share": "share: 0.1",
}
"""How the keys that must be there are written."""


def first_error(error: ValidationError, document: Document) -> PriceListError:
    """The error that stands first in the file; but a missing key comes last, for it may be there, misspelt."""
    # `prices` wants `columns` for its default; their own error is told.
    told = [each for each in error.errors(include_url=False) if each["type"] != "default_factory_not_called"]
    found = [(document.nearest(_path(each, document)), each) for each in told]
    at, first = min(found, key=lambda each: (each[1]["type"] == "missing", document.places[each[0]]))
    name = repr(next((part for part in reversed(at) if isinstance(part, str)), "price list"))
    limits = first.get("ctx", {})
    match first["type"]:
        case "extra_forbidden":
            known = _keys(first["loc"][:-1])
            return document.error(at, f"unknown key {name}{did_you_mean(str(at[-1]), known) or _there_are(known)}", at_key=True)
        case "missing":
            key = str(first["loc"][-1])
            return document.error(at, f"key {key!r} is missing; write {_EXAMPLES[key]}", at_key=True)
        case "value_error":
            return document.error(at, f"{name} {limits['error']}")
        case "literal_error":
            choices: list[str] = re.findall("'(.*?)'", limits["expected"])
            hint = did_you_mean(_said(first["input"]), choices)
            return document.error(at, f"{name} is one of {', '.join(choices)}, not {_said(first['input'])}{hint}")
        case kind if kind in _LIMITS:
            return document.error(at, f"{name} {_LIMITS[kind](limits)}")
        case _:
            kinds = {each["type"] for place, each in found if place == at}
            return document.error(at, f"{name} {_wants(kinds, first['input'])}")


def _path(error: ErrorDetails, document: Document) -> Path:
    """From pydantic's location to a path in the document, where `columns` is a mapping."""
    location = (*error["loc"], *getattr(error.get("ctx", {}).get("error"), "path", ()))
    match location, document.values.get("columns"):
        case ("columns", int(index), *rest), dict(columns):
            return ("columns", list(columns)[index], *(part for part in rest if part != "name"))
        case _:
            return location


def _keys(location: Path) -> list[str]:
    """The keys that a mapping at pydantic's location may have; a column's name is the key of its mapping."""
    model: type[BaseModel] = PriceList
    for part in location:
        if part in model.model_fields:
            model = _model_in(model.model_fields[str(part)].annotation) or model
    return [name for name in model.model_fields if (model, name) != (Column, "name")]


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for each in get_args(annotation) if (model := _model_in(each))), None)


def _there_are(names: list[str]) -> str:
    return f"; there are {', '.join(names)}"


def _wants(kinds: set[str], found: object) -> str:
    """`wants text, not 007; quote it: "007"`."""
    if "is_instance_of" in kinds:
        kinds = kinds - {"int_type"}
    due = " or ".join(words for kind, words in _DUE.items() if kind in kinds)
    hint = ""
    if isinstance(found, str) and not isinstance(plain(found), str | Unclear):
        hint = "; write it without quotes"
    elif "string_type" in kinds and isinstance(found, Unclear | int | Decimal | date) and found != Unclear(""):
        hint = f'; quote it: "{_said(found)}"'
    elif isinstance(found, Unclear) and (digits := _digits(found.text)):
        hint = f"; write it as {digits}"
    return f"wants {due}, not {_said(found)}{hint}"


def _digits(text: str) -> str | None:
    """`1e3` → `1000`: a number in the one way that every parser reads alike, where it has a few digits."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return f"{number.normalize():f}" if number.is_finite() and abs(number.adjusted()) < _FEW_DIGITS else None


_FEW_DIGITS = 20


def _said(found: object) -> str:
    """As it stands in the file."""
    match found:
        case bool():
            return str(found).lower()
        case Unclear(text):
            return text or "nothing"
        case int() | Decimal() | date():
            return str(found)
        case dict():
            return "a mapping"
        case tuple():
            return "a list"
        case _:
            return repr(found)
