"""The publication protocol as a model, checked in every interleaving. It speaks the names of `commit`, `settle` and `publication`.

A process is a generator that yields one storage request at a time and is replayed from the answers it got; the explorer visits every order of
requests of two or three processes, with at most one crash before any request, or one put whose answer is lost (a conditional one landed, but the
client's own retry is told 'conflict'; or any one timed out and lands at any later moment). ETags are content hashes, as on S3.

The store holds 'register' = (days, events), where days = {date: (published, newest source time, withdrawn)} and events = (nonce, event, revision).
A revision is (date, source time). 'copy' stands for the copies at one place, 'beside' for the manifest beside them. The place is `latest`; a day's
own place is the same with one day. `DROPS` are steps that can be left out: without any of them the model must find a violation.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

FILES = ("csv", "xlsx")
ABSENT, ANY = "absent", None  # what a put expects: nothing there, or whatever is there

DROPS = ("nonce", "source time", "newest source time", "files first", "condition", "commits", "again")

Drop = frozenset[str]
NONE: Drop = frozenset()
Request = tuple[Any, ...]
Process = Generator[Request, Any, str | None]
Contents = dict[Any, tuple[Any, Any]]


# --- the protocol


def latest(register: Any) -> Any:
    """The revision that `latest` must hold: of the newest published day."""
    days = dict(register[0]) if register else {}
    return max((day[0] for day in days.values() if day[0]), default=None)


def commit(nonce: str, event: str, date: int, decide: Callable[[Any, int, Any], Any], drop: Drop) -> Process:
    """`commit.commit`: one change of the register. `decide` gives the day's new entry, or None for no change."""
    while True:
        found = yield "get", "register"
        days, events = (dict(found[1][0]), found[1][1]) if found else ({}, ())
        if "nonce" not in drop and any(nonce == earlier for earlier, _, _ in events):
            return "committed"  # an earlier put of ours had landed
        entry = decide(*days.get(date, (None, 0, ())))
        if entry is None:
            return "no change"
        revision = entry[0] or days[date][0]
        days[date] = entry
        register = (tuple(sorted(days.items())), (*events, (nonce, event, revision)))
        if (yield "put", "register", register, found[0] if found else ABSENT) == "ok":
            return "committed"


def settle(drop: Drop) -> Process:
    """`settle.settle`: the manifest beside, the copies, then the register; the copies until nothing differs; then the manifest, by its ETag."""
    while True:
        beside = yield "get", "beside"
        copy = yield "get", "copy"
        register = yield "get", "register"
        standing = latest(register and register[1])
        commits = 0 if "commits" in drop or not register else len(register[1][1])
        if (copy and copy[1]) != standing:
            yield "put", "copy", standing, ANY
            if "again" not in drop:
                continue
        if (beside and beside[1]) == (standing, commits):
            return None
        yield "put", "beside", (standing, commits), ANY if "condition" in drop else (beside[0] if beside else ABSENT)
        if "again" in drop:
            return None


def publish(nonce: str, date: int, drop: Drop) -> Process:
    """`publication.publish`, and the extraction and the files before it."""
    source_time = (yield "get", f"source-{date}")[1]
    revision = (date, source_time)
    for file in FILES if "files first" not in drop else ():
        yield "put", (revision, file), revision, ABSENT

    def publishing(published: Any, newest_source_time: int, withdrawn: Any) -> Any:
        if revision in withdrawn or revision == published:
            return None  # withdrawn; unchanged
        if newest_source_time > source_time and "source time" not in drop:
            return None  # superseded
        return revision, max(newest_source_time, source_time), withdrawn

    outcome = yield from commit(nonce, "published", date, publishing, drop)
    for file in FILES if "files first" in drop else ():
        yield "put", (revision, file), revision, ABSENT
    yield from settle(drop)
    return outcome


def withdraw(nonce: str, date: int, revision: Any, drop: Drop) -> Process:
    """A person takes a revision back."""

    def withdrawing(published: Any, newest_source_time: int, withdrawn: Any) -> Any:
        if published != revision:
            return None  # replaced meanwhile: a person looks again
        return None, 0 if "newest source time" in drop else newest_source_time, (*withdrawn, revision)

    outcome = yield from commit(nonce, "withdrawn", date, withdrawing, drop)
    yield from settle(drop)
    return outcome


def accept(nonce: str, date: int, revision: Any, seen: Any, drop: Drop) -> Process:
    """A person publishes a blocked, withdrawn or replaced revision, having seen what is published now."""

    def accepting(published: Any, newest_source_time: int, withdrawn: Any) -> Any:
        if published != seen:
            return None  # changed meanwhile: a person looks again
        return revision, max(newest_source_time, revision[1]), tuple(earlier for earlier in withdrawn if earlier != revision)

    outcome = yield from commit(nonce, "accepted", date, accepting, drop)
    yield from settle(drop)
    return outcome


def source_changes(_nonce: str, date: int) -> Process:
    """The source moves on while others export it."""
    seen = yield "get", f"source-{date}"
    yield "put", f"source-{date}", seen[1] + 1, ANY
    return None


# --- the scenarios


@dataclass(frozen=True)
class Scenario:
    """Processes by their nonce, and the store they start with."""

    name: str
    processes: dict[str, Callable[[], Process]]
    store: Contents


def at_rest(drop: Drop, days: Any, events: Any, *revisions: Any) -> Contents:
    """A settled store with these days, events, and the files of these revisions."""
    store: Contents = {f"source-{date}": (("etag", 1), 1) for date in (1, 2)}
    store |= {(revision, file): (("etag", revision), revision) for revision in revisions for file in FILES}
    register = (tuple(sorted(days.items())), events)
    standing, commits = latest(register), 0 if "commits" in drop else len(events)
    return store | {key: (("etag", value), value) for key, value in (("register", register), ("copy", standing), ("beside", (standing, commits)))}


def scenarios(drop: Drop = NONE) -> list[Scenario]:
    """Who meets whom."""
    first = ("i", "published", (1, 1))
    empty: Contents = {f"source-{date}": (("etag", 1), 1) for date in (1, 2)}
    yesterday = at_rest(drop, {1: ((1, 1), 1, ())}, (first,), (1, 1))
    both = at_rest(drop, {1: ((1, 1), 1, ()), 2: ((2, 0), 0, ())}, (first, ("j", "published", (2, 0))), (1, 1), (2, 0))
    alone = at_rest(drop, {2: ((2, 2), 2, ())}, (("j", "published", (2, 2)),), (2, 2))
    blocked = at_rest(drop, {1: ((1, 1), 1, ())}, (first,), (1, 1), (2, 0))
    return [
        Scenario(
            "one day, two runs, the source moves",
            {"a": lambda: publish("a", 2, drop), "b": lambda: publish("b", 2, drop), "source": lambda: source_changes("source", 2)},
            yesterday,
        ),
        Scenario("a backfill against today", {"a": lambda: publish("a", 1, drop), "b": lambda: publish("b", 2, drop)}, empty),
        Scenario("a withdrawal against a publication", {"a": lambda: publish("a", 2, drop), "b": lambda: withdraw("b", 2, (2, 0), drop)}, both),
        Scenario("a withdrawal against a slow, older run", {"a": lambda: publish("a", 2, drop), "b": lambda: withdraw("b", 2, (2, 2), drop)}, alone),
        Scenario(
            "an acceptance against a publication", {"a": lambda: publish("a", 2, drop), "b": lambda: accept("b", 2, (2, 0), None, drop)}, blocked
        ),
        Scenario("withdrawn as soon as published", {"a": lambda: publish("a", 2, drop), "b": lambda: withdraw("b", 2, (2, 1), drop)}, yesterday),
        Scenario(
            "withdrawn and accepted at once",
            {"a": lambda: withdraw("a", 2, (2, 0), drop), "b": lambda: accept("b", 2, (2, 0), (2, 0), drop)},
            both,
        ),
    ]


# --- the explorer


def apply(store: Contents, request: Request) -> tuple[Contents, Any]:
    """The store after a request, and its answer."""
    if request[0] == "get":
        return store, store.get(request[1])
    _, key, value, expected = request
    there = store.get(key)
    if (expected == ABSENT and there) or (expected not in (ABSENT, ANY) and (not there or there[0] != expected)):
        return store, "conflict"
    return {**store, key: (("etag", value), value)}, "ok"


@dataclass
class Turns:
    """What a process does next after these answers: replayed once, then remembered."""

    make: Callable[[], Process]
    known: dict[Any, tuple[Request | None, str | None]] = field(default_factory=dict[Any, tuple[Request | None, str | None]])

    def after(self, answers: tuple[Any, ...]) -> tuple[Request | None, str | None]:
        """Its next request, or None and what it returned."""
        if answers not in self.known:
            process = self.make()
            try:
                request = next(process)
                for answer in answers:
                    request = process.send(answer)
                self.known[answers] = request, None
            except StopIteration as end:
                self.known[answers] = None, end.value
        return self.known[answers]


SETTLE = Turns(lambda: settle(NONE))


def settled(store: Contents) -> Contents:
    """The store after one more, undisturbed settle."""
    answers: tuple[Any, ...] = ()
    while (request := SETTLE.after(answers)[0]) is not None:
        store, answer = apply(store, request)
        answers += (answer,)
    return store


def violations(store: Contents, *, resting: bool, disturbed: bool, crashed: frozenset[str], outcomes: dict[str, str | None]) -> Iterator[str]:
    """What readers may rely on, and does not hold here."""
    days, events = store["register"][1] if "register" in store else ((), ())
    for date, (published, _, _) in days:
        if published and any((published, file) not in store for file in FILES):
            yield "the register names a file that is not there"
        newest = 0
        for _, event, revision in events:
            if revision[0] == date:
                if event == "published" and revision[1] < newest:
                    yield "rows of an older source time replaced newer ones"
                newest = max(newest, revision[1])
    if len({nonce for nonce, _, _ in events}) < len(events):
        yield "one run committed twice"
    copy, beside = (store.get(key, (None, None))[1] for key in ("copy", "beside"))
    if copy and copy not in [revision for _, _, revision in events]:
        yield "a copy of what was never published"
    if not resting:
        return
    standing = latest((days, events))
    if events and events[-1][0] not in crashed and beside and beside[0] != standing:
        yield "all at rest, and the manifest is not what the register says"
    if events and not disturbed and copy != standing:
        yield "all at rest, nothing went wrong, and the copy is not what the register says"
    healed = settled(store)
    if healed.get("copy", (None, None))[1] != standing or (events and healed["beside"][1][0] != standing):
        yield "one more settle does not mend it"
    for nonce, outcome in outcomes.items():
        if nonce not in crashed and outcome and (outcome == "committed") != any(nonce == who for who, _, _ in events):
            yield "a run misreports itself"


def explore(scenario: Scenario, *, crashes: int = 0, losses: int = 0, first: bool = False) -> tuple[int, set[str]]:
    """Visit every state; gives their number and the violations found. `first` stops at the first of them."""
    names = list(scenario.processes)
    turns = [Turns(make) for make in scenario.processes.values()]
    whole = (crashes, losses)
    start: Any = (frozenset(scenario.store.items()), ((),) * len(names), frozenset[str](), crashes, losses, ())
    seen: set[Any] = {start}
    todo = [start]
    found: set[str] = set()
    while todo and not (first and found):
        frozen, logs, crashed, crashes, losses, late = todo.pop()
        store: Contents = dict(frozen)
        now = [turn.after(log) for turn, log in zip(turns, logs, strict=True)]
        live = [i for i, (request, _) in enumerate(now) if request and names[i] not in crashed]
        outcomes = {names[i]: outcome for i, (request, outcome) in enumerate(now) if not request}
        resting = not live and not late
        found.update(violations(store, resting=resting, disturbed=(crashes, losses) != whole, crashed=crashed, outcomes=outcomes))
        following: list[Any] = [
            (frozenset(apply(store, put)[0].items()), logs, crashed, crashes, losses, late[:j] + late[j + 1 :]) for j, put in enumerate(late)
        ]
        for i in live:
            request = now[i][0]
            assert request
            after, answer = apply(store, request)
            landed = frozen if after is store else frozenset(after.items())

            def told(text: Any, logs: Any = logs, i: int = i) -> Any:
                return (*logs[:i], (*logs[i], text), *logs[i + 1 :])

            following.append((landed, told(answer), crashed, crashes, losses, late))
            if crashes:
                following.append((frozen, logs, crashed | {names[i]}, crashes - 1, losses, late))
            if losses and request[0] == "put" and request[1] in ("register", "copy", "beside"):
                if answer == "ok" and request[3] is not ANY:
                    following.append((landed, told("conflict"), crashed, crashes, losses - 1, late))
                following.append((frozen, told("timeout"), crashed, crashes, losses - 1, (*late, request)))
        for state in following:
            if state not in seen:
                seen.add(state)
                todo.append(state)
    return len(seen), found
