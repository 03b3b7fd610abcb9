"""Price lists in a folder, where no database is needed."""

from pathlib import Path

from price_assets_tests.shop import PRICE_LIST, QUERY


def write_list(folder: Path, name: str = "shop", yaml: str = PRICE_LIST) -> None:
    """Put a list's two files into the folder."""
    (folder / f"{name}.yaml").write_text(yaml.replace("name: shop", f"name: {name}").replace("shop.sql", f"{name}.sql"))
    (folder / f"{name}.sql").write_text(QUERY)
