"""Price list SQL, scanned and not parsed: what Postgres accepts decides, and no parser may refuse or rewrite it [PJ6, PJ7].

The scanner knows the tokens of Postgres' own scanner (`scan.l`, under `standard_conforming_strings=on`, which is pinned [PJ4]), and of the grammar
only what it needs: where a query begins and ends, which brackets are open, and where a colon is an operator. So it finds offline what Postgres would
refuse anyway, with file and line, and lets the rest through to the server.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from price_assets.errors import PriceListError, did_you_mean

PARAMETER = ":export_date"

_NAME = r"[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*+"  # to Postgres every character beyond ASCII is a letter, a no-break space too
_TAG = r"(?:[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]*+)?"
_ESCAPED = r"(?:[^'\\]|\\.|'')*+'"
# An E'' string goes on after white space that holds a line end, and keeps its escapes there.
_CONTINUED = r"(?:[ \t\f\v]|--[^\n\r]*+)*+[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*+[\n\r])*+'"
_TOKEN = re.compile(
    rf"""
      (?P<space>    [ \t\n\r\f\v]++ | --[^\n\r]*+ )
    | (?P<comment>  /\* )
    | (?P<string>   [eE]'{_ESCAPED} (?:{_CONTINUED}{_ESCAPED})*+ (?!{_CONTINUED}) | '[^']*+' | \$(?P<tag>{_TAG})\$ .*? \$(?P=tag)\$ )
    | (?P<quoted>   "[^"]*+" )
    | (?P<unended>  [eE]?' | " | \${_TAG}\$ )
    | (?P<argument> \$[0-9]++ )
    | (?P<word>     {_NAME} )
    | (?P<number>   [0-9]++ )
    | (?P<symbol>   :: | := | . )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")

_FIRST_WORDS = ("select", "with", "values", "table", "(")
_CLOSED_BY = {"(": ")", "[": "]"}
_OPERAND_FOLLOWS = (
    *("all", "and", "any", "array", "asymmetric", "between", "case", "else", "escape", "from", "ilike", "in", "like", "not", "or", "some"),
    *("symmetric", "then", "to", "value", "when", "zone"),
)
"""Words of an expression after which its next operand stands."""

_OF_A_WORD = re.compile(r"[\w$\x80-\U0010ffff]")
"""What stands before a parameter, as in `AND:export_date`: the literal needs a space there."""


class _Token(NamedTuple):
    kind: str
    text: str
    start: int

    @property
    def is_operand(self) -> bool:
        """Whether an expression may end with this token: a colon after it is an operator, for no value can follow at once."""
        if self.kind == "word":
            return self.text not in _OPERAND_FOLLOWS
        return self.kind != "symbol" or self.text in (")", "]")


class _Bracket(NamedTuple):
    token: _Token
    takes_colons: bool
    """A colon may be an operator directly inside: in a subscript (`a[1:n]`), and in JSON_OBJECT and JSON_OBJECTAGG (`'key': value`)."""


_NOTHING = _Token("symbol", "", 0)


@dataclass(frozen=True)
class Query:
    """A scanned query: `text` is what was written, but for a byte order mark, semicolons at its ends and what follows them."""

    text: str
    ordered: bool
    """An ORDER BY stands at the top level: outside parentheses, strings and comments."""
    parameters: tuple[int, ...]
    """Where in the text `:export_date` stands as a parameter."""

    @property
    def has_export_date(self) -> bool:
        """Whether the rows can depend on the export date."""
        return bool(self.parameters)

    def render(self, export_date: date) -> str:
        """The SQL to run: `:export_date` becomes `DATE '2026-11-24'`; nothing else is ever put into it."""
        literal = f"DATE '{export_date.isoformat()}'"
        parts: list[str] = []
        done = 0
        for start in self.parameters:
            parts += [self.text[done:start], " " if _OF_A_WORD.match(self.text, start - 1, start) else "", literal]
            done = start + len(PARAMETER)
        return "".join((*parts, self.text[done:]))


def scan(sql: str, file: str) -> Query:
    """Scan the SQL of a price list; `file` is what messages call it.

    A `:name` is a parameter, except where Postgres knows the colon as an operator (a subscript, JSON_OBJECT). There only `:export_date` is one, and
    only where a value may stand: `a[:export_date - DATE '2026-01-01']` holds it, `a[1:export_date]` and `a[:n]` are slices.

    Raises PriceListError with file and line: no query, a second statement, an unknown parameter, a string, comment or bracket without its end.
    """
    sql = sql.removeprefix("\ufeff")
    before = previous = _NOTHING
    begin, end = 0, None
    brackets: list[_Bracket] = []
    parameters: list[int] = []
    ordered = order = False
    for token in _tokens(sql, file):
        if token.text == ";":
            if previous is _NOTHING:
                begin = token.start + 1  # an empty statement is none to Postgres
            elif end is None:
                end = token.start
            continue
        if end is not None:
            raise _error(file, sql, token.start, "a second statement begins here; a price list is one query")
        if previous is _NOTHING and token.text not in _FIRST_WORDS:
            found = _excerpt(sql, token)
            raise _error(file, sql, token.start, f"a query starts with SELECT, WITH, VALUES, TABLE or a parenthesis, not with {found}")
        if token.text in _CLOSED_BY:
            colons = previous.text not in ("array", "[", ",") if token.text == "[" else previous.text in ("json_object", "json_objectagg")
            brackets.append(_Bracket(token, takes_colons=colons))
        elif token.text in _CLOSED_BY.values():
            if not brackets or _CLOSED_BY[brackets.pop().token.text] != token.text:
                raise _error(file, sql, token.start, f"{token.text!r} closes nothing that is open")
        elif token.kind == "argument" or (token.kind == "word" and previous.text == ":" and previous.start + 1 == token.start):
            start = token.start if token.kind == "argument" else previous.start
            name = sql[start : token.start + len(token.text)]
            is_operator = brackets and brackets[-1].takes_colons and token.kind == "word" and (name != PARAMETER or before.is_operand)
            if not is_operator and name != PARAMETER:
                hint = did_you_mean(name, [PARAMETER]) or f"; the only one is {PARAMETER!r}"
                raise _error(file, sql, start, f"unknown parameter {name!r}{hint}")
            if not is_operator:
                parameters.append(start)
        ordered = ordered or (order and token.text == "by")
        order = token.text == "order" and not brackets
        before, previous = previous, token
    if previous is _NOTHING:
        raise PriceListError(f"{file}:1: there is no query in it")
    if brackets:
        raise _error(file, sql, brackets[-1].token.start, f"{brackets[-1].token.text!r} is never closed")
    return Query(sql[begin:end], ordered, tuple(start - begin for start in parameters))


def _tokens(sql: str, file: str) -> Iterator[_Token]:
    """What Postgres' scanner makes of the text, without white space and comments; words in small letters, of ASCII alone as there."""
    position = 0
    while found := _TOKEN.match(sql, position):
        kind, start, position = found.lastgroup or "", found.start(), found.end()
        if kind == "comment":
            position = _end_of_comment(sql, start, file)
        elif kind == "unended":
            what = {"'": "string", '"': "quoted name", "$": "dollar-quoted string"}[found[0][-1]]
            raise _error(file, sql, start, f"the {what} that begins here never ends")
        elif kind != "space":
            yield _Token(kind, found[0].lower() if kind == "word" and found[0].isascii() else found[0], start)


def _end_of_comment(sql: str, start: int, file: str) -> int:
    """The position after a comment; in Postgres they nest."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(sql, start):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    raise _error(file, sql, start, "the comment that begins here never ends")


def _excerpt(sql: str, token: _Token) -> str:
    return repr(sql[token.start : token.start + min(len(token.text), 20)])


def _error(file: str, sql: str, start: int, message: str) -> PriceListError:
    return PriceListError(f"{file}:{sql.count(chr(10), 0, start) + 1}: {message}")
