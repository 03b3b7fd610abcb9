"""Processes that bring log handlers of their own speak JSON once they are asked to, whichever door a line goes through."""

import json
import subprocess
import sys
from typing import Any

import pytest

from price_assets_tests.deployment.logging.lines import lines

BEFORE = """
import logging, logging.config, sys, warnings
def configured(name):
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False,
        "formatters": {"own": {"format": "OWN %(message)s"}},
        "handlers": {"own": {"class": "logging.StreamHandler", "formatter": "own", "stream": "ext://sys.stdout"}},
        "loggers": {name: {"handlers": ["own"], "level": "INFO"}}})
    return logging.getLogger(name)
def console():
    logger = logging.getLoggerClass()("dagster", level="INFO")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("OWN %(message)s"))
    logger.addHandler(handler)
    return logger
early = configured("early")
there = logging.getLogger("there")
from price_assets.operations.service_logs import speak_as_asked
"""
ASK = "speak_as_asked({'LOG_FORMAT': 'json'})\n"
DOORS = {
    "a logger that was configured before": ("early.info('hello')", "early"),
    "a logger that was there, and is configured afterwards": ("configured('there').info('hello')", "there"),  # as the daemon's
    "a logger that is configured afterwards": ("configured('late').info('hello')", "late"),
    "a logger that is made for a run": ("console().info('hello')", "dagster"),
    "a logger of ours that nobody configured": ("logging.getLogger('price_assets.export').info('hello')", "price_assets.export"),
    "a library's that nobody configured": ("logging.getLogger('urllib3').warning('hello')", "urllib3"),
    "a warning": ("warnings.warn('hello')", "py.warnings"),
    "an exception that nobody caught": ("raise ValueError('hello')", "price_assets.operations.service_logs"),
}


def output(code: str) -> str:
    """What a process says that runs this, on both its outputs."""
    done = subprocess.run([sys.executable, "-c", BEFORE + code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout


@pytest.mark.parametrize("door", DOORS)
def test_every_door_speaks_json(door: str) -> None:
    code, logger = DOORS[door]
    said, others = lines(output(ASK * 2 + code))
    assert not others
    (line,) = said
    assert line["log"]["logger"] == logger
    assert "hello" in line["message"]


def test_the_last_words_hold_the_traceback() -> None:
    ((line,), _) = lines(output(ASK + "raise ValueError('hello')"))
    assert line["log.level"] == "critical"
    assert line["error"]["type"] == "ValueError"
    assert "line" in line["error"]["stack_trace"]


@pytest.mark.parametrize("value", ["{}", "{'LOG_FORMAT': 'text'}"])
def test_nothing_changes_unless_it_is_asked_for(value: str) -> None:
    assert output(f"speak_as_asked({value})\nearly.info('hello')\nconsole().info('hello')") == "OWN hello\n" * 2


def test_the_exporter_keeps_the_lines_that_it_has() -> None:
    code = "from price_assets import logs\nlogs.configure('text')\n" + ASK + "logging.getLogger('price_assets').info('hello')"
    assert output(code).endswith(" INFO    hello\n")


def test_what_a_library_hangs_onto_a_record_stays_out_of_the_line() -> None:
    ((line,), _) = lines(output(ASK + "logging.getLogger('urllib3').warning('hello', extra={'request': object(), 'password': 'secret'})"))
    assert "secret" not in json.dumps(line)


@pytest.mark.parametrize(
    ("meta", "subject"),
    [
        (
            {"job_name": "export_retail", "step_key": "retail__csv", "run_id": "8ef9ab53", "job_tags": {"dagster/partition": "2026-11-24"}},
            {"price_list": "retail", "export_date": "2026-11-24", "run_id": "8ef9ab53"},
        ),
        (
            {"job_name": "__ASSET_JOB", "step_key": "our__own__publication", "run_id": "8ef9ab53", "job_tags": {"dagster/partition": "2026-11-24"}},
            {"price_list": "our__own", "export_date": "2026-11-24", "run_id": "8ef9ab53"},
        ),
        ({"job_name": "__ASSET_JOB", "step_key": None, "run_id": "8ef9ab53", "job_tags": {}}, {"run_id": "8ef9ab53"}),
        ({"job_name": None, "step_key": None, "run_id": None, "job_tags": {}}, None),
    ],
)
def test_a_line_of_dagsters_own_says_what_its_run_is_about(meta: dict[str, Any], subject: dict[str, str] | None) -> None:
    told = meta | {"orig_message": "hello", "dagster_event": None}
    ((line,), _) = lines(output(ASK + f"console().info('export_retail - 8ef9ab53 - hello', extra={{'dagster_meta': {told!r}}})"))
    assert line.get("price_assets") == subject
    assert line["message"] == "hello"
