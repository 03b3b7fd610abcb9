"""`make scale`: many price lists in Dagster's queue: how fast runs are made and launched, what daemon, webserver and Postgres take, what grows.

``python -m benchmarks.scale [--lists 50] [--days 10] [--real 1] [--morning 50 1000]``. Four measurements, one after the other:

- the definitions of 1 to 1,000 lists, loaded;
- LISTS × DAYS runs, made by backfills and launched for pods that take five seconds and cost nothing here, as many at once as pools allow;
- the schedules of so many lists, due in the same minute, launched the same;
- LISTS × REAL runs, made by backfills and executed here, two at once.

The tables are printed, and written to `build/scale.md`. It takes twenty minutes on two cores.
"""

import argparse
import os
import platform
import tempfile
from datetime import date
from functools import partial
from pathlib import Path

from rich.console import Console

from benchmarks.scale import report
from benchmarks.scale.deployment import CLONE
from benchmarks.scale.loading import Loading, loading
from benchmarks.scale.morning import morning
from benchmarks.scale.runs import Queued, backfilled
from price_assets.demo.server import start_server

RESULT = CLONE / "build" / "scale.md"
EXECUTED, LAUNCHED = "backfills, executed", "backfills, launched"
AT_ONCE = 2
"""Runs that are executed here."""
MANY = 200
"""Where the number of runs at once is not to be what bounds them."""
A_POD = 5.0
"""Seconds."""
talk = Console(stderr=True)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale")
    parser.add_argument("--lists", type=int, default=50)
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--real", type=int, default=1, metavar="DAYS", help="days that are executed here")
    parser.add_argument("--morning", type=int, nargs="*", default=[50, 1000], metavar="LISTS")
    asked = parser.parse_args()
    talk.print("loading ...")
    loaded = loading(date(2026, 1, 1))
    found: dict[str, Queued] = {}
    with start_server() as server, tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        phases = {
            LAUNCHED: partial(backfilled, server, folder / "queue", asked.lists, asked.days, MANY, pods=A_POD),
            **{f"06:00 of {lists:,} lists": partial(morning, server, folder / f"morning{lists}", lists, MANY, A_POD) for lists in asked.morning},
            EXECUTED: partial(backfilled, server, folder / "real", asked.lists, asked.real, AT_ONCE, pods=None),
        }
        for name, measured in phases.items():
            talk.print(f"{name} ...")
            found[name] = measured()
            _write(loaded, found)  # what is measured stays, whatever becomes of the rest
    print(RESULT.read_text())  # noqa: T201


def _write(loaded: list[Loading], found: dict[str, Queued]) -> None:
    parts = [
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        report.definitions(loaded),
        report.launching(found),
        report.ticks(found),
        f"{found[LAUNCHED].runs} runs that backfills made:",
        report.over_time(found[LAUNCHED]),
    ]
    if EXECUTED in found:
        parts += [f"What each of {found[EXECUTED].runs} runs adds that were executed:", report.growth(found[EXECUTED])]
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text("\n\n".join(part.strip() for part in parts) + "\n")


if __name__ == "__main__":
    main()
