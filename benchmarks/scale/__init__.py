"""Many price lists on one Dagster; `__main__.py` says what is measured."""
