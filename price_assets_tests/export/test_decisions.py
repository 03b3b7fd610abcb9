"""What a person decides, on every store: to accept a snapshot, to withdraw a publication."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from price_assets.errors import Failed, SnapshotBlocked, UsageError
from price_assets.export import layout
from price_assets.export.commit import read_register
from price_assets.export.publication import Candidate, publish, record_blocked
from price_assets.export.register import Acceptance
from price_assets.export.storage import Store
from price_assets.export.withdrawal import withdraw
from price_assets_tests.export.stores import DAY, LIST, Losing, Partner, candidate


def _accepted(made: Candidate, seen: str | None, *checks: str) -> Candidate:
    acceptance = Acceptance(checks=checks, reason="the spring sale", by="anna", seen=seen)
    return replace(made, snapshot=replace(made.snapshot, acceptance=acceptance))


def _events(store: Store, day: date = DAY) -> list[str]:
    return [event.event for event in read_register(store, LIST).day(day).events]


def test_a_blocked_snapshot_is_published_by_an_acceptance_that_says_who_and_why(store: Store, partner: Partner, tmp_path: Path) -> None:
    first = publish(store, candidate(store, tmp_path, "rows"))
    blocked = candidate(store, tmp_path, "a jump", minute=5)
    record_blocked(store, blocked.snapshot, ("price_change",), "run")
    publication = publish(store, _accepted(blocked, first.revision, "price_change"))
    assert (publication.outcome, publication.revision) == ("published", blocked.revision)
    event = read_register(store, LIST).day(DAY).events[-1]
    assert (event.event, event.checks, event.by, event.reason) == ("accepted", ("price_change",), "anna", "the spring sale")
    assert (event.snapshot, event.revision, event.run_id) == (blocked.snapshot.name, blocked.revision, blocked.run_id)
    partner.copies_are_right()


def test_only_an_acceptance_passes_what_is_newer(store: Store, partner: Partner, tmp_path: Path) -> None:
    older = candidate(store, tmp_path, "older", minute=1)
    newer = publish(store, candidate(store, tmp_path, "newer", minute=5))
    assert publish(store, older).outcome == "superseded"
    assert publish(store, _accepted(older, newer.revision)).outcome == "published"
    assert publish(store, candidate(store, tmp_path, "in between", minute=3)).outcome == "superseded"
    partner.copies_are_right()


def test_an_acceptance_of_what_was_replaced_meanwhile_changes_nothing(store: Store, partner: Partner, tmp_path: Path) -> None:
    first = publish(store, candidate(store, tmp_path, "seen"))
    blocked = candidate(store, tmp_path, "blocked", minute=1)
    second = publish(store, candidate(store, tmp_path, "newer", minute=2))
    with pytest.raises(Failed, match=f"revision {first.revision} was published when you decided and {second.revision} is now"):
        publish(store, _accepted(blocked, first.revision))
    assert _events(store) == ["published", "published"]
    partner.copies_are_right()


def test_accepting_what_is_published_is_unchanged(store: Store, tmp_path: Path) -> None:
    first = candidate(store, tmp_path, "rows")
    publish(store, first)
    assert publish(store, _accepted(first, first.revision)).outcome == "unchanged"
    assert _events(store) == ["published"]


def test_an_acceptance_whose_answer_was_lost_is_committed_once(store: Store, tmp_path: Path) -> None:
    blocked = candidate(store, tmp_path, "blocked")
    losing = Losing(store, landed=(2,))  # the manifest, then the register
    assert publish(losing, _accepted(blocked, None)).outcome == "published"
    assert _events(store) == ["accepted"]


def test_a_withdrawn_day_is_gone_from_its_addresses_and_the_day_before_is_the_latest(store: Store, partner: Partner, tmp_path: Path) -> None:
    before = candidate(store, tmp_path, "yesterday", export_date=DAY - timedelta(days=1))
    publish(store, before)
    publish(store, candidate(store, tmp_path, "today"))
    assert withdraw(store, LIST, DAY, by="anna", reason="a wrong price") == "withdrawn"
    partner.copies_are_right()
    for file in before.files:
        assert store.get(layout.copy_key(LIST, DAY, file.format)) is None
        assert partner.bytes_at(layout.copy_key(LIST, layout.LATEST, file.format)) == partner.bytes_at(file.key)


def test_a_withdrawal_says_what_by_whom_and_why(store: Store, tmp_path: Path) -> None:
    made = candidate(store, tmp_path, "rows")
    publish(store, made)
    withdraw(store, LIST, DAY, by="anna", reason="a wrong price")
    event = read_register(store, LIST).day(DAY).events[-1]
    assert (event.event, event.snapshot, event.revision) == ("withdrawn", made.snapshot.name, made.revision)
    assert (event.by, event.reason) == ("anna", "a wrong price")


def test_withdrawn_rows_stay_back_under_another_header_until_they_are_accepted(store: Store, partner: Partner, tmp_path: Path) -> None:
    publish(store, candidate(store, tmp_path, "rows"))
    withdraw(store, LIST, DAY, by="anna", reason="a wrong price")
    renamed = candidate(store, tmp_path, "rows", minute=9, header="Price")
    with pytest.raises(SnapshotBlocked):
        publish(store, renamed)
    assert publish(store, _accepted(renamed, None, "withdrawn")).outcome == "published"
    day = read_register(store, LIST).day(DAY)
    assert (day.withdrawn, day.accepted(renamed.snapshot.name)) == ((), {"withdrawn"})
    partner.copies_are_right()


def test_to_withdraw_twice_is_already_withdrawn_and_one_event(store: Store, tmp_path: Path) -> None:
    publish(store, candidate(store, tmp_path, "rows"))
    withdraw(store, LIST, DAY, by="anna", reason="a wrong price")
    assert withdraw(store, LIST, DAY, by="boris", reason="the same") == "already withdrawn"
    assert _events(store) == ["published", "withdrawn"]


def test_a_day_that_published_nothing_has_nothing_to_withdraw(store: Store) -> None:
    with pytest.raises(UsageError, match="has published nothing"):
        withdraw(store, LIST, DAY, by="anna", reason="a wrong price")


class Overtaken(Losing):
    """Somebody publishes between the look and the commit."""

    def __init__(self, store: Store, meanwhile: Candidate) -> None:
        super().__init__(store)
        self.meanwhile: Candidate | None = meanwhile

    def swap(self, key: str, data: bytes, version: str) -> None:
        if self.meanwhile:
            meanwhile, self.meanwhile = self.meanwhile, None
            publish(self._store, meanwhile)
        super().swap(key, data, version)


def test_a_withdrawal_of_what_was_replaced_meanwhile_changes_nothing(store: Store, partner: Partner, tmp_path: Path) -> None:
    first = publish(store, candidate(store, tmp_path, "rows"))
    newer = candidate(store, tmp_path, "newer", minute=1)
    with pytest.raises(Failed, match=f"revision {first.revision} was published when you decided and {newer.revision} is now"):
        withdraw(Overtaken(store, newer), LIST, DAY, by="anna", reason="a wrong price")
    assert _events(store) == ["published", "published"]
    partner.copies_are_right()
