"""The register of a price list (`publications.json`), and what may be decided on it. Nothing here does any I/O.

It is an interface that partners' programs read: a change of its form is a change of `version`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from hashlib import sha256
from itertools import chain
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, SerializerFunctionWrapHandler, model_serializer

from price_assets.export.layout import LATEST, Place
from price_assets.export.price_list import FormatName

Utc = Annotated[AwareDatetime, PlainSerializer(lambda time: f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}", when_used="json")]
"""A time; always six digits after the second and `Z`, so that text sorts as time does."""

Decision = Literal["blocked", "published", "accepted", "withdrawn"]


class Part(BaseModel):
    """Part of what stands in the storage as JSON."""

    # What a newer release wrote is refused rather than lost at the next commit.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Published(Part):
    """What of a day is published, or asks to be."""

    revision: str
    snapshot: str
    content: str
    source_time: Utc
    manifest: str
    """The key of its manifest."""


class Event(Part):
    """Something that happened to a day.

    `nonce` is of one attempt, so that a lost answer can be looked up; `commit` is the register's `commits` after it.
    """

    nonce: str
    time: Utc
    event: Decision
    snapshot: str
    revision: str | None = None
    source_time: Utc | None = None
    run_id: str | None = None
    checks: tuple[str, ...] = ()
    by: str | None = None
    reason: str | None = None
    commit: int = 0

    @model_serializer(mode="wrap")
    def _only_what_is_said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if value not in (None, (), [])}


class Day(Part):
    """A day's entry. `newest_source_time` is of all that was ever published of it, withdrawn or not; `withdrawn` holds snapshots."""

    published: Published | None = None
    newest_source_time: Utc | None = None
    withdrawn: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def was_published(self) -> bool:
        """Whether anything of this day ever was."""
        return self.newest_source_time is not None

    def publishing(self, candidate: Published) -> "Day":
        """The day with the candidate published; its rows are no longer withdrawn, if they were."""
        newest = max(candidate.source_time, self.newest_source_time or candidate.source_time)
        withdrawn = tuple(snapshot for snapshot in self.withdrawn if snapshot != candidate.snapshot)
        return self.model_copy(update={"published": candidate, "newest_source_time": newest, "withdrawn": withdrawn})

    def withdrawing(self) -> "Day":
        """The day with nothing published, and what was published among the withdrawn."""
        withdrawn = (*self.withdrawn, self.published.snapshot) if self.published else self.withdrawn
        return self.model_copy(update={"published": None, "withdrawn": withdrawn})

    def accepted(self, snapshot: str) -> frozenset[str]:
        """The checks that a person let these rows pass; none where somebody has taken them back since."""
        accepted = [event.checks for event in self.events if event.event == "accepted" and event.snapshot == snapshot]
        return frozenset[str]() if snapshot in self.withdrawn else frozenset(chain.from_iterable(accepted))

    def published_since(self, snapshot: str) -> Published | None:
        """What is published now, where that came after the last that happened to these rows: whoever decided about them may not have seen it."""
        last = max((number for number, event in enumerate(self.events, start=1) if event.snapshot == snapshot), default=0)
        before, since = ({event.revision for event in events} for events in (self.events[:last], self.events[last:]))
        return self.published if self.published and self.published.revision in since - before else None

    def just_blocked(self, snapshot: str, checks: Iterable[str]) -> bool:
        """Whether the last that happened is that these checks blocked this snapshot."""
        last = self.events[-1] if self.events else None
        return last is not None and last.event == "blocked" and last.snapshot == snapshot and set(last.checks) == set(checks)


class Register(Part):
    """The single source of truth of a price list."""

    version: Literal[1] = 1
    price_list: str
    commits: int = 0
    latest: date | None = None
    days: dict[date, Day] = Field(default_factory=dict[date, Day])

    def day(self, export_date: date) -> Day:
        """A day's entry; an empty one where nothing has happened to it."""
        return self.days.get(export_date, Day())

    def days_since(self, time: datetime) -> list[date]:
        """The days that something has happened to since this time, by the clock of whoever did it; the newest first."""
        return sorted((export_date for export_date, day in self.days.items() if day.events and day.events[-1].time >= time), reverse=True)

    def committed(self, export_date: date, day: Day, event: Event) -> "Register":
        """The register after one more commit: the day's new entry, the event on it, and `latest` as the newest published day."""
        commits = self.commits + 1
        day = day.model_copy(update={"events": (*day.events, event.model_copy(update={"commit": commits}))})
        days = dict(sorted({**self.days, export_date: day}.items()))
        latest = max((date for date, day in days.items() if day.published), default=None)
        return Register(price_list=self.price_list, commits=commits, latest=latest, days=days)

    def at(self, place: Place) -> "Standing":
        """What must stand at a place."""
        if place == LATEST:
            published = self.days[self.latest].published if self.latest else None
            return Standing(self.latest, published, self.commits, any(day.was_published for day in self.days.values()))
        day = self.day(place)
        return Standing(place, day.published, day.events[-1].commit if day.events else 0, day.was_published)

    def to_json(self) -> bytes:
        """As it stands in the storage."""
        return self.model_dump_json(indent=1).encode() + b"\n"


@dataclass(frozen=True)
class Standing:
    """What must stand at a place: of which day, which revision, since which commit, and whether anything ever stood there.

    `commits` counts those commits that could change this place: all for `latest`, the day's own for a day. It grows with each,
    so no manifest beside the copies ever has the same bytes, and the same ETag, twice.
    """

    export_date: date | None
    published: Published | None
    commits: int
    ever: bool


@dataclass(frozen=True)
class Acceptance:
    """A person's decision to publish a snapshot that a check blocked, or that was withdrawn or replaced.

    `checks` are those that failed; `seen` is the revision that was published when the decision was taken in, None where none was.
    """

    checks: tuple[str, ...]
    reason: str
    by: str
    seen: str | None


class Outcome(StrEnum):
    """What a candidate comes to."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"


def decide(day: Day, candidate: Published, damaged: str | None = None, acceptance: Acceptance | None = None) -> Outcome:
    """What publishing the candidate comes to on a day that is like this; decided again, by these rules, after each conflict.

    Rows that a person took back stay back until a person accepts them. Of different rows the newer source time wins and a tie stays with the first;
    the same rows with another content (a header, a format) replace, whenever they were read; and so they do where `damaged`, a revision of which
    something is missing in the storage, is what is published. What a person accepts replaces what that person saw published, and nothing else.
    """
    if candidate.snapshot in day.withdrawn and not acceptance:
        return Outcome.WITHDRAWN
    published = day.published
    if published and published.content == candidate.content and published.revision != damaged:
        return Outcome.UNCHANGED
    if acceptance:
        return Outcome.PUBLISHED if acceptance.seen == (published and published.revision) else Outcome.REPLACED
    same_rows = published and published.snapshot == candidate.snapshot
    if not same_rows and day.newest_source_time and candidate.source_time <= day.newest_source_time:
        return Outcome.SUPERSEDED
    return Outcome.PUBLISHED


@dataclass(frozen=True)
class FileReference:
    """A file in the storage: what passes from the format's asset to the publication.

    `snapshot` and `content` are the names of what it renders; `name` is its download name; `key` is relative to the prefix;
    `sha256` is the whole hex digest.
    """

    format: FormatName
    snapshot: str
    content: str
    name: str
    key: str
    bytes: int
    rows: int
    sha256: str


def revision_name(content: str, files: Iterable[FileReference]) -> str:
    """The name of one set of files: 12 hex digits of a hash over the content and the files' sha256, in order of format."""
    lines = [content, *(f"{file.format} {file.sha256}" for file in sorted(files, key=lambda file: file.format))]
    return sha256("\n".join(lines).encode()).hexdigest()[:12]


def utc_now() -> datetime:
    """Our clock, for people who read the events; nothing is ever decided by it."""
    return datetime.now(UTC)
