"""A folder of many small price lists of 10 to 100 rows, which the server makes up as they are read; each day has other prices."""

from datetime import date
from pathlib import Path

YAML = """name: {name}
description: Prices of warehouse {number}
sql: {name}.sql
start: {start}
past_dates: true
key: [sku]
columns:
  sku:   {{type: text, header: SKU}}
  name:  {{type: text, header: Name, width: 48}}
  brand: {{type: text}}
  unit:  {{type: text, allowed: [шт, кг]}}
  price: {{type: "decimal(12,2)", header: Price, min: 0.01}}
  stock: {{type: integer, nullable: true, min: 0}}
checks: {{row_count: {{min: 1, max_drop: 0.2}}, price_change: {{ratio: 0.5, share: 0.1}}}}
"""
SQL = """
SELECT lpad(i::text, 6, '0') AS sku, 'Болт М' || i AS name, 'Brand ' || i % 7 AS brand, 'шт' AS unit,
       (100 + i + CASE WHEN (i + (:export_date - DATE '2026-01-01')) % 50 = 0 THEN 1 ELSE 0 END)::numeric(12, 2) AS price, i AS stock
FROM generate_series(1, {rows}) AS i
ORDER BY sku
"""


def name_of(number: int) -> str:
    """The name of a list."""
    return f"list_{number:05}"


def write_price_lists(folder: Path, count: int, start: date) -> list[str]:
    """Write them into a new folder. Their names."""
    folder.mkdir(parents=True)
    names = [name_of(number) for number in range(count)]
    for number, name in enumerate(names):
        (folder / f"{name}.yaml").write_text(YAML.format(name=name, number=number, start=start))
        (folder / f"{name}.sql").write_text(SQL.format(rows=10 + number % 91))
    return names
