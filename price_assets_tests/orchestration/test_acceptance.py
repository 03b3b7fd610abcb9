"""An acceptance as the launchpad gives it: by the configuration of the snapshot asset [DG26].

What it means for a day is told in cli/test_decisions.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg
import pytest
import yaml

from price_assets.export.commit import read_register
from price_assets.export.exporter import Exporter
from price_assets.export.withdrawal import withdraw
from price_assets_tests.orchestration.test_assets import failure, green, metadata, run
from price_assets_tests.shop import DAY, NEXT_DAY, PRICE_LIST, Shop

CAREFUL = PRICE_LIST + "checks: {row_count: {min: 1, max_drop: 0.2}, price_change: {ratio: 0.5, share: 0.1}}\n"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def blocked(shop: Shop, instance: dg.DagsterInstance) -> str:
    """The snapshot of a shop whose prices have jumped overnight."""
    shop.write_list(CAREFUL)
    assert run(shop, instance, DAY).success
    shop.database.execute("UPDATE prices SET price = price * 3 WHERE sku <> '001'; UPDATE prices SET sku = '005' WHERE sku = '003'")
    result = run(shop, instance, NEXT_DAY)
    assert "blocked by price_change" in failure(result)
    return snapshot_of(shop, NEXT_DAY)


def snapshot_of(shop: Shop, day: str) -> str:
    """The snapshot that something happened to last."""
    return shop.register()["days"][day]["events"][-1]["snapshot"]


def accept(shop: Shop, instance: dg.DagsterInstance, snapshot: str, *assets: str, day: str = NEXT_DAY, **said: Any) -> dg.ExecuteInProcessResult:
    decided = {"snapshot": snapshot, "checks": ["price_change"], "reason": "the spring sale", "by": "anna"} | said
    return run(shop, instance, day, *assets, run_config={"ops": {"shop__snapshot": {"config": {"accept": decided}}}})


def test_what_was_blocked_is_published_amber_with_who_and_why_and_without_the_source(shop: Shop, instance: dg.DagsterInstance, blocked: str) -> None:
    """Amber is a check that did not pass, of severity WARN: what is downstream runs [DG24]."""
    shop.database.execute("DROP TABLE prices")
    result = accept(shop, instance, blocked)
    assert result.success
    (failed,) = [each for each in result.get_asset_check_evaluations() if not each.passed]
    assert (failed.check_name, failed.severity) == ("price_change", dg.AssetCheckSeverity.WARN)
    assert failed.metadata["note"].value == "Accepted by anna: the spring sale"
    assert green(instance, "snapshot") == green(instance, "publication") == {DAY, NEXT_DAY}
    assert shop.copies("latest") == shop.copies(NEXT_DAY) == shop.published(NEXT_DAY)
    assert b"3.15" in shop.copies("latest")["csv"]
    event = shop.register()["days"][NEXT_DAY]["events"][-1]
    assert {name: event[name] for name in ("event", "snapshot", "checks", "by", "reason", "run_id")} == {
        "event": "accepted",
        "snapshot": blocked,
        "checks": ["price_change"],
        "by": "anna",
        "reason": "the spring sale",
        "run_id": result.run_id,
    }


def test_what_it_changes_are_numbers_on_the_publication_for_the_ui_to_plot(shop: Shop, instance: dg.DagsterInstance, blocked: str) -> None:
    accept(shop, instance, blocked)
    result = run(shop, instance, NEXT_DAY, "publication")
    (event,) = [event for event in result.get_asset_materialization_events() if event.asset_key and event.asset_key.path[-1] == "publication"]
    values = {name: event.materialization.metadata[name] for name in ("added", "removed", "repriced")}
    assert {name: value.value for name, value in values.items()} == {"added": 1, "removed": 1, "repriced": 1}
    assert all(isinstance(value, dg.IntMetadataValue) for value in values.values())
    assert event.materialization.metadata["against"].value == DAY


def test_an_acceptance_travels_with_the_snapshot_through_runs_of_their_own(shop: Shop, instance: dg.DagsterInstance, blocked: str) -> None:
    assert accept(shop, instance, blocked, "snapshot").success
    assert shop.published(NEXT_DAY) is None
    for asset in ("csv", "xlsx", "publication"):
        result = run(shop, instance, NEXT_DAY, asset)
        assert result.success
    event = shop.register()["days"][NEXT_DAY]["events"][-1]
    assert (event["event"], event["by"], event["reason"], event["checks"]) == ("accepted", "anna", "the spring sale", ["price_change"])
    manifest = Exporter(shop.environment).published_manifest("shop", date.fromisoformat(NEXT_DAY))
    assert manifest
    assert manifest.changes
    assert (manifest.changes.added, manifest.changes.removed, manifest.changes.repriced) == (1, 1, 1)
    assert [each.check for each in manifest.checks if not each.passed] == ["price_change"]


@pytest.mark.parametrize("missing", ["snapshot", "checks", "reason", "by"])
def test_a_field_that_is_missing_is_refused_before_the_run(shop: Shop, instance: dg.DagsterInstance, missing: str) -> None:
    decided: dict[str, Any] = {"snapshot": "550cd0706e3b", "checks": [], "reason": "x", "by": "anna"}
    del decided[missing]
    with pytest.raises(dg.DagsterInvalidConfigError, match=f'Missing required config entry "{missing}"'):
        run(shop, instance, DAY, run_config={"ops": {"shop__snapshot": {"config": {"accept": decided}}}})
    assert not shop.storage.exists()


UNFIT: list[tuple[dict[str, Any], str]] = [
    ({"checks": ["price_chnge"]}, "shop has no check 'price_chnge'; did you mean 'price_change'?"),
    ({"checks": ["price_change", "nulls"]}, "did not fail nulls; name every check that failed and no other: price_change."),
    ({"checks": []}, "is blocked by price_change: "),
    ({"checks": ["formats"]}, "The check formats can't be accepted: the file would not hold the rows. Mend them, or leave the format out."),
    ({"snapshot": "550cd0706e3b"}, f"no such snapshot of shop on {NEXT_DAY} was stored; `price-assets history shop` names those that were."),
    (
        {"snapshot": "../../latest"},
        "'../../latest' is no snapshot's name, which has 12 hex digits: `price-assets history shop` names those of each day.",
    ),
    ({"reason": " "}, "'reason' says nothing: the register keeps who decided and why."),
    ({"by": ""}, "'by' says nothing: the register keeps who decided and why."),
]


def test_an_acceptance_that_does_not_fit_fails_the_run_with_our_line_and_changes_nothing(
    shop: Shop, instance: dg.DagsterInstance, blocked: str
) -> None:
    before = shop.register()
    for said, line in UNFIT:
        result = accept(shop, instance, **{"snapshot": blocked, **said})
        assert line in failure(result)
        assert "\n" not in failure(result)
    assert shop.register() == before
    assert green(instance, "snapshot") == {DAY}


def test_what_somebody_published_meanwhile_stands(shop: Shop, instance: dg.DagsterInstance, blocked: str) -> None:
    """The acceptance is of what its snapshot's step saw published."""
    assert accept(shop, instance, blocked, "snapshot", "csv", "xlsx").success
    accepted = metadata(accept(shop, instance, blocked, "snapshot", "csv", "xlsx"), "csv")
    shop.write_list(PRICE_LIST)
    with dg.DagsterInstance.ephemeral() as elsewhere:
        shop.database.execute("UPDATE prices SET price = 7 WHERE sku = '002'")
        assert run(shop, elsewhere, NEXT_DAY).success
    shop.write_list(CAREFUL)
    before = shop.copies(NEXT_DAY)
    result = run(shop, instance, NEXT_DAY, "publication")
    revision = shop.register()["days"][NEXT_DAY]["published"]["revision"]
    assert failure(result) == (
        f"shop {NEXT_DAY}: nothing was published when you decided and {revision} is now; nothing was changed. "
        "Look at `price-assets history` and decide again."
    )
    assert shop.copies(NEXT_DAY) == shop.published(NEXT_DAY) == before
    assert (shop.storage / accepted["key"]).exists()
    withdraw(Exporter(shop.environment).store, "shop", date.fromisoformat(NEXT_DAY), by="anna", reason="the sale goes on")
    again = accept(shop, instance, blocked)  # nothing of the day is to be seen now
    assert again.success
    assert shop.register()["days"][NEXT_DAY]["published"]["snapshot"] == blocked


def test_what_was_published_before_its_run_began_stands_too(shop: Shop, instance: dg.DagsterInstance, blocked: str) -> None:
    """The run may have waited for the very run that published the mended rows, and a command may be pasted hours later."""
    shop.database.execute("UPDATE prices SET price = price / 3 WHERE sku <> '001'")
    assert run(shop, instance, NEXT_DAY).success
    before = shop.register()
    newer = before["days"][NEXT_DAY]["published"]
    assert failure(accept(shop, instance, blocked)) == (
        f"shop {NEXT_DAY}: revision {newer['revision']}, of snapshot {newer['snapshot']}, was published since, and accepting {blocked} would replace "
        f'it. Where that is meant, take it back first: price-assets withdraw shop --date {NEXT_DAY} --reason "…"'
    )
    assert shop.register() == before
    shop.database.execute("UPDATE prices SET price = price * 3 WHERE sku <> '001'")
    assert "blocked by price_change" in failure(run(shop, instance, NEXT_DAY))  # the same rows once more: who accepts them now sees what is published
    assert snapshot_of(shop, NEXT_DAY) == blocked
    assert accept(shop, instance, blocked).success


def test_withdrawn_rows_are_published_again_by_accepting_their_withdrawal(shop: Shop, instance: dg.DagsterInstance) -> None:
    run(shop, instance, DAY)
    snapshot = snapshot_of(shop, DAY)
    before = shop.copies(DAY)
    withdraw(Exporter(shop.environment).store, "shop", date.fromisoformat(DAY), by="boris", reason="wrong discount")
    again = run(shop, instance, DAY)
    assert "blocked by withdrawn: these rows were withdrawn" in failure(again)
    assert not shop.copies(DAY)
    result = accept(shop, instance, snapshot, day=DAY, checks=["withdrawn"], reason="it was right", by="anna")
    assert result.success
    assert shop.copies(DAY) == shop.copies("latest") == before
    day = read_register(Exporter(shop.environment).store, "shop").day(date.fromisoformat(DAY))
    assert ([event.event for event in day.events], day.withdrawn) == (["published", "withdrawn", "blocked", "accepted"], ())


def test_what_was_replaced_is_gone_back_to_by_accepting_no_check(shop: Shop, instance: dg.DagsterInstance) -> None:
    run(shop, instance, DAY)
    first, before = snapshot_of(shop, DAY), shop.copies(DAY)
    shop.database.execute("UPDATE prices SET price = 11 WHERE sku = '001'")
    run(shop, instance, DAY)
    assert shop.copies(DAY) != before
    withdraw(Exporter(shop.environment).store, "shop", date.fromisoformat(DAY), by="boris", reason="wrong discount")
    assert accept(shop, instance, first, day=DAY, checks=[]).success
    assert shop.copies(DAY) == before


def test_the_failed_run_says_what_to_paste_into_the_launchpad(shop: Shop, instance: dg.DagsterInstance) -> None:
    shop.database.execute("UPDATE prices SET price = -1, name = NULL WHERE sku = '002'")
    (event,) = run(shop, instance, DAY).filter_events(lambda event: event.is_step_failure)
    told = event.step_failure_data.user_failure_data
    assert told
    config = yaml.safe_load(str(told.metadata["launchpad"].value))
    decided = config["ops"]["shop__snapshot"]["config"]["accept"]
    assert decided == {"snapshot": snapshot_of(shop, DAY), "checks": ["nulls", "ranges"], "reason": "", "by": ""}
    decided |= {"reason": "a return", "by": "anna"}
    assert run(shop, instance, DAY, run_config=config).success
    assert shop.copies(DAY) == shop.published(DAY)


def test_what_a_format_can_not_carry_has_nothing_to_paste(shop: Shop, instance: dg.DagsterInstance) -> None:
    shop.database.execute("UPDATE prices SET name = repeat('я', 40000) WHERE sku = '002'")
    result = run(shop, instance, DAY)
    (event,) = result.filter_events(lambda event: event.is_step_failure)
    told = event.step_failure_data.user_failure_data
    assert told
    assert set(told.metadata) == {"exit_code", "error"}
    assert "accept" not in failure(result)
    unfit = accept(shop, instance, snapshot_of(shop, DAY), day=DAY, checks=[])
    assert "blocked by formats" in failure(unfit)
