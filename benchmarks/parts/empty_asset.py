"""The least that a process which materialises an asset can be. It does not time itself: it is all about the whole of it."""

import dagster as dg


@dg.asset
def empty() -> None:
    """Nothing."""


if __name__ == "__main__":
    dg.materialize([empty])
