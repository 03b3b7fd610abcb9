"""What the one on call reads: which list, which day, which step, why, what to do, in plain text. Nothing here looks at a clock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from price_assets.operations.alerts.message_text import CAUSE, COMMAND, NAMES, TITLE, clock, counted, one_line, subject, within
from price_assets.operations.alerts.problem import Kind, Level, Message, Problem
from price_assets.settings import NotifySettings

HAPPENED = {
    Kind.FAILED: "failed",
    Kind.BLOCKED: "blocked",
    Kind.OVERDUE: "overdue",
    Kind.MISSED: "missed",
    Kind.GAVE_UP: "given up",
}
WHAT_TO_DO = {
    Kind.FAILED: "mend what the cause names; then export again, if no later try has done so:",
    Kind.BLOCKED: "mend the rows in the source, or the list's rules, and export again:",
    Kind.OVERDUE: "see what holds it up; once that is mended, export:",
    Kind.MISSED: "the source knows today's prices only, so the day can't be made up for; tell whoever waits for it.",
    Kind.GAVE_UP: "it is not tried again by itself. Mend what the cause names, then export:",
}
"""One sentence a kind, where the problem itself says no more; a colon is followed by the command."""

Day = tuple[str, date]


@dataclass(frozen=True)
class Troubled:
    """Problems of one cause that one message tells of.

    `known`: the first of them, with all that is known; `others`: the lists and days of the rest. `times`: how many problems there were of all
    days. `since`: when a message last told of this cause, if one did lately. `published`: those days that are published by now.
    """

    known: Sequence[Problem]
    others: Sequence[Day] = ()
    times: int = 1
    since: datetime | None = None
    published: frozenset[Day] = frozenset()

    @property
    def days(self) -> list[Day]:
        """All of them, each once."""
        return [*((problem.price_list, problem.export_date) for problem in self.known), *self.others]

    @property
    def over(self) -> bool:
        """Whether all of it is published by now."""
        return self.published >= set(self.days)


def trouble(told: Troubled, settings: NotifySettings, now: datetime) -> Message:
    """The message about problems of one cause."""
    first, single = told.known[0], len(told.days) == 1
    lines = [(True, line) for line in _cause(told)]
    for problem in told.known[:NAMES]:
        lines += _about(problem, told, settings, single=single)
    if more := len(told.days) - min(len(told.known), NAMES):
        lines.append((True, f"{more:,} more"))
    if told.times > len(told.days):
        lines.append((True, f"Failed {counted(told.times, 'time')} by now."))
    lines += [(True, line) for line in _what_to_do(told)]
    lines.append((True, one_line(f"Runbook: {settings.runbook_url}#{first.kind}")))
    level: Level = "warning" if told.over or first.kind is Kind.MISSED else "failure"
    return Message(one_line(_headline(told, now), TITLE), within(lines), level)


def other_troubles(told: Sequence[Troubled], settings: NotifySettings, now: datetime) -> Message:
    """One message for many causes, where each of its own would be a flood."""
    days = sum(len(each.days) for each in told)
    title = f"{counted(days, 'other problem')} of {counted(len(told), 'cause')}"
    lines = [(position < NAMES, f"- {one_line(_headline(each, now), TITLE)}") for position, each in enumerate(told)]
    if len(told) > NAMES:
        lines = [*lines[:NAMES], (True, f"{len(told) - NAMES:,} more causes")]
    lines += [
        (True, "What to do: the messages before this one may name what they have in common. The state of every list:"),
        (True, "price-assets status"),
        (True, one_line(f"Runbook: {settings.runbook_url}#{told[0].known[0].kind}")),
    ]
    return Message(title, within(lines), "failure")


@dataclass(frozen=True)
class Recovered:
    """A day that is published after a message told of its problem: after how many of them, the newest when, and when it was published."""

    price_list: str
    export_date: date
    times: int
    failed: datetime
    published: datetime


def recovery(recovered: Sequence[Recovered], still_open: Sequence[Day], now: datetime) -> Message:
    """The message that days are published after all, and which are not yet."""
    days = [(day.price_list, day.export_date) for day in recovered]
    verb = "is" if len(recovered) == 1 else "are"
    title = f"{subject(days)} {verb} published after all"
    if still_open:
        title += f", {len(still_open):,} of {len(still_open) + len(recovered):,} not yet"
    lines = [_recovered_line(day, now) for day in recovered[:NAMES]]
    if len(recovered) > NAMES:
        lines.append(f"{len(recovered) - NAMES:,} more")
    if still_open:
        names = [f"{name} {day}" for name, day in still_open[:NAMES]]
        more = len(still_open) - len(names)
        lines.append(f"Not published yet: {', '.join(names)}{f' and {more:,} more' if more else ''}")
    return Message(one_line(title, TITLE), within([(True, one_line(line)) for line in lines]), "warning" if still_open else "success")


def _headline(told: Troubled, now: datetime) -> str:
    first = told.known[0]
    cause = one_line(first.cause, CAUSE).rstrip(".")
    days = told.days
    plural = len(days) > 1
    what = f"{subject(days)} {_verb(first, plural=plural)}"
    if told.since and len(days) > 1:
        what = f"{counted(len(days), 'more day') if _several_dates(days) else counted(len(days), 'more price list')} {_verb(first, plural=True)}"
        what += f" since {clock(told.since, now)}"
    elif told.since:
        what += " too"
    by = cause.removeprefix("blocked ") if first.kind is Kind.BLOCKED and cause.startswith("blocked by ") else ""
    over = ", published since" if told.over else ""
    return f"{what} {by}{over}" if by else f"{what}{over}: {cause}"


def _several_dates(days: Sequence[Day]) -> bool:
    return len({day for _, day in days}) > 1


def _verb(problem: Problem, *, plural: bool) -> str:
    match problem.kind:
        case Kind.FAILED:
            return "failed"
        case Kind.MISSED | Kind.GAVE_UP:
            return f"{'were' if plural else 'was'} {HAPPENED[problem.kind]}"
        case _:
            return f"{'are' if plural else 'is'} {HAPPENED[problem.kind]}"


def _cause(told: Troubled) -> list[str]:
    """What the problems have in common: the cause, where the title does not say all of it, and the step."""
    first = told.known[0]
    shared = len({problem.cause for problem in told.known}) == 1 and not first.cause.startswith("blocked by ")
    return [*([one_line(f"Cause: {first.cause}", CAUSE)] if shared else []), *([one_line(f"Step: {first.step}")] if first.step else [])]


def _about(problem: Problem, told: Troubled, settings: NotifySettings, *, single: bool) -> Iterable[tuple[bool, str]]:
    """A problem's list and date, its own cause where others have another, its run, its details."""
    name, day = problem.price_list, problem.export_date
    shared = len({each.cause for each in told.known}) == 1
    cause = "" if shared else f": {one_line(problem.cause, 200)}"
    since = " (published since)" if (name, day) in told.published else ""
    run = f"{settings.dagster_ui_url.rstrip('/')}/runs/{problem.run_id}" if settings.dagster_ui_url and problem.run_id else ""
    if single:
        yield True, one_line(f"List: {name}, export date {day}{since}")
    else:
        yield True, one_line(f"{name} {day}{since}{cause}{f' {run}' if run else ''}")
    for line in problem.details:
        yield False, one_line(line)
    if single and run:
        yield True, one_line(f"Run: {run}")


def _what_to_do(told: Troubled) -> list[str]:
    """A sentence, and each command on a line of its own, so that it can be copied."""
    if told.over:
        return ["What to do: nothing, it is published by now."]
    first = told.known[0]
    remedies = [one_line(each.remedy, COMMAND) for each in told.known if each.remedy and (each.price_list, each.export_date) not in told.published]
    said = WHAT_TO_DO[first.kind]
    if first.kind is Kind.BLOCKED and remedies:
        return [f"What to do: {said.removesuffix(':')}; or, if they are right:", *remedies[:NAMES]]
    if remedies:
        return [f"What to do: {remedies[0]}"]
    if not said.endswith(":"):
        return [f"What to do: {said}"]
    return [f"What to do: {said}", _export_command([day for day in told.days if day not in told.published])]


def _export_command(days: Sequence[Day]) -> str:
    """The command that exports these days; of many lists all that there are, since what is published stays unchanged."""
    names, dates = sorted({name for name, _ in days}), sorted({day for _, day in days})
    named = f" {' '.join(names)}" if len(names) <= NAMES else ""
    when = f"--date {dates[0]}" if len(dates) == 1 else f"--from {dates[0]} --to {dates[-1]}"
    return f"price-assets export{named} {when}"


def _recovered_line(day: Recovered, now: datetime) -> str:
    had = f"{day.times:,} problems, the last" if day.times > 1 else "its problem was"
    return f"{day.price_list} {day.export_date}: published at {clock(day.published, now)}; {had} at {clock(day.failed, now)}"
