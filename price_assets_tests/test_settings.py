import os
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from price_assets import setting_values, variables
from price_assets.errors import SettingError
from price_assets.settings import ExportSettings, SourceSettings, StorageSettings, log_format, run_date
from price_assets.variables import VARIABLES, Variable

SOURCE = {"DB_HOST": "db", "DB_NAME": "shop", "DB_USER": "reader", "DB_PASSWORD": "canary"}


def refusal(name: str, value: str) -> str:
    """What is said of this value."""
    variable = next(each for each in VARIABLES if each.name == name)
    with pytest.raises(SettingError) as caught:
        variable.read({name: value})
    return str(caught.value)


def test_every_variable_is_in_the_table() -> None:
    assert {name: value for name, value in vars(variables).items() if isinstance(value, Variable)} == {each.name: each for each in VARIABLES}


def test_the_source_has_defaults_for_all_but_who_and_where() -> None:
    source = SourceSettings.from_environment(SOURCE)
    assert source == SourceSettings(host="db", database="shop", user="reader", password="canary")
    assert (source.port, source.sslmode, source.sslrootcert, source.sslcert, source.sslkey) == (5432, "prefer", None, None, None)
    assert (source.statement_timeout, source.connect_timeout, source.timezone) == (timedelta(minutes=15), timedelta(seconds=5), ZoneInfo("UTC"))


def test_the_source_is_read_whole(tmp_path: Path) -> None:
    files = {f"DB_SSL{name}": tmp_path / name for name in ("ROOTCERT", "CERT", "KEY")}
    for path in files.values():
        path.touch()
    source = SourceSettings.from_environment(
        SOURCE
        | {"DB_PORT": "6432", "DB_SSLMODE": "require", "DB_STATEMENT_TIMEOUT": "1h30m", "DB_CONNECT_TIMEOUT": "7", "EXPORT_TIMEZONE": "Europe/Moscow"}
        | {name: str(path) for name, path in files.items()}
    )
    assert (source.port, source.sslmode, source.timezone) == (6432, "require", ZoneInfo("Europe/Moscow"))
    assert (source.statement_timeout, source.connect_timeout) == (timedelta(minutes=90), timedelta(seconds=7))
    assert [source.sslrootcert, source.sslcert, source.sslkey] == list(files.values())


def test_the_password_shows_in_no_repr_and_no_error() -> None:
    assert "canary" not in repr(SourceSettings.from_environment(SOURCE))
    for name, value in [
        ("DB_HOST", "postgres://reader:canary@db/shop"),
        ("DB_PORT", "x"),
        ("DB_NAME", ""),
        ("STORAGE_BUCKET", "s3://key:canary@shop"),
    ]:
        with pytest.raises(SettingError) as caught:
            (StorageSettings if name == "STORAGE_BUCKET" else SourceSettings).from_environment(SOURCE | {name: value})
        assert "canary" not in str(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize("password", ["", " ", "line\n", "p@:/?#%&='\"\\ ü€ ", "\t"])
def test_any_character_may_be_in_the_password(password: str) -> None:
    assert SourceSettings.from_environment(SOURCE | {"DB_PASSWORD": password}).password == password


def test_all_that_is_not_set_is_named_at_once() -> None:
    with pytest.raises(SettingError, match="Not set: DB_HOST, DB_NAME, DB_USER, DB_PASSWORD"):
        SourceSettings.from_environment({"DB_PORT": "1"})
    with pytest.raises(SettingError, match=r"Not set: DB_PASSWORD\. Set it \(to nothing, where the server asks for no password\)"):
        SourceSettings.from_environment({name: value for name, value in SOURCE.items() if name != "DB_PASSWORD"})


def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one").touch()
    with pytest.raises(SettingError, match="DB_SSLCERT wants DB_SSLKEY beside it"):
        SourceSettings.from_environment(SOURCE | {"DB_SSLCERT": str(tmp_path / "one")})
    with pytest.raises(SettingError, match="DB_SSLKEY wants DB_SSLCERT beside it"):
        SourceSettings.from_environment(SOURCE | {"DB_SSLKEY": str(tmp_path / "one")})


@pytest.mark.parametrize("sslmode", ["verify-ca", "verify-full"])
def test_to_verify_takes_the_systems_authorities_where_none_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sslmode: str) -> None:
    (tmp_path / "own").touch()
    (tmp_path / "systems").touch()
    verifying = SOURCE | {"DB_SSLMODE": sslmode}
    monkeypatch.setattr(setting_values, "SYSTEM_CERTIFICATES", (tmp_path / "nothing", tmp_path / "systems"))
    source = SourceSettings.from_environment(verifying)
    assert (source.verifies, source.sslrootcert) == (True, tmp_path / "systems")
    assert SourceSettings.from_environment(verifying | {"SSL_CERT_FILE": str(tmp_path / "own")}).sslrootcert == tmp_path / "own"
    assert SourceSettings.from_environment(verifying | {"DB_SSLROOTCERT": str(tmp_path / "own")}).sslrootcert == tmp_path / "own"
    with pytest.raises(SettingError, match="SSL_CERT_FILE: there is no file /nowhere"):
        SourceSettings.from_environment(verifying | {"SSL_CERT_FILE": "/nowhere"})
    monkeypatch.setattr(setting_values, "SYSTEM_CERTIFICATES", (tmp_path / "nothing",))
    with pytest.raises(SettingError, match=r"DB_SSLROOTCERT: .* install ca-certificates, or name a file"):
        SourceSettings.from_environment(verifying)


@pytest.mark.parametrize("sslmode", ["require", "verify-ca", "verify-full"])
def test_a_unix_socket_is_never_taken_for_tls(sslmode: str) -> None:
    """[PJ18]"""
    socket = SOURCE | {"DB_HOST": "/run/postgresql"}
    with pytest.raises(SettingError, match=f"DB_SSLMODE: {sslmode} wants TLS, which the Unix socket in DB_HOST never has: set it to disable"):
        SourceSettings.from_environment(socket | {"DB_SSLMODE": sslmode})
    assert not SourceSettings.from_environment(socket).verifies


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read every file")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").touch(mode=0)
    assert "can't be read by this user" in refusal("DB_SSLKEY", str(tmp_path / "key"))


@pytest.mark.parametrize("name", [each.name for each in VARIABLES if each.name not in ("STORAGE_PREFIX", "DB_PASSWORD")])
def test_an_empty_value_is_an_error_and_not_a_default(name: str) -> None:
    required = name in ("DB_HOST", "DB_NAME", "DB_USER", "STORAGE_BUCKET")
    assert f"{name} is empty: give it a value, {'' if required else 'or unset it'}" in refusal(name, "")
    assert ("unset" in refusal(name, "")) is not required


@pytest.mark.parametrize("name", [each.name for each in VARIABLES if not each.any_character])
def test_a_line_break_at_the_end_is_named(name: str) -> None:
    assert f"{name} holds a control character; a line break at its end" in refusal(name, "value\n")


@pytest.mark.parametrize("host", ["db", "db.example.com", "10.0.0.1", "::1", "fe80::1%eth0", "/var/run/postgresql"])
def test_a_host_is_a_name_an_address_or_a_socket(host: str) -> None:
    assert variables.DB_HOST.read({"DB_HOST": host}) == host


@pytest.mark.parametrize("host", ["db:5432", "postgres://db", "me@db", "a,b", "[::1]", " db", "db/shop//"])
def test_a_host_with_more_in_it_is_refused(host: str) -> None:
    assert "one host name or IP address and nothing else" in refusal("DB_HOST", host)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30", 30), ("30s", 30), ("5m", 300), ("1h30m", 5400), ("1h", 3600), ("1h1m1s", 3661), ("90m", 5400), ("024h", 86400)]
)
def test_durations(text: str, seconds: int) -> None:
    assert variables.DB_STATEMENT_TIMEOUT.read({"DB_STATEMENT_TIMEOUT": text}) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("bucket", "scheme", "name"),
    [
        ("s3://shop", "s3", "shop"),
        ("s3://shop/", "s3", "shop"),
        ("shop.prices-1", "s3", "shop.prices-1"),
        ("gs://shop_prices/", "gs", "shop_prices"),
        ("file:///var/price lists", "file", "/var/price lists"),
        ("file:///var/price%20lists/", "file", "/var/price lists"),
        ("file:////var//a/../b", "file", "/var/b"),
    ],
)
def test_where_files_go(bucket: str, scheme: str, name: str) -> None:
    assert StorageSettings.from_environment({"STORAGE_BUCKET": bucket}) == StorageSettings(scheme, name, "")  # pyright: ignore[reportArgumentType]


def test_a_folder_s_address_goes_there_and_back(tmp_path: Path) -> None:
    folder = tmp_path / "цены 100% #1?"
    assert StorageSettings.from_environment({"STORAGE_BUCKET": folder.as_uri()}).bucket == str(folder)


@pytest.mark.parametrize(("text", "prefix"), [("", ""), ("/", ""), ("a", "a"), ("/a/b/", "a/b"), ("a..b/.c", "a..b/.c"), ("цены 1", "цены 1")])
def test_slashes_at_the_ends_of_a_prefix_are_dropped(text: str, prefix: str) -> None:
    assert StorageSettings.from_environment({"STORAGE_BUCKET": "shop", "STORAGE_PREFIX": text}).prefix == prefix


def test_without_a_bucket_the_ways_to_write_one_are_said() -> None:
    with pytest.raises(SettingError, match=r"STORAGE_BUCKET is not set: .*s3://bucket, gs://bucket, file:///folder"):
        StorageSettings.from_environment({})


def test_what_is_exported_has_defaults() -> None:
    shipped = Path(variables.__file__).parent / "price_lists"
    assert ExportSettings.from_environment({}) == ExportSettings(ZoneInfo("UTC"), date(2026, 1, 1), ("csv", "xlsx"), shipped)
    assert (run_date({}), log_format({})) == (None, None)


def test_what_is_exported_is_read(tmp_path: Path) -> None:
    env = {"EXPORT_TIMEZONE": "Asia/Kolkata", "EXPORT_START_DATE": "2024-02-29", "OUTPUT_FORMATS": "xlsx, csv", "PRICE_LISTS_DIR": str(tmp_path)}
    read = ExportSettings.from_environment(env | {"EXPORT_AUTOMATION": "off"})
    assert read == ExportSettings(ZoneInfo("Asia/Kolkata"), date(2024, 2, 29), ("csv", "xlsx"), tmp_path, automation=False)
    assert run_date({"RUN_DATE": "2026-11-24"}) == date(2026, 11, 24)
    assert log_format({"LOG_FORMAT": "json"}) == "json"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("DB_PORT", "0", "DB_PORT: '0' is no port: a number from 1 to 65535"),
        ("DB_PORT", "65536", "'65536' is no port"),
        ("DB_PORT", "٥٤٣٢", "is no port"),
        ("DB_SSLMODE", "required", "'required' is not one of disable, prefer, require, verify-ca, verify-full; did you mean 'require'?"),
        ("DB_SSLMODE", "verify_full", "did you mean 'verify-full'?"),
        ("DB_SSLCERT", "/nowhere/a.crt", "DB_SSLCERT: there is no file /nowhere/a.crt"),
        ("DB_SSLROOTCERT", "/", "there is no file /"),
        ("DB_STATEMENT_TIMEOUT", "0", "DB_STATEMENT_TIMEOUT: 0 is out of range: more than 0, at most 24 days"),
        ("DB_STATEMENT_TIMEOUT", "0h0m", "0h0m is out of range"),
        ("DB_CONNECT_TIMEOUT", "700h", "700h is out of range"),
        ("DB_CONNECT_TIMEOUT", "999999999h", "999999999h is out of range"),
        *(
            ("DB_CONNECT_TIMEOUT", text, f"{text!r} is no duration: write 30 or 30s, 5m, 1h30m")
            for text in ["-1", "1.5s", "5 m", "1h30", "m", "30S", "5ms"]
        ),
        ("STORAGE_BUCKET", "s3://shop/prices", "put the path into STORAGE_PREFIX"),
        ("STORAGE_BUCKET", "shop/prices", "put the path into STORAGE_PREFIX"),
        ("STORAGE_BUCKET", "/var/prices", "a folder is written as file:///folder"),
        ("STORAGE_BUCKET", "gs://shop/prices", "put the path into STORAGE_PREFIX"),
        ("STORAGE_BUCKET", "az://shop", "is to be s3://bucket, gs://bucket, file:///folder or the bare name of a bucket in S3"),
        ("STORAGE_BUCKET", "file://prices", "a folder is written with three slashes and its whole path: file:///var/price-lists"),
        ("STORAGE_BUCKET", "file:///", "a folder is written with three slashes"),
        ("STORAGE_BUCKET", "file:///a%0ab", "the folder's path holds a control character"),
        ("STORAGE_BUCKET", "s3://", "is no name of a bucket"),
        ("STORAGE_BUCKET", "my bucket", "is no name of a bucket"),
        *(("STORAGE_PREFIX", text, "holds '//', '.' or '..'") for text in ["a//b", "..", "a/../b", "./a"]),
        *(("STORAGE_PREFIX", text, "has a space at its end or start") for text in [" a", "a ", "/ a/", " "]),
        ("OUTPUT_FORMATS", "csv,xls", "OUTPUT_FORMATS: xls, the format of Excel 97, is not written; use xlsx"),
        ("OUTPUT_FORMATS", "XLS", "use xlsx"),
        ("OUTPUT_FORMATS", "xslx", "'xslx' is not one of csv, xlsx; did you mean 'xlsx'?"),
        ("OUTPUT_FORMATS", "csv,", "'' is not one of csv, xlsx"),
        ("OUTPUT_FORMATS", "CSV", "'CSV' is not one of csv, xlsx; did you mean 'csv'?"),
        ("EXPORT_TIMEZONE", "Moscow", "'Moscow' is no IANA time zone, such as Europe/Moscow; did you mean 'Europe/Moscow'?"),
        ("EXPORT_TIMEZONE", "Europe/Mosow", "did you mean 'Europe/Moscow'?"),
        ("EXPORT_TIMEZONE", "Europe", "is no IANA time zone"),
        ("EXPORT_TIMEZONE", "../UTC", "is no IANA time zone"),
        ("EXPORT_TIMEZONE", "/etc/localtime", "is no IANA time zone"),
        ("RUN_DATE", "2026-02-30", "RUN_DATE: '2026-02-30' is no date of the calendar"),
        *(
            ("RUN_DATE", text, f"{text!r} is no date: write YYYY-MM-DD")
            for text in ["20261124", "2026-11-24T06:00", "24.11.2026", "2026-W01-1", "today"]
        ),
        ("EXPORT_START_DATE", "2026-1-1", "'2026-1-1' is no date: write YYYY-MM-DD, here 2026-01-01"),
        ("PRICE_LISTS_DIR", "/nowhere", "PRICE_LISTS_DIR: there is no folder /nowhere"),
        ("LOG_FORMAT", "ecs", "LOG_FORMAT: 'ecs' is not one of text, json"),
        ("EXPORT_AUTOMATION", "no", "EXPORT_AUTOMATION: 'no' is not one of on, off"),
    ],
)
def test_a_wrong_value_is_refused_with_the_way_out(name: str, value: str, message: str) -> None:
    assert message in refusal(name, value)
