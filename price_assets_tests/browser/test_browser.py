"""Dagster's UI in a real browser, as the data engineer and the one on call use it; what comes of it is looked at in the bucket."""

import os
from hashlib import sha256

import pytest
from playwright.sync_api import Locator, expect

from price_assets.definitions import definitions
from price_assets_tests.browser.company import PUBLISHED_DAYS, Company
from price_assets_tests.browser.pages import RUN, Pages
from price_assets_tests.browser.pictures import Pictures

if "PRICE_ASSETS_OPS" not in os.environ:
    pytest.skip("LOUD: nobody looked at Dagster's UI in a browser; make test-ops does", allow_module_level=True)

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(900)]  # the first test waits for the company to be set up
FORMATS = {"dealers": ("csv",), "retail": ("csv", "xlsx"), "wholesale": ("csv", "xlsx")}
PARTS = [f"{name} / {part}" for name, formats in FORMATS.items() for part in ("snapshot", *formats, "publication")]
WHY, WHO = "the autumn rise, asked Anna", "Boris"


def test_the_catalog_shows_the_lists_with_descriptions_and_owners(ui: Pages, company: Company, pictures: Pictures) -> None:
    ui.menu("Catalog")
    for part in PARTS:
        expect(ui.page.get_by_role("link", name=part)).to_be_visible()
    expect(ui.text("Розничные цены для магазинов-партнёров").first).to_be_visible()
    expect(ui.text(f"{len(company.lists.days)} partitions")).to_have_count(len(PARTS))
    pictures.take("catalog", height=850)
    ui.search_assets('owner:"wholesale"')
    expect(ui.page.get_by_role("link", name="retail / ")).to_have_count(0)
    ui.page.get_by_role("link", name="wholesale / publication").click()
    expect(ui.text("What partners find at the addresses that never change.")).to_be_visible()
    expect(ui.text("pricing@example.com")).to_be_visible()


def test_a_days_page_shows_what_is_published_where_what_changed_and_the_first_rows(ui: Pages, company: Company, pictures: Pictures) -> None:
    day = company.lists.today
    ui.asset_day("retail / publication", day)
    manifest = company.manifest("retail", day)
    assert manifest
    expect(ui.metadata("outcome")).to_have_text("published")
    expect(ui.metadata("revision")).to_have_text(manifest["revision"])
    expect(ui.metadata("dagster/row_count")).to_have_text(str(manifest["rows"]))
    for what, number in manifest["changes"].items():
        expect(ui.metadata(what)).to_have_text(str(number))
    pictures.take("publication", height=820)
    shown = [row.get_by_role("cell").all_inner_texts() for row in ui.metadata("files").get_by_role("row").all()[1:]]
    assert [row[0] for row in shown] == ["csv", "xlsx"]
    for _, rows, size, digest, *addresses in shown:
        assert int(rows) == manifest["rows"]
        for address in addresses:
            found = company.get(address)
            assert (len(found), sha256(found).hexdigest()) == (int(size), digest)
    first = ui.metadata("preview").get_by_role("row").nth(1).get_by_role("cell")
    csv = company.get(shown[0][4]).decode("utf-8-sig").splitlines()
    assert csv[1].startswith(f"{first.first.inner_text()};{first.nth(1).inner_text()};")


def test_a_failed_check_shows_where_the_one_on_call_looks(ui: Pages, company: Company, pictures: Pictures) -> None:
    *_, before, today = company.lists.days
    blocked = company.register("wholesale")["days"][str(today)]["events"][-1]
    ui.run(blocked["run_id"], "Failed")
    ui.run_ends("Failure")
    ui.filter_events("type:STEP_FAILURE")
    expect(ui.text(f"Snapshot {blocked['snapshot']} is blocked by ranges: 1 of ")).to_be_visible()
    ui.asset("wholesale / snapshot", "Checks")
    ui.check("ranges")
    expect(ui.text("Failed", exact=True).last).to_be_visible()
    expect(ui.metadata("offending_rows").get_by_role("row").nth(1)).to_contain_text("-5.0000")
    pictures.take("failed-check", height=780)
    assert company.manifest("wholesale", today) is None
    assert company.register("wholesale")["latest"] == str(before)
    assert company.manifest("wholesale", before)


@pytest.mark.usefixtures("backfill")  # both wait most of the time
def test_a_blocked_day_is_accepted_from_the_launchpad(ui: Pages, company: Company, pictures: Pictures) -> None:
    today = company.lists.today
    company.lists.database.execute(
        f"UPDATE retail_prices SET price = 2 * price WHERE product_id % 5 < 2 AND coalesce(valid_to, 'infinity') > '{today}'"
    )
    ui.run(launched(ui, company, ui.materialize("export_retail", [today])))
    ui.run_ends("Failure")
    ui.filter_events("type:STEP_FAILURE")
    ui.page.get_by_role("button", name="View full message").click()
    launchpad = ui.metadata("launchpad").inner_text()
    ui.page.get_by_role("button", name="Done").click()
    blocked = company.register("retail")["days"][str(today)]["events"][-1]
    assert (blocked["event"], blocked["checks"]) == ("blocked", ["price_change"])

    dialog = ui.materialize("export_retail", [today])
    editor = ui.paste_config(dialog, filled(launchpad))
    save = editor.get_by_role("button", name="Save config")
    expect(save).to_be_enabled()
    pictures.take("launchpad", editor, height=520)
    save.click()
    ui.run(launched(ui, company, dialog))
    ui.run_ends("Success")
    accepted = company.register("retail")["days"][str(today)]["events"][-1]
    assert (accepted["event"], accepted["snapshot"], accepted["by"], accepted["reason"]) == ("accepted", blocked["snapshot"], WHO, WHY)
    manifest = company.manifest("retail", today)
    assert manifest
    assert manifest["snapshot"] == blocked["snapshot"]

    ui.asset("retail / snapshot", "Checks")
    ui.check("price_change")
    expect(ui.metadata("note")).to_have_text(f"Accepted by {WHO}: {WHY}")
    pictures.take("acceptance")


def launched(ui: Pages, company: Company, dialog: Locator) -> str:
    """Launch what the dialog says: the id of the run of today's retail list."""
    before = len(company.dagster.runs("retail"))
    ui.launch(dialog)
    return company.dagster.wait_until(lambda: company.dagster.runs("retail")[before:], "the run is launched")[0].run_id


def filled(launchpad: str) -> str:
    """The line that the failed step shows, with who and why, and line ends where they let it be read."""
    for empty, written in {"{snapshot:": "{\n  snapshot:", ' reason: ""': f'\n  reason: "{WHY}"', 'by: ""': f'by: "{WHO}"'}.items():
        assert empty in launchpad
        launchpad = launchpad.replace(empty, written)
    return launchpad


def test_a_backfill_that_is_started_by_a_person_publishes_its_days(ui: Pages, backfill: str, company: Company, pictures: Pictures) -> None:
    days = company.lists.missing
    ui.run(backfill)
    ui.tab("Runs")
    expect(ui.text("Success", exact=True)).to_have_count(len(days), timeout=RUN)
    expect(ui.text("Succeeded", exact=True)).to_be_visible(timeout=RUN)
    pictures.take("backfill", height=670)
    assert all(company.manifest("dealers", day) for day in days)
    assert company.register("dealers")["latest"] == str(company.lists.today)
    ui.asset("dealers / publication", "Partitions")
    expect(ui.text(f"Materialized ({PUBLISHED_DAYS + len(days)})")).to_be_visible()


def test_what_runs_by_itself_says_when_and_what_for_and_is_switched_on(ui: Pages, company: Company, pictures: Pictures) -> None:
    defined = definitions(company.dagster.environment).get_repository_def()
    automations = [*defined.schedule_defs, *defined.sensor_defs]
    ui.menu("Automation")
    for name in FORMATS:
        expect(ui.automation(f"morning_{name}")).to_contain_text("Scheduled At 06:00")
    for automation in automations:
        assert automation.description
        ui.what_for(automation.name).hover()
        expect(ui.text(automation.description).first).to_be_visible()
    ui.text("Select all").click()
    ui.page.get_by_role("button", name="Actions").click()
    start = f"Start {len(automations)} automations"
    ui.page.get_by_role("menuitem", name=start).click()
    ui.page.get_by_role("dialog").get_by_role("button", name=start).click()
    expect(ui.text(f"Successfully started {len(automations)} automations.")).to_be_visible()
    ui.page.get_by_role("button", name="Done").click()
    ui.text("Select all").click()
    ui.page.get_by_role("checkbox", name="Select all").blur()
    running = {state.instigator_name for state in company.dagster.instance.all_instigator_state() if state.status.value == "RUNNING"}
    assert running == {automation.name for automation in automations}
    pictures.take("automation", height=672, over=ui.what_for("alerts"))
