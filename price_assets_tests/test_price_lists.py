from datetime import date

import pytest

from price_assets.export.contract import Kind
from price_assets.export.price_list import FORMATS, PriceList
from price_assets.export.price_list_files import load_price_lists
from price_assets.export.sql import scan
from price_assets.variables import SHIPPED_PRICE_LISTS

SHIPPED = {each.name: each for each in load_price_lists(SHIPPED_PRICE_LISTS, start=date(2026, 1, 1), formats=FORMATS) if isinstance(each, PriceList)}


def test_the_shipped_price_lists_load() -> None:
    assert list(SHIPPED) == ["dealers", "retail", "wholesale"]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_list_can_be_exported_for_any_past_day(name: str) -> None:
    assert SHIPPED[name].past_dates
    assert scan(SHIPPED[name].sql, f"{name}.sql").has_export_date


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_list_says_what_a_newcomer_wants_to_know(name: str) -> None:
    price_list = SHIPPED[name]
    assert price_list.description
    assert price_list.owners[0] == "pricing@example.com"
    assert all(column.header for column in price_list.columns)
    assert (SHIPPED_PRICE_LISTS / f"{name}.yaml").read_text(encoding="utf-8").startswith("# ")
    assert price_list.sql.startswith("-- ")


def test_the_shipped_lists_show_different_features() -> None:
    dialects = {name: price_list.formats.csv and price_list.formats.csv.dialect for name, price_list in SHIPPED.items()}
    assert dialects == {"dealers": "1c", "retail": "excel-semicolon", "wholesale": "plain"}
    assert [name for name, price_list in SHIPPED.items() if not price_list.formats.xlsx] == ["dealers"]
    assert [name for name, price_list in SHIPPED.items() if scan(price_list.sql, f"{name}.sql").ordered] == ["retail"]
    assert {len(price_list.key) for price_list in SHIPPED.values()} == {1, 2}
    kinds = {column.type.kind for price_list in SHIPPED.values() for column in price_list.columns}
    assert kinds == set(Kind)
