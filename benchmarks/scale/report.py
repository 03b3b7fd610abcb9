"""What was measured, as Markdown tables."""

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.scale.deployment import CODE_SERVER, DAEMON, WEBSERVER
from benchmarks.scale.loading import Loading
from benchmarks.scale.runs import LOOK, Queued
from benchmarks.scale.ticks import ENQUEUED, STARTING, SUCCESS, a_minute
from benchmarks.scale.watch import POSTGRES

PARTS = (CODE_SERVER, DAEMON, WEBSERVER)
LARGEST = 8
"""Tables of Postgres that are named."""


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; the first column is text."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


def launching(found: dict[str, Queued]) -> str:
    """How fast runs are made, launched and ended, and what it takes."""
    head = ["", *found]
    rows: list[list[str]] = [
        ["lists × days", *(f"{each.lists} × {each.runs // each.lists}" for each in found.values())],
        ["`max_concurrent_runs`", *(str(each.slots) for each in found.values())],
        ["load of the machine, the middle one", *(_load(each) for each in found.values())],
        ["runs that ended, of them failed", *(f"{len(each.times.get(SUCCESS, [])) + each.failed}, {each.failed}" for each in found.values())],
        ["s until the last one is queued", *(f"{each.times[ENQUEUED][-1]:.0f}" for each in found.values())],
        ["s until the last one is launched", *(f"{each.times[STARTING][-1]:.0f}" for each in found.values())],
        ["queued a minute", *(f"{a_minute(each.times[ENQUEUED]):.0f}" for each in found.values())],
        ["launched a minute", *(f"{a_minute(each.times[STARTING]):.0f}" for each in found.values())],
        ["most runs at once: queued, launched", *(_most(each) for each in found.values())],
        ["CPU-s a run: daemon", *(f"{each.watch.cpu[DAEMON] / each.runs:.2f}" for each in found.values())],
        ["CPU-s a run: code server", *(f"{each.watch.cpu[CODE_SERVER] / each.runs:.2f}" for each in found.values())],
        ["CPU-s a run: Postgres, Dagster's and the source", *(f"{each.watch.cpu[POSTGRES] / each.runs:.2f}" for each in found.values())],
        ["CPU-s a run: its own process", *(_of_runs(each) for each in found.values())],
        ["MiB of a run's process, at most", *(f"{each.watch.worker():.0f}" if each.watch.worker() else "–" for each in found.values())],
        *([f"MiB: {part}, before and at most", *(_memory(each, part) for each in found.values())] for part in PARTS),
        *([f"s until it serves: {part}", *(f"{each.ready[part]:.0f}" for each in found.values())] for part in PARTS),
        ["connections to Dagster's Postgres, at most", *(str(each.watch.most_connections(each.database)) for each in found.values())],
        ["connections that were made, a run", *(f"{each.watch.sessions / each.runs:.0f}" for each in found.values())],
        ["s of a look at all days that are due", *(_look(each) for each in found.values())],
        ["the UI's first two queries, MB and s", *(_ui(each) for each in found.values())],
    ]
    return table(head, rows)


def growth(found: Queued) -> str:
    """Bytes that each run of a small list has added."""
    tables = sorted(found.watch.tables.items(), key=lambda item: -item[1])
    rows = [[f"Dagster's Postgres: `{name}`", f"{size / found.runs / 1e3:.1f}"] for name, size in tables[:LARGEST] if size > 0]
    rows.append(["Dagster's Postgres: all tables", f"{sum(size for _, size in tables) / found.runs / 1e3:.1f}"])
    rows.append(["the storage", f"{found.storage / found.runs / 1e3:.1f}"])
    rows.append(["the output of runs", f"{found.output / found.runs / 1e3:.1f}"])
    return table(["what grows", "kB a run"], rows)


def ticks(found: dict[str, Queued]) -> str:
    """Of each sensor the longest tick and the middle one."""
    sensors = sorted({name for each in found.values() for name in each.ticks})
    rows = [[f"`{sensor}`", *(_ticks(each, sensor) for each in found.values())] for sensor in sensors]
    said = [f"- `{sensor}`, {name}: {each.ticks[sensor].said[:160]}" for sensor in sensors for name, each in found.items() if sensor in each.ticks]
    return table(["a tick, s: the middle one, the longest", *found], rows) + "\nOf the longest ones:\n\n" + "\n".join(said) + "\n"


def definitions(found: Sequence[Loading]) -> str:
    """What loading costs."""
    rows = [[f"{each.lists:,}", f"{each.dagster:.1f}", f"{each.definitions:.1f}", f"{each.memory:.0f}"] for each in found]
    return table(["lists", "CPU-s of `import dagster`", "CPU-s of the definitions", "MiB"], rows)


def over_time(found: Queued, lines: int = 12) -> str:
    """Some of the samples."""
    samples = [sample for sample in found.watch.samples if sample.at >= found.began]
    picked = samples[:: max(1, len(samples) // lines)]
    queued, launched = ("QUEUED", "NOT_STARTED"), ("STARTING", "STARTED")
    rows = [
        [
            f"{sample.at - found.began:.0f}",
            sum(sample.runs.get(status, 0) for status in queued),
            sum(sample.runs.get(status, 0) for status in launched),
            sum(sample.runs.get(status, 0) for status in ("SUCCESS", "FAILURE")),
            *(f"{sample.memory[part]:.0f}" for part in PARTS),
            sample.connections.get(found.database, 0),
        ]
        for sample in picked
    ]
    return table(["s", "queued", "launched", "ended", *(f"MiB: {part}" for part in PARTS), "connections"], rows)


def _most(found: Queued) -> str:
    def most(*statuses: str) -> int:
        return max(sum(sample.runs.get(status, 0) for status in statuses) for sample in found.watch.samples)

    return f"{most('QUEUED', 'NOT_STARTED')}, {most('STARTING', 'STARTED')}"


def _of_runs(found: Queued) -> str:
    return f"{found.watch.cpu_of_runs / found.runs:.1f}" if found.watch.worker() else "–"


def _memory(found: Queued, part: str) -> str:
    return f"{found.watch.first(part):.0f}, {found.watch.peak(part):.0f}"


def _ticks(found: Queued, sensor: str) -> str:
    if sensor not in found.ticks:
        return "–"
    seconds = sorted(found.ticks[sensor].seconds)
    return f"{seconds[len(seconds) // 2]:.1f}, {seconds[-1]:.1f}"


def _load(found: Queued) -> str:
    loads = sorted(sample.load for sample in found.watch.samples)
    return f"{loads[len(loads) // 2]:.0f}"


def _look(found: Queued) -> str:
    return f"{found.extra[LOOK]:.1f}" if LOOK in found.extra else "–"


def _ui(found: Queued) -> str:
    extra = found.extra
    return f"{extra['workspace: MB'] + extra['assets: MB']:.1f}, {extra['workspace: s'] + extra['assets: s']:.1f}" if "assets: s" in extra else "–"
