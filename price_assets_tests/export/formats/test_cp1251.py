import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from price_assets.export.formats import cp1251

DOCUMENT = Path(__file__).parents[3] / "docs" / "formats.md"
NAMES = {" ": "a space", "\n": "a newline", "": "nothing"}
LONG = 20


def written(text: str) -> str:
    return cp1251.written(pl.Series([text]))[0]


def table() -> str:
    """The table as docs/formats.md shows it: of a long row some."""
    rows = [f"| {what} | {_listed(characters)} |" for what, characters in cp1251.TABLE.items()]
    return "\n".join(["| what cp1251 lacks | what is written |", "|---|---|", *rows])


def _listed(characters: Mapping[str, str]) -> str:
    names = {NAMES.get(text) for text in characters.values()}
    if len(names) == 1 and (name := names.pop()) is not None:
        return f"{', '.join(map(_shown, characters))}: {name}"
    pairs = [f"{_shown(character)} → `{text}`" for character, text in characters.items()]
    return ", ".join(pairs) if len(pairs) <= LONG else ", ".join(pairs[:: len(pairs) // 8]) + " …"


def _shown(character: str) -> str:
    """Itself, or its number where a reader would not see it."""
    seen = character.isprintable() and not unicodedata.combining(character) and not "\ufe00" <= character <= "\ufe0f"
    return f"`{character}`" if seen and character not in "\u2011\u2126\u212a\u212b" else f"U+{ord(character):04X}"


def test_the_document_shows_the_table() -> None:
    """Where it doesn't, put what `table()` gives into docs/formats.md."""
    assert table() in DOCUMENT.read_text(encoding="utf-8")


def test_the_table_has_what_cp1251_lacks_once_and_writes_what_it_has() -> None:
    characters = [character for each in cp1251.TABLE.values() for character in each]
    assert len(characters) == len(set(characters))
    for character in characters:
        with pytest.raises(UnicodeEncodeError):
            character.encode("cp1251")
    assert all(text.encode("cp1251") is not None for each in cp1251.TABLE.values() for text in each.values())


def test_what_cp1251_has_stays_as_it_is() -> None:
    every = bytes(code for code in range(256) if code != 0x98).decode("cp1251")
    assert written(every) == every
    assert cp1251.encoded(memoryview(every.encode())) == every.encode("cp1251")
    assert not cp1251.not_carried(pl.Series([every])).any()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 290,00 ₽", "1 290,00 руб."),
        ("≤ 5 мм, ≥ 3, −25 °C … +60 °C", "<= 5 мм, >= 3, -25 °C … +60 °C"),
        ("3×1.5 мм²", "3x1.5 мм2"),
        ("10 м³", "10 м3"),
        ("10² и 10⁻³", "10^2 и 10^-3"),
        ("１０²", "10^2"),
        ("CO₂, log₁₀, 10₂", "CO2, log10, 10_2"),
        ("½ дюйма, 1½ дюйма, ¾5", "1/2 дюйма, 1 1/2 дюйма, 3/4 5"),
        ("м²5", "м2 5"),
        ("4,7 Ω ⌀50 5″", '4,7 Ом диам.50 5"'),
        ("30\u202f000\u2009руб.", "30 000 руб."),
        ("30\u00a0000 руб.", "30\u00a0000 руб."),
        ("«Häuslich» Żubrowit Ostrów Señor Çelikhan Łódź café", "«Hauslich» Zubrowit Ostrow Senor Celikhan Lodz cafe"),
        ("и\u0306 е\u0308 cafe\u0301", "й ё cafe"),
        ("за\u0301мок", "замок"),
        ("a\u200b\u200fb\ufeff\ufe0f", "ab"),
        ("＝１＋１；", "=1+1;"),
        ("a\u2028b", "a\nb"),
        ("ﬁlter Æ ß", "filter AE ss"),
    ],
)
def test_nobody_misreads_what_is_written(text: str, said: str) -> None:
    assert written(text) == said
    said.encode("cp1251")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Дрель 🔧", "'🔧' (U+1F527) in Дрель 🔧"),
        ("東森", "'東' (U+6771) in 東森"),
        ("× Ø50", "'Ø' (U+00D8) in × Ø50"),
        ("10÷20", "'÷' (U+00F7) in 10÷20"),
        ("Қазақ", "'Қ' (U+049A) in Қазақ"),
        ("a\x98", r"'\x98' (U+0098) in a" + "\x98"),
        ("a\ufffdb", "'\ufffd' (U+FFFD) in a\ufffdb"),
        ("и\u0304", r"'ӣ' (U+04E3) in и" + "\u0304"),
        ("x\u0304", f"{chr(0x304)!r} (U+0304) in x\u0304"),
    ],
)
def test_what_is_in_neither_is_named(text: str, named: str) -> None:
    values = pl.Series(["×", None, text, ""])
    assert cp1251.not_carried(values).to_list() == [False, None, True, False]
    assert cp1251.named(values)[2] == named


def test_the_characters_looked_for_are_those_that_python_can_not_encode() -> None:
    everything = [chr(code) for code in range(0x11_0000) if not 0xD800 <= code <= 0xDFFF]
    lacking = pl.Series(everything).str.contains(cp1251.OUTSIDE).to_list()
    assert lacking == [not each.encode("cp1251", errors="ignore") for each in everything]
    assert re.search(cp1251.OUTSIDE, "Ø")
