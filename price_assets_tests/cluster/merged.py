"""A change of a part of something that is made of dictionaries and lists."""

from typing import Any, cast


def merged(whole: Any, change: Any) -> Any:
    """The whole with the change. Entries of a list that have names go by them, others by their place; what has no counterpart is added."""
    if isinstance(whole, dict) and isinstance(change, dict):
        here = cast("dict[str, Any]", whole)
        return here | {key: merged(here.get(key), value) for key, value in cast("dict[str, Any]", change).items()}
    if isinstance(whole, list) and isinstance(change, list):
        keys = [_key(each, place) for place, each in enumerate(cast("list[Any]", whole))]
        found = dict(zip(keys, cast("list[Any]", whole), strict=True))
        for place, each in enumerate(cast("list[Any]", change)):
            found[_key(each, place)] = merged(found.get(_key(each, place)), each)
        return list(found.values())
    return change


def _key(entry: Any, place: int) -> object:
    return cast("dict[str, Any]", entry).get("name", place) if isinstance(entry, dict) else place
