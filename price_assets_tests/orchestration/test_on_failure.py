"""The failure sensor, and the problems that come of real failed runs."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg
import pytest
from dagster._core.utils import make_new_run_id

from price_assets.definitions import definitions
from price_assets.export.exporter import Exporter
from price_assets.operations.alerts.problem import Problem
from price_assets.orchestration.failed_runs import failed_run
from price_assets.orchestration.on_failure import failure_line
from price_assets.orchestration.problems import problems_of
from price_assets.orchestration.register_reader import RegisterReader
from price_assets.orchestration.runs import price_lists_of
from price_assets_tests.shop import DAY, NEXT_DAY, PRICE_LIST, QUERY, Shop

AT = datetime(2026, 11, 24, 6, 1, tzinfo=UTC)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def run(shop: Shop, instance: dg.DagsterInstance, day: str = DAY, job: str = "export_shop") -> dg.ExecuteInProcessResult:
    return definitions(shop.environment).resolve_job_def(job).execute_in_process(instance=instance, partition_key=day, raise_on_error=False)


def failed(shop: Shop, instance: dg.DagsterInstance, day: str = DAY, job: str = "export_shop") -> dg.DagsterRun:
    result = run(shop, instance, day, job)
    assert not result.success
    return result.dagster_run


def line(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    return failure_line(run, failed_run(instance, run.run_id))


def problems(shop: Shop, instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[Problem]:
    registers = RegisterReader(Exporter(shop.environment)).read(price_lists_of(run))
    return problems_of(run, AT, failed_run(instance, run.run_id), registers)


def react(shop: Shop, instance: dg.DagsterInstance, run: dg.DagsterRun, seen: dg.DagsterRun | None = None) -> dict[str, str]:
    """What the sensor makes of the run: its tags. `seen` is the run as the sensor saw it, where that was before now."""
    (event,) = [record.event_log_entry for record in instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE).records]
    assert event.dagster_event
    found = instance.get_run_by_id(run.run_id)
    assert found
    sensor = definitions(shop.environment).get_repository_def().get_sensor_def("on_failure")
    with dg.build_run_status_sensor_context("on_failure", event.dagster_event, instance, seen or found, partition_key=DAY) as context:
        sensor(context.for_run_failure())
    told = instance.get_run_by_id(run.run_id)
    assert told
    return dict(told.tags)


def test_a_run_that_failed_for_good_is_marked_for_an_alert_and_said(
    shop: Shop, instance: dg.DagsterInstance, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.environment["DB_PASSWORD"] = "wrong"
    ended = failed(shop, instance)
    capsys.readouterr()
    assert react(shop, instance, ended)["price_assets/alert"] == "waiting"
    assert f"shop {DAY} failed, run {ended.run_id[:8]} | shop__snapshot: Postgres at " in capsys.readouterr().err


def test_a_run_that_was_seen_before_it_says_that_it_is_retried_is_looked_at_again(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """[DG70]"""
    shop.environment["DB_PASSWORD"] = "wrong"
    with dg.instance_for_test(overrides={"run_retries": {"enabled": True, "max_retries": 2}}) as instance:
        ended = failed(shop, instance)
        seen = ended.with_tags({name: value for name, value in ended.tags.items() if name != "dagster/will_retry"})
        capsys.readouterr()
        assert "price_assets/alert" not in react(shop, instance, ended, seen)
    assert not capsys.readouterr().err


def test_a_run_that_is_retried_is_neither_marked_nor_said(shop: Shop, instance: dg.DagsterInstance, capsys: pytest.CaptureFixture[str]) -> None:
    shop.environment["DB_PASSWORD"] = "wrong"
    ended = failed(shop, instance)
    instance.add_run_tags(ended.run_id, {"dagster/will_retry": "true"})
    capsys.readouterr()
    assert "price_assets/alert" not in react(shop, instance, ended)
    assert not capsys.readouterr().err


def test_what_can_t_be_marked_is_said_and_raises_nothing(
    shop: Shop, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.environment["DB_PASSWORD"] = "wrong"
    ended = failed(shop, instance)

    def broken(*_: object) -> None:
        raise RuntimeError("the database went away")

    monkeypatch.setattr(instance, "add_run_tags", broken)
    react(shop, instance, ended)
    said = capsys.readouterr().err
    assert f"Run {ended.run_id} failed, and could not be marked for an alert." in said
    assert "the database went away" in said


@pytest.mark.parametrize(("ours", "marked"), [(True, 30), (False, 5)])
def test_of_many_that_fail_together_all_are_marked_at_once(
    shop: Shop, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, *, ours: bool, marked: int
) -> None:
    """[DG62]: by itself Dagster shows a sensor five at a tick."""
    if not ours:
        monkeypatch.delenv("DAGSTER_RUN_STATUS_SENSOR_PROCESS_LIMIT")
    repository = definitions(shop.environment).get_repository_def()
    sensor = repository.get_sensor_def("on_failure")

    def tick(cursor: str | None) -> str | None:
        with dg.build_sensor_context(instance=instance, cursor=cursor, repository_def=repository, sensor_name="on_failure") as context:
            return sensor.evaluate_tick(context).cursor

    cursor = tick(None)  # the first tick looks at nothing
    for _ in range(30):
        run = dg.DagsterRun("export_shop", make_new_run_id(), tags={"dagster/partition": DAY, "price_list": "shop"})
        instance.report_run_failed(instance.run_storage.add_run(run))
    tick(cursor)
    assert len(instance.get_run_ids(dg.RunsFilter(tags={"price_assets/alert": "waiting"}))) == marked


def test_rows_that_broke_a_check_are_named(shop: Shop, instance: dg.DagsterInstance) -> None:
    shop.database.execute("UPDATE prices SET price = -1 WHERE sku = '002'")
    said = line(instance, failed(shop, instance))
    assert re.match(rf"shop {DAY} failed, run [0-9a-f]{{8}} \| shop__snapshot: Snapshot ", said)
    assert "is blocked by ranges: 1 of 3 rows has price below 0.01" in said
    assert "(002 has price -1.00)" in said
    assert "\n" not in said


def test_the_cause_is_told_and_not_only_which_step_failed(shop: Shop, instance: dg.DagsterInstance) -> None:
    shop.environment["DB_PASSWORD"] = "wrong"
    ended = failed(shop, instance)
    assert " | shop__snapshot: Postgres at " in line(instance, ended)
    assert "password authentication failed" in line(instance, ended)
    (problem,) = problems(shop, instance, ended)
    assert (problem.kind, problem.price_list, str(problem.export_date), problem.step) == ("failed", "shop", DAY, "snapshot")
    assert problem.cause.startswith("Postgres at ")
    assert (problem.run_id, problem.at) == (ended.run_id, AT)
    assert problem.details == ("Partners have nothing: no day is published.",)


def test_a_broken_list_tells_its_file_and_line(shop: Shop, instance: dg.DagsterInstance) -> None:
    shop.write_list(PRICE_LIST.replace("key:", "keys:"))
    ended = failed(shop, instance)
    said = "shop.yaml:8:1: unknown key 'keys'; did you mean 'key'?"
    assert said in line(instance, ended)
    (problem,) = problems(shop, instance, ended)
    assert said in problem.cause


def test_a_blocked_day_says_what_changed_what_partners_have_and_how_to_accept_it(shop: Shop, instance: dg.DagsterInstance) -> None:
    shop.write_list(PRICE_LIST + "checks: {price_change: {ratio: 0.5, share: 0.1}}\n")
    assert run(shop, instance).success
    shop.database.execute("UPDATE prices SET price = price * 3, stock = 1 WHERE sku = '002'")
    (problem,) = problems(shop, instance, failed(shop, instance, NEXT_DAY))
    (event,) = shop.register()["days"][NEXT_DAY]["events"]
    assert (problem.kind, problem.cause, problem.step) == ("blocked", "blocked by price_change", "snapshot")
    accept = f"price-assets accept shop --date {NEXT_DAY} --snapshot {event['snapshot']} --check price_change"
    assert problem.remedy == f'{accept} --reason "…"'
    what, row, partners, launchpad = problem.details
    assert what == "price_change: 1 of 3 keys (33.3 %) moved by more than 50 % since 2026-11-24, where at most 10 % may"
    assert row == "- 002 has price 3.15 (was 1.05, +200.0 %)"
    assert partners == f"Partners still have {DAY}."
    config = f'{{config: {{accept: {{snapshot: "{event["snapshot"]}", checks: [price_change], reason: "", by: ""}}}}}}'
    assert launchpad == f"In Dagster, paste into Config: ops: {{shop__snapshot: {config}}}"


def test_what_nobody_can_accept_says_no_command(shop: Shop, instance: dg.DagsterInstance) -> None:
    shop.database.execute("UPDATE prices SET name = repeat('я', 40000) WHERE sku = '002'")
    (problem,) = problems(shop, instance, failed(shop, instance))
    assert (problem.kind, problem.cause, problem.remedy) == ("blocked", "blocked by formats", "")
    assert not [detail for detail in problem.details if "Config" in detail]


def test_a_value_that_does_not_fit_is_a_failure_that_names_it(shop: Shop, instance: dg.DagsterInstance) -> None:
    shop.write_list(sql=QUERY.replace("price,", "price * 1.001 AS price,"))
    (problem,) = problems(shop, instance, failed(shop, instance))
    assert problem.kind == "failed"
    assert "price" in problem.cause


def test_a_run_over_several_lists_is_a_problem_of_each_whose_step_failed(shop: Shop, instance: dg.DagsterInstance) -> None:
    shop.write_list(PRICE_LIST.replace("name: shop", "name: good").replace("shop.sql", "good.sql"), name="good")
    shop.write_list(sql=QUERY.replace("FROM prices", "FROM nowhere"))
    defs = definitions(shop.environment)
    job = defs.get_repository_def().get_implicit_job_def_for_assets(defs.resolve_asset_graph().get_all_asset_keys())
    assert job
    result = job.execute_in_process(instance=instance, partition_key=DAY, raise_on_error=False)
    assert shop.published(DAY, "good")
    (problem,) = problems(shop, instance, result.dagster_run)
    assert (problem.price_list, problem.step) == ("shop", "snapshot")
    assert "nowhere" in problem.cause


def test_a_process_that_died_is_told_as_the_engine_says_it(shop: Shop, instance: dg.DagsterInstance) -> None:
    dead = instance.run_storage.add_run(dg.DagsterRun("export_shop", make_new_run_id(), tags={"dagster/partition": DAY, "price_list": "shop"}))
    instance.report_engine_event(f"Run execution process for {dead.run_id} was terminated by signal 9 (SIGKILL).\nIt may lack memory.", dead)
    instance.report_run_failed(dead)
    instance.report_engine_event("Not retrying the run.", dead)
    (problem,) = problems(shop, instance, dead)
    assert problem.cause == f"Run execution process for {dead.run_id[:8]} was terminated by signal 9 (SIGKILL)."
    assert (problem.price_list, problem.step) == ("shop", "")


def test_a_run_that_is_not_one_of_ours_is_told_of_too(shop: Shop, instance: dg.DagsterInstance) -> None:
    @dg.asset
    def dearest() -> None:
        raise ValueError("there is none\nat all")

    result = dg.materialize([dearest], instance=instance, raise_on_error=False)
    (problem,) = problems(shop, instance, result.dagster_run)
    assert (problem.price_list, str(problem.export_date), problem.cause) == ("dearest", "2026-11-24", "ValueError: there is none")
