import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from price_assets.export.layout import LATEST
from price_assets.export.register import Acceptance, Day, Event, FileReference, Outcome, Published, Register, decide, revision_name

DAY = date(2026, 11, 24)
SIX = datetime(2026, 11, 24, 6, 0, 2, 123456, tzinfo=UTC)


def published(rows: str, *, minute: int = 0, content: str | None = None) -> Published:
    said = content or f"content of {rows}"
    return Published(
        revision=f"revision of {said}", snapshot=rows, content=said, source_time=SIX + timedelta(minutes=minute), manifest=f"_files/{rows}"
    )


def event(kind: str, rows: str, **more: object) -> Event:
    return Event.model_validate({"nonce": f"{kind} {rows}", "time": SIX, "event": kind, "snapshot": rows, **more})


NOTHING = Day()
A = Day().publishing(published("A", minute=5))
A_WITHDRAWN = A.model_copy(update={"published": None, "withdrawn": ("A",)})
A_REVISION = published("A").revision
OLDER_ACCEPTED = A.model_copy(update={"published": published("accepted", minute=1)})


@pytest.mark.parametrize(
    ("day", "candidate", "outcome"),
    [
        (NOTHING, published("A"), Outcome.PUBLISHED),
        (A, published("B", minute=6), Outcome.PUBLISHED),
        (A, published("B", minute=4), Outcome.SUPERSEDED),
        (A, published("B", minute=5), Outcome.SUPERSEDED),
        (A, published("A", minute=9), Outcome.UNCHANGED),
        (A, published("A", minute=1), Outcome.UNCHANGED),
        (A, published("A", minute=1, content="another header"), Outcome.PUBLISHED),
        (A_WITHDRAWN, published("A", minute=9), Outcome.WITHDRAWN),
        (A_WITHDRAWN, published("A", minute=9, content="another header"), Outcome.WITHDRAWN),
        (A_WITHDRAWN, published("A", minute=5), Outcome.WITHDRAWN),
        (A_WITHDRAWN, published("B", minute=4), Outcome.SUPERSEDED),
        (A_WITHDRAWN, published("B", minute=6), Outcome.PUBLISHED),
        (OLDER_ACCEPTED, published("A", minute=5), Outcome.SUPERSEDED),
        (OLDER_ACCEPTED, published("accepted", minute=1, content="another header"), Outcome.PUBLISHED),
    ],
)
def test_what_a_candidate_comes_to(day: Day, candidate: Published, outcome: Outcome) -> None:
    assert decide(day, candidate) is outcome


def accepted(seen: str | None) -> Acceptance:
    return Acceptance(checks=("price_change",), reason="a sale", by="anna", seen=seen)


@pytest.mark.parametrize(
    ("day", "candidate", "seen", "outcome"),
    [
        (NOTHING, published("blocked"), None, Outcome.PUBLISHED),
        (A, published("B", minute=1), A_REVISION, Outcome.PUBLISHED),
        (A, published("B", minute=9), None, Outcome.REPLACED),
        (NOTHING, published("B"), A_REVISION, Outcome.REPLACED),
        (A_WITHDRAWN, published("A"), None, Outcome.PUBLISHED),
        (A_WITHDRAWN, published("A"), A_REVISION, Outcome.REPLACED),
        (A, published("A"), "another", Outcome.UNCHANGED),
    ],
)
def test_what_a_person_accepts_replaces_what_that_person_saw_and_nothing_else(
    day: Day, candidate: Published, seen: str | None, outcome: Outcome
) -> None:
    assert decide(day, candidate, acceptance=accepted(seen)) is outcome


def test_accepted_rows_are_no_longer_withdrawn_and_withdrawing_them_ends_the_acceptance() -> None:
    day = A_WITHDRAWN.publishing(published("A"))
    assert day.withdrawn == ()
    day = day.model_copy(update={"events": (event("accepted", "A", checks=("nulls",)), event("accepted", "A", checks=("ranges", "nulls")))})
    assert day.accepted("A") == {"nulls", "ranges"}
    assert not day.accepted("B")
    assert not day.withdrawing().accepted("A")


def test_a_withdrawn_day_publishes_nothing_and_keeps_its_newest_source_time() -> None:
    assert A.withdrawing() == A_WITHDRAWN
    assert NOTHING.withdrawing() == NOTHING


def test_the_same_content_in_other_bytes_is_unchanged() -> None:
    """Deflate may differ between processors; what is said does not."""
    assert decide(A, published("A").model_copy(update={"revision": "other bytes"})) is Outcome.UNCHANGED


def test_the_newest_source_time_never_goes_back() -> None:
    again = A.publishing(published("A", minute=1, content="another header"))
    assert again.newest_source_time == SIX + timedelta(minutes=5)


def test_latest_is_the_newest_published_day() -> None:
    register = Register(price_list="wholesale")
    older = DAY - timedelta(days=1)
    register = register.committed(DAY, NOTHING.publishing(published("A")), event("published", "A"))
    register = register.committed(older, NOTHING.publishing(published("B")), event("published", "B"))
    assert (register.latest, register.commits, list(register.days)) == (DAY, 2, [older, DAY])
    withdrawn = register.day(DAY).model_copy(update={"published": None, "withdrawn": ("A",)})
    register = register.committed(DAY, withdrawn, event("withdrawn", "A"))
    assert register.latest == older
    assert register.at(LATEST).published == published("B")
    assert register.at(LATEST).commits == 3
    assert (register.at(older).commits, register.at(DAY).commits) == (2, 3)
    assert (register.at(DAY).published, register.at(DAY).ever) == (None, True)


def test_it_knows_the_days_that_something_happened_to_lately() -> None:
    register = Register(price_list="retail")
    for days, kind in ((3, "published"), (2, "published"), (0, "blocked"), (1, "withdrawn")):
        at = SIX - timedelta(days=days)
        register = register.committed(DAY - timedelta(days=days), A, event(kind, "A", time=at))
    register = register.committed(DAY - timedelta(days=3), A, event("accepted", "A"))
    assert register.days_since(SIX - timedelta(days=1)) == [DAY, DAY - timedelta(days=1), DAY - timedelta(days=3)]


def test_a_day_that_was_only_blocked_stands_nowhere() -> None:
    register = Register(price_list="wholesale").committed(DAY, NOTHING, event("blocked", "A", checks=("key",)))
    assert register.latest is None
    assert not register.at(LATEST).ever
    assert not register.at(DAY).ever


def test_the_register_is_written_as_partners_know_it() -> None:
    register = Register(price_list="wholesale").committed(
        DAY, NOTHING.publishing(published("A")), event("published", "A", revision="R", source_time=SIX, run_id="run")
    )
    assert json.loads(register.to_json()) == {
        "version": 1,
        "price_list": "wholesale",
        "commits": 1,
        "latest": "2026-11-24",
        "days": {
            "2026-11-24": {
                "published": {
                    "revision": "revision of content of A",
                    "snapshot": "A",
                    "content": "content of A",
                    "source_time": "2026-11-24T06:00:02.123456Z",
                    "manifest": "_files/A",
                },
                "newest_source_time": "2026-11-24T06:00:02.123456Z",
                "withdrawn": [],
                "events": [
                    {
                        "nonce": "published A",
                        "time": "2026-11-24T06:00:02.123456Z",
                        "event": "published",
                        "snapshot": "A",
                        "revision": "R",
                        "source_time": "2026-11-24T06:00:02.123456Z",
                        "run_id": "run",
                        "commit": 1,
                    }
                ],
            }
        },
    }
    assert Register.model_validate_json(register.to_json()) == register
    assert json.loads(Register(price_list="x").to_json())["latest"] is None


def test_times_have_six_digits_and_are_in_utc() -> None:
    moscow = datetime(2026, 11, 24, 9, tzinfo=timezone(timedelta(hours=3)))
    said = json.loads(event("published", "A", source_time=moscow).model_dump_json())
    assert said["source_time"] == "2026-11-24T06:00:00.000000Z"


@pytest.mark.parametrize("text", ['{"version": 2, "price_list": "a"}', '{"version": 1, "price_list": "a", "new": 1}', '{"version": 1}', "", '{"vers'])
def test_a_register_of_another_release_or_a_cut_one_is_not_taken(text: str) -> None:
    with pytest.raises(ValidationError):
        Register.model_validate_json(text)


@pytest.mark.parametrize(
    ("events", "again"),
    [
        ([], False),
        ([event("blocked", "A", checks=("key", "nulls"))], True),
        ([event("blocked", "A", checks=("key",))], False),
        ([event("blocked", "B", checks=("key", "nulls"))], False),
        ([event("blocked", "A", checks=("key", "nulls")), event("published", "B")], False),
    ],
)
def test_the_same_snapshot_blocked_again_by_the_same_checks_is_known(events: list[Event], *, again: bool) -> None:
    assert Day(events=tuple(events)).just_blocked("A", ("nulls", "key")) is again


def test_a_revision_is_named_by_content_and_bytes_and_not_by_order() -> None:
    csv = FileReference("csv", "S", "C", "a.csv", "k", 1, 2, "11" * 32)
    xlsx = replace(csv, format="xlsx", sha256="22" * 32)
    name = revision_name("C", [csv, xlsx])
    assert name == revision_name("C", [xlsx, csv]) == "3e44e99f5aef"
    assert len({name, revision_name("D", [csv, xlsx]), revision_name("C", [csv]), revision_name("C", [replace(csv, sha256="33" * 32), xlsx])}) == 4
