"""What Prometheus scrapes: read from the ledger at each scrape, so that counters go on where they were after a restart.

A price list of the folder shows from its first day on, with zeros where it never ran: a counter that only appears with its first failure would
not increase by it, and 0 seconds since 1970 is how one sees that a list never succeeded. One that has left the folder keeps its counters and
loses its times, which nobody waits for any more.
"""

import math
import platform
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from prometheus_client import Metric
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from price_assets import __version__
from price_assets.operations.export_run import Reason
from price_assets.operations.export_runs import Ledger
from price_assets.operations.export_runs_schema import BUCKETS
from price_assets.operations.known_lists import KnownList, KnownLists
from price_assets.settings import ExportSettings

TOTALS = "SELECT metric, price_list, label, total FROM export_totals"

LISTS = """
SELECT name AS price_list, attempt.started AS attempted, published.finished AS succeeded, published.rows, published.file_bytes,
       (SELECT heartbeat FROM export_daemon) AS heartbeat
FROM unnest(%(names)s::text[] || NULL::text) AS name
LEFT JOIN LATERAL (
    SELECT started FROM export_runs
    WHERE price_list = name AND status NOT IN ('missed', 'withdrawn') ORDER BY export_date DESC, started DESC LIMIT 1
) AS attempt ON true
LEFT JOIN LATERAL (
    SELECT finished, rows, file_bytes FROM export_runs
    WHERE price_list = name AND status IN ('success', 'unchanged') ORDER BY export_date DESC, started DESC LIMIT 1
) AS published ON true
"""
"""Of each list the newest run of the newest day, and the newest that published, or found published, the newest day of which one did: the backfill
of an old day neither hides that today's is missing nor changes how many rows the list has. One more row, without a name, for what belongs to none."""

Totals = dict[tuple[str, str], float]
"""Price list and label → how many."""


class Metrics:
    """A collector of prometheus_client's. `collect` raises what the ledger raises where it does not answer."""

    def __init__(self, ledger: Ledger, settings: ExportSettings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._ledger = ledger
        self._settings = settings
        self._known = KnownLists(settings)
        self._clock = clock

    def collect(self) -> Iterable[Metric]:
        """All of them, as the ledger stands now."""
        today = self._clock().astimezone(self._settings.timezone).date()
        known = [each for each in self._known.now() if each.start <= today]
        totals: defaultdict[str, Totals] = defaultdict(dict)
        for row in self._ledger.read(TOTALS):
            totals[row["metric"]][row["price_list"], row["label"]] = row["total"]
        *lists, of_all = self._ledger.read(LISTS, {"names": [each.name for each in known]})
        return [
            _durations(known, totals["seconds_under"], totals["seconds"]),
            _counter("export_files", "Files that were published.", "format", totals["files"], ((each.name, each.formats) for each in known)),
            _counter(
                "export_failed",
                "Export runs that failed or were blocked, and days that were missed.",
                "reason",
                totals["failed"],
                ((each.name, tuple(Reason)) for each in known),
            ),
            *_of_lists(lists),
            CounterMetricFamily(
                "export_notifications_failed",
                "Messages that a channel did not accept.",
                value=totals["notifications_failed"].get(("", ""), 0),
            ),
            *_heartbeat(of_all["heartbeat"]),
            build_info(),
        ]

    def ping(self) -> None:
        """Raise what `collect` would where the ledger does not answer."""
        self._ledger.read("SELECT count(*) FROM export_daemon")


def build_info() -> Metric:
    """What is known without a ledger."""
    family = GaugeMetricFamily("export_build_info", "The release that this is, always 1.", labels=["version", "python"])
    family.add_metric([__version__, platform.python_version()], 1)
    return family


def _durations(known: Sequence[KnownList], under: Totals, seconds: Totals) -> Metric:
    family = HistogramMetricFamily(
        "export_duration_seconds", "How long export runs took that ended as success, unchanged or superseded.", labels=["price_list"]
    )
    names = sorted({each.name for each in known} | {name for name, _ in under})
    counted: defaultdict[str, defaultdict[float, float]] = defaultdict(lambda: defaultdict(float))
    for (name, bound), count in under.items():
        counted[name][float(bound)] += count
    for name in names:
        total, buckets = 0.0, list[tuple[str, float]]()
        for bound in sorted({*map(float, BUCKETS), math.inf} | counted[name].keys()):
            total += counted[name][bound]
            buckets.append(("+Inf" if bound == math.inf else f"{bound:g}", total))
        family.add_metric([name], buckets, seconds.get((name, ""), 0.0))
    return family


def _counter(name: str, says: str, label: str, totals: Totals, zeros: Iterable[tuple[str, Sequence[str]]]) -> Metric:
    family = CounterMetricFamily(name, says, labels=["price_list", label])
    for labels, total in sorted(({(known, str(each)): 0.0 for known, values in zeros for each in values} | totals).items()):
        family.add_metric(labels, total)
    return family


def _of_lists(rows: Sequence[dict[str, Any]]) -> Iterator[Metric]:
    count = GaugeMetricFamily("export_rows", "Rows of the newest published day.", labels=["price_list"])
    size = GaugeMetricFamily("export_file_bytes", "Bytes of each file of the newest published day.", labels=["price_list", "format"])
    success = GaugeMetricFamily(
        "export_last_success_timestamp_seconds",
        "When a run last ended as success or unchanged, of the newest day that has one; 0 where none ever did.",
        labels=["price_list"],
    )
    attempt = GaugeMetricFamily(
        "export_last_attempt_timestamp_seconds",
        "When a run last began, of the newest day that has one; 0 where none ever did.",
        labels=["price_list"],
    )
    for row in rows:
        name = row["price_list"]
        success.add_metric([name], row["succeeded"].timestamp() if row["succeeded"] else 0)
        attempt.add_metric([name], row["attempted"].timestamp() if row["attempted"] else 0)
        if row["rows"] is not None:
            count.add_metric([name], row["rows"])
        sizes: dict[str, int] = row["file_bytes"] or {}
        for format_name, bytes_of in sizes.items():
            size.add_metric([name, format_name], bytes_of)
    yield from (count, size, success, attempt)


def _heartbeat(at: datetime | None) -> Iterator[Metric]:
    """None where no daemon ever was: the exporter alone needs none."""
    if at:
        says = "When Dagster's daemon was last seen to work."
        yield GaugeMetricFamily("export_daemon_heartbeat_timestamp_seconds", says, value=at.timestamp())
