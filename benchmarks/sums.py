r"""``python -m benchmarks.sums FILE``: the rows of a CSV and the exact sum of each of its prices, as JSON, by Python's own reader and decimals."""

import json
import sys
from csv import DictReader
from decimal import Context, Decimal, localcontext
from pathlib import Path

from benchmarks.rows import PRICES


def main() -> None:
    """Print them."""
    rows, sums = 0, dict.fromkeys(PRICES, Decimal(0))
    with Path(sys.argv[1]).open(newline="", encoding="utf-8") as file, localcontext(Context(prec=60)):
        for row in DictReader(file):
            rows += 1
            for name in PRICES:
                sums[name] += Decimal(row[name] or 0)
    print(json.dumps([rows, *map(str, sums.values())]))  # noqa: T201


if __name__ == "__main__":
    main()
