"""`price-assets` in the tests' own process: what a process of its own would say, at a tenth of the time."""

import logging
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import Mock

import pytest
from click.testing import CliRunner

from price_assets.cli import main
from price_assets_tests.shop import Shop


@dataclass(frozen=True)
class Ended:
    """How a command ended. `said` is its lines on stderr: of a log line without the time before it, of a message of click's the last alone."""

    code: int
    said: tuple[str, ...]
    stdout: str


@dataclass(frozen=True)
class Command:
    """`price-assets` in a shop's folder, with a temp folder of its own."""

    shop: Shop
    monkeypatch: pytest.MonkeyPatch

    @property
    def temporary(self) -> Path:
        """The temp folder."""
        return self.shop.folder / "tmp"

    def __call__(self, *arguments: str, **settings: str | None) -> Ended:
        """Run it to its end, and do what it left to be done at the end of its process."""
        wanted: dict[str, str | None] = {**self.shop.process_environment(LOG_FORMAT="text", TMPDIR=str(self.temporary)), **settings}
        at_exit = Mock()
        with self.monkeypatch.context() as process:
            process.delitem(sys.modules, "price_assets.definitions", raising=False)  # it reads the environment as it is imported
            process.setattr(tempfile, "tempdir", None)
            process.setattr(logging.getLogger(), "handlers", [])
            process.setattr("price_assets.export.exporter.atexit", at_exit)
            done = CliRunner().invoke(main, arguments, env={**dict.fromkeys(os.environ), **wanted}, prog_name="price-assets")
            for (end, *args), kwargs in reversed(at_exit.register.call_args_list):
                end(*args, **kwargs)
        assert isinstance(done.exception, SystemExit | None), done.exception
        lines = done.stderr.splitlines()
        told = lines[-1:] if lines[:1] and lines[0].startswith("Usage: ") else lines
        return Ended(done.exit_code, tuple(line.partition(" ERROR   ")[2] or line for line in told), done.stdout)

    @property
    def left(self) -> list[str]:
        """What there is in the storage and in the temp folder, but for the locks, which stay on purpose [ST8]."""
        places = (self.shop.storage, self.temporary)
        return sorted(str(path.relative_to(self.shop.folder)) for place in places for path in place.rglob("*") if ".locks" not in path.parts)

    def refused(self, *arguments: str, settings: Mapping[str, str | None] | None = None) -> str:
        """The one line that is said of it; it ends with 2, and nothing is left anywhere."""
        before = self.left
        ended = self(*arguments, **(settings or {}))
        assert ended.code == 2, ended
        assert self.left == before
        (said,) = ended.said
        return said

    def refused_by_a_run(self, *arguments: str) -> str:
        """The same of what a run found out, without the run's id, which is another each time."""
        before, _, after = self.refused(*arguments).partition(" [")
        return f"{before} {after.partition('] ')[2]}"
