"""Dagster's pages as a person uses them: things are found by what is written on them, and waited for."""

import re
from collections.abc import Sequence
from datetime import date

from playwright.sync_api import Locator, Page, expect

RUN = 180_000
"""Milliseconds that a run may wait in the queue, start and work."""


class Pages:
    """The one page that a person has open."""

    def __init__(self, page: Page, url: str) -> None:
        """Open the front page."""
        self.page = page
        page.goto(url)

    def menu(self, section: str) -> None:
        """Go to one of the sections at the left."""
        self.page.get_by_role("navigation").get_by_role("link", name=section).click()

    def tab(self, name: str) -> None:
        """Open a tab of the page."""
        self.page.get_by_role("tab", name=name).click()

    def search_assets(self, text: str) -> None:
        """Type into the catalog's search box what is to be shown."""
        self.page.get_by_role("textbox", name="Search and filter assets").focus()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def asset(self, name: str, tab: str = "Overview") -> None:
        """Go to a tab of an asset's page, through the catalog."""
        self.menu("Catalog")
        self.page.get_by_role("link", name=name).click()
        self.tab(tab)

    def asset_day(self, name: str, day: date) -> None:
        """Go to what an asset shows of a day."""
        self.asset(name, "Partitions")
        days = self.page.get_by_placeholder("Filter by name…")
        days.fill(str(day))
        days.locator(f"xpath=following::*[text()='{day}']").filter(visible=True).first.click()
        days.clear()
        days.blur()
        expect(self.page.get_by_text("View all historical events")).to_be_enabled()

    def metadata(self, name: str) -> Locator:
        """The value of one entry of the metadata that the page shows."""
        return self.page.get_by_role("row").filter(has=self.page.get_by_role("cell", name=name, exact=True)).get_by_role("cell").nth(1)

    def check(self, name: str) -> None:
        """Choose one of an asset's checks."""
        self.text(name, exact=True).first.click()

    def materialize(self, job: str, days: Sequence[date]) -> Locator:
        """Open a list's job and its dialog "Materialize all", these days chosen: the dialog."""
        self.menu("Jobs")
        self.page.get_by_role("link", name=job).click()
        self.page.get_by_role("button", name="Materialize all").click()
        dialog = self.page.get_by_role("dialog").filter(has_text="Launch runs to materialize")
        chosen = dialog.get_by_role("textbox").first
        chosen.fill(f"[{days[0]}...{days[-1]}]" if len(days) > 1 else str(days[0]))
        chosen.press("Enter")
        return dialog

    def paste_config(self, dialog: Locator, config: str) -> Locator:
        """Open the dialog's configuration and paste into it: its editor."""
        dialog.get_by_text("Config", exact=True).click()
        dialog.get_by_role("button", name="Add config").click()
        editor = self.page.get_by_role("dialog").filter(has_text="Config Editor")
        editor.get_by_role("textbox").focus()
        self.page.keyboard.insert_text(config)
        return editor

    def launch(self, dialog: Locator) -> None:
        """Launch what the dialog says, and see it go."""
        dialog.get_by_role("button", name=re.compile("^Launch ")).click()
        expect(dialog).to_be_hidden()

    def automation(self, name: str) -> Locator:
        """A schedule's or a sensor's line on the page Automation."""
        return self.page.get_by_role("link", name=re.compile(rf"\b{name}\b"))

    def what_for(self, automation: str) -> Locator:
        """The mark beside it that tells what it is for."""
        return self.automation(automation).get_by_role("img", name="info")

    def run(self, run_id: str, tab: str = "All") -> None:
        """Go to the page of a run or of a backfill, through a list of them."""
        self.menu("Runs")
        self.tab(tab)
        self.page.get_by_role("link", name=run_id[:8]).first.click()

    def run_ends(self, how: str) -> None:
        """Wait until the run on the page ends, and so."""
        expect(self.page.get_by_role("button", name="View tags and config")).to_be_visible()
        expect(self.text(re.compile("^(Success|Failure|Canceled)$")).first).to_have_text(how, timeout=RUN)

    def filter_events(self, text: str) -> None:
        """Show of the run's events only these."""
        self.page.get_by_placeholder("Filter…").fill(text)

    def text(self, text: str | re.Pattern[str], *, exact: bool = False) -> Locator:
        """What is written on the page and a person sees: Dagster measures texts in hidden twins."""
        return self.page.get_by_text(text, exact=exact).filter(visible=True)
