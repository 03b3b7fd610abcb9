from datetime import date
from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from price_assets.errors import PriceListError
from price_assets.export.strict_yaml import Unclear, Value, plain, read

UNCLEAR = [
    *("", "~", "null", "Null", "NULL", "yes", "Yes", "no", "NO", "on", "Off", "y", "N", "True", "FALSE"),
    *(
        "007",
        "00",
        "-0",
        "+1",
        "1_000",
        "0x1F",
        "0o17",
        "0b1010",
        "1e3",
        "1E-3",
        "1.5e3",
        "1.",
        ".5",
        "-.5",
        "+1.5",
        "00.5",
        "1_0.5",
        ".inf",
        "-.INF",
        ".NaN",
    ),
    *("1:30", "12:30:00", "190:20:30.15", "2026-1-1", "2026-02-30", "2026-01-01 06:00:00", "2026-01-01T06:00:00Z", "=", "<<"),
]


@pytest.mark.parametrize("text", UNCLEAR)
def test_what_parsers_disagree_about_is_nothing_but_unclear(text: str) -> None:
    assert plain(text) == Unclear(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("0", 0), ("12", 12), ("-12", -12), ("9" * 20, 10**20 - 1), ("9" * 5000, Unclear("9" * 5000))),
        *(("0.01", Decimal("0.01")), ("-1.50", Decimal("-1.50")), ("0." + "1" * 40, Decimal("0." + "1" * 40))),
        *(("true", True), ("false", False), ("2026-01-01", date(2026, 1, 1)), ("2024-02-29", date(2024, 2, 29))),
        *(
            (text, text)
            for text in ["шт", "excel-semicolon", "1c", "2Gi", "1.2.3", "12 шт", "12-34", "decimal(12,2)", "nope", "٣", "a.b", "-", "1,5", "yes!"]
        ),
    ],
)
def test_what_is_clear_is_exact(text: str, value: Value) -> None:
    read = plain(text)
    assert (type(read), str(read)) == (type(value), str(value))


@given(st.text(alphabet="0123456789._+-:eExXoObBnNyYtTaAfFiI~=< ", max_size=12).map(str.strip))
def test_what_is_text_here_is_text_to_yaml_1_1(text: str) -> None:
    if isinstance(plain(text), str):
        try:
            (value,) = yaml.safe_load(f"[{text}]")
        except (yaml.YAMLError, ValueError):
            return  # not a plain scalar at all
        assert isinstance(value, str | dict)


def test_values_know_where_they_stand() -> None:
    document = read("name: a\nkey: [sku, 'no']\ncolumns:\n  sku: {type: text}\n  price:\n    min: 0.010\n", "a.yaml")
    assert document.values == {"name": "a", "key": ("sku", "no"), "columns": {"sku": {"type": "text"}, "price": {"min": Decimal("0.010")}}}
    assert str(document.values["columns"]).endswith("Decimal('0.010')}}")
    assert document.places["key", 1] == (2, 12)
    assert document.places["columns", "sku", "type"] == (4, 15)
    assert document.keys["columns", "price", "min"] == (6, 5)
    assert str(document.error(("columns", "price", "min"), "is wrong")) == "a.yaml:6:10: is wrong"
    assert str(document.error(("columns", "price", "min"), "is wrong", at_key=True)) == "a.yaml:6:5: is wrong"
    assert str(document.error(("columns", "price", "max", 3), "is missing", at_key=True)) == "a.yaml:5:3: is missing"
    assert str(document.error(("absent",), "is missing", at_key=True)) == "a.yaml:1:1: is missing"


def test_quotes_and_blocks_make_text_of_everything() -> None:
    document = read("a: \"007\"\nb: 'NO'\nc: |\n  1e3\nd: >-\n  12\n", "a.yaml")
    assert document.values == {"a": "007", "b": "NO", "c": "1e3\n", "d": "12"}


def test_comments_and_a_document_s_marks_are_nothing() -> None:
    assert read("%YAML 1.1\n---\n# why\na: b # that\n...\n", "a.yaml").values == {"a": "b"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.yaml:1:1: there is nothing in it"),
        ("# only a comment\n", "a.yaml:1:1: there is nothing in it"),
        ("- a\n", "a.yaml:1:1: a mapping is due here: `name: …` and so on"),
        ("just text", "a.yaml:1:1: a mapping is due here: `name: …` and so on"),
        ("a: 1\nb: {c: 1,\n  c: 2}\n", "a.yaml:3:3: key 'c' stands here again; line 2 has it already: keep one"),
        ('a: 1\n"a": 2\n', "a.yaml:2:1: key 'a' stands here again; line 1 has it already: keep one"),
        ("a: &x 1\n", "a.yaml:1:4: anchors and aliases (& and *) are not taken; write it out, or quote it where it is text"),
        ("a: *x\n", "a.yaml:1:4: anchors and aliases (& and *) are not taken; write it out, or quote it where it is text"),
        ("&x a: 1\n", "a.yaml:1:1: anchors and aliases (& and *) are not taken; write it out, or quote it where it is text"),
        ("&x\na: 1\n", "a.yaml:1:1: anchors and aliases (& and *) are not taken; write it out, or quote it where it is text"),
        ("a: !!str 7\n", "a.yaml:1:4: tags (!) are not taken; what is text goes in quotes"),
        ("a: ! 7\n", "a.yaml:1:4: tags (!) are not taken; what is text goes in quotes"),
        ("a: !!python/object/apply:os.system [ls]\n", "a.yaml:1:4: tags (!) are not taken; what is text goes in quotes"),
        ("a: !!set {b}\n", "a.yaml:1:4: tags (!) are not taken; what is text goes in quotes"),
        ("a: 1\n---\nb: 2\n", "a.yaml:2:1: a second document begins here; a file holds one"),
        ("a: 1\nno: 2\n", "a.yaml:2:1: a key is text, and 'no' is not clearly that; quote it"),
        ("a: {12: 2}\n", "a.yaml:1:5: a key is text, and '12' is not clearly that; quote it"),
        ("<<: {a: 1}\n", "a.yaml:1:1: a key is text, and '<<' is not clearly that; quote it"),
        ("a: 1\n?\n: 1\n", "a.yaml:2:2: a key is missing"),
        ("? [a, b]\n: 1\n", "a.yaml:1:3: a mapping or a list stands where a key is due"),
        ("a:\n\tb: 1\n", "a.yaml:2:1: a tab stands here; YAML wants spaces"),
        ("a: 1\n  b: 2\n", "a.yaml:2:4: a colon is not expected here: is this line indented too far, or does text with ': ' in it want quotes?"),
        ("a: x: y\n", "a.yaml:1:5: a colon is not expected here: is this line indented too far, or does text with ': ' in it want quotes?"),
        ("a:\n   b: 1\n  c: 2\n", "a.yaml:3:3: the indentation of this line does not fit the lines before it"),
        ("a: @b\n", "a.yaml:1:4: found character '@' which starts no text: quote it"),
        ("a: [b, c\n", "a.yaml:1:4: the list that begins here is not closed: a comma or ] is missing"),
        ("a: {b: 1\nc: 2\n", "a.yaml:1:4: the mapping that begins here is not closed: a comma or } is missing"),
        ("a: 1\nb:2\nc: 3\n", "a.yaml:2:1: a key is due here, and after it a colon and a space (key: value)"),
        ("a: 'b\n", "a.yaml:1:4: the quotes that begin here are not closed"),
        ("a: 1\nb: x\x07y\n", "a.yaml:2:5: the character U+0007 can't stand in YAML"),
        ('a: "x\\ud800"\n', "a.yaml:1:4: U+D800 is no character that a file can hold; take it out"),
        ('"a\\uffff": 1\n', "a.yaml:1:1: U+FFFF is no character that a file can hold; take it out"),
        (f"a: {'[' * 100_000}", "a.yaml:1:12: nested too deep: a price list needs no more than 8 levels"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_where_it_stands(text: str, message: str) -> None:
    with pytest.raises(PriceListError) as caught:
        read(text, "a.yaml")
    assert str(caught.value) == message
