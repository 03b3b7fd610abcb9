"""Thirty days of one list by `export --from --to`: what a day takes over its work alone, which is the same steps without Dagster."""

import statistics
import sys
from datetime import UTC, datetime, timedelta

from benchmarks.figures import Figure
from benchmarks.goals.part import part
from benchmarks.measured import Measured, measured
from benchmarks.rounds import in_turn
from benchmarks.rows import changing, made
from benchmarks.stage import Stage

DAYS, ROWS, NAME = 30, 10_000, "thirty_days"


def figures(stage: Stage, rows: int, rounds: int) -> list[Figure]:
    """Seconds a day. The first day is left out on both sides: nothing is there to be compared with, and a process begins."""
    rows = min(rows, ROWS)
    last = datetime.now(UTC).date()
    first = last - timedelta(days=DAYS - 1)
    stage.add_list(NAME, made(rows, price=changing()), f"start: {first}\npast_dates: true\n")

    def exported(until: str) -> Measured:
        stage.empty_storage()
        command = [sys.executable, "-m", "price_assets", "export", NAME, "--from", str(first), "--to", until, "--json"]
        return measured(command, stage.environment(NAME))

    def work() -> Measured:
        stage.empty_storage()
        return part(stage, "days", NAME, str(first), str(last), price_list=NAME)

    competing = {"the first day": lambda: exported(str(first)), f"{DAYS} days": lambda: exported(str(last)), "the work alone": work}
    taken = in_turn(competing, rounds)
    over = [(many.wall - one.wall - alone.wall) / (DAYS - 1) for one, many, alone in zip(*taken.values(), strict=True)]
    return [Figure(f"a day of {DAYS} days, {rows:,} rows each, over the work alone", statistics.median(over), 0.3, unit="s")]
