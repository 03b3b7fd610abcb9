"""How a list stands, at every time of its day; the clock is an argument."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from price_assets.errors import ExitCode, PriceListError, StorageRefused, StorageUnavailable
from price_assets.export.register import Event, Register
from price_assets.operations.deadlines import Deadlines
from price_assets.operations.status import ListStatus, Watched, list_status
from price_assets_tests.export.test_register import published

NAME = "wholesale"
YESTERDAY, TODAY, TOMORROW = date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 26)
WATCHED = Watched(NAME, date(2026, 1, 1), past_dates=True)
MOSCOW = ZoneInfo("Europe/Moscow")


def register(**days: str) -> Register:
    """`t="published, blocked"`: what happened today (`t`), yesterday (`y`), the day before (`b`), from 06:10 in Moscow on, a minute apart."""
    made = Register(price_list=NAME)
    for which, happened in sorted(days.items(), reverse=True):
        day = {"b": YESTERDAY - timedelta(days=1), "y": YESTERDAY, "t": TODAY}[which]
        for minute, what in enumerate(happened.split(", ")):
            entry = made.day(day)
            if what == "published":
                entry = entry.publishing(published(f"{what} {minute}", minute=minute))
            elif what == "withdrawn":
                entry = entry.withdrawing()
            time = datetime(day.year, day.month, day.day, 3, 10 + minute, tzinfo=UTC)
            said = {"checks": ("price_change", "ranges")} if what == "blocked" else {"by": "Anna", "reason": "too early"}
            event = Event.model_validate(
                {"nonce": str(minute), "time": time, "event": what, "snapshot": f"snapshot{minute}", "revision": "R", **said}
            )
            made = made.committed(day, entry, event)
    return made


def at(time: str, cron: str = "0 6 * * *") -> Deadlines:
    """Moscow's wall time of today, as the process' clock gives it."""
    now = datetime.combine(TODAY, datetime.strptime(time, "%H:%M").time(), MOSCOW)  # noqa: DTZ007 - the zone is in what it is combined with
    return Deadlines(cron, MOSCOW, timedelta(minutes=30), now.astimezone(UTC))


def told(found: ListStatus) -> tuple[str, str, str, bool, int]:
    due = f"{found.due_at:%d %H:%M}" if found.due_at else ""
    return str(found.condition), f"{found.export_date:%d}" if found.export_date else "", due, found.is_due, int(found.exit_code)


@pytest.mark.parametrize(
    ("time", "days", "expected"),
    [
        # the night before: yesterday is there, and today's time has not come
        ("00:30", {"y": "published"}, ("published", "24", "25 06:30", True, 0)),
        ("05:59", {"y": "published"}, ("published", "24", "25 06:30", True, 0)),
        # it runs
        ("06:00", {"y": "published"}, ("waiting", "25", "25 06:30", False, 0)),
        ("06:12", {"y": "published", "t": "published"}, ("published", "25", "26 06:30", False, 0)),
        ("06:12", {"y": "published", "t": "blocked"}, ("blocked", "25", "25 06:30", False, 0)),
        # its deadline has passed
        ("06:30", {"y": "published"}, ("missing", "25", "25 06:30", True, 1)),
        ("06:30", {"y": "published", "t": "published"}, ("published", "25", "26 06:30", True, 0)),
        ("06:30", {"y": "published", "t": "blocked"}, ("blocked", "25", "25 06:30", True, 1)),
        ("09:00", {"y": "published", "t": "published, withdrawn"}, ("withdrawn", "25", "25 06:30", True, 1)),
        ("09:00", {"y": "published", "t": "published, blocked"}, ("published", "25", "26 06:30", True, 0)),
        # what never came yesterday is looked at until today's is there
        ("00:30", {}, ("missing", "24", "24 06:30", True, 1)),
        ("06:12", {}, ("missing", "24", "24 06:30", True, 1)),
        ("06:12", {"t": "published"}, ("published", "25", "26 06:30", False, 0)),
        ("06:12", {"y": "blocked"}, ("blocked", "24", "24 06:30", True, 1)),
        ("09:00", {"t": "published"}, ("published", "25", "26 06:30", True, 0)),
        # somebody published today's before its time
        ("05:00", {"y": "published", "t": "published"}, ("published", "25", "26 06:30", False, 0)),
    ],
)
def test_every_hour_of_a_day(time: str, days: dict[str, str], expected: tuple[str, str, str, bool, int]) -> None:
    assert told(list_status(WATCHED, register(**days), at(time))) == expected


@pytest.mark.parametrize(
    ("start", "time", "expected"),
    [
        (TOMORROW, "09:00", ("not begun", "26", "26 06:30", False, 0)),
        (TODAY, "05:00", ("waiting", "25", "25 06:30", False, 0)),
        (TODAY, "06:10", ("waiting", "25", "25 06:30", False, 0)),
        (TODAY, "06:31", ("missing", "25", "25 06:30", True, 1)),
    ],
)
def test_a_list_is_not_due_before_it_begins(start: date, time: str, expected: tuple[str, str, str, bool, int]) -> None:
    assert told(list_status(Watched(NAME, start), register(), at(time))) == expected


def test_on_a_weekend_the_friday_is_what_must_be_there() -> None:
    saturday = Deadlines("0 6 * * 1-5", MOSCOW, timedelta(minutes=30), datetime(2026, 11, 28, 9, tzinfo=UTC))
    assert told(list_status(WATCHED, register(t="published"), saturday)) == ("missing", "27", "27 06:30", True, 1)
    friday = date(2026, 11, 27)
    there = register().committed(friday, register(t="published").day(TODAY), register(t="published").day(TODAY).events[0])
    assert told(list_status(WATCHED, there, saturday)) == ("published", "27", "30 06:30", True, 0)
    assert told(list_status(Watched(NAME, date(2026, 11, 28)), register(), saturday)) == ("waiting", "30", "30 06:30", False, 0)


@pytest.mark.parametrize(
    ("day", "time", "days", "expected"),
    [
        (YESTERDAY, "09:00", {"y": "published", "t": "blocked"}, ("published", "24", "24 06:30", True, 0)),
        (YESTERDAY, "09:00", {"t": "published"}, ("missing", "24", "24 06:30", True, 1)),
        (TODAY, "05:00", {"y": "published"}, ("waiting", "25", "25 06:30", False, 0)),
        (TODAY, "06:29", {}, ("waiting", "25", "25 06:30", False, 0)),
        (TODAY, "06:31", {"t": "blocked"}, ("blocked", "25", "25 06:30", True, 1)),
        (date(2025, 12, 31), "09:00", {}, ("not begun", "31", "31 06:30", False, 0)),
    ],
)
def test_a_day_that_is_asked_for(day: date, time: str, days: dict[str, str], expected: tuple[str, str, str, bool, int]) -> None:
    assert told(list_status(WATCHED, register(**days), at(time), day)) == expected


def test_a_day_without_an_export_is_not_due() -> None:
    found = list_status(WATCHED, register(), at("09:00", "0 6 * * 1"), TODAY)  # a Wednesday
    assert told(found) == ("not due", "25", "", False, 0)


def test_the_newest_publication_is_shown_and_of_a_day_that_is_asked_for_its_own() -> None:
    days = register(y="published", t="blocked")
    newest = list_status(WATCHED, days, at("09:00"))
    assert (newest.shown, newest.revision, newest.published_at) == (
        YESTERDAY,
        "revision of content of published 0",
        datetime(2026, 11, 24, 3, 10, tzinfo=UTC),
    )
    asked = list_status(WATCHED, days, at("09:00"), TODAY)
    assert (asked.shown, asked.revision, asked.published_at, asked.checks) == (TODAY, None, None, ("price_change", "ranges"))


def advice(days: dict[str, str], watched: Watched = WATCHED, time: str = "09:00", day: date | None = None) -> str:
    return list_status(watched, register(**days), at(time), day).advice


def test_what_is_well_needs_no_advice() -> None:
    assert advice({"t": "published"}) == ""
    assert advice({"y": "published"}, time="06:10") == ""
    assert advice({}, Watched(NAME, TOMORROW)) == ""


def test_advice_of_a_missing_day() -> None:
    missing = "wholesale 2026-11-25 is missing, and was due at 2026-11-25 06:30."
    command = "price-assets export wholesale --date 2026-11-25"
    assert advice({}) == f"{missing} Look at its run in Dagster, or export it here: {command}"
    broken = Watched(NAME, TODAY, error=PriceListError("wholesale.yaml:3: no"))
    assert advice({}, broken) == f"{missing} Its definition does not load; mend it, then: {command}"
    gone = Watched(NAME, listed=False)
    assert advice({"y": "published"}, gone) == f"{missing} PRICE_LISTS_DIR has no such list: look where it is exported, or do not name it any more."
    today_only = Watched(NAME, date(2026, 1, 1))
    assert advice({}, today_only, day=YESTERDAY) == ""  # it never came to anything, so it began today at the earliest
    assert advice({"b": "published"}, today_only, day=YESTERDAY) == (
        "wholesale 2026-11-24 is missing, and was due at 2026-11-24 06:30. Its source knows today's prices only (it has no `past_dates`), so that "
        "day can't be made any more; see that the next one comes."
    )


def test_advice_of_a_blocked_day_is_the_whole_command() -> None:
    assert advice({"t": "blocked"}) == (
        "wholesale 2026-11-25 is blocked by price_change, ranges since 2026-11-25 06:10. Mend the rows in the source and export again; or, if they "
        "are right: price-assets accept wholesale --date 2026-11-25 --snapshot snapshot0 --check price_change --check ranges "
        '--reason "…"'
    )
    assert advice({"t": "published, blocked"}).startswith(
        "wholesale 2026-11-25 is published, but newer rows of it are blocked by price_change, ranges since 2026-11-25 06:11."
    )


def test_what_a_file_cannot_hold_is_not_to_be_accepted() -> None:
    day = register(t="blocked").day(TODAY)
    (event,) = day.events
    formats = register().committed(TODAY, day.model_copy(update={"events": ()}), event.model_copy(update={"checks": ("formats",)}))
    said = list_status(WATCHED, formats, at("09:00")).advice
    assert said.endswith("Mend the rows in the source and export again.")


def test_advice_of_a_withdrawn_day_says_who_took_it_back_and_why() -> None:
    assert advice({"t": "published, withdrawn"}) == (
        "wholesale 2026-11-25 was withdrawn at 2026-11-25 06:11 by Anna: too early. It stays back until the source gives other rows, or somebody "
        "accepts a snapshot that `price-assets history wholesale --date 2026-11-25` names."
    )


@pytest.mark.parametrize(("error", "code"), [(StorageRefused("no register"), ExitCode.REFUSED), (StorageUnavailable("silence"), ExitCode.FAILED)])
def test_a_register_that_cannot_be_read_ends_by_its_error(error: StorageRefused | StorageUnavailable, code: ExitCode) -> None:
    found = list_status(WATCHED, error, at("09:00"))
    assert (told(found)[:2], found.errors, found.exit_code) == (("unreadable", ""), (error,), code)


def test_a_broken_definition_is_said_and_its_register_is_read_all_the_same() -> None:
    error = PriceListError("wholesale.yaml:3: no")
    there = list_status(Watched(NAME, TODAY, error=error), register(t="published"), at("09:00"))
    assert (there.condition, there.errors, there.exit_code) == ("published", (error,), ExitCode.REFUSED)
    assert list_status(Watched(NAME, TODAY, error=error), register(), at("09:00")).exit_code == ExitCode.FAILED


def test_a_list_that_is_not_here_begins_with_its_first_day() -> None:
    gone = Watched(NAME, listed=False)
    assert list_status(gone, register(t="published"), at("09:00")).condition == "published"
    assert list_status(gone, register(t="published"), at("09:00"), YESTERDAY).condition == "not begun"
    assert list_status(gone, register(y="published"), at("09:00")).condition == "missing"
