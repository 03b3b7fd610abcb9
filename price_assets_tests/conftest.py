"""Fixtures of all tests: real servers, each started once a session and gone with it; and a small shop."""

from hypothesis import settings

settings.register_profile("same-every-time", derandomize=True, deadline=None)
settings.load_profile("same-every-time")  # `pytest --hypothesis-profile=default` looks for more

pytest_plugins = [
    "price_assets_tests.servers.postgres",
    "price_assets_tests.servers.s3",
    "price_assets_tests.servers.gcs",
    "price_assets_tests.servers.tls_postgres",
    "price_assets_tests.servers.pgbouncer",
    "price_assets_tests.shop",
    "price_assets_tests.export.verified_shop",
]
