"""Loading `price_assets.definitions` with a hundred lists, once Dagster is imported."""

from benchmarks.figures import Figure
from benchmarks.goals.part import part
from benchmarks.rounds import Pair, in_turn, median, ratio
from benchmarks.rows import made, price_list
from benchmarks.stage import Stage

LISTS, FOLDER = 100, "a_hundred"


def figures(stage: Stage, rows: int, rounds: int) -> list[Figure]:
    """Seconds; and, since a second is another on each machine, how many times as long as importing Dagster."""
    loading, dagster = pair(stage, rows, rounds)
    empty = in_turn({"empty assets": lambda: part(stage, "empty_assets", str(LISTS))}, rounds)["empty assets"]
    what = f"the definitions of {LISTS} lists"
    return [
        Figure(f"loading {what}", median(loading), 0.5, unit="s"),
        Figure("– as many assets, jobs and schedules with nothing in them", median(empty), unit="s"),
        Figure(f"{what}, to importing Dagster", ratio(loading, dagster)),
    ]


def pair(stage: Stage, _: int, rounds: int) -> Pair:
    """Loading them, and importing Dagster before that."""
    folder = stage.folder / FOLDER
    folder.mkdir(exist_ok=True)
    for number in range(LISTS):
        (folder / f"list_{number}.yaml").write_text(price_list(f"list_{number}"))
        (folder / f"list_{number}.sql").write_text(made(1))
    competing = {
        "import dagster": lambda: part(stage, "loading", "dagster"),
        "loading": lambda: part(stage, "loading", "definitions", price_list=FOLDER),
    }
    in_turn(competing, 1)  # not counted
    taken = in_turn(competing, rounds)
    return taken["loading"], taken["import dagster"]
