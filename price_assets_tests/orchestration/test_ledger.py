"""The sensor that writes the ledger, with a real Postgres for one: what it says of each run, that it loses none, and that it writes none twice."""

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.events import StepMaterializationData
from dagster._core.test_utils import freeze_time

from price_assets.definitions import definitions
from price_assets.operations.export_run import ExportRun, Reason, Status, Trigger
from price_assets.operations.export_runs import Ledger
from price_assets_tests.operations.ledgers import url_of
from price_assets_tests.orchestration.morning import DAY, SIX, TODAY_ONLY, Morning, made, on_call, published
from price_assets_tests.servers.postgres import Database
from price_assets_tests.shop import DAY as SHOP_DAY
from price_assets_tests.shop import PRICE_LIST, QUERY, Shop

DOWN = "postgresql://u:k4nary@127.0.0.1:1/ledger"


@pytest.fixture
def morning(tmp_path: Path, database: Database) -> Iterator[Morning]:
    """One list, `shop`, and a ledger; it is six o'clock."""
    with made(tmp_path, EXPORT_RUNS_URL=url_of(database)) as morning:
        morning.has_list("shop")
        yield morning


def tick(morning: Morning) -> str:
    return morning.tick("ledger").skip_message or ""


def rows(morning: Morning, limit: int = 20) -> list[ExportRun]:
    with closing(Ledger(morning.environment["EXPORT_RUNS_URL"])) as ledger:
        return ledger.last(limit=limit)


def row(morning: Morning) -> ExportRun:
    (found,) = rows(morning)
    return found


class Clerk:
    """The shop's runs in this process, and the sensor that writes them down into the shop's own database."""

    def __init__(self, shop: Shop, instance: dg.DagsterInstance) -> None:
        self.shop = shop
        self.instance = instance
        self.environment = shop.environment | {"EXPORT_RUNS_URL": url_of(shop.database)}
        self.cursor: str | None = None

    def run(self, *assets: str, job: str = "export_shop", names: tuple[str, ...] = ("shop",), day: str = SHOP_DAY, **how: Any) -> str:
        selection = [dg.AssetKey([name, asset]) for name in names for asset in assets] or None
        defs = definitions(self.environment).resolve_job_def(job)
        return defs.execute_in_process(instance=self.instance, partition_key=day, asset_selection=selection, raise_on_error=False, **how).run_id

    def written(self) -> list[ExportRun]:
        """The rows after a tick, the newest first."""
        repository = definitions(self.environment).get_repository_def()
        with dg.build_sensor_context(instance=self.instance, repository_def=repository, cursor=self.cursor, sensor_name="ledger") as context:
            told = repository.get_sensor_def("ledger").evaluate_tick(context)
        assert (told.skip_message or "").startswith(("Written down: ", "Nothing is new."))
        self.cursor = told.cursor
        with closing(Ledger(self.environment["EXPORT_RUNS_URL"])) as ledger:
            return ledger.last()


@pytest.fixture
def clerk(shop: Shop) -> Iterator[Clerk]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Clerk(shop, instance)


# ── what a row says: real runs ──


def test_a_run_that_publishes_is_told_in_full(clerk: Clerk) -> None:
    before = datetime.now(UTC)
    run_id = clerk.run(tags={"trigger": "schedule"})
    (row,) = clerk.written()
    sizes = {name: len(content) for name, content in (clerk.shop.published(SHOP_DAY) or {}).items()}
    assert row == ExportRun(
        run_id=run_id,
        price_list="shop",
        export_date=date.fromisoformat(SHOP_DAY),
        status=Status.SUCCESS,
        trigger=Trigger.SCHEDULE,
        started=row.started,
        finished=row.finished,
        revision=clerk.shop.register()["days"][SHOP_DAY]["published"]["revision"],
        rows=3,
        files=2,
        bytes=sum(sizes.values()),
        file_bytes=sizes,
    )
    assert row.finished
    assert before <= row.started <= row.finished <= datetime.now(UTC)


def test_the_same_rows_again_are_unchanged_and_blocked_ones_are_blocked(clerk: Clerk) -> None:
    clerk.run()
    clerk.run()
    clerk.shop.database.execute("UPDATE prices SET price = -1 WHERE sku = '002'")
    clerk.run()
    blocked, unchanged, success = clerk.written()
    assert [each.status for each in (success, unchanged, blocked)] == [Status.SUCCESS, Status.UNCHANGED, Status.BLOCKED]
    assert unchanged.file_bytes == success.file_bytes
    assert (blocked.reason, blocked.rows, blocked.trigger) == (Reason.ROWS, None, Trigger.UI)
    assert "is blocked by ranges: 1 of 3 rows has price below 0.01" in (blocked.error or "")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"DB_NAME": "nowhere"}, Reason.SOURCE),
        ({"STORAGE_BUCKET": "s3://b"}, Reason.SETTINGS),
    ],
)
def test_a_run_that_fails_says_why(clerk: Clerk, changes: dict[str, str], reason: Reason) -> None:
    clerk.environment |= changes
    clerk.run()
    (row,) = clerk.written()
    assert (row.status, row.reason) == (Status.FAILED, reason)
    assert row.error
    assert "\n" not in row.error


def test_a_list_that_does_not_load_fails_for_that(clerk: Clerk) -> None:
    clerk.shop.write_list(PRICE_LIST.replace("columns:", "colums:"))
    clerk.run()
    (row,) = clerk.written()
    assert (row.status, row.reason) == (Status.FAILED, Reason.PRICE_LIST)


def test_rows_of_the_wrong_type_are_blocked_as_the_exporter_calls_it(clerk: Clerk) -> None:
    clerk.shop.database.execute("ALTER TABLE prices ALTER price TYPE numeric; UPDATE prices SET price = 1.005")
    clerk.run()
    (row,) = clerk.written()
    assert (row.status, row.reason) == (Status.BLOCKED, Reason.ROWS)


def test_a_run_that_renders_a_format_alone_is_no_row_and_one_that_publishes_alone_is(clerk: Clerk) -> None:
    clerk.run("snapshot", "csv", "xlsx")
    assert clerk.written() == []
    run_id = clerk.run("publication")
    assert [(each.run_id, each.status) for each in clerk.written()] == [(run_id, Status.SUCCESS)]


def test_a_run_over_several_lists_is_a_row_each_and_what_one_published_counts(clerk: Clerk) -> None:
    """The other list's rows are blocked by its type."""
    other = PRICE_LIST.replace("name: shop", "name: other").replace("shop.sql", "other.sql").replace("decimal(12,2)", "decimal(12,1)")
    clerk.shop.write_list(other, QUERY, "other")
    run_id = clerk.run("snapshot", "csv", "xlsx", "publication", job="__ASSET_JOB", names=("other", "shop"))
    found = {each.price_list: each for each in clerk.written()}
    assert {each.run_id for each in found.values()} == {run_id}
    assert found["shop"].status is Status.SUCCESS
    assert found["shop"].file_bytes
    assert (found["other"].status, found["other"].reason, found["other"].rows) == (Status.BLOCKED, Reason.ROWS, None)


def test_an_acceptance_is_one_and_its_retry_a_retry(clerk: Clerk) -> None:
    clerk.shop.database.execute("UPDATE prices SET price = -1 WHERE sku = '002'")
    clerk.run()
    snapshot = clerk.shop.register()["days"][SHOP_DAY]["events"][-1]["snapshot"]
    decided = {"snapshot": snapshot, "checks": ["ranges"], "reason": "a return", "by": "anna"}
    config = {"ops": {"shop__snapshot": {"config": {"accept": decided}}}}
    clerk.run(run_config=config, tags={"trigger": "cli"})
    clerk.run(run_config=config, tags={"dagster/parent_run_id": "1", "dagster/backfill": "b", "trigger": "schedule"})
    assert [(each.trigger, each.status) for each in clerk.written()] == [
        (Trigger.RETRY, Status.UNCHANGED),
        (Trigger.ACCEPT, Status.SUCCESS),
        (Trigger.UI, Status.BLOCKED),
    ]


# ── what a row says: runs that could not say it themselves ──


@pytest.mark.parametrize(
    ("tags", "trigger"),
    [
        ({"trigger": "schedule"}, Trigger.SCHEDULE),
        ({"trigger": "catch-up"}, Trigger.CATCH_UP),
        ({"trigger": "cli"}, Trigger.CLI),
        ({"trigger": "a person's own"}, Trigger.UI),
        ({"dagster__backfill": "b"}, Trigger.BACKFILL),
        ({"trigger": "schedule", "dagster__parent_run_id": "1"}, Trigger.RETRY),
        ({}, Trigger.UI),
    ],
)
def test_what_made_it_run_is_known_by_its_tags(morning: Morning, tags: dict[str, str], trigger: Trigger) -> None:
    morning.starts(morning.run("shop", DAY, assets=None, **tags))
    tick(morning)
    assert row(morning).trigger is trigger


def test_what_waits_is_no_row_what_runs_is_one_and_a_kill_ends_it(morning: Morning) -> None:
    run = morning.run("shop", trigger="schedule")
    assert tick(morning) == "Nothing is new."
    morning.instance.report_dagster_event(dg.DagsterEvent(dg.DagsterEventType.RUN_STARTING.value, run.job_name), run.run_id)
    assert tick(morning) == "Nothing is new."
    assert rows(morning) == []
    morning.at(6, 1)
    morning.starts(run)
    assert tick(morning) == "Written down: 1 run."
    begun = row(morning)
    assert (begun.status, begun.started, begun.finished) == (Status.RUNNING, morning.now, None)
    morning.at(6, 5)
    morning.fails(run, "Run worker is gone.", dagster__will_retry="true")
    tick(morning)
    ended = row(morning)
    assert (ended.status, ended.reason, ended.error) == (Status.FAILED, Reason.KILLED, "Run worker is gone.")
    assert (ended.started, ended.finished) == (begun.started, morning.now)


def test_a_run_that_never_began_was_not_killed(morning: Morning) -> None:
    morning.fails(morning.run("shop"), "No pod could be made.")
    tick(morning)
    assert (row(morning).status, row(morning).reason, row(morning).error) == (Status.FAILED, Reason.OTHER, "No pod could be made.")


def test_a_canceled_run_is_canceled(morning: Morning) -> None:
    run = morning.run("shop")
    morning.starts(run)
    with freeze_time(morning.now + timedelta(seconds=7)):
        morning.instance.report_run_canceled(run)
    morning.at(6, 1)
    tick(morning)
    found = row(morning)
    assert (found.status, found.reason, found.finished) == (Status.CANCELED, None, SIX + timedelta(seconds=7))


def test_what_a_killed_run_had_published_counts(morning: Morning) -> None:
    run = morning.run("shop")
    morning.starts(run)
    publishes(morning, run)
    morning.at(6, 2)
    morning.fails(run, "Run worker is gone.")
    tick(morning)
    found = row(morning)
    assert (found.status, found.reason, found.revision, found.file_bytes, found.finished) == (Status.SUCCESS, None, "f" * 12, {"csv": 7}, SIX)


def test_a_run_that_was_given_up_and_published_all_the_same_is_a_success(morning: Morning) -> None:
    run = morning.run("shop")
    morning.starts(run)
    morning.fails(run, "Run worker is gone.")
    tick(morning)
    assert row(morning).reason is Reason.KILLED
    morning.at(6, 1)
    publishes(morning, run)
    morning.succeeds(run)
    tick(morning)
    assert (row(morning).status, row(morning).reason, row(morning).rows) == (Status.SUCCESS, None, 3)


def test_a_missed_day_is_a_row_once(morning: Morning) -> None:
    morning.has_list("shop", TODAY_ONLY)
    morning.environment["CATCH_UP_DAYS"] = "3"
    morning.register("shop", d2026_11_23=published(SIX - timedelta(days=1)))
    morning.at(7, day=DAY + timedelta(days=1))
    morning.tick("catch_up")
    morning.now += timedelta(minutes=1)
    assert tick(morning) == "Written down: 1 missed day."
    found = row(morning)
    assert (found.price_list, found.export_date, found.status, found.reason) == ("shop", DAY, Status.MISSED, Reason.MISSED)
    assert (found.error or "").startswith("shop 2026-11-24 was missed: ")
    morning.cursors["ledger"] = None
    tick(morning)
    assert row(morning) == found
    morning.now += timedelta(days=8)
    morning.cursors["ledger"] = None
    assert tick(morning) == "Nothing is new."


# ── that none is lost, and none written twice ──


def test_without_a_ledger_it_says_so_and_does_nothing(tmp_path: Path) -> None:
    with made(tmp_path) as morning:
        morning.has_list("shop")
        told = morning.tick("ledger")
    assert (told.skip_message, told.cursor) == ("Nothing is written down: EXPORT_RUNS_URL is not set.", None)


def test_a_wrong_setting_is_said(morning: Morning) -> None:
    morning.environment["EXPORT_RUNS_URL"] = "k4nary"
    told = tick(morning)
    assert told.startswith("Nothing is written down: EXPORT_RUNS_URL ")
    assert "k4nary" not in told


def test_while_the_ledger_is_down_the_runs_wait_and_none_is_lost(morning: Morning) -> None:
    url = morning.environment["EXPORT_RUNS_URL"]
    morning.starts(morning.run("shop"))
    tick(morning)
    morning.environment["EXPORT_RUNS_URL"] = DOWN
    for minutes in range(1, 60):
        morning.at(6, minutes)
        morning.failed("shop")
        told = tick(morning)
        assert told.startswith("Nothing is written down, and the runs wait: EXPORT_RUNS_URL: ") or "does not answer" in told
        assert "k4nary" not in told
    morning.environment["EXPORT_RUNS_URL"] = url
    assert tick(morning) == "Written down: 59 runs."
    assert len(rows(morning, 100)) == 60


def test_rows_that_are_not_taken_are_brought_again(morning: Morning, database: Database) -> None:
    tick(morning)
    morning.failed("shop")
    database.execute("ALTER TABLE export_runs RENAME TO away")
    assert "export_runs" in tick(morning)
    morning.at(7)
    database.execute("ALTER TABLE away RENAME TO export_runs")
    assert tick(morning) == "Written down: 1 run."


def test_a_change_that_comes_late_with_an_earlier_time_is_not_lost(morning: Morning) -> None:
    """The clock of a run's machine is behind [DG66]."""
    morning.failed("shop")
    morning.at(6, 5)
    tick(morning)
    behind = morning.now - timedelta(minutes=8)
    morning.now, now = behind, morning.now
    morning.failed("shop")
    morning.now = now + timedelta(seconds=30)
    tick(morning)
    assert len(rows(morning)) == 2


def test_a_clock_that_is_ahead_hides_nobody_else(morning: Morning) -> None:
    morning.now, now = morning.now + timedelta(days=1), morning.now
    morning.failed("shop")
    morning.now = now
    tick(morning)
    morning.now += timedelta(minutes=30)
    morning.failed("shop")
    tick(morning)
    assert len(rows(morning)) == 2


def test_a_clock_of_its_own_that_was_ahead_hides_nobody_once_it_is_right(morning: Morning) -> None:
    morning.now, now = morning.now + timedelta(days=1), morning.now
    tick(morning)
    morning.now = now
    morning.failed("shop")
    assert tick(morning) == "Written down: 1 run."


def test_the_same_tick_twice_changes_nothing(morning: Morning, database: Database) -> None:
    everything = "SELECT r::text FROM export_runs r UNION ALL SELECT t::text FROM export_totals t ORDER BY 1"
    morning.failed("shop")
    publishes(morning, run := morning.run("shop"))
    morning.succeeds(run)
    tick(morning)
    before = database.execute(everything)
    assert tick(morning) == "Nothing is new."
    morning.cursors["ledger"] = '{"upto": 7}'  # of another release
    assert tick(morning) == "Written down: 2 runs."
    assert database.execute(everything) == before


def test_it_begins_with_the_last_week(morning: Morning) -> None:
    for days in (1, 6, 8):
        morning.now = SIX - timedelta(days=days)
        morning.failed("shop", day=morning.now.date())
    morning.now = SIX
    tick(morning)
    assert [DAY - each.export_date for each in rows(morning)] == [timedelta(days=1), timedelta(days=6)]


def test_runs_of_another_project_in_the_same_dagster_are_none_of_ours(morning: Morning) -> None:
    morning.failed("shop", price_list="shop")
    foreign = morning.run("elsewhere", assets={"elsewhere": ["report"]})
    morning.fails(foreign)
    tick(morning)
    assert [each.price_list for each in rows(morning)] == ["shop"]


def test_a_thousand_runs_are_taken_in_by_ticks_that_are_short(morning: Morning) -> None:
    for number in range(1_000):
        morning.now = SIX - timedelta(minutes=5 * number)
        morning.failed(f"list_{number // 5:03}")
    morning.now = SIX
    longest, said = 0.0, list[str]()
    for _ in range(6):
        morning.now += timedelta(seconds=30)
        began = time.monotonic()
        said.append(tick(morning))
        longest = max(longest, time.monotonic() - began)
    assert longest < 30
    assert said == ["Written down: 200 runs; the next tick goes on."] * 5 + ["Nothing is new."]
    assert len(rows(morning, 2_000)) == 1_000
    morning.now += timedelta(minutes=15)
    tick(morning)
    assert len(morning.cursors["ledger"] or "") < 200


def test_each_tick_says_that_the_daemon_works(morning: Morning, database: Database) -> None:
    for minute in (0, 7):
        morning.at(6, minute)
        tick(morning)
        assert database.execute("SELECT heartbeat FROM export_daemon") == [(morning.now,)]


def test_what_breaks_is_said_and_the_next_tick_goes_on(morning: Morning, monkeypatch: pytest.MonkeyPatch) -> None:
    morning.failed("shop")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the database went away")

    with monkeypatch.context() as broke:
        broke.setattr(morning.instance, "get_records_for_run", broken)
        assert tick(morning) == "Nothing is written down, and the next tick tries again: RuntimeError: the database went away"
    assert tick(morning) == "Written down: 1 run."


def test_messages_of_the_sensor_alerts_are_in_the_ledger(morning: Morning, database: Database) -> None:
    with on_call(morning) as somebody:
        morning.tick("alerts")
        morning.fails(morning.run("shop"), "Postgres does not answer.", price_assets__alert="waiting")
        assert len(somebody.after(2)) == 1
    ((title, channel, outcome),) = database.execute("SELECT title, channel, outcome FROM export_notifications")
    assert (title, channel, outcome) == ("shop 2026-11-24 failed: Postgres does not answer", "slack", "accepted")


def publishes(morning: Morning, run: dg.DagsterRun) -> None:
    """The run's publication is recorded now."""
    files = [{"format": "csv", "rows": 3, "bytes": 7}]
    metadata = {"outcome": "published", "revision": "f" * 12, "dagster/row_count": 3, "files": dg.MetadataValue.table([dg.TableRecord(files[0])])}
    made = dg.AssetMaterialization(dg.AssetKey(["shop", "publication"]), partition=str(DAY), metadata=metadata)
    data = StepMaterializationData(made)
    with freeze_time(morning.now):
        event = dg.DagsterEvent(dg.DagsterEventType.ASSET_MATERIALIZATION.value, run.job_name, event_specific_data=data)
        morning.instance.report_dagster_event(event, run.run_id)
