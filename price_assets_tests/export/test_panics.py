"""ConnectorX's own lines on standard error are dropped, and nobody else's [CX12]."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import connectorx
import pytest

from price_assets.errors import SourceRefused
from price_assets.export.panics import without_panics
from price_assets.export.postgres import open_session
from price_assets.export.reader import read_by_connectorx
from price_assets_tests.servers.postgres import Database

FAILS_LATE = "SELECT 1 / (150000 - g) AS a FROM generate_series(1, 200000) AS g"
PANIC = "\nthread '<unnamed>' (17) panicked at /src/arrow_batch_iter.rs:162:39:\ncx writer failed: Source(…)\n"
NOTE = "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n"
REFUSED = '[2026-11-25T23:48:54Z ERROR r2d2] db error: FATAL: too many connections for role "crowded"\n'
OURS = '{"message": "thread \'a\' panicked at its log"}\n'


def say(text: str) -> None:
    os.write(2, text.encode())


def test_a_panic_in_the_middle_of_a_read_leaves_no_line(database: Database, capfd: pytest.CaptureFixture[str]) -> None:
    with open_session(database.source, "panic") as session:
        frames = read_by_connectorx(session, FAILS_LATE)
        for _ in range(2):
            assert len(next(frames))
            say("between\n")
        with pytest.raises(SourceRefused, match="division by zero"):
            next(frames)
    assert capfd.readouterr().err == "between\nbetween\n"


def test_connectorx_would_leave_some(database: Database, capfd: pytest.CaptureFixture[str]) -> None:
    """The fact itself: where this fails, `panics` may go."""
    source = database.source
    url = f"postgresql://{source.user}:{source.password}@{source.host}:{source.port}/{source.database}"
    with pytest.raises(BaseException, match="division by zero"):
        list(cast("Any", connectorx.read_sql)(url, FAILS_LATE, return_type="arrow_stream"))
    assert "panicked at" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("written", "passed_on"),
    [
        (PANIC, ""),
        (PANIC + NOTE, ""),
        (REFUSED * 7, ""),
        (OURS + PANIC + OURS, OURS * 2),
        (OURS + REFUSED + PANIC + NOTE + OURS, OURS * 2),
        ("half a line", "half a line"),
        ("", ""),
    ],
)
def test_what_else_is_written_follows_after_the_call(written: str, passed_on: str, capfd: pytest.CaptureFixture[str]) -> None:
    with without_panics() as quiet:
        quiet.call(say, written)
        assert capfd.readouterr().err == passed_on
        say("after\n")
        quiet.call(say, written)
    assert capfd.readouterr().err == "after\n" + passed_on


def test_an_exception_passes_and_standard_error_is_back(capfd: pytest.CaptureFixture[str]) -> None:
    descriptors = len(list(Path("/dev/fd").iterdir()))
    with suppress(ValueError), without_panics() as quiet:
        quiet.call(int, "no number")
    say("back\n")
    assert capfd.readouterr().err == "back\n"
    assert len(list(Path("/dev/fd").iterdir())) == descriptors
