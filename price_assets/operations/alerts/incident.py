"""What is remembered of problems: of each day, and of each cause."""

from datetime import date, datetime, timedelta

from pydantic import AwareDatetime, BaseModel, Field

from price_assets.operations.alerts.problem import Kind, Problem

GATHER = timedelta(seconds=60)
"""The first message of a cause waits so long: whatever fails at 06:00 fails together."""
WINDOW = timedelta(minutes=30)
"""Problems of one cause within it are one message with a count."""
KNOWN = 10
"""So many problems of a cause are kept with all that is known, while they wait; of the others the list and the day."""
RUNS = 20
"""So many problems of a day are remembered one by one."""


class Day(BaseModel):
    """A list's export date that had a problem.

    `at` is when the newest came up, `times` counts them; `runs` says of each whether a message told of it, `told` when one did last, by
    fingerprint. `home` is the incident whose recovery it belongs to. `published`: since when it is, `over`: and that was told.
    """

    price_list: str
    export_date: date
    at: AwareDatetime
    times: int = 0
    runs: dict[str, bool] = Field(default_factory=dict[str, bool])
    told: dict[str, AwareDatetime] = Field(default_factory=dict[str, AwareDatetime])
    home: str = ""
    published: AwareDatetime | None = None
    over: bool = False

    @property
    def key(self) -> tuple[str, date]:
        """What it is about."""
        return self.price_list, self.export_date

    def takes(self, problem: Problem, *, told: bool) -> None:
        """Note a problem; what was published before it does not mend it."""
        self.times += 1
        self.at = max(self.at, problem.at)
        self.runs[run_name(problem)] = told
        if self.published and self.published < problem.at:
            self.published = None
        surplus = max(0, len(self.runs) - RUNS)
        for earlier in [run for run, was_told in self.runs.items() if was_told][:surplus]:
            del self.runs[earlier]

    def repeats(self, problem: Problem, now: datetime) -> bool:
        """Whether a message told of the same so lately that it is only counted.

        Of a failure, as long as the day is not published: that the last try failed, too, is told as given up. Of a block by the same checks, on
        this day of the zone of `now`.
        """
        told = self.told.get(problem.fingerprint)
        if told is None or self.over:
            return False
        match problem.kind:
            case Kind.FAILED if self.published is None:
                return True
            case Kind.BLOCKED if told.astimezone(now.tzinfo).date() == now.date():
                return True
            case _:
                return now - told < WINDOW

    def set_back(self, now: datetime) -> None:
        """Take the times that lie in the future as now."""
        self.at, self.published = min(self.at, now), self.published and min(self.published, now)
        self.told = {fingerprint: min(told, now) for fingerprint, told in self.told.items()}


class Waiting(BaseModel):
    """Problems of one day and one cause that no message has told of; `runs` names them, `since` is when the first came up."""

    problem: Problem
    since: AwareDatetime
    runs: tuple[str, ...]


class Incident(BaseModel):
    """Problems of one fingerprint: those that wait, by day; when a message last told of some; and what its days' recoveries go by."""

    waiting: dict[str, Waiting] = Field(default_factory=dict[str, Waiting])
    told: AwareDatetime | None = None
    home: str = ""

    @property
    def since(self) -> datetime:
        """When the oldest problem that waits came up."""
        return min(each.since for each in self.waiting.values())

    def is_ripe(self, now: datetime) -> bool:
        """Whether those that wait have waited long enough."""
        return now - self.told >= WINDOW if self.told else now - self.since >= GATHER

    def takes(self, problem: Problem, now: datetime) -> None:
        """Let a problem wait."""
        name = day_name(problem)
        if waiting := self.waiting.get(name):
            waiting.runs = (*waiting.runs, run_name(problem))
            return
        kept = problem.as_told() if len(self.waiting) < KNOWN else problem.model_copy(update={"cause": "", "details": (), "remedy": ""})
        self.waiting[name] = Waiting(problem=kept, since=min(problem.at, now), runs=(run_name(problem),))

    def set_back(self, now: datetime) -> None:
        """Take the times that lie in the future as now."""
        self.told = self.told and min(self.told, now)
        for waiting in self.waiting.values():
            waiting.since = min(waiting.since, now)

    def is_told(self, name: str, runs: tuple[str, ...], now: datetime, home: str) -> None:
        """A message told of these problems of a day."""
        self.told, self.home = now, self.home or home
        waiting = self.waiting.pop(name, None)
        if waiting and (later := tuple(run for run in waiting.runs if run not in runs)):
            self.waiting[name] = waiting.model_copy(update={"runs": later})


def day_name(problem: Problem) -> str:
    """What a problem's day is kept under."""
    return f"{problem.price_list} {problem.export_date}"


def run_name(problem: Problem) -> str:
    """What makes two problems of a day the same: the run that failed; where there was none, when it came up."""
    of_a_run = problem.kind in (Kind.FAILED, Kind.BLOCKED) and problem.run_id
    return f"{problem.kind} {problem.run_id}" if of_a_run else f"{problem.kind}@{problem.at.isoformat()}"


def run_id(name: str) -> str:
    """The run of such a name, or nothing."""
    return name.partition(" ")[2]
