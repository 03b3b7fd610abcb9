from datetime import date

from price_assets.export import layout

DAY = date(2026, 11, 24)


def test_every_key_is_where_the_partners_documentation_says() -> None:
    assert layout.register_key("retail") == "retail/publications.json"
    assert layout.copy_key("retail", layout.LATEST, "csv") == "retail/latest/retail.csv"
    assert layout.copy_key("retail", DAY, "xlsx") == "retail/2026-11-24/retail_2026-11-24.xlsx"
    assert layout.beside_key("retail", layout.LATEST) == "retail/latest/manifest.json"
    assert layout.beside_key("retail", DAY) == "retail/2026-11-24/manifest.json"
    assert layout.file_name("retail", DAY, "csv") == "retail_2026-11-24.csv"
    assert layout.file_key("retail", DAY, "csv", "9b1e02aa77c0ffee" * 4) == "_files/retail/2026-11-24/retail_2026-11-24.9b1e02aa77c0.csv"
    assert layout.manifest_key("retail", DAY, "3fa9c1d2e4b5") == "_files/retail/2026-11-24/manifest.3fa9c1d2e4b5.json"
    assert layout.snapshot_key("retail", DAY, "550cd0706e3b") == "_snapshots/retail/2026-11-24/550cd0706e3b.parquet"
