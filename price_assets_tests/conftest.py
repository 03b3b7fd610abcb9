"""Fixtures of all tests: real servers, each started once a session and gone with it; and a small shop."""

pytest_plugins = ["price_assets_tests.servers.postgres", "price_assets_tests.servers.s3", "price_assets_tests.shop"]
