"""A chromium and a company, each for all tests of this folder, and a fresh page for each."""

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from price_assets.demo.server import Server
from price_assets_tests.browser.company import Company, company
from price_assets_tests.browser.pages import Pages
from price_assets_tests.browser.pictures import HEIGHT, WIDTH, Pictures
from price_assets_tests.servers.s3 import S3Server

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE = 30_000
"""Milliseconds that a page may take to show what is waited for, on a busy machine."""


@pytest.fixture(scope="package", name="company")
def running_company(postgres_server: Server, s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with company(postgres_server, s3, tmp_path_factory.mktemp("company")) as made:
        yield made


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    assert CHROMIUM.exists(), f"{CHROMIUM} is not there: apt-get install chromium"
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        only_here = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        with playwright.chromium.launch(executable_path=CHROMIUM, args=[only_here]) as browser:
            yield browser


@contextmanager
def new_page(chromium: Browser, company: Company) -> Generator[Page]:
    """A window of its own, in the company's time zone; what it showed last is told where the test fails."""
    context = chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT}, locale="en-GB", timezone_id=company.lists.zone)
    context.set_default_timeout(PATIENCE)
    with context, context.new_page() as page:
        yield page
        print(page.url, page.locator("body").aria_snapshot(), sep="\n")  # noqa: T201


@pytest.fixture
def page(chromium: Browser, company: Company) -> Iterator[Page]:
    with new_page(chromium, company) as page:
        yield page


@pytest.fixture
def ui(page: Page, company: Company) -> Pages:
    return Pages(page, company.dagster.url)


@pytest.fixture(scope="package")
def backfill(chromium: Browser, company: Company) -> str:
    """The id of a backfill of the dealers' missing days, which a person started; it runs while the tests do something else."""
    days = company.lists.missing
    assert [company.manifest("dealers", day) for day in days] == [None] * len(days)
    with new_page(chromium, company) as page:
        ui = Pages(page, company.dagster.url)
        ui.launch(ui.materialize("export_dealers", days))
    (launched,) = company.dagster.wait_until(company.dagster.instance.get_backfills, "the backfill is launched")
    return launched.backfill_id


@pytest.fixture
def pictures(page: Page, tmp_path: Path) -> Pictures:
    docs = "PRICE_ASSETS_SCREENSHOTS" in os.environ
    return Pictures(page, Path(__file__).parents[2] / "docs" if docs else tmp_path)
