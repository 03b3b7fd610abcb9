"""Screenshots for the documents."""

import tempfile
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

CLONE = Path(__file__).parents[2]
WIDTH, HEIGHT = 1400, 900
LARGEST = 300_000
"""Bytes, so that the README stays quick to open."""


class Pictures:
    """Takes them of one page into a folder."""

    def __init__(self, page: Page, folder: Path) -> None:
        """`folder` is docs/, or one that is thrown away."""
        self.page, self.folder = page, folder

    def take(self, name: str, of: Locator | None = None, *, height: int = HEIGHT, over: Locator | None = None) -> None:
        """Save what shows in a window of this height, or `of` an element in it, the mouse `over` another. Nothing of this machine may show."""
        self.page.set_viewport_size({"width": WIDTH, "height": height})
        self.page.mouse.move(0, 0)
        expect(self.page.get_by_role("tooltip")).to_have_count(0)
        if over:
            over.hover()
            expect(self.page.get_by_role("tooltip")).to_have_count(1)
        path = self.folder / f"{name}.png"
        text = (of or self.page.locator("body")).inner_text()
        private = [place for place in (str(CLONE), tempfile.gettempdir(), "127.0.0.1") if place in text]
        assert not private, private
        (of or self.page).screenshot(path=path, animations="disabled")
        self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        assert path.stat().st_size < LARGEST
