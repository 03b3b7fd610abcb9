"""The one composition root: what Dagster loads. No logic."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import dagster as dg

from price_assets.export.exporter import Exporter
from price_assets.export.price_list import PriceList
from price_assets.export.price_list_files import load_price_lists
from price_assets.operations.service_logs import speak_as_asked
from price_assets.orchestration.alerts import alerts_sensor
from price_assets.orchestration.assets import broken_assets, price_list_assets
from price_assets.orchestration.catch_up import catch_up_sensor
from price_assets.orchestration.due_day import Expected
from price_assets.orchestration.due_days import DueDays
from price_assets.orchestration.io_managers import FileIOManager, SnapshotIOManager
from price_assets.orchestration.ledger import ledger_sensor
from price_assets.orchestration.on_failure import failure_sensor
from price_assets.orchestration.schedules import export_job, morning_schedule, price_list_of_pod
from price_assets.orchestration.settling import settle_sensor
from price_assets.settings import FORMATS, ExportSettings, WatchSettings


def definitions(environment: Mapping[str, str], clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> dg.Definitions:
    """Everything of a deployment with these environment variables; neither source nor storage need to be among them.

    `clock` is what the sensors go by.
    """
    settings, watch = ExportSettings.from_environment(environment), WatchSettings.from_environment(environment)
    exporter = Exporter(environment)
    folder, only = settings.price_lists_dir, price_list_of_pod(environment)
    found = load_price_lists(folder, start=settings.start_date, formats=settings.formats, only=only)
    price_lists = [each for each in found if isinstance(each, PriceList)]
    broken = [each for each in found if not isinstance(each, PriceList)]
    jobs = [export_job(each.name, each.memory) for each in price_lists] + [export_job(each.name) for each in broken]
    expected = [Expected(each.name, each.start, each.past_dates) for each in price_lists]
    expected += [Expected(each.name, settings.start_date, None) for each in broken]
    due = DueDays(expected, settings, watch, exporter)
    return dg.Definitions(
        assets=[asset for each in price_lists for asset in price_list_assets(each, settings, exporter)]
        + [asset for each in broken for asset in broken_assets(each, settings)],
        jobs=jobs,
        schedules=[morning_schedule(each.name, each.start, job, settings) for each, job in zip(expected, jobs, strict=True)],
        sensors=[
            failure_sensor(settings),
            alerts_sensor(due, environment, clock),
            catch_up_sensor(due, jobs, clock),
            ledger_sensor(settings, environment, clock),
            settle_sensor([each.name for each in expected], settings, exporter, clock),
        ],
        resources={"snapshot": SnapshotIOManager(exporter), **{name: FileIOManager(exporter, name, price_lists) for name in FORMATS}},
        executor=dg.in_process_executor,  # for what the asset page launches too [DG11]
    )


speak_as_asked(os.environ)  # a code server opens no instance before its first tick [LG2]
defs = definitions(os.environ)
