"""The deadline and the heartbeat, by a real daemon: a day that is late is told, and the heartbeat waits for it."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from price_assets.demo.server import Server
from price_assets_tests.deployment.catalogue import Catalogue, midday, today
from price_assets_tests.deployment.running_dagster import running_dagster
from price_assets_tests.deployment.slack import serving_slack
from price_assets_tests.servers.http import Answer, Request, served
from price_assets_tests.servers.postgres import new_database


@pytest.mark.xdist_group("dagster-by-itself")
@pytest.mark.timeout(600)
def test_a_late_day_is_told_and_its_end_and_only_then_the_heartbeat_is_sent(postgres_server: Server, tmp_path: Path) -> None:
    beats: list[str] = []

    def beat(request: Request) -> Answer:
        beats.append(request.path)
        return Answer(200)

    with new_database(postgres_server) as database, serving_slack() as slack, served(beat) as heartbeat:
        catalogue = Catalogue(tmp_path, database)
        tick = datetime.now(midday()) - timedelta(minutes=12)  # so long after it, catch-up does not leave the day to the schedule
        catalogue.environment |= {
            "EXPORT_CRON": f"{tick.minute} {tick.hour} * * *",
            "EXPORT_DEADLINE": "1m",
            "SLACK_WEBHOOK_URL": slack.url,
            "HEARTBEAT_URL": f"{heartbeat}/ping",
        }
        for name in ("glue", "nails"):
            catalogue.add(name, start=today())
        with database.connect() as held, running_dagster(catalogue, postgres_server, webserver=False) as dagster:
            with held.transaction():
                held.execute("LOCK TABLE glue IN ACCESS EXCLUSIVE MODE")  # its query waits
                dagster.wait_until(lambda: catalogue.published(str(today()), "nails"), "the other list is published")
                dagster.wait_until(lambda: slack.about("glue"), "the late day is told")
                assert all("overdue" in message for message in slack.about("glue"))
                assert not beats
            dagster.wait_until(lambda: any("published" in message for message in slack.about("glue")), "its end is told")
            dagster.wait_until(lambda: beats, "the heartbeat")
        assert beats == ["/ping"]
