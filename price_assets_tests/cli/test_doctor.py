"""`price-assets doctor`, as the one on call meets it."""

import json
from typing import Any

import pytest

from price_assets.variables import VARIABLES
from price_assets_tests.cli.in_process import Ended, run
from price_assets_tests.servers.http import Answer, Request, served
from price_assets_tests.shop import PRICE_LIST, Shop

CANARY = "k4n@ry"
REQUIRED = [variable.name for variable in VARIABLES if variable.required]


def findings(done: Ended) -> list[dict[str, Any]]:
    return json.loads(done.out)


def not_well(shop: Shop, *arguments: str, **changes: str | None) -> tuple[int, dict[str, str]]:
    """The exit code, and what is wrong."""
    done = run(shop, "doctor", "--json", *arguments, **changes)
    assert CANARY not in done.out + done.err
    return done.code, {found["subject"]: found["said"] for found in findings(done) if found["state"] == "wrong"}


def test_all_is_well_and_each_thing_has_its_line(shop: Shop) -> None:
    done = run(shop, "doctor")
    assert done.code == 0, done.out
    lines = done.out.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == ["settings", "price lists", "source", "storage", "this machine", "notifications"]
    assert "  ok       DB_PASSWORD           set, and not shown" in lines
    assert "  ok       shop                  4 columns, key sku; csv and xlsx, from 2026-11-20" in lines
    assert "  ok       query of shop         gives the 4 columns of the contract" in lines
    assert "  ok       swap                  the right version lands, a stale one is refused" in lines
    assert [line.split()[1] for line in lines if line.startswith("  warning")] == ["rights"]
    assert done.err.endswith(" ok, 1 warning. An export would find what it needs.\n")
    assert not [path for path in shop.storage.rglob("*") if path.is_file() and ".locks" not in path.parts]


def test_a_program_reads_the_same(shop: Shop) -> None:
    done = run(shop, "doctor", "--json")
    found = findings(done)
    assert {frozenset(each) for each in found} == {frozenset({"area", "subject", "state", "said", "exit_code"})}
    assert [each["area"] for each in found if each["subject"] == "query of shop"] == ["source"]


def test_everything_that_is_missing_is_told_at_once(shop: Shop) -> None:
    code, wrong = not_well(shop, **dict.fromkeys(REQUIRED))
    assert (code, list(wrong)) == (2, REQUIRED)
    assert wrong["DB_HOST"] == "is not set: the host of the source."


@pytest.mark.parametrize("name", REQUIRED)
def test_each_that_is_missing_is_told(shop: Shop, name: str) -> None:
    code, wrong = not_well(shop, **{name: None})
    assert (code, list(wrong)) == (2, [name])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_HOST", f"postgres://reader:{CANARY}@db/shop"),
        ("DB_HOST", ""),
        ("DB_PORT", "http"),
        ("DB_NAME", ""),
        ("DB_USER", "reader\n"),
        ("DB_SSLMODE", "required"),
        ("DB_SSLROOTCERT", "/nowhere"),
        ("DB_SSLCERT", "/nowhere"),
        ("DB_SSLKEY", "/nowhere"),
        ("DB_STATEMENT_TIMEOUT", "0"),
        ("DB_CONNECT_TIMEOUT", "soon"),
        ("STORAGE_BUCKET", f"s3://key:{CANARY}@shop"),
        ("STORAGE_PREFIX", "../up"),
        ("OUTPUT_FORMATS", "xls"),
        ("EXPORT_TIMEZONE", "Moscow"),
        ("EXPORT_START_DATE", "01.01.2026"),
        ("RUN_DATE", "today"),
        ("PRICE_LISTS_DIR", "/nowhere"),
        ("LOG_FORMAT", "xml"),
        ("EXPORT_CRON", "6 o'clock"),
        ("EXPORT_DEADLINE", "soon"),
        ("CATCH_UP_DAYS", "0"),
        ("CATCH_UP_TRIES", "many"),
        ("EXPORT_AUTOMATION", "yes"),
        ("SLACK_WEBHOOK_URL", f"hooks.slack.com/{CANARY}"),
        ("SMTP_HOST", f"smtp://prices:{CANARY}@mail.example.com"),
        ("SMTP_PORT", "smtp"),
        ("SMTP_SECURITY", "ssl"),
        ("SMTP_USER", ""),
        ("SMTP_PASSWORD", ""),
        ("SMTP_FROM", "prices"),
        ("SMTP_TO", "anna@example.com; boris"),
        ("NOTIFY_URLS", " "),
        ("NOTIFY_SUMMARY", "yes"),
        ("HEARTBEAT_URL", f"ping/{CANARY}"),
        ("DAGSTER_UI_URL", "dagster"),
        ("RUNBOOK_URL", ""),
    ],
)
def test_each_wrong_setting_is_told_and_the_rest_is_looked_at(shop: Shop, name: str, value: str) -> None:
    done = run(shop, "doctor", "--json", **{name: value})
    found = findings(done)
    assert done.code == 2
    assert [each["subject"] for each in found if each["state"] == "wrong"] == [name]
    assert CANARY not in done.out + done.err
    looked_at = {each["area"] for each in found if each["state"] == "ok"}
    assert ("source" in looked_at) == (not name.startswith("DB_"))
    assert ("storage" in looked_at) == (not name.startswith("STORAGE_"))
    assert ("price lists" in looked_at) == (name != "PRICE_LISTS_DIR")


def test_no_secret_of_a_channel_is_shown(shop: Shop) -> None:
    secrets = {
        "SLACK_WEBHOOK_URL": f"http://127.0.0.1:1/{CANARY}",
        "SMTP_PASSWORD": CANARY,
        "NOTIFY_URLS": f"json://127.0.0.1:1/{CANARY}",
        "HEARTBEAT_URL": f"http://127.0.0.1:1/{CANARY}",
    }
    mail = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": "1", "SMTP_USER": "prices", "SMTP_FROM": "prices@example.com", "SMTP_TO": "anna@example.com"}
    done = run(shop, "doctor", **secrets, **mail)
    assert done.code == 0, done.out
    assert CANARY not in done.out + done.err
    assert [line.split()[1] for line in done.out.splitlines() if line.endswith("set, and not shown")] == ["DB_PASSWORD", *secrets]
    lines = done.out.splitlines()
    assert [line.split()[1] for line in lines[lines.index("notifications") + 1 :]] == ["slack", "mail", "json", "HEARTBEAT_URL"]


def test_each_channel_is_told_and_the_exit_code_is_the_channels(shop: Shop) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Answer:
        asked.append(request.path)
        return Answer(404 if CANARY in request.path else 200, b"no_service")

    with served(answer) as address:
        well = run(shop, "doctor", "--notify", SLACK_WEBHOOK_URL=f"{address}/hook", HEARTBEAT_URL=f"{address}/ping")
        lacking = run(shop, "doctor", "--notify", SLACK_WEBHOOK_URL=f"{address}/{CANARY}")
    assert asked == ["/hook", f"/{CANARY}"]
    assert (well.code, lacking.code) == (0, 2)
    assert "ok       slack                 accepted the test message" in well.out
    assert "wrong    slack                 HTTP 404: no_service. Have a new address made, and set SLACK_WEBHOOK_URL to it." in lacking.out
    assert lacking.err.endswith("1 wrong. An export would find what it needs.\n")
    assert CANARY not in lacking.out + lacking.err


def test_settings_that_do_not_go_together_are_told(shop: Shop) -> None:
    (shop.folder / "one").touch()
    code, wrong = not_well(shop, DB_SSLCERT=str(shop.folder / "one"))
    assert (code, wrong) == (2, {"TLS": "DB_SSLCERT wants DB_SSLKEY beside it: a certificate is of no use without its key."})
    assert not_well(shop, SMTP_TO="anna@example.com") == (2, {"mail": "SMTP_TO wants SMTP_HOST beside it, else no mail is sent."})


def test_a_name_that_is_all_but_that_of_a_setting_is_a_warning(shop: Shop) -> None:
    done = run(shop, "doctor", DB_PASSWORD=None, DB_PASSWROD=CANARY)
    assert done.code == 2
    assert "warning  DB_PASSWROD           is no setting, and is not read; did you mean DB_PASSWORD?" in done.out
    assert CANARY not in done.out


def test_without_a_source_the_storage_is_looked_at_all_the_same(shop: Shop) -> None:
    done = run(shop, "doctor", DB_PORT="1")
    assert done.code == 1
    assert "wrong    TCP" in done.out
    assert "skipped  queries               nobody can log in" in done.out
    assert "ok       swap" in done.out
    assert done.err.endswith("1 wrong, 2 skipped. An export would end with 1.\n")


def test_of_what_a_retry_mends_and_what_it_does_not_the_retry_wins_as_in_an_export(shop: Shop) -> None:
    assert not_well(shop, DB_PORT="1", LOG_FORMAT="xml")[0] == 1


def test_a_wrong_password_is_told_without_it(shop: Shop) -> None:
    code, wrong = not_well(shop, DB_PASSWORD=CANARY)
    assert (code, list(wrong)) == (2, ["login"])


def test_a_broken_price_list_does_not_hide_the_others(shop: Shop) -> None:
    shop.write_list(PRICE_LIST.replace("name: shop", "name: torn"), name="broken")
    code, wrong = not_well(shop)
    assert (code, list(wrong)) == (2, ["broken"])
    assert "broken.yaml:2:7: 'name' is 'torn', and the file's is 'broken'" in wrong["broken"]
    assert not_well(shop, "shop") == (0, {})


def test_a_folder_without_price_lists_is_told(shop: Shop) -> None:
    for path in (shop.folder / "lists").iterdir():
        path.unlink()
    code, wrong = not_well(shop)
    assert (code, list(wrong)) == (2, ["folder"])


def test_a_name_that_no_list_has_is_told_with_the_nearest(shop: Shop) -> None:
    assert not_well(shop, "shpo") == (2, {"shpo": "There is no price list 'shpo'; did you mean 'shop'?"})


def test_credentials_that_can_not_be_right_are_told_without_them(shop: Shop) -> None:
    code, wrong = not_well(shop, STORAGE_BUCKET="s3://shop", AWS_SECRET_ACCESS_KEY=CANARY)
    assert (code, list(wrong)) == (2, ["settings"])
    assert "AWS_ACCESS_KEY_ID" in wrong["settings"]
