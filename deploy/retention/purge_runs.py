"""Delete Dagster's runs that began more than DAYS ago and have ended, with all that was recorded of them: `python purge_runs.py 400`, once a day.

It wants `DAGSTER_HOME` and the variables of its dagster.yaml, as the daemon has them; docs/retention.md says what goes with a run and what stays.
"""
# ruff: noqa: INP001

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable

ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
BATCH = 100


def purge(instance: dg.DagsterInstance, before: datetime) -> int:
    """Delete the runs that began before this time, in UTC, the oldest first. How many there were."""
    wanted = dg.RunsFilter(statuses=ENDED, created_before=before)
    deleted = 0
    while runs := [record.dagster_run.run_id for record in instance.get_run_records(wanted, limit=BATCH, ascending=True)]:
        _delete_checks(instance, runs)
        for run in runs:
            instance.delete_run(run)
        deleted += len(runs)
    return deleted


def _delete_checks(instance: dg.DagsterInstance, runs: Sequence[str]) -> None:
    """The results of their checks, which Dagster itself leaves [DG69]."""
    storage = instance.event_log_storage
    if isinstance(storage, SqlEventLogStorage):
        with storage.index_connection() as connection:
            connection.execute(AssetCheckExecutionsTable.delete().where(AssetCheckExecutionsTable.c.run_id.in_(runs)))


def main() -> None:
    """Read DAYS, delete, say how many runs are gone."""
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal() or int(sys.argv[1]) < 1:  # noqa: PLR2004 - the program and its argument
        sys.exit("Say how many days of runs are kept: python purge_runs.py 400")
    with dg.DagsterInstance.get() as instance:
        print(purge(instance, datetime.now(UTC) - timedelta(days=int(sys.argv[1]))), "runs deleted")  # noqa: T201 - a script's answer


if __name__ == "__main__":
    main()
