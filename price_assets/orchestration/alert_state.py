"""What one tick of the sensor `alerts` leaves to the next."""

from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from price_assets.operations.alerts.incidents import Incidents
from price_assets.operations.alerts.problem import Kind
from price_assets.operations.due import Tick
from price_assets.orchestration.due_day import DueDay
from price_assets.orchestration.due_days import Remembered

SHORTEST, LONGEST = timedelta(seconds=30), timedelta(minutes=5)


class Pause(BaseModel):
    """What does not work is tried again after half a minute, then after twice as long each time, and at least every five minutes."""

    times: int = 0
    until: AwareDatetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether it may be tried; a clock that was ahead has left a pause that is too long."""
        return self.until is None or not timedelta(0) < self.until - now <= LONGEST

    def grows(self, now: datetime) -> None:
        """It did not work."""
        self.times += 1
        self.until = now.astimezone(UTC) + min(SHORTEST * 2 ** min(self.times - 1, 10), LONGEST)

    def ends(self) -> None:
        """It worked."""
        self.times, self.until = 0, None


class AlertState(BaseModel):
    """The cursor. Ticks of EXPORT_CRON are named by their ISO time.

    `first_seen`: since when each list is watched, at the times of `cron`; `raised`: of each tick and kind the lists that a problem was made of;
    `taken`: runs whose problems are in `incidents`, and of those `told`, whose tag still has to say so; `summary` and `heartbeat`: the last ticks
    that had theirs. `sending` and `beating` are the pauses of what did not work.
    """

    incidents: Incidents = Field(default_factory=Incidents)
    remembered: Remembered = Field(default_factory=Remembered)
    cron: str = ""
    first_seen: dict[str, AwareDatetime] = Field(default_factory=dict[str, AwareDatetime])
    raised: dict[str, dict[Kind, list[str]]] = Field(default_factory=dict[str, dict[Kind, list[str]]])
    taken: list[str] = Field(default_factory=list[str])
    told: list[str] = Field(default_factory=list[str])
    summary: AwareDatetime | None = None
    heartbeat: AwareDatetime | None = None
    gathering: int = 0
    sending: Pause = Field(default_factory=Pause)
    beating: Pause = Field(default_factory=Pause)

    @classmethod
    def read(cls, text: str | None) -> "AlertState":
        """Begin anew where there is none, or another release wrote it: the runs that nobody was told of still carry their tag."""
        try:
            return cls.model_validate_json(text or "{}")
        except ValidationError:
            return cls()

    def see(self, price_lists: list[str], cron: str, now: datetime) -> None:
        """Note the lists that there are, and when they are due: other times are a beginning, too, and so is a clock that is set back."""
        known = self.first_seen if self.cron == cron else {}
        self.cron = cron
        self.first_seen = {name: min(known.get(name, now), now) for name in price_lists}

    def raised_of(self, day: DueDay) -> set[Kind]:
        """The kinds of problems that were made of it already."""
        return {kind for kind, names in self.raised.get(day.tick.at.isoformat(), {}).items() if day.price_list in names}

    def note_raised(self, day: DueDay, kind: Kind) -> None:
        """Remember that a problem was made of it."""
        self.raised.setdefault(day.tick.at.isoformat(), {}).setdefault(kind, []).append(day.price_list)

    def forget(self, ticks: list[Tick], now: datetime) -> None:
        """Drop what no tick will ask for again."""
        kept = {tick.at.isoformat() for tick in ticks}
        self.raised = {tick: kinds for tick, kinds in self.raised.items() if tick in kept}
        self.incidents.forget(now)
