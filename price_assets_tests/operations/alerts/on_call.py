"""Somebody on call, with a clock of their own: problems come up, time goes by, messages arrive."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from price_assets.operations.alerts.incidents import Added, Incidents, Outgoing
from price_assets.operations.alerts.problem import Kind, Message, Problem
from price_assets.settings import NotifySettings

MORNING = datetime(2026, 11, 26, 6, 0, tzinfo=UTC)
DAY = date(2026, 11, 26)
SETTINGS = NotifySettings(dagster_ui_url="https://dagster.example.com/", runbook_url="https://wiki/runbook")
REFUSED = "Postgres at db:5432 does not answer: connection refused."


def problem(name: str = "retail", at: datetime = MORNING, cause: str = REFUSED, run: str | None = None, **more: object) -> Problem:
    """A failure of a run of its own."""
    said = {"kind": Kind.FAILED, "export_date": DAY, "step": "snapshot", "run_id": f"run-{name}-{at:%H%M%S}" if run is None else run, **more}
    return Problem.model_validate({"price_list": name, "at": at, "cause": cause, **said})


@dataclass
class OnCall:
    """`deaf`: no channel accepts anything."""

    now: datetime = MORNING
    incidents: Incidents = field(default_factory=Incidents)
    heard: list[Outgoing] = field(default_factory=list[Outgoing])
    deaf: bool = False
    settings: NotifySettings = SETTINGS

    @property
    def messages(self) -> list[Message]:
        return [outgoing.message for outgoing in self.heard]

    @property
    def titles(self) -> list[str]:
        return [message.title for message in self.messages]

    def fails(self, *names: str, **more: object) -> list[Added]:
        """These lists fail now."""
        return [self.incidents.add(problem(name, at=self.now, **more), self.now) for name in names]  # type: ignore[arg-type]

    def publishes(self, *names: str, day: date = DAY) -> None:
        """These lists are published now."""
        for name in names:
            self.incidents.published(name, day, self.now)

    def after(self, seconds: float, step: float = 30, *, final: bool = False) -> list[Message]:
        """Let time go by, with a look each `step`; the messages that came."""
        before, until = len(self.heard), self.now + timedelta(seconds=seconds)
        while self.now < until:
            self.now = min(until, self.now + timedelta(seconds=step))
            self.look(final=final)
        return self.messages[before:]

    def look(self, *, final: bool = False) -> list[Message]:
        """Once, as a sensor does: the state comes from its cursor, and goes there again."""
        before = len(self.heard)
        self.incidents = Incidents.model_validate_json(self.incidents.model_dump_json())
        for outgoing in self.incidents.due(self.now, self.settings, final=final):
            if not self.deaf:
                self.incidents.told(outgoing, self.now)
                self.heard.append(outgoing)
        self.incidents.forget(self.now)
        return self.messages[before:]
