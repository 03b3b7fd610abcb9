"""How long the ticks of sensors and schedules took, as Dagster's own records tell, and when its runs were queued, launched and ended."""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType

from benchmarks.scale.deployment import Deployment

EVENTS = """
SELECT dagster_event_type, run_id, min(extract(epoch FROM timestamp AT TIME ZONE 'UTC'))
FROM event_logs WHERE dagster_event_type IN ('PIPELINE_ENQUEUED', 'PIPELINE_STARTING', 'PIPELINE_START', 'PIPELINE_SUCCESS', 'PIPELINE_FAILURE')
GROUP BY dagster_event_type, run_id
"""
ENQUEUED, STARTING, START, SUCCESS = "PIPELINE_ENQUEUED", "PIPELINE_STARTING", "PIPELINE_START", "PIPELINE_SUCCESS"


@dataclass(frozen=True)
class Ticks:
    """Of one sensor: seconds of each tick, the oldest first, and what the longest one said."""

    seconds: list[float]
    said: str

    @property
    def longest(self) -> float:
        """Seconds."""
        return max(self.seconds, default=0.0)


def sensor_ticks(deployment: Deployment, since: float) -> dict[str, Ticks]:
    """Sensor → its ticks that began since then and have ended."""
    found: dict[str, Ticks] = {}
    for state in deployment.instance.all_instigator_state():
        if state.instigator_type is InstigatorType.SENSOR:
            ticks = deployment.instance.get_ticks(state.instigator_origin_id, state.selector_id, after=since)
            ended = [tick for tick in reversed(ticks) if tick.tick_data.end_timestamp]
            if ended:
                seconds = [(tick.tick_data.end_timestamp or 0) - tick.timestamp for tick in ended]
                longest = ended[seconds.index(max(seconds))].tick_data
                failed = longest.error.message.splitlines()[0] if longest.error else ""
                found[state.instigator_name] = Ticks(seconds, failed or longest.skip_reason or f"{len(longest.run_ids)} runs requested")
    return found


def run_times(deployment: Deployment) -> Mapping[str, list[float]]:
    """Event → when it was, of each run, in order."""
    found: dict[str, list[float]] = {}
    with deployment.connect() as connection:
        for kind, _, at in connection.execute(EVENTS).fetchall():
            found.setdefault(str(kind), []).append(float(at))
    return {kind: sorted(times) for kind, times in found.items()}


def a_minute(times: list[float]) -> float:
    """How many a minute, from the first to the last."""
    return 60 * (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 and times[-1] > times[0] else 0.0


def ended_runs(deployment: Deployment) -> int:
    """Runs that have ended in whichever way."""
    return deployment.instance.get_runs_count(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED])
    )
