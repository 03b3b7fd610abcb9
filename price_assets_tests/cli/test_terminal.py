"""What a narrow terminal shows."""

import sys

import pytest
from rich.text import Text

from price_assets.cli.terminal import plain_table, show


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_a_narrow_terminal_loses_no_column_and_cuts_no_number_and_no_path(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: str
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("NO_COLOR", "1")
    table = plain_table()
    for name in ("list", "rows", "path"):
        table.add_column(name, no_wrap=True)
    table.add_column("why", overflow="fold")
    path = "published/wholesale/2026-11-24/wholesale_2026-11-24.xlsx"
    table.add_row("wholesale", "1,048,575", path, Text("asked Anna, who knows"))
    show(table)
    said = capsys.readouterr().out
    assert all(word in said for word in ("list", "rows", "path", "why", "wholesale", "1,048,575", path, "asked", "Anna,", "knows"))
