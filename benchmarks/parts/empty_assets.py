"""``… LISTS``: as many assets, jobs and schedules as so many lists have, with nothing in them: what Dagster itself takes to define them."""

import sys

import dagster as dg

from benchmarks.timing import timed

DAYS = dg.DailyPartitionsDefinition("2026-01-01")


def assets_of(name: str) -> list[dg.AssetsDefinition]:
    """Four that depend on each other as a list's do."""

    @dg.asset(key=[name, "snapshot"], partitions_def=DAYS, group_name=name, pool=name)
    def snapshot() -> None: ...

    def rendering(key: str) -> dg.AssetsDefinition:
        @dg.asset(key=[name, key], partitions_def=DAYS, group_name=name, pool=name, deps=[snapshot])
        def rendered() -> None: ...

        return rendered

    files = [rendering("csv"), rendering("xlsx")]

    @dg.asset(key=[name, "publication"], partitions_def=DAYS, group_name=name, pool=name, deps=[snapshot, *files])
    def publication() -> None: ...

    return [snapshot, *files, publication]


def main() -> None:
    """Define them."""
    names = [f"list_{number}" for number in range(int(sys.argv[1]))]
    with timed():
        assets = [asset for name in names for asset in assets_of(name)]
        jobs = [dg.define_asset_job(f"{name}_job", selection=dg.AssetSelection.groups(name), partitions_def=DAYS) for name in names]
        schedules = [dg.ScheduleDefinition(name=f"{job.name}_daily", job=job, cron_schedule="0 6 * * *") for job in jobs]
        dg.Definitions(assets=assets, jobs=jobs, schedules=schedules)


if __name__ == "__main__":
    main()
