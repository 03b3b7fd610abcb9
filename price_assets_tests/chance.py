"""Chance that can be had again: what a test does at random follows from a seed, which is printed and can be given."""

import os
import random


def seeded() -> random.Random:
    """Random numbers; `PRICE_ASSETS_SEED` gives those of an earlier test, which printed it."""
    seed = int(os.environ.get("PRICE_ASSETS_SEED") or random.randrange(10**9))
    print(f"PRICE_ASSETS_SEED={seed}")  # noqa: T201 - pytest shows it where a test fails
    return random.Random(seed)


def kills() -> int:
    """So many processes are killed on each kind of store: five, or as `PRICE_ASSETS_KILLS` says."""
    return int(os.environ.get("PRICE_ASSETS_KILLS", "5"))
