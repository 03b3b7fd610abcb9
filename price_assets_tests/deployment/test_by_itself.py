from collections.abc import Iterator
from datetime import date, datetime, timedelta

import dagster as dg
import pytest

from price_assets.demo.server import Server
from price_assets_tests.deployment.catalogue import Catalogue, days_ago, midday, today
from price_assets_tests.deployment.running_dagster import RunningDagster, running_dagster
from price_assets_tests.servers.postgres import new_database
from price_assets_tests.shop import Shop

pytestmark = [pytest.mark.xdist_group("dagster-by-itself"), pytest.mark.timeout(600)]

GRACE = timedelta(minutes=10)
"""So long after a tick catch-up leaves it to the schedule."""


@pytest.fixture(scope="module")
def morning_after(postgres_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDagster]:
    """Two lists whose ticks of yesterday and today passed while no daemon ran; of one of them a CronJob has published today."""
    tick = datetime.now(midday()) - GRACE - timedelta(minutes=2)
    with new_database(postgres_server) as database:
        catalogue = Catalogue(tmp_path_factory.mktemp("night"), database)
        catalogue.add("paints", start=days_ago(1))
        catalogue.add("tools", start=days_ago(1))
        catalogue.export("tools")
        catalogue.environment |= {"EXPORT_CRON": f"{tick.minute} {tick.hour} * * *", "CATCH_UP_DAYS": "2"}
        with running_dagster(catalogue, postgres_server, webserver=False) as dagster:
            yield dagster


def test_after_a_night_without_a_daemon_what_is_missing_comes_out_in_one_run_a_day(morning_after: RunningDagster) -> None:
    dagster, shop = morning_after, morning_after.shop
    dagster.wait_until(lambda: all(_is_published(shop, *each) for each in _due()), "every list has every day")
    dagster.wait_until(lambda: not dagster.instance.get_runs(dg.RunsFilter(statuses=NOT_FINISHED)), "nothing runs")

    ticks = len(_ticks_of_catch_up(dagster))
    dagster.wait_until(lambda: len(_ticks_of_catch_up(dagster)) > ticks, "catch-up has looked again")
    assert [len(dagster.runs(name, str(day), trigger="catch-up")) for name, day in _due()] == [1, 1, 1, 0]
    assert len(dagster.instance.get_runs()) == 3


def test_the_schedule_fires_by_itself_and_its_newer_rows_replace_what_the_day_has(morning_after: RunningDagster) -> None:
    dagster, shop = morning_after, morning_after.shop
    before = dagster.wait_until(lambda: shop.published(str(today()), "paints"), "the day is caught up with")
    shop.database.execute("UPDATE paints SET price = price + 1")

    dagster.stop("daemon")
    dagster.environment["EXPORT_CRON"] = "* * * * *"
    dagster.start_daemon()
    dagster.wait_until(lambda: shop.published(str(today()), "paints") != before, "the schedule's rows are published")
    dagster.stop("daemon")

    assert dagster.runs("paints", str(today()), trigger="schedule")[0].tags["dagster/schedule_name"] == "morning_paints"
    events = [event["event"] for event in shop.register("paints")["days"][str(today())]["events"]]
    assert events[:2] == ["published", "published"]


NOT_FINISHED = [status for status in dg.DagsterRunStatus if status.value in {"QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING"}]


def _due() -> list[tuple[str, date]]:
    return [("paints", days_ago(1)), ("paints", today()), ("tools", days_ago(1)), ("tools", today())]


def _is_published(shop: Shop, name: str, day: date) -> bool:
    return shop.published(str(day), name) is not None


def _ticks_of_catch_up(dagster: RunningDagster) -> list[object]:
    (catch_up,) = [state for state in dagster.instance.all_instigator_state() if state.instigator_name == "catch_up"]
    return list(dagster.instance.get_ticks(catch_up.instigator_origin_id, catch_up.selector_id))
