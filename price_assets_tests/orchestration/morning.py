"""A deployment whose daemon ticks when a test says so, at the time that it says; runs are put into its instance, none is executed."""

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.definitions.sensor_definition import SensorExecutionData
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, ScheduleInstigatorData
from dagster._core.test_utils import freeze_time
from dagster._core.utils import make_new_run_id

from price_assets.definitions import definitions
from price_assets.export.register import Day, Event, Published, Register
from price_assets_tests.orchestration.lists import write_list
from price_assets_tests.servers.http import Answer, Request, served
from price_assets_tests.shop import PRICE_LIST

DAY = date(2026, 11, 24)
SIX = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
TODAY_ONLY = PRICE_LIST.replace("past_dates: true\n", "")
ORIGIN = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("price_assets"), "__repository__")


@dataclass
class Morning:
    """`now` is what the clock shows."""

    folder: Path
    instance: dg.DagsterInstance
    environment: dict[str, str] = field(default_factory=dict[str, str])
    now: datetime = SIX
    cursors: dict[str, str | None] = field(default_factory=dict[str, str | None])
    _repositories: dict[str, dg.RepositoryDefinition] = field(default_factory=dict[str, dg.RepositoryDefinition])

    def __post_init__(self) -> None:
        (self.folder / "lists").mkdir()
        self.environment = {
            "PRICE_LISTS_DIR": str(self.folder / "lists"),
            "STORAGE_BUCKET": self.storage.as_uri(),
            "CATCH_UP_DAYS": "1",
        } | self.environment

    @property
    def storage(self) -> Path:
        return self.folder / "storage"

    @property
    def repository(self) -> dg.RepositoryDefinition:
        """What the daemon has loaded; loaded again where lists or settings are others."""
        lists = {path.name: path.read_text() for path in (self.folder / "lists").iterdir()}
        loaded = str((sorted(self.environment.items()), sorted(lists.items())))
        if loaded not in self._repositories:
            self._repositories[loaded] = definitions(dict(self.environment), lambda: self.now).get_repository_def()
        return self._repositories[loaded]

    def has_list(self, name: str, yaml: str = PRICE_LIST) -> None:
        """Another price list."""
        write_list(self.folder / "lists", name, yaml)

    def at(self, hour: int, minute: int = 0, second: int = 0, day: date = DAY) -> None:
        """The clock shows this time, in UTC."""
        self.now = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)

    def tick(self, sensor: str) -> SensorExecutionData:
        """The daemon asks the sensor, and keeps its cursor."""
        repository = self.repository
        context = dg.build_sensor_context(instance=self.instance, repository_def=repository, cursor=self.cursors.get(sensor), sensor_name=sensor)
        with freeze_time(self.now), context:
            told = repository.get_sensor_def(sensor).evaluate_tick(context)
        self.cursors[sensor] = told.cursor
        return told

    def ticks(self, sensor: str, seconds: int, every: int) -> list[SensorExecutionData]:
        """Let time go by, with a tick each so many seconds."""
        told: list[SensorExecutionData] = []
        for _ in range(0, seconds, every):
            self.now += timedelta(seconds=every)
            told.append(self.tick(sensor))
        return told

    def materialised(self, name: str, day: date = DAY, asset: str = "publication") -> None:
        """A run materialises the asset now, and succeeds."""
        run = self.run(name, day, assets={name: [asset]})
        with freeze_time(self.now):
            self.instance.report_runless_asset_event(dg.AssetMaterialization(dg.AssetKey([name, asset]), partition=str(day)))
        self.succeeds(run)

    def run(self, name: str, day: date = DAY, *, assets: dict[str, list[str]] | None = None, steps: Sequence[str] = (), **tags: str) -> dg.DagsterRun:
        """A run that queues from now on; with `assets` (list → names) it is the asset page's, with `steps` of those alone."""
        selection = frozenset(dg.AssetKey([each, asset]) for each, names in assets.items() for asset in names) if assets else None
        job = "__ASSET_JOB" if assets else f"export_{name}"
        run = dg.DagsterRun(
            job,
            make_new_run_id(),
            remote_job_origin=RemoteJobOrigin(ORIGIN, job),
            status=dg.DagsterRunStatus.QUEUED,
            asset_selection=selection,
            step_keys_to_execute=list(steps) or None,
            tags={"dagster/partition": str(day)}
            | ({} if assets else {"price_list": name})
            | {key.replace("__", "/"): tag for key, tag in tags.items()},
        )
        with freeze_time(self.now):
            return self.instance.run_storage.add_run(run)

    def starts(self, run: dg.DagsterRun) -> None:
        """The run begins now."""
        self._report(run, dg.DagsterEventType.RUN_START)

    def succeeds(self, run: dg.DagsterRun) -> None:
        """The run succeeds now."""
        self._report(run, dg.DagsterEventType.RUN_SUCCESS)

    def fails(self, run: dg.DagsterRun, message: str | None = None, **tags: str) -> dg.DagsterRun:
        """The run fails now; what Dagster or a sensor would tag it with, goes along."""
        with freeze_time(self.now):
            self.instance.report_run_failed(run, message)
        if tags:
            self.instance.add_run_tags(run.run_id, {key.replace("__", "/"): tag for key, tag in tags.items()})
        return run

    def failed(self, name: str, day: date = DAY, **tags: str) -> dg.DagsterRun:
        """A run that was made and fails now."""
        run = self.run(name, day)
        return self.fails(run, **tags)

    def switches(self, name: str, status: InstigatorStatus, code_location: str = "price_assets") -> None:
        """Somebody switches the list's schedule on or off; only an instance with a folder remembers that."""
        origin = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin(code_location), "__repository__").get_instigator_origin(f"morning_{name}")
        state = InstigatorState(origin, InstigatorType.SCHEDULE, status, ScheduleInstigatorData("0 6 * * *"))
        known = self.instance.get_instigator_state(state.instigator_origin_id, state.selector_id)
        (self.instance.update_instigator_state if known else self.instance.add_instigator_state)(state)

    def _report(self, run: dg.DagsterRun, kind: dg.DagsterEventType) -> None:
        with freeze_time(self.now):
            self.instance.report_dagster_event(dg.DagsterEvent(kind.value, run.job_name), run.run_id)

    def register(self, name: str, **days: Day) -> None:
        """The storage's register of a list; days as `d2026_11_24`."""
        found = {date.fromisoformat(key[1:].replace("_", "-")): day for key, day in days.items()}
        latest = max((day for day, entry in found.items() if entry.published), default=None)
        (self.storage / name).mkdir(parents=True, exist_ok=True)
        (self.storage / name / "publications.json").write_bytes(Register(price_list=name, commits=1, latest=latest, days=found).to_json())


def published(at: datetime = SIX) -> Day:
    """A day that was published then."""
    entry = Published(revision="f" * 12, snapshot="a" * 12, content="c" * 12, source_time=at, manifest="_files/…")
    return Day(published=entry, newest_source_time=at, events=(event("published", at),))


def blocked(at: datetime = SIX, *before: Event) -> Day:
    """A day whose rows were blocked then."""
    return Day(events=(*before, event("blocked", at)))


def withdrawn(at: datetime = SIX) -> Day:
    """A day that was taken back then."""
    return Day(newest_source_time=at, withdrawn=("a" * 12,), events=(event("published", at), event("withdrawn", at)))


def event(kind: str, at: datetime) -> Event:
    """An event of a register."""
    more = {"checks": ("price_change",)} if kind == "blocked" else {"by": "Anna", "reason": "too early"} if kind == "withdrawn" else {}
    return Event.model_validate({"nonce": f"{kind}-{at:%H%M%S}", "time": at, "event": kind, "snapshot": "a" * 12, **more})


@dataclass
class OnCall:
    """What an incoming webhook of Slack was sent, and what it answers."""

    morning: Morning
    heard: list[str] = field(default_factory=list[str])
    status: int = 200
    asked: int = 0

    def answer(self, request: Request) -> Answer:
        """Take a message, unless the status says otherwise."""
        self.asked += 1
        if self.status == 200:
            self.heard.append(json.loads(request.body)["text"])
        return Answer(self.status)

    @property
    def titles(self) -> list[str]:
        """The first line of each message."""
        return [text.splitlines()[0].strip("*") for text in self.heard]

    def after(self, minutes: float, every: int = 30) -> list[str]:
        """Let time go by, with a tick of `alerts` each so many seconds; the titles that came."""
        before = len(self.heard)
        self.morning.ticks("alerts", int(minutes * 60), every)
        return self.titles[before:]


@contextmanager
def on_call(morning: Morning) -> Generator[OnCall]:
    """Somebody whom the deployment's alerts reach."""
    somebody = OnCall(morning)
    with served(somebody.answer) as address:
        morning.environment |= {"SLACK_WEBHOOK_URL": f"{address}/services/T/B/x", "DAGSTER_UI_URL": "https://dagster.example.com"}
        yield somebody


@contextmanager
def made(folder: Path, **environment: str) -> Generator[Morning]:
    """A deployment with an instance in memory, at six in the morning, for a test."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield Morning(folder, instance, environment)
