"""Every command explains itself, by example, at no cost."""

import json
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from price_assets.cli import main


def commands() -> list[tuple[str, click.Command]]:
    return sorted(main.commands.items())


@pytest.mark.parametrize(("name", "command"), commands())
def test_every_command_and_option_is_explained_by_example(name: str, command: click.Command) -> None:
    shown = CliRunner().invoke(main, [name, "--help"])
    assert shown.exit_code == 0
    assert f"price-assets {name} " in shown.output.partition("Options:")[0].partition("\n")[2]
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_the_main_help_teaches_by_example_and_tells_the_exit_codes() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    assert "price-assets export wholesale --from" in shown
    assert "Exit codes: 0 done, 1 failed and worth a retry, 2 refused" in shown


@pytest.mark.parametrize("arguments", [["--help"], ["export", "--help"], ["settle", "--help"], ["--version"]])
def test_help_imports_neither_dagster_nor_polars(arguments: list[str]) -> None:
    code = f"""
import sys, json
from price_assets.cli import main
try:
    main({arguments!r})
except SystemExit as end:
    print(json.dumps([end.code, sorted(set(sys.modules) & {{"dagster", "polars", "pyarrow", "connectorx", "psycopg"}})]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [0, []]


def test_the_shell_completes_commands_and_price_lists() -> None:
    def completed(words: str, number: int) -> str:
        environment = {**os.environ, "_PRICE_ASSETS_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(number)}
        program = os.path.join(os.path.dirname(sys.executable), "price-assets")  # noqa: PTH118, PTH120 - no symlink of the venv is followed
        return subprocess.run([program], env=environment, capture_output=True, text=True, check=True).stdout

    assert completed("price-assets ex", 1).split() == ["plain,export"]
    assert completed("price-assets export who", 2).split() == ["plain,wholesale"]
