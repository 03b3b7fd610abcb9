"""Arguments that several commands share, and how a command ends."""

import functools
import logging
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path
from tempfile import gettempdir
from typing import ParamSpec

import click
from click.shell_completion import CompletionItem

from price_assets import setting_values as values
from price_assets.errors import ExitCode, PriceAssetsError, SettingError, UsageError

Parameters = ParamSpec("Parameters")


class Day(click.ParamType[date]):
    """A date written as YYYY-MM-DD, and in no other way."""

    name = "date"

    def convert(self, value: str | date, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read it, or say how to write it."""
        if isinstance(value, date):
            return value
        try:
            return values.day(value)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


class Duration(click.ParamType[timedelta]):
    """A duration as the settings write it: `30s`, `5m`, `1h30m`."""

    name = "duration"

    def __init__(self, longest: timedelta) -> None:
        self._longest = longest

    def convert(self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read it, or say how to write it."""
        if isinstance(value, timedelta):
            return value
        try:
            return values.duration(value, self._longest)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


def complete_names(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The price lists whose name begins so: the files of PRICE_LISTS_DIR, unread."""
    folder = Path(os.environ.get("PRICE_LISTS_DIR") or Path(__file__).parents[1] / "price_lists")
    return [CompletionItem(path.stem) for path in sorted(folder.glob("*.y*ml")) if path.stem.startswith(begun)]


def known(names: Sequence[str], existing: Sequence[str]) -> list[str]:
    """The lists that were asked for, each once, or all. Raises UsageError that names the nearest one."""
    for name in names:
        if name not in existing:
            near = get_close_matches(name, existing, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(existing)}."
            raise UsageError(f"There is no price list {name!r}; {hint}")
    return list(dict.fromkeys(names)) or list(existing)


def ends_honestly(command: Callable[Parameters, ExitCode]) -> Callable[Parameters, None]:
    """End the process with the command's exit code; an error of ours becomes one line on stderr and its own code."""

    @functools.wraps(command)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
        except PriceAssetsError as error:
            logging.getLogger("price_assets").error("%s", error)  # noqa: TRY400 - its line says all; a trace would hide it
            code = error.exit_code
        sys.exit(int(code))

    return run


def can_write_temporary_files() -> None:
    """Raise SettingError where no temp folder can be written: a read-only root, as in hardened pods, wants one elsewhere."""
    try:
        gettempdir()
    except FileNotFoundError:
        raise SettingError("TMPDIR: no temp folder can be written, not /tmp either. Mount one, and set TMPDIR to it.") from None
