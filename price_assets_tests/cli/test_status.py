"""`price-assets status` as a cron of another machine runs it: a storage, a folder of lists, and neither a source nor Dagster."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from price_assets.cli import main
from price_assets.cli.status import human
from price_assets.export.folder import Folder
from price_assets.export.layout import register_key
from price_assets.export.register import Day, Event, Register
from price_assets.export.storage import Store
from price_assets.settings import StorageSettings
from price_assets_tests.cli.in_process import logging_as_it_was
from price_assets_tests.export.test_register import published
from price_assets_tests.export.verified_shop import YAML, shop_in
from price_assets_tests.servers.s3 import S3Server

STARTED = datetime.now(UTC)
NOON = -(STARTED.hour - 12)
ZONE = f"Etc/GMT{-NOON:+d}" if NOON else "UTC"
"""Where it is between twelve and one when the tests start, whenever that is: so that no day ends while they run. POSIX counts to the west."""
TODAY = (STARTED + timedelta(hours=NOON)).date()
YESTERDAY = TODAY - timedelta(days=1)
DUE, WAITING, COMING = "0 6 * * *", "0 11 * * *", "0 18 * * *"
PATIENT = "12h"
"""A deadline that does not pass while the tests run."""


def event(nonce: str, what: str) -> Event:
    """What happened three hours and twelve minutes ago."""
    said = {"checks": ("price_change",)} if what == "blocked" else {}
    time = datetime.now(UTC) - timedelta(hours=3, minutes=12)
    return Event.model_validate({"nonce": nonce, "time": time, "event": what, "snapshot": "550cd0706e3b", **said})


@dataclass(frozen=True)
class Watching:
    """The other machine."""

    environment: dict[str, str]
    lists: Path
    store: Store

    def add(self, name: str, *events: tuple[date, str], start: date = YESTERDAY, yaml: str | None = None) -> None:
        """A list, and what happened to its days."""
        text = YAML.replace("shop", name).replace("2026-11-01", str(start))
        (self.lists / f"{name}.yaml").write_text(text if yaml is None else yaml)
        (self.lists / f"{name}.sql").write_text("SELECT :export_date\n")
        self.publish(name, *events)

    def publish(self, name: str, *events: tuple[date, str]) -> None:
        register = Register(price_list=name)
        for number, (day, what) in enumerate(events):
            entry = register.day(day).publishing(published("A")) if what == "published" else register.day(day)
            register = register.committed(day, entry, event(str(number), what))
        if events:
            self.store.create(register_key(name), register.to_json())

    def status(self, *arguments: str, cron: str = DUE, **changes: str) -> tuple[int, str, str]:
        """The command's exit code, its stdout and its stderr."""
        environment: dict[str, str | None] = dict.fromkeys(os.environ) | self.environment | {"EXPORT_CRON": cron} | changes
        with logging_as_it_was():
            done = CliRunner().invoke(main, ["status", *arguments], env=environment)
        assert isinstance(done.exception, SystemExit | None), done.exception
        return done.exit_code, done.stdout, "".join(line[9:] for line in done.stderr.splitlines(keepends=True))


@pytest.fixture
def watching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watching:
    """Three lists over a folder: published, blocked and not there today."""
    monkeypatch.chdir(tmp_path)
    lists = tmp_path / "lists"
    lists.mkdir()
    environment = {
        "STORAGE_BUCKET": (tmp_path / "storage").as_uri(),
        "PRICE_LISTS_DIR": str(lists),
        "EXPORT_TIMEZONE": ZONE,
        "LOG_FORMAT": "text",
        "PATH": os.environ["PATH"],
    }
    machine = Watching(environment, lists, Folder(tmp_path / "storage", ""))
    machine.add("alpha", (YESTERDAY, "published"), (TODAY, "published"))
    machine.add("beta", (YESTERDAY, "published"), (TODAY, "blocked"))
    machine.add("gamma", (YESTERDAY, "published"))
    return machine


def rows(table: str) -> list[list[str]]:
    """The cells of a table, which are at least two spaces apart."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in table.splitlines()]


def test_a_table_tells_how_each_list_stands_and_stderr_what_to_do(watching: Watching) -> None:
    code, out, err = watching.status()
    revision = published("A").revision
    tomorrow = TODAY + timedelta(days=1)
    assert (code, rows(out)) == (
        1,
        [
            ["list", "newest day", "revision", "age", f"due, {ZONE}", "state"],
            ["alpha", str(TODAY), revision, "3h 12m", f"{tomorrow} 06:30", "published"],
            ["beta", str(YESTERDAY), revision, "3h 12m", f"{TODAY} 06:30", f"blocked {TODAY} by price_change"],
            ["gamma", str(YESTERDAY), revision, "3h 12m", f"{TODAY} 06:30", f"missing {TODAY}"],
        ],
    )
    beta, gamma = err.splitlines()
    assert beta.startswith(f"ERROR   beta {TODAY} is blocked by price_change since ")
    assert f"price-assets accept beta --date {TODAY} --snapshot 550cd0706e3b --check price_change" in beta
    assert gamma.startswith(f"ERROR   gamma {TODAY} is missing, and was due at {TODAY} 06:30.")


def test_all_is_well_while_the_deadline_has_not_passed(watching: Watching) -> None:
    code, out, err = watching.status("gamma", "alpha", cron=WAITING, EXPORT_DEADLINE=PATIENT)
    assert (code, [row[-1] for row in rows(out)[1:]], err) == (0, [f"waiting {TODAY}", "published"], "")
    code, out, err = watching.status("beta", cron=WAITING, EXPORT_DEADLINE=PATIENT)
    assert (code, rows(out)[1][-1]) == (0, f"blocked {TODAY} by price_change")
    assert err.startswith("WARNING beta ")
    code, out, _ = watching.status(cron=COMING)
    assert (code, [row[-1] for row in rows(out)[1:]]) == (0, ["published"] * 3)


def test_a_day_that_is_asked_for(watching: Watching) -> None:
    code, out, err = watching.status("--date", str(YESTERDAY))
    assert (code, rows(out)[0][1], [row[1] for row in rows(out)[1:]], err) == (0, "date", [str(YESTERDAY)] * 3, "")
    assert watching.status("--date", str(TODAY), "alpha")[0] == 0
    assert watching.status("--date", str(TODAY), "gamma")[0] == 1
    assert rows(watching.status("--date", str(TODAY), "gamma", cron=COMING)[1])[1][-1] == "waiting"
    code, out, err = watching.status("--date", str(TODAY + timedelta(days=1)))
    assert (code, out) == (2, "")
    assert "lies in the future" in err


def test_a_program_gets_the_same_as_json(watching: Watching) -> None:
    code, out, _ = watching.status("--json")
    told: list[dict[str, Any]] = json.loads(out)
    assert [(each["price_list"], each["state"], each["export_date"], each["is_due"], each["exit_code"]) for each in told] == [
        ("alpha", "published", str(TODAY), True, 0),
        ("beta", "blocked", str(TODAY), True, 1),
        ("gamma", "missing", str(TODAY), True, 1),
    ]
    assert code == 1
    alpha, beta, _ = told
    assert (alpha["shown"], alpha["revision"], alpha["advice"], alpha["errors"]) == (str(TODAY), published("A").revision, None, [])
    assert 3 * 3600 + 12 * 60 <= alpha["age_seconds"] < 3 * 3600 + 15 * 60
    assert datetime.fromisoformat(alpha["due_at"]).date() == TODAY + timedelta(days=1)
    assert datetime.now(UTC) - datetime.fromisoformat(alpha["published_at"]) - timedelta(hours=3, minutes=12) < timedelta(minutes=3)
    assert (beta["checks"], beta["shown"]) == (["price_change"], str(YESTERDAY))


def test_a_list_that_starts_later_is_not_due(watching: Watching) -> None:
    watching.add("delta", start=TODAY + timedelta(days=7))
    code, out, err = watching.status("alpha", "delta")
    assert (code, rows(out)[2], err) == (0, ["delta", f"{TODAY + timedelta(days=7)} 06:30", f"not begun {TODAY + timedelta(days=7)}"], "")


def test_a_list_that_left_its_folder_is_told_when_it_is_named(watching: Watching) -> None:
    (watching.lists / "alpha.yaml").unlink()
    assert [row[0] for row in rows(watching.status()[1])[1:]] == ["beta", "gamma"]
    code, out, err = watching.status("alpha")
    assert (code, rows(out)[1][-1], err) == (0, "published", "")
    code, _, err = watching.status("aplha", "beta")
    assert (code, err) == (2, "ERROR   There is no price list 'aplha', and the storage knows of none; there are beta, gamma.\n")
    outside = watching.lists.parent / "alpha"
    outside.mkdir()
    (outside / "publications.json").write_bytes(Register(price_list="../alpha").committed(TODAY, Day(), event("0", "blocked")).to_json())
    code, _, err = watching.status("../alpha")
    assert (code, "There is no price list '../alpha'" in err) == (2, True)


def test_the_error_of_a_broken_list_is_said_beside_its_state(watching: Watching) -> None:
    watching.add("zeta", (TODAY, "published"), yaml="name: zeta\ncolums: {}\n")
    code, out, err = watching.status("alpha", "zeta")
    assert (code, rows(out)[2][-1]) == (2, "published")
    assert err == "ERROR   zeta: lists/zeta.yaml:2:1: unknown key 'colums'; did you mean 'columns'?\n"


def test_a_damaged_register_is_told_and_the_others_are_read(watching: Watching) -> None:
    (watching.lists.parent / "storage" / "beta" / "publications.json").write_text("{")
    code, out, err = watching.status("alpha", "beta")
    assert (code, [row[-1] for row in rows(out)[1:]]) == (2, ["published", "unreadable"])
    assert err.startswith("ERROR   beta: ")
    assert "is no register that this release can read" in err
    assert watching.status("beta", "gamma")[0] == 1
    code, out, _ = watching.status("--json", "beta")
    (told,) = json.loads(out)
    assert (told["state"], told["export_date"], told["is_due"], told["exit_code"]) == ("unreadable", None, False, 2)
    assert "is no register" in told["errors"][0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"EXPORT_CRON": "six"}, "EXPORT_CRON"),
        ({"EXPORT_DEADLINE": "soon"}, "EXPORT_DEADLINE"),
        ({"STORAGE_BUCKET": "ftp://x"}, "STORAGE_BUCKET"),
        ({"PRICE_LISTS_DIR": "/nowhere"}, "PRICE_LISTS_DIR"),
    ],
)
def test_a_setting_that_is_wrong_ends_with_2(watching: Watching, changes: dict[str, str], said: str) -> None:
    code, out, err = watching.status(**changes)
    assert (code, out, said in err, err.count("\n")) == (2, "", True, 1)


def test_a_storage_that_does_not_answer_ends_with_1_within_seconds(watching: Watching) -> None:
    nobody = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_REGION": "us-east-1"}
    code, out, err = watching.status(STORAGE_BUCKET="s3://prices", **nobody)
    assert (code, out, err.count("\n")) == (1, "", 1)


def test_a_real_s3_tells_what_an_export_left_there(tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    shop = shop_in(StorageSettings(scheme="s3", bucket=s3.bucket, prefix=uuid4().hex), tmp_path, monkeypatch)
    monkeypatch.setenv("EXPORT_TIMEZONE", ZONE)
    shop.write_list(YAML.replace("2026-11-01", str(TODAY)))
    shop.export(TODAY)
    done = shop.run("status", "--date", str(TODAY), "--json")
    (told,) = json.loads(done.stdout)
    assert (done.exit_code, told["state"], told["revision"]) == (0, "published", shop.register()["days"][str(TODAY)]["published"]["revision"])


def test_a_process_needs_neither_a_source_nor_dagster(watching: Watching) -> None:
    code = """
import sys
from price_assets.cli import main
try:
    main(["status"])
except SystemExit as end:
    print(end.code, sorted(set(sys.modules) & {"dagster", "psycopg", "connectorx", "pyarrow", "apprise"}))
"""
    done = subprocess.run([sys.executable, "-c", code], env=watching.environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "1 []"


def test_a_narrow_terminal_cuts_nothing(watching: Watching, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in {**watching.environment, "EXPORT_CRON": DUE, "COLUMNS": "40", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with logging_as_it_was(), pytest.raises(SystemExit):
        main(["status", "beta"])
    assert rows(capsys.readouterr().out)[1][-3:] == ["3h 12m", f"{TODAY} 06:30", f"blocked {TODAY} by price_change"]


@pytest.mark.parametrize(
    ("age", "shown"),
    [
        (timedelta(seconds=-3), "0s"),
        (timedelta(seconds=59.9), "59s"),
        (timedelta(seconds=60), "1m"),
        (timedelta(hours=3, minutes=12, seconds=59), "3h 12m"),
        (timedelta(hours=23, minutes=59, seconds=59), "23h 59m"),
        (timedelta(days=2, hours=4), "2d 4h"),
    ],
)
def test_an_age_is_told_in_two_units_at_most(age: timedelta, shown: str) -> None:
    assert human(age) == shown
