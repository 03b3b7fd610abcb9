"""What the tests of `make test-ops` share: they start programs of Debian's packages, and are left out of a plain `make test`."""

import os
import shutil

import pytest

ASKED_FOR = bool(os.environ.get("PRICE_ASSETS_OPS"))
ops = pytest.mark.skipif(not ASKED_FOR, reason="LOUD: not held against the real servers of its operators; make test-ops does")
"""Marks a test that only `make test-ops` runs."""


def program(name: str) -> str:
    """The path of a program, which `make test-ops` wants to be there."""
    path = shutil.which(name)
    assert path, f"{name} is missing: apt-get install prometheus prometheus-alertmanager"
    return path
