"""Price lists from Postgres to CSV and XLSX in object storage, every morning, right or not at all."""

__version__ = "0.1.0"
