"""Text in cp1251, the encoding of the dialect `1c`: which characters it lacks, and what is written for those that nobody would misread.

cp1251 holds ASCII, the letters of Russian, Ukrainian, Belarusian, Bulgarian, Serbian and Macedonian, the no-break space, and `° ± µ · № ‰ € ¤ § ¦
¶ † ‡ • … – — ‘ ’ ‚ “ ” „ ‹ › « » © ® ™ ¬`: all of these stay as they are. The repertoire is that of Python's codec, and so of Unicode's CP1251.TXT.
"""

import re
import unicodedata
from collections.abc import Mapping

import polars as pl

ENCODING = "cp1251"

_CARRIED = "".join(bytes([code]).decode(ENCODING, errors="ignore") for code in range(0x100))

OUTSIDE = f"[^{re.escape(_CARRIED)}]"
"""A character that cp1251 lacks, as a regular expression."""


def _pairs(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


_WITH_MARKS = [chr(code) for first, last in ((0xC0, 0x24F), (0x1E00, 0x1EFF)) for code in range(first, last + 1)]
_BARE = {letter: unicodedata.normalize("NFD", letter)[0] for letter in _WITH_MARKS}

TABLE: Mapping[str, Mapping[str, str]] = {
    "money": _pairs("₽ руб. ₴ грн. ₸ тенге"),
    "comparisons": _pairs("≤ <= ⩽ <= ≥ >= ⩾ >= ≠ <> ≈ ~"),
    "signs": _pairs("− - × x ✕ x ∗ * ⁄ / ∕ / ⋅ · ∙ · → -> ← <- ↔ <->"),
    "units": _pairs("⌀ диам. ∅ диам. Ω Ом \u2126 Ом μ µ ℃ °C ℉ °F ℓ l ′ ' ″ \""),
    "powers; after a digit with `^` in front": _pairs("⁰ 0 ¹ 1 ² 2 ³ 3 ⁴ 4 ⁵ 5 ⁶ 6 ⁷ 7 ⁸ 8 ⁹ 9 ⁻ -"),
    "indices; after a digit with `_` in front": _pairs("₀ 0 ₁ 1 ₂ 2 ₃ 3 ₄ 4 ₅ 5 ₆ 6 ₇ 7 ₈ 8 ₉ 9"),
    "fractions; after a digit with a space in front": _pairs("½ 1/2 ⅓ 1/3 ⅔ 2/3 ¼ 1/4 ¾ 3/4 ⅛ 1/8 ⅜ 3/8 ⅝ 5/8 ⅞ 7/8"),
    "hyphens and dashes": _pairs("‐ - \u2011 - ‒ - ― —"),
    "quotes": _pairs("´ ' ʼ ’ ‛ ‘ ‟ “"),
    "ligatures": _pairs("ﬀ ff ﬁ fi ﬂ fl ﬃ ffi ﬄ ffl æ ae Æ AE œ oe Œ OE ß ss ẞ SS"),
    "letters with marks": {letter: bare for letter, bare in _BARE.items() if bare.isascii()} | _pairs("ł l Ł L đ d Đ D ı i \u212a K \u212b A"),
    "full-width twins of ASCII": {chr(0xFEE0 + code): chr(code) for code in range(0x21, 0x7F)},
    "spaces of other widths": dict.fromkeys("\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "),
    "separators of lines and paragraphs": dict.fromkeys("\u2028\u2029", "\n"),
    "stress marks": dict.fromkeys("\u0300\u0301", ""),
    "joiners, directions, variation selectors": dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f\ufeff", ""),
}
"""By what they are: the characters that cp1251 lacks, and what is written for each. docs/formats.md shows it, and a test holds the two equal.

Left out is what reads in two ways (Ø, a letter or a diameter; ÷, a division or a range), and every letter of another alphabet.
"""

_WRITTEN = {character: written for characters in TABLE.values() for character, written in characters.items()}

_POWERS, _INDICES, _FRACTIONS = ("".join(TABLE[name]) for name in TABLE if "after a digit" in name)
_DIGIT = "[0-9０-９]"
_APART = {
    f"({_DIGIT})([{_POWERS}])": "${1}^${2}",
    f"({_DIGIT})([{_INDICES}])": "${1}_${2}",
    f"({_DIGIT})([{_FRACTIONS}])": "${1} ${2}",
    f"([{_POWERS}{_INDICES}{_FRACTIONS}])({_DIGIT})": "${1} ${2}",
}
"""10² is not 102, and 1½ not 11/2."""


def written(values: pl.Series) -> pl.Series:
    """The texts as the dialect writes them; what is neither in cp1251 nor in the table stays as it is."""
    places = values.str.contains(OUTSIDE).arg_true()
    if not places.len():
        return values
    texts = values.gather(places)
    if texts.str.contains(r"\p{M}").any():  # a decomposed й is й
        texts = texts.str.normalize("NFC")
    for pattern, replacement in _APART.items():
        texts = texts.str.replace_all(pattern, replacement)
    return values.clone().scatter(places, texts.str.replace_many(_WRITTEN))


def not_carried(values: pl.Series) -> pl.Series:
    """Which texts hold a character that is neither in cp1251 nor in the table; NULL where there is none."""
    return written(values).str.contains(OUTSIDE)


def named(values: pl.Series) -> pl.Series:
    """The texts behind the first such character of each, by its number too, since it may be one that nobody sees: `'✓' (U+2713) in ✓ new`."""
    first = written(values).str.extract(f"({OUTSIDE})")
    names = pl.Series([None if each is None else f"{each!r} (U+{ord(each):04X}) in " for each in first], dtype=pl.String)
    return names + values


def encoded(text: memoryview) -> bytes:
    """UTF-8 → cp1251. Raises UnicodeEncodeError for a character that it lacks."""
    return str(text, "utf-8").encode(ENCODING)
