"""Bad input, through the real command: one clear line that says where, what and how to mend it, an exit code, and nothing left.

Settings, YAML and dates; SQL and types are in test_bad_sql, decisions in test_bad_decisions. What each reader refuses in all its variety is
told by the tests of `settings`, `strict_yaml`, `price_list_files`, `sql` and `describe`.
"""

from datetime import UTC, datetime

from price_assets.variables import VARIABLES
from price_assets_tests.cli.bad_dates import DATES, NOWHERE
from price_assets_tests.cli.command import Command
from price_assets_tests.shop import DAY, PRICE_LIST

# Variable → what is said where it is missing, empty, and malformed; None where that is none of these.
_NAME = "holds a control character; a line break at its end often comes from a file or from `echo` (use `printf`)."
_DEFAULT, _UNSET = "is empty: give it a value, or unset it for its default.", "is empty: give it a value, or unset it."
_BUCKET = "where files go: s3://bucket, gs://bucket, file:///folder, or the bare name of a bucket in S3."
SETTINGS: dict[str, tuple[str | None, str | None, tuple[str, str] | None]] = {
    "DB_HOST": (
        "Not set: DB_HOST. Set it to reach the source.",
        "DB_HOST is empty: give it a value, the host of the source.",
        ("db:5432", "DB_HOST is to be one host name or IP address and nothing else: port, user and password go to DB_PORT, DB_USER and DB_PASSWORD"),
    ),
    "DB_PORT": (None, f"DB_PORT {_DEFAULT}", ("54x2", "DB_PORT: '54x2' is no port: a number from 1 to 65535")),
    "DB_NAME": (
        "Not set: DB_NAME. Set it to reach the source.",
        "DB_NAME is empty: give it a value, the database.",
        ("shop\n", f"DB_NAME {_NAME}"),
    ),
    "DB_USER": (
        "Not set: DB_USER. Set it to reach the source.",
        "DB_USER is empty: give it a value, the role, which needs to read and nothing else.",
        ("reader\n", f"DB_USER {_NAME}"),
    ),
    # Any character may be in a password, and it may be empty.
    "DB_PASSWORD": ("Not set: DB_PASSWORD. Set it (to nothing, where the server asks for no password) to reach the source.", None, None),
    "DB_SSLMODE": (
        None,
        f"DB_SSLMODE {_DEFAULT}",
        ("required", "DB_SSLMODE: 'required' is not one of disable, prefer, require, verify-ca, verify-full; did you mean 'require'?"),
    ),
    "DB_SSLROOTCERT": (None, f"DB_SSLROOTCERT {_UNSET}", ("/nowhere/ca.crt", "DB_SSLROOTCERT: there is no file /nowhere/ca.crt")),
    "DB_SSLCERT": (None, f"DB_SSLCERT {_UNSET}", ("/nowhere/a.crt", "DB_SSLCERT: there is no file /nowhere/a.crt")),
    "DB_SSLKEY": (None, f"DB_SSLKEY {_UNSET}", ("/nowhere/a.key", "DB_SSLKEY: there is no file /nowhere/a.key")),
    "DB_STATEMENT_TIMEOUT": (
        None,
        f"DB_STATEMENT_TIMEOUT {_DEFAULT}",
        ("5 min", "DB_STATEMENT_TIMEOUT: '5 min' is no duration: write 30 or 30s, 5m, 1h30m"),
    ),
    "DB_CONNECT_TIMEOUT": (
        None,
        f"DB_CONNECT_TIMEOUT {_DEFAULT}",
        ("0", "DB_CONNECT_TIMEOUT: 0 is out of range: more than 0, at most 24 days"),
    ),
    "STORAGE_BUCKET": (
        f"STORAGE_BUCKET is not set: {_BUCKET}",
        f"STORAGE_BUCKET is empty: give it a value, {_BUCKET}",
        ("s3://shop/prices", "STORAGE_BUCKET is the bucket only; put the path into STORAGE_PREFIX (a folder is written as file:///folder)"),
    ),
    "STORAGE_PREFIX": (None, None, ("a//b", "STORAGE_PREFIX: 'a//b' holds '//', '.' or '..', which no key can hold on every storage")),
    "OUTPUT_FORMATS": (None, f"OUTPUT_FORMATS {_DEFAULT}", ("xslx", "OUTPUT_FORMATS: 'xslx' is not one of csv, xlsx; did you mean 'xlsx'?")),
    "EXPORT_TIMEZONE": (
        None,
        f"EXPORT_TIMEZONE {_DEFAULT}",
        ("Moscow", "EXPORT_TIMEZONE: 'Moscow' is no IANA time zone, such as Europe/Moscow; did you mean 'Europe/Moscow'?"),
    ),
    "EXPORT_START_DATE": (None, f"EXPORT_START_DATE {_DEFAULT}", ("01.02.2024", "EXPORT_START_DATE: '01.02.2024' is no date: write YYYY-MM-DD")),
    "RUN_DATE": (None, f"RUN_DATE {_UNSET}", ("2024-1-5", "RUN_DATE: '2024-1-5' is no date: write YYYY-MM-DD, here 2024-01-05")),
    "PRICE_LISTS_DIR": (None, f"PRICE_LISTS_DIR {_DEFAULT}", ("/nowhere", "PRICE_LISTS_DIR: there is no folder /nowhere")),
    "LOG_FORMAT": (None, f"LOG_FORMAT {_UNSET}", ("ecs", "LOG_FORMAT: 'ecs' is not one of text, json")),
    "EXPORT_CRON": (
        None,
        f"EXPORT_CRON {_DEFAULT}",
        ("0 6 * *", "EXPORT_CRON: '0 6 * *' is no cron: write minute, hour, day, month and weekday, such as 0 6 * * * or 30 6 * * 1-5"),
    ),
    "EXPORT_DEADLINE": (
        None,
        f"EXPORT_DEADLINE {_DEFAULT}",
        ("half an hour", "EXPORT_DEADLINE: 'half an hour' is no duration: write 30 or 30s, 5m, 1h30m"),
    ),
    "CATCH_UP_DAYS": (None, f"CATCH_UP_DAYS {_DEFAULT}", ("0", "CATCH_UP_DAYS: '0' is no whole number from 1 to 31")),
    "CATCH_UP_TRIES": (None, f"CATCH_UP_TRIES {_DEFAULT}", ("2.5", "CATCH_UP_TRIES: '2.5' is no whole number from 1 to 20")),
    "EXPORT_AUTOMATION": (None, f"EXPORT_AUTOMATION {_DEFAULT}", ("no", "EXPORT_AUTOMATION: 'no' is not one of on, off, true, false")),
    "EXPORT_RUNS_URL": (
        None,
        f"EXPORT_RUNS_URL {_UNSET}",
        (
            "ledger.example.com",
            "EXPORT_RUNS_URL is no address of a database: write postgresql://user:password@host:5432/database?sslmode=verify-full",
        ),
    ),
}
NOT_OF_EXPORTS = ("SLACK_WEBHOOK_URL", "SMTP_", "NOTIFY_", "HEARTBEAT_URL", "DAGSTER_UI_URL", "RUNBOOK_URL", "METRICS_PORT")
"""What only alerts and metrics are for: one that is wrong keeps no price list from its partners. `doctor` finds it, and the export's log says it."""


def test_every_setting_is_tried() -> None:
    assert list(SETTINGS) == [each.name for each in VARIABLES if not each.name.startswith(NOT_OF_EXPORTS)]


def test_a_wrong_setting_of_alerts_keeps_no_list_from_its_partners(price_assets: Command) -> None:
    done = price_assets("export", "--json", SMTP_HOST="mail.example.com")
    assert done.code == 0
    assert any("Not set: SMTP_FROM, SMTP_TO." in line for line in done.said)
    assert price_assets.shop.published(str(datetime.now(UTC).date()))


def test_a_setting_that_is_missing_empty_or_malformed_is_named_before_anything_is_connected_to(price_assets: Command) -> None:
    for name, (missing, empty, malformed) in SETTINGS.items():
        for value, said in ((None, missing), ("", empty), malformed or (None, None)):
            if said:
                assert price_assets.refused("export", settings={name: value}) == said
    assert not price_assets.shop.storage.exists()


_TAG, _ALIAS = (
    "tags (!) are not taken; what is text goes in quotes",
    "anchors and aliases (& and *) are not taken; write it out, or quote it where it is text",
)
_BOMB = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
# What stands there instead, of what in the list, what is said
YAML = [
    ("\tname: {", "  name: {", "11:1: a tab stands here; YAML wants spaces"),
    ("key:\t[sku]", "key: [sku]", "8:5: a tab stands here; YAML wants spaces"),
    ("key: [sku]\nkey: [name]", "key: [sku]", "9:1: key 'key' stands here again; line 8 has it already: keep one"),
    ("name:", "stock:", "13:3: key 'name' stands here again; line 11 has it already: keep one"),
    ("past_date:", "past_dates:", "7:1: unknown key 'past_date'; did you mean 'past_dates'?"),
    ("nulable:", "nullable:", "13:26: unknown key 'nulable'; did you mean 'nullable'?"),
    ("!!python/object/apply:os.system ['touch pwned']", "[sku]", f"8:6: {_TAG}"),
    ("!!binary aGVsbG8=", "[sku]", f"8:6: {_TAG}"),
    (f"{_BOMB}key: *i", "key: [sku]", f"8:4: {_ALIAS}"),
    ("NO", "Prices of the shop.", "3:14: 'description' wants text, not NO; quote it: \"NO\""),
    ("007", "Цена", "12:42: 'header' wants text, not 007; quote it: \"007\""),
    ("1e3", "0.01", "12:53: 'min' wants a number or a date (2026-01-31), not 1e3; write it as 1000"),
    ("[SE, NO]}", "text}", "11:16: 'type' wants text, not a list"),
    ("text, allowed: [SE, NO]}", "text}", "11:36: 'allowed' is to hold texts or whole numbers, not both; what is text goes in quotes"),
    ("key:[sku]", "key: [sku]", "8:1: a key is due here, and after it a colon and a space (key: value)"),
    ("[sku", "[sku]", "8:6: the list that begins here is not closed: a comma or ] is missing"),
    ("Prices: of", "Prices of", "3:20: a colon is not expected here: is this line indented too far, or does text with ': ' in it want quotes?"),
    ("2024-02-30", "2026-11-20", "6:8: 'start' wants a date (2026-01-31), not 2024-02-30"),
    ("2024-1-5", "2026-11-20", "6:8: 'start' wants a date (2026-01-31), not 2024-1-5"),
    ("01.02.2024", "2026-11-20", "6:8: 'start' wants a date (2026-01-31), not '01.02.2024'"),
]


def test_yaml_that_is_wrong_or_unclear_is_told_with_file_line_and_column(price_assets: Command) -> None:
    for wrong, right, said in YAML:
        assert right in PRICE_LIST
        price_assets.shop.write_list(PRICE_LIST.replace(right, wrong, 1))
        assert price_assets.refused("export", "shop", "--date", DAY) == f"shop {DAY} refused: lists/shop.yaml:{said}"
    assert not price_assets.shop.storage.exists()  # nothing is connected to for the sake of a list that does not load
    assert not (price_assets.shop.folder / "pwned").exists()


def test_a_date_that_can_not_be_exported_is_refused_before_anything_is_connected_to(price_assets: Command) -> None:
    for arguments, said in DATES:
        today = {datetime.now(UTC).date()}
        found = price_assets.refused("export", *arguments, settings=NOWHERE)
        assert found in {said.replace("{today}", str(day)) for day in today | {datetime.now(UTC).date()}}
    assert price_assets.refused("export", settings={**NOWHERE, "RUN_DATE": "2999-01-01"}).startswith("2999-01-01 lies in the future")
    assert not price_assets.shop.storage.exists()


def test_a_past_day_of_a_list_that_knows_today_only_is_refused(price_assets: Command) -> None:
    price_assets.shop.write_list(PRICE_LIST.replace("past_dates: true\n", ""))
    assert price_assets.refused_by_a_run("export", "shop", "--date", DAY) == (
        f"shop {DAY} refused: shop {DAY} is past and has published nothing, and the source knows today's prices only: "
        "it takes `past_dates: true` and SQL that honours :export_date to export a past day."
    )
