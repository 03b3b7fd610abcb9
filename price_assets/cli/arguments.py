"""Arguments that several commands share, and how a command ends."""

import functools
import logging
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import ParamSpec

import click
from click.shell_completion import CompletionItem

from price_assets.errors import ExitCode, PriceAssetsError, UsageError

Parameters = ParamSpec("Parameters")


class Day(click.ParamType[date]):
    """A date written as YYYY-MM-DD, and in no other way."""

    name = "date"

    def convert(self, value: str | date, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read it, or say how to write it."""
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date: write YYYY-MM-DD.", param, ctx)
        if day.isoformat() != value:
            self.fail(f"{value!r} is no date: write YYYY-MM-DD, here {day.isoformat()}.", param, ctx)
        return day


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
