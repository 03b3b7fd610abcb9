"""Where the problems of the sensor `alerts` come from: runs that failed, and days that are due; and where their recoveries do."""

import time
from collections.abc import Sequence
from datetime import datetime

import dagster as dg

from price_assets.export.register import Register
from price_assets.operations.day_state import day_state
from price_assets.orchestration.alert_state import AlertState
from price_assets.orchestration.due_day import DueDay
from price_assets.orchestration.due_days import DueDays
from price_assets.orchestration.failed_runs import failed_run
from price_assets.orchestration.on_failure import ALERT, WAITING
from price_assets.orchestration.problems import Watch, due_problems, problems_of
from price_assets.orchestration.register_reader import RegisterReader
from price_assets.orchestration.runs import price_lists_of, runs_of, will_be_retried

MOST_RUNS, SECONDS = 1_000, 6.0
"""Runs that failed which one tick takes in, and how long that may take; each is a query of its own."""
KNOWN = 5000
"""Runs that wait, at most: the others are seen once these are told."""


def take_failed_runs(instance: dg.DagsterInstance, registers: RegisterReader, state: AlertState, now: datetime) -> int:
    """Make problems of the runs that wait to be told of, the oldest first, within bounds; how many are left for the next tick."""
    waiting = dg.RunsFilter(tags={ALERT: WAITING}, statuses=[dg.DagsterRunStatus.FAILURE])
    taken = set(state.taken)
    new = [run_id for run_id in reversed(instance.get_run_ids(waiting, limit=KNOWN)) if run_id not in taken]
    if not new:
        return 0
    records = sorted(instance.get_run_records(dg.RunsFilter(run_ids=new[:MOST_RUNS])), key=lambda record: record.end_time or 0)
    told = registers.read(name for record in records for name in price_lists_of(record.dagster_run))
    began, done = time.monotonic(), 0
    for record in records:
        if time.monotonic() - began > SECONDS:
            break
        run = record.dagster_run
        if will_be_retried(run):  # the retry will say how it ends; a run that was made from one which waited has its tags [DG63]
            state.told.append(run.run_id)
            continue
        ended = datetime.fromtimestamp(record.end_time, now.tzinfo) if record.end_time else now
        added = {state.incidents.add(problem, now) for problem in problems_of(run, ended, failed_run(instance, run.run_id), told)}
        if "full" in added:
            break
        done += 1
        state.taken.append(run.run_id)
        if "waiting" not in added:
            state.told.append(run.run_id)
    return len(new) - done


def take_due_days(instance: dg.DagsterInstance, due: DueDays, state: AlertState, now: datetime, days: Sequence[DueDay]) -> None:
    """Make problems of the days that are overdue, missed or given up, each once; what there is no time for is left to the next tick."""
    began = time.monotonic()

    def cause_of(run_id: str) -> str:
        failed = failed_run(instance, run_id)
        return failed.steps[0].error if failed.steps else failed.cause

    for day in days:
        if time.monotonic() - began > SECONDS:
            break
        watch = Watch(state.first_seen.get(day.price_list, now), due.watch.deadline, due.watch.catch_up_tries, state.raised_of(day))
        for problem in due_problems(day, now, watch, cause_of):
            if state.incidents.add(problem, now) != "full":
                state.note_raised(day, problem.kind)


def take_recoveries(instance: dg.DagsterInstance, registers: RegisterReader, state: AlertState, now: datetime) -> None:
    """Note which of the days that had a problem are published since: Dagster first, the register for what Dagster lacks."""
    incidents = state.incidents
    if waiting := incidents.open():
        for run in reversed(runs_of(instance, {day for _, day in waiting}, now)):
            if run.state == "succeeded":
                for name in run.price_lists:
                    incidents.published(name, run.export_date, run.since)
    waiting = incidents.open()
    for name, register in registers.read(name for name, _ in waiting).items():
        for day in [day for each, day in waiting if each == name]:
            if isinstance(register, Register) and (at := day_state(register, day).published_at):
                incidents.published(name, day, at)
