"""The cluster tests run where they are asked for, in the cluster that KUBECONFIG names, with images that are there already: images.py."""

import os

import pytest

ASKED_FOR = bool(os.environ.get("PRICE_ASSETS_E2E"))
e2e = pytest.mark.skipif(not ASKED_FOR, reason="LOUD: nothing here was tried in a real Kubernetes; make test-e2e does, where KUBECONFIG names one")
"""Marks a test that only `make test-e2e` runs."""

IMAGE = os.environ.get("PRICE_ASSETS_IMAGE", "localhost/price-assets:e2e")
DAGSTER_IMAGE = os.environ.get("PRICE_ASSETS_DAGSTER_IMAGE", "localhost/price-assets-dagster:e2e")
"""With the webserver and the daemon."""
SERVERS_IMAGE = os.environ.get("PRICE_ASSETS_SERVERS_IMAGE", "localhost/price-assets-servers:e2e")
