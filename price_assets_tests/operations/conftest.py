"""The stores of the tests of what is stored, for the tests of what surrounds a run."""

from price_assets_tests.export.conftest import gcs_settings, s3_settings, storage_settings, store

__all__ = ["gcs_settings", "s3_settings", "storage_settings", "store"]
