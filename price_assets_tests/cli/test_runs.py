"""What `export`, `accept` and `withdraw` write down of their own runs, and what `price-assets runs` shows of them."""

import json
import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from price_assets.cli.runs import print_runs
from price_assets.operations.export_run import ExportRun, Reason, Status, Trigger
from price_assets.operations.export_runs import Ledger
from price_assets_tests.cli.command import Command, Ended
from price_assets_tests.cli.test_stopping import WAITING, running_queries, start, until
from price_assets_tests.operations.ledgers import a_run, url_of
from price_assets_tests.shop import DAY, NEXT_DAY, PRICE_LIST, Shop


class Clerk:
    """The command with a ledger, which lies in the shop's own database."""

    def __init__(self, command: Command) -> None:
        self.url = url_of(command.shop.database)
        self._command = command

    def __call__(self, *arguments: str, **settings: str | None) -> Ended:
        return self._command(*arguments, **{"EXPORT_RUNS_URL": self.url, **settings})

    def runs(self) -> list[dict[str, Any]]:
        """All of them, the oldest first."""
        ended = self("runs", "--json", "--limit", "1000")
        assert ended.code == 0, ended
        return json.loads(ended.stdout)[::-1]

    def last(self) -> dict[str, Any]:
        return self.runs()[-1]


@pytest.fixture
def clerk(price_assets: Command) -> Clerk:
    return Clerk(price_assets)


def test_an_exports_run_is_whole(clerk: Clerk) -> None:
    ended = clerk("export", "--date", DAY, "--json")
    assert ended.code == 0, ended
    assert not [line for line in ended.said if "WARNING" in line]
    (day,) = json.loads(ended.stdout)
    run = clerk.last()
    sizes = {file["format"]: file["bytes"] for file in day["files"]}
    assert run == {
        "run_id": day["run_id"],
        "price_list": "shop",
        "export_date": DAY,
        "status": "success",
        "trigger": "cli",
        "started": run["started"],
        "finished": run["finished"],
        "revision": day["revision"],
        "rows": 3,
        "files": 2,
        "bytes": sum(sizes.values()),
        "file_bytes": sizes,
        "reason": None,
        "error": None,
    }
    took = datetime.fromisoformat(run["finished"]) - datetime.fromisoformat(run["started"])
    assert day["seconds"] - 0.1 < took.total_seconds() < day["seconds"] + 1

    clerk("export", "--date", DAY)
    again = clerk.last()
    assert (again["status"], again["file_bytes"], again["rows"]) == ("unchanged", sizes, 3)
    assert again["run_id"] != run["run_id"]


def test_how_runs_end_that_do_not_publish(clerk: Clerk, price_assets: Command) -> None:
    shop = price_assets.shop
    shop.write_list(PRICE_LIST.replace("shop", "broken") + "nonsense: 1\n", name="broken")
    shop.database.execute("UPDATE prices SET price = 0 WHERE sku = '002'")
    clerk("export", "--date", DAY)
    shop.database.execute("ALTER TABLE prices ALTER price TYPE numeric; UPDATE prices SET price = 1.005")
    clerk("export", "shop", "--date", DAY)
    shop.database.execute("ALTER TABLE prices DROP stock")
    clerk("export", "shop", "--date", DAY)
    clerk("export", "shop", "--date", DAY, DB_PASSWORD="wrong")
    found = [(run["price_list"], run["status"], run["reason"]) for run in clerk.runs()]
    assert found == [
        ("broken", "failed", "price_list"),
        ("shop", "blocked", "rows"),
        ("shop", "blocked", "rows"),
        ("shop", "failed", "source"),
        ("shop", "failed", "source"),
    ]
    assert "unknown key 'nonsense'" in clerk.runs()[0]["error"]
    assert all(run["error"] and run["finished"] and run["files"] is None for run in clerk.runs())


def test_what_keeps_all_lists_from_being_begun_is_a_failed_run_of_each(clerk: Clerk) -> None:
    nobody = {"STORAGE_BUCKET": "s3://shop", "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    ended = clerk("export", "--from", "2026-11-18", "--to", "2026-11-21", **nobody)
    assert ended.code == 1
    found = [(run["export_date"], run["status"], run["reason"], run["error"] == ended.said[0]) for run in clerk.runs()]
    assert sorted(found) == [("2026-11-20", "failed", "storage", True), ("2026-11-21", "failed", "storage", True)]
    # A wrong argument is no run.
    assert clerk("export", "nobody").code == 2
    assert clerk("export", "--date", "2099-01-01").code == 2
    assert len(clerk.runs()) == 2


def test_an_acceptance_and_a_withdrawal_are_runs_too(clerk: Clerk, price_assets: Command) -> None:
    price_assets.shop.write_list(PRICE_LIST + "checks: {price_change: {ratio: 0.5, share: 0}}\n")
    clerk("export", "--date", DAY)
    price_assets.shop.database.execute("UPDATE prices SET price = price * 3")
    clerk("export", "--date", NEXT_DAY)
    snapshot = price_assets.shop.register()["days"][NEXT_DAY]["events"][0]["snapshot"]
    assert (
        clerk("accept", "shop", "--date", NEXT_DAY, "--snapshot", snapshot, "--check", "price_change", "--reason", "sale", "--by", "anna").code == 0
    )
    for _ in range(2):
        assert clerk("withdraw", "shop", "--date", NEXT_DAY, "--reason", "too early", "--by", "anna").code == 0
    assert [(run["export_date"], run["status"], run["trigger"]) for run in clerk.runs()] == [
        (DAY, "success", "cli"),
        (NEXT_DAY, "blocked", "cli"),
        (NEXT_DAY, "success", "accept"),
        (NEXT_DAY, "withdrawn", "cli"),
    ]


def test_a_run_that_is_stopped_was_canceled(clerk: Clerk, shop: Shop) -> None:
    shop.write_list(sql=WAITING)
    with start(shop, "--date", DAY, EXPORT_RUNS_URL=clerk.url) as process:
        until(lambda: running_queries(shop))
        assert clerk.last()["status"] == "running"
        process.terminate()
        process.communicate()
    run = clerk.last()
    assert (run["status"], run["reason"], run["error"]) == ("canceled", None, "The process was asked to stop.")


def test_a_run_whose_process_was_killed_is_ended_by_the_next_one(clerk: Clerk) -> None:
    write(clerk.url, a_run(trigger=Trigger.CLI))
    clerk("export", "--date", DAY)
    assert [(run["status"], run["reason"]) for run in clerk.runs()] == [("failed", "killed"), ("success", None)]


def test_a_ledger_that_is_down_fails_no_export_and_is_one_line(price_assets: Command) -> None:
    ended = price_assets("export", "--from", "2026-11-20", "--to", DAY, "--json", EXPORT_RUNS_URL="postgresql://u:k4n@127.0.0.1:1/ledger")
    assert ended.code == 0
    assert [day["outcome"] for day in json.loads(ended.stdout)] == ["published"] * 5
    (line,) = [line for line in ended.said if "WARNING" in line]
    assert "the export goes on without. The ledger at EXPORT_RUNS_URL does not answer: " in line
    assert "k4n" not in line


def test_an_address_that_can_not_be_one_is_refused_before_anything_is_connected_to(price_assets: Command) -> None:
    said = price_assets.refused("export", "--date", DAY, settings={"EXPORT_RUNS_URL": "postgresql://u:k4n@ry@h/d", "DB_HOST": "nowhere.invalid"})
    assert said.startswith("EXPORT_RUNS_URL is no address of a database: write postgresql://")
    assert "k4n" not in said


def test_without_a_ledger_one_line_says_what_to_set(price_assets: Command) -> None:
    for command in ("runs", "serve-metrics"):
        assert price_assets.refused(command) == (
            "EXPORT_RUNS_URL is not set: set it to the database that export runs are written down in, postgresql://user:password@host/database."
        )


def test_a_ledger_that_does_not_answer_is_worth_a_retry(price_assets: Command) -> None:
    ended = price_assets("runs", EXPORT_RUNS_URL="postgresql://u:k4n@127.0.0.1:1/ledger")
    assert ended.code == 1
    (said,) = ended.said
    assert said.startswith("The ledger at EXPORT_RUNS_URL does not answer: ")


TABLE = """\
list       date        status   trigger   started, Europe/Moscow  seconds       rows    size  error
wholesale  2026-11-24  running  catch-up  2026-11-24 09:00:02
shop       2026-11-24  failed   schedule  2026-11-24 09:00:01         3.0                     [storage] is down
shop       2026-11-24  success  schedule  2026-11-24 09:00:00         3.0  1,048,575  7.0 MB
"""


def write(url: str, *runs: ExportRun) -> None:
    with closing(Ledger(url)) as ledger:
        assert ledger.write(runs)


def three_runs(url: str) -> None:
    at = [datetime(2026, 11, 24, 6, 0, second, tzinfo=UTC) for second in range(6)]
    runs = [
        a_run(Status.SUCCESS, rows=1_048_575, bytes=7_000_000),
        a_run(Status.FAILED, run_id="2", started=at[1], finished=at[4], reason=Reason.STORAGE, error="[storage] is down"),
        a_run(price_list="wholesale", started=at[2], trigger=Trigger.CATCH_UP),
    ]
    write(url, *runs)


def test_the_last_runs_are_a_table(clerk: Clerk) -> None:
    three_runs(clerk.url)
    ended = clerk("runs", EXPORT_TIMEZONE="Europe/Moscow")
    assert (ended.code, ended.said) == (0, ())
    assert [line.rstrip() for line in ended.stdout.splitlines()] == TABLE.splitlines()
    lines = TABLE.splitlines()
    assert (
        clerk("runs", "--limit", "1", EXPORT_TIMEZONE="Europe/Moscow").stdout.split() == " ".join((lines[0].replace("error", ""), lines[1])).split()
    )
    assert "wholesale" not in clerk("runs", "shop").stdout


@pytest.mark.parametrize(("columns", "ends"), [(60, "down,…"), (150, "than what is left of …"), (400, "terminal's")])
def test_an_error_is_cut_to_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int, ends: str, capsys: pytest.CaptureFixture[str]) -> None:
    error = "The source is down, and this line of it is longer than what is left of a usual terminal's"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    print_runs([a_run(Status.FAILED, error=error)], ZoneInfo("UTC"))
    _, line = capsys.readouterr().out.splitlines()
    assert line.startswith("shop  2026-11-24  failed  schedule  2026-11-24 06:00:00      3.0              The source is ")
    assert line.rstrip().endswith(ends)
    assert len(line) == max(columns, 98) or columns == 400


def test_nothing_is_written_down_yet(clerk: Clerk) -> None:
    assert clerk("runs").stdout == clerk("runs", "shop").stdout == "No run is written down yet.\n"
    assert json.loads(clerk("runs", "--json").stdout) == []


def test_a_list_that_nobody_heard_of_is_refused_and_one_that_is_gone_is_not(clerk: Clerk) -> None:
    write(clerk.url, a_run(price_list="gone"))
    ended = clerk("runs", "sohp")
    assert (ended.code, ended.said) == (2, ("There is no price list 'sohp'; did you mean 'shop'?",))
    assert "gone" in clerk("runs", "gone").stdout
    assert clerk("runs", "--limit", "0").code == 2
