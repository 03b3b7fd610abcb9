"""Names of sheets: what Excel takes [XL4], and how a price list's sheets are called."""

import re

_LONGEST = 31
_TAKEN = {"about", "history"}
"""Without regard to case: `About` is the workbook's own last sheet, `History` is reserved by Excel."""


def sheet_name_problem(name: str) -> str | None:
    """Why a sheet can't have this name, for the error of the price list that asks for it; None where it can. A long name is cut, not refused."""
    if not name.strip():
        return "a sheet's name can't be blank"
    if found := re.search(r"[\[\]:*?/\\\x00-\x1f\x7f\ufffe\uffff]", name):
        return rf"a sheet's name can't hold {found[0]!r}: leave out [ ] : * ? / \ and control characters"
    if name.startswith("'") or name.endswith("'"):
        return "a sheet's name can't start or end with a quote"
    if _cut(name).casefold() in _TAKEN:
        return f"the sheet's name {name!r} is taken (About is the workbook's own, History is Excel's): choose another"
    return None


def sheet_names(name: str, sheets: int) -> list[str]:
    """Return the names of the sheets that hold the rows: `Name`, `Name (2)` …, each cut to 31 with the suffix counted.

    A price list that is itself called `about` or `history` gets `about_`, `history_`.
    """
    first = f"{name}_" if name.casefold() in _TAKEN else _cut(name)
    return [first, *(_cut(name, f" ({number})") for number in range(2, sheets + 1))]


def _cut(name: str, suffix: str = "") -> str:
    """Cut at 31 UTF-16 units, which is what Excel counts, and never inside a pair or before an edge quote."""
    room = 2 * (_LONGEST - len(suffix))
    kept = name.encode("utf-16-le")[:room].decode("utf-16-le", errors="ignore")
    return (kept if kept == name else kept.rstrip(" '")) + suffix
