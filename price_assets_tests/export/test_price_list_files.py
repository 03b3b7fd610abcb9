from datetime import date
from decimal import Decimal
from pathlib import Path

import dagster as dg
import pytest

from price_assets.errors import PriceListError
from price_assets.export.price_list import CheckRules, CsvOptions, Formats, PriceList, RowCount, XlsxOptions
from price_assets.export.price_list_files import BrokenPriceList, load_price_lists
from price_assets.settings import ExportSettings, FormatName

YAML = """\
name: wholesale
description: Wholesale prices for partners
owners: [pricing@example.com, team:pricing]
sql: wholesale.sql
start: 2026-01-01
past_dates: true
key: [sku]
prices: [price]
columns:
  sku:   {type: text, header: Артикул}
  name:  {type: text, header: Наименование, width: 48, description: As printed on the box}
  price: {type: "decimal(12,2)", header: Цена, min: 0.01}
  unit:  {type: text, allowed: [шт, кг]}
  stock: {type: integer, nullable: true}
checks: {row_count: {min: 10}}
formats:
  csv: {dialect: excel-semicolon}
  xlsx: {sheet: Прайс}
memory: 2Gi
"""
LEAST = (
    "name: {name}\nsql: wholesale.sql\nkey: [sku]\ncolumns:\n  sku: {type: text}\n  price: {type: 'decimal(12,2)'}\n  cost: {type: 'decimal(9,4)'}\n"
)
SQL = "SELECT * FROM prices WHERE valid @> :export_date"


def load(folder: Path, *formats: FormatName) -> list[PriceList | BrokenPriceList]:
    return load_price_lists(folder, start=date(2025, 5, 5), formats=formats or ("csv", "xlsx"))


def refusal(folder: Path, yaml: str, *formats: FormatName) -> str:
    """What is said of wholesale.yaml, without its folder."""
    (folder / "wholesale.yaml").write_text(yaml)
    if not (folder / "wholesale.sql").exists():
        (folder / "wholesale.sql").write_text(SQL)
    (broken,) = load(folder, *formats)
    assert isinstance(broken, BrokenPriceList)
    assert broken.name == "wholesale"
    return str(broken.error).replace(f"{folder}/", "")


def write(folder: Path, name: str, yaml: str | None = None) -> None:
    """A price list, the least there is if nothing else is said."""
    (folder / f"{name}.yaml").write_text(yaml or LEAST.replace("{name}", name))
    (folder / "wholesale.sql").write_text(SQL)


def test_the_design_s_own_price_list_loads(tmp_path: Path) -> None:
    write(tmp_path, "wholesale", YAML)
    (loaded,) = load(tmp_path)
    assert isinstance(loaded, PriceList)
    assert (loaded.name, loaded.description, loaded.sql, loaded.memory) == ("wholesale", "Wholesale prices for partners", SQL, "2Gi")
    assert (loaded.owners, loaded.key, loaded.prices) == (("pricing@example.com", "team:pricing"), ("sku",), ("price",))
    assert (loaded.start, loaded.past_dates) == (date(2026, 1, 1), True)
    assert (loaded.checks, loaded.formats) == (
        CheckRules(row_count=RowCount(min=10)),
        Formats(csv=CsvOptions(dialect="excel-semicolon"), xlsx=XlsxOptions(sheet="Прайс")),
    )
    assert [f"{column.name} {column.type} {column.label}" for column in loaded.columns] == [
        *("sku text Артикул", "name text Наименование", "price decimal(12,2) Цена", "unit text unit", "stock integer stock")
    ]
    assert (loaded.columns[2].min, loaded.columns[3].allowed, loaded.columns[4].nullable) == (Decimal("0.01"), ("шт", "кг"), True)


def test_the_least_price_list_has_the_defaults_of_the_design(tmp_path: Path) -> None:
    write(tmp_path, "wholesale")
    (loaded,) = load(tmp_path)
    assert isinstance(loaded, PriceList)
    assert (loaded.start, loaded.owners, loaded.past_dates, loaded.memory) == (date(2025, 5, 5), (), False, None)
    assert loaded.prices == ("price", "cost")
    assert (loaded.checks, loaded.formats.made) == (CheckRules(row_count=RowCount(min=1)), ("csv", "xlsx"))


def test_the_shipped_price_lists_load() -> None:
    settings = ExportSettings.from_environment({})
    assert [each.name for each in load(settings.price_lists_dir) if isinstance(each, PriceList)] == ["dealers", "retail", "wholesale"]


@pytest.mark.parametrize(
    ("said", "made"), [("{csv: }", ("csv",)), ("{xlsx: {}}", ("xlsx",)), ("{xlsx: {}, csv: {headers: labels}}", ("csv", "xlsx"))]
)
def test_a_format_that_is_named_is_made(tmp_path: Path, said: str, made: tuple[str, ...]) -> None:
    write(tmp_path, "wholesale", f"{LEAST.replace('{name}', 'wholesale')}formats: {said}\n")
    (loaded,) = load(tmp_path)
    assert isinstance(loaded, PriceList)
    assert loaded.formats.made == made


def test_output_formats_cut_what_a_list_has(tmp_path: Path) -> None:
    write(tmp_path, "wholesale", YAML)
    (loaded,) = load(tmp_path, "xlsx")
    assert isinstance(loaded, PriceList)
    assert loaded.formats == Formats(xlsx=XlsxOptions(sheet="Прайс"))
    said = refusal(tmp_path, YAML.replace("  xlsx: {sheet: Прайс}\n", ""), "xlsx")
    assert said == "wholesale.yaml:17:3: 'formats' has csv only, and OUTPUT_FORMATS has xlsx only: nothing would be made"


def test_a_config_map_s_mount_is_read_through_its_links(tmp_path: Path) -> None:
    mounted = tmp_path / "..2026_11_24_06_00_00.123"
    mounted.mkdir()
    write(mounted, "wholesale")
    (tmp_path / "..data").symlink_to(mounted.name)
    (tmp_path / "..old.yaml").write_text("not a price list")
    (tmp_path / ".wholesale.yaml.swp.yaml").write_text("not a price list")
    for name in ("wholesale.yaml", "wholesale.sql"):
        (tmp_path / name).symlink_to(Path("..data") / name)
    assert [type(each) for each in load(tmp_path)] == [PriceList]


def test_a_broken_file_breaks_only_its_list(tmp_path: Path) -> None:
    write(tmp_path, "wholesale")
    write(tmp_path, "broken", "name: broken\nkey: [sku\n")
    write(tmp_path, "9 Цены-A", "nothing")
    (tmp_path / "gone.yaml").symlink_to("nowhere.yaml")
    (tmp_path / "folder.yml").mkdir()
    (tmp_path / "latin.yaml").write_bytes("name: latin\ndescription: café\n".encode("latin-1"))
    (tmp_path / "notes.txt").write_text("no price list")
    loaded = load(tmp_path)
    assert [each.name for each in loaded] == ["broken", "folder", "gone", "latin", "list_9_a", "wholesale"]
    errors = {each.name: str(each.error).replace(f"{tmp_path}/", "") for each in loaded if isinstance(each, BrokenPriceList)}
    assert errors == {
        "broken": "broken.yaml:2:6: the list that begins here is not closed: a comma or ] is missing",
        "folder": "folder.yml:1: can't be read: Is a directory",
        "gone": "gone.yaml:1: can't be read: No such file or directory",
        "latin": "latin.yaml:2: is not UTF-8 (byte 0xe9); save it as UTF-8",
        "list_9_a": "9 Цены-A.yaml:1:1: a mapping is due here: `name: …` and so on",
    }


def test_the_second_of_two_lists_of_one_name_is_broken(tmp_path: Path) -> None:
    write(tmp_path, "wholesale")
    (tmp_path / "wholesale.yml").write_text(LEAST.replace("{name}", "wholesale"))
    (tmp_path / "whole-sale.yaml").write_text("a")
    (tmp_path / "whole sale.yaml").write_text("b")
    loaded = load(tmp_path)
    assert [(each.name, type(each)) for each in loaded] == [
        *(("whole_sale", BrokenPriceList), ("whole_sale_2", BrokenPriceList), ("wholesale", PriceList), ("wholesale_2", BrokenPriceList))
    ]
    assert isinstance(loaded[3], BrokenPriceList)
    assert str(loaded[3].error).endswith("wholesale.yml:1: there is a price list 'wholesale' already; remove one of the two files")


def test_a_folder_without_price_lists_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PriceListError, match="there is no price list in this folder"):
        load(tmp_path)
    with pytest.raises(PriceListError, match="can't be read: No such file or directory"):
        load(tmp_path / "nowhere")


def test_messages_name_files_as_a_person_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lists").mkdir()
    write(tmp_path / "lists", "wholesale", YAML.replace("columns:", "colums:"))
    (broken,) = load(Path("lists").absolute())
    assert isinstance(broken, BrokenPriceList)
    assert str(broken.error) == "lists/wholesale.yaml:9:1: unknown key 'colums'; did you mean 'columns'?"


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (b"SELECT 1;\nSELECT 2", "wholesale.sql:2: a second statement begins here; a price list is one query"),
        (b"SELECT :exportdate", "wholesale.sql:1: unknown parameter ':exportdate'; did you mean ':export_date'?"),
        (
            b"SELECT ':export_date'",
            (
                "wholesale.yaml:6:13: 'past_dates' is true without :export_date in wholesale.sql, and old dates would get today's prices: "
                "write it there, without quotes around it, or leave 'past_dates' out"
            ),
        ),
        (b"SELECT\n'\xe9'", "wholesale.sql:2: is not UTF-8 (byte 0xe9); save it as UTF-8"),
        ("SELECT 1".encode("utf-16-le"), "wholesale.sql:1: holds a NUL character; save it as UTF-8 text"),
    ],
)
def test_wrong_sql_breaks_its_list(tmp_path: Path, sql: bytes, message: str) -> None:
    (tmp_path / "wholesale.sql").write_bytes(sql)
    assert refusal(tmp_path, YAML) == message


def test_sql_may_lie_in_a_folder_below_and_keeps_its_text(tmp_path: Path) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "a.sql").write_bytes(b"\xef\xbb\xbfSELECT\r\n1;")
    write(tmp_path, "wholesale", LEAST.replace("{name}", "wholesale").replace("wholesale.sql", "sql/../sql/a.sql"))
    (loaded,) = load(tmp_path)
    assert isinstance(loaded, PriceList)
    assert loaded.sql == "SELECT\r\n1;"


@pytest.mark.parametrize(
    "owner", ["pricing@example.com", "a.b+c@sub.example.org", "team:pricing", "me", "team:", "me@localhost", ".a@b.ru", "a@b.c", "a b@c.ru"]
)
def test_an_owner_that_is_taken_is_one_to_dagster(tmp_path: Path, owner: str) -> None:
    """[DG52]: one owner that Dagster does not like takes all definitions down."""
    write(tmp_path, "wholesale", f"{LEAST.replace('{name}', 'wholesale')}owners: ['{owner}']\n")
    (loaded,) = load(tmp_path)
    try:
        dg.AssetSpec("a", owners=[owner])
    except dg.DagsterInvalidDefinitionError:
        assert isinstance(loaded, BrokenPriceList)
    else:
        assert isinstance(loaded, PriceList)


# What stands there instead, of what in the YAML above, what is said
WRONG = [
    ("colums:", "columns:", "9:1: unknown key 'colums'; did you mean 'columns'?"),
    ("widht: 48", "width: 48", "11:45: unknown key 'widht'; did you mean 'width'?"),
    ("xyz: 48", "width: 48", "11:45: unknown key 'xyz'; there are type, header, description, width, nullable, min, max, allowed"),
    ("name: x", "width: 48", "11:45: unknown key 'name': a column's name is the key before its mapping"),
    ("pdf: {}", "xlsx: {sheet: Прайс}", "18:3: unknown key 'pdf'; there are csv, xlsx"),
    ("{row_cuont: {min: 10}}", "{row_count: {min: 10}}", "15:10: unknown key 'row_cuont'; did you mean 'row_count'?"),
    ("", "key: [sku]\n", "1:1: key 'key' is missing; write key: [sku]"),
    ("", "sql: wholesale.sql\n", "1:1: key 'sql' is missing; write sql: wholesale.sql"),
    ("{header: x}", "{type: integer, nullable: true}", "14:3: key 'type' is missing; write type: text"),
    ("memory: 2Gi\nkey: [a]", "memory: 2Gi", "20:1: key 'key' stands here again; line 7 has it already: keep one"),
    # Nothing is coerced in silence
    ("007", "Wholesale prices for partners", "2:14: 'description' wants text, not 007; quote it: \"007\""),
    ("1e3", "Wholesale prices for partners", "2:14: 'description' wants text, not 1e3; quote it: \"1e3\""),
    ("2026-01-01", "Wholesale prices for partners", "2:14: 'description' wants text, not 2026-01-01; quote it: \"2026-01-01\""),
    ("1.0", "Wholesale prices for partners", "2:14: 'description' wants text, not 1.0; quote it: \"1.0\""),
    ("true", "Wholesale prices for partners", "2:14: 'description' wants text, not true; quote it: \"true\""),
    ("null", "Wholesale prices for partners", "2:14: 'description' wants text, not null; quote it: \"null\""),
    ("", "Wholesale prices for partners", "2:13: 'description' wants text, not nothing"),
    ("[a]", "Wholesale prices for partners", "2:14: 'description' wants text, not a list"),
    ("[шт, NO]", "[шт, кг]", "13:37: 'allowed' is to hold texts or whole numbers, not both; what is text goes in quotes"),
    ("[NO]", "[шт, кг]", "13:32: 'allowed' wants a whole number or text, not NO; quote it: \"NO\""),
    ("[]", "[шт, кг]", "13:32: 'allowed' is empty: no value would pass"),
    ("[1, 2]", "[шт, кг]", "13:32: 'allowed' goes with text columns (texts) and integer columns (whole numbers); this column is text"),
    ("no:", "unit: ", "13:3: a key is text, and 'no' is not clearly that; quote it"),
    ("past_dates: yes", "past_dates: true", "6:13: 'past_dates' wants true or false, not yes"),
    ("past_dates: 'true'", "past_dates: true", "6:13: 'past_dates' wants true or false, not 'true'; write it without quotes"),
    ("'2026-01-01'", "2026-01-01", "5:8: 'start' wants a date (2026-01-31), not '2026-01-01'; write it without quotes"),
    ("2026-02-30", "2026-01-01", "5:8: 'start' wants a date (2026-01-31), not 2026-02-30"),
    ("48.5", "48", "11:52: 'width' wants a whole number, not 48.5"),
    ("true", "48", "11:52: 'width' wants a whole number, not true"),
    ("1e-2", "0.01", "12:53: 'min' wants a number or a date (2026-01-31), not 1e-2; write it as 0.01"),
    ("1e99", "0.01", "12:53: 'min' wants a number or a date (2026-01-31), not 1e99"),
    ("+1_0.50", "0.01", "12:53: 'min' wants a number or a date (2026-01-31), not +1_0.50; write it as 10.5"),
    ("'0.01'", "0.01", "12:53: 'min' wants a number or a date (2026-01-31), not '0.01'; write it without quotes"),
    ("sku", "[sku]", "7:6: 'key' wants a list ([one, two]), not 'sku'"),
    ("text", "{type: text, allowed: [шт, кг]}", "13:10: 'unit' wants a mapping ({key: value}), not 'text'"),
    ("columns: []\nx:", "columns:", "9:10: 'columns' wants a mapping, a column a line (sku: {type: text})"),
    # Columns
    ("decimal(12,2)", '"decimal(12,2)"', "12:17: 'type' is to be written as \"decimal(12,2)\", in quotes where it stands between braces"),
    ("decimal", '"decimal(12,2)"', "12:17: 'type' can't be decimal alone: it wants its precision and scale, decimal(12,2)"),
    ('"decimal(39,2)"', '"decimal(12,2)"', "12:17: 'type' can't be decimal(39,2): precision is 1 to 38, scale 0 to the precision"),
    (
        "integr",
        "integer",
        "14:17: 'type' can't be 'integr': there are text, integer, boolean, date, timestamp, timestamptz, decimal(p,s); did you mean 'integer'?",
    ),
    ("5", "integer", "14:17: 'type' wants text, not 5; quote it: \"5\""),
    ("min: 0.5", "nullable: true", "14:31: 'min' can't be 0.5: this column, integer, takes whole numbers"),
    ("min: 2026-01-01", "nullable: true", "14:31: 'min' can't be 2026-01-01: this column, integer, takes whole numbers"),
    ("min: 5, max: 3", "nullable: true", "14:31: 'min' 5 is more than max 3"),
    ("max: 3", "allowed: [шт, кг]", "13:28: 'max' can't be 3: this column, text, takes no min and no max"),
    ("АРТИКУЛ", "Цена", "12:42: 'header' can't be 'АРТИКУЛ': column 'sku' has this label, if in other case"),
    ("UNIT", "Цена", "13:10: 'unit' can't be 'unit': column 'price' has this label, if in other case"),
    ('" "', "Цена", "12:42: 'header' is empty"),
    ('"a\\u0007"', "Цена", "12:42: 'header' holds the control character '\\x07'"),
    ("х" * 256, "Цена", "12:42: 'header' is longer than 255 characters"),
    ("0", "48", "11:52: 'width' is to be at least 1"),
    ("256", "48", "11:52: 'width' is to be at most 255"),
    ("'*':", "unit: ", "13:8: '*' can't be '*', which Polars takes for a pattern: give the column another name in the SQL"),
    ("'^x$':", "unit: ", "13:10: '^x$' can't be '^x$', which Polars takes for a pattern: give the column another name in the SQL"),
    (f"{'ц' * 32}:", "unit: ", f"13:37: '{'ц' * 32}' is longer than the 63 bytes of a name in Postgres"),
    # Key and prices
    ("[]", "[sku]", "7:6: 'key' is empty"),
    ("[skuu]", "[sku]", "7:7: 'key' names 'skuu', which is no column; did you mean 'sku'?"),
    ("[sku, sku]", "[sku]", "7:12: 'key' names 'sku' twice"),
    ("[stock]", "[sku]", "7:7: 'key' names 'stock', which is nullable: a key is never null"),
    ("[name]", "[price]", "8:10: 'prices' names 'name', which is text: a price is decimal or integer"),
    ("[cost]", "[price]", "8:10: 'prices' names 'cost', which is no column"),
    # The rest
    ("Wholesale", "name: wholesale", "1:1: a mapping is due here: `name: …` and so on"),
    ("name: Whole", "name: wholesale", "1:7: 'name' can't be 'Whole': a letter, then letters, digits and _, all small and of ASCII, at most 63"),
    ("name: retail", "name: wholesale", "1:7: 'name' is 'retail', and the file's is 'wholesale'; they are to be one"),
    ("me", "pricing@example.com", "3:10: 'owners' can't be 'me': an owner is an address (pricing@example.com) or a team (team:pricing)"),
    ("../a.sql", "wholesale.sql", "4:6: 'sql' is '../a.sql', which lies outside of the price lists' folder"),
    ("a/../../a.sql", "wholesale.sql", "4:6: 'sql' is 'a/../../a.sql', which lies outside of the price lists' folder"),
    ("/etc/passwd", "wholesale.sql", "4:6: 'sql' is '/etc/passwd', which lies outside of the price lists' folder"),
    ("wholesal.sql", "wholesale.sql", "4:6: there is no file 'wholesal.sql' beside this one; did you mean 'wholesale.sql'?"),
    (".", "wholesale.sql", "4:6: there is no file '.' beside this one"),
    ("min: -1", "min: 10", "15:27: 'min' is to be at least 0"),
    ("min: 1, max_drop: 2", "min: 10", "15:40: 'max_drop' is to be at most 1"),
    ("price_change: {ratio: 0, share: 0}", "row_count: {min: 10}", "15:32: 'ratio' is to be more than 0"),
    (
        "excel-semicolons",
        "excel-semicolon",
        "17:18: 'dialect' is one of plain, excel-semicolon, 1c, not 'excel-semicolons'; did you mean 'excel-semicolon'?",
    ),
    ("formats: {}", YAML[YAML.index("formats:") : YAML.index("\nmemory")], "16:10: 'formats' is empty; leave it out for both, or name csv, xlsx"),
    ("'a/b'", "Прайс", "18:17: 'sheet' can't be 'a/b': a sheet's name can't hold '/': leave out [ ] : * ? / \\ and control characters"),
    (
        "history",
        "Прайс",
        "18:17: 'sheet' can't be 'history': the sheet's name 'history' is taken (About is the workbook's own, History is Excel's): choose another",
    ),
    ("2GB", "2Gi", "19:9: 'memory' can't be '2GB': it is written as in Kubernetes, 512Mi or 2Gi"),
]


HEADERS_OF_1C = [
    ("Ø", "unit", "13:3: 'Ø' can't be a header of the dialect 1c: 'Ø' (U+00D8) is neither in cp1251 nor in the table of docs/formats.md", None),
    ("Цена 🔧", "Цена", "12:42: 'header' 'Цена 🔧' can't be a header of the dialect 1c: '🔧' (U+1F527) is neither in cp1251 nor", "labels"),
    ("  м²:  {type: text}\n  м2:", "  name:", "12:3: 'м2' can't be a header of the dialect 1c: it is written 'м2', as that of column 'м²' is", None),
    ("Артику\u0301л", "Цена", "12:42: 'header' 'Артику\u0301л' can't be a header of the dialect 1c: it is written 'Артикул', as that of", "labels"),
]


@pytest.mark.parametrize(("wrong", "right", "message", "headers"), HEADERS_OF_1C)
def test_a_header_that_1c_can_not_write_or_tell_apart_is_refused(tmp_path: Path, wrong: str, right: str, message: str, headers: str | None) -> None:
    options = "{dialect: 1c, headers: labels}" if headers else "{dialect: 1c}"
    yaml = YAML.replace("{dialect: excel-semicolon}", options)
    assert refusal(tmp_path, yaml.replace(right, wrong, 1)).startswith(f"wholesale.yaml:{message}")


def test_headers_that_no_file_of_1c_shows_may_hold_anything(tmp_path: Path) -> None:
    write(tmp_path, "wholesale", YAML.replace("Цена", "Цена 🔧").replace("excel-semicolon", "1c"))
    (loaded,) = load(tmp_path)
    assert isinstance(loaded, PriceList)
    assert loaded.formats.csv == CsvOptions(dialect="1c")


@pytest.mark.parametrize("columns", [1_665, 16_385])
def test_more_columns_than_postgres_gives_are_refused(tmp_path: Path, columns: int) -> None:
    """A sheet has 16,384 of them [XL1]; a query never gives so many."""
    more = "".join(f"  c{number}: {{type: integer}}\n" for number in range(columns - 5))
    said = refusal(tmp_path, YAML.replace("checks:", f"{more}checks:"))
    assert said == f"wholesale.yaml:10:3: 'columns' has {columns:,} entries, and a query of Postgres gives at most 1,664 columns"


@pytest.mark.parametrize(("wrong", "right", "message"), WRONG)
def test_what_is_wrong_is_told_with_line_and_column(tmp_path: Path, wrong: str, right: str, message: str) -> None:
    assert right in YAML
    assert refusal(tmp_path, YAML.replace(right, wrong, 1)) == f"wholesale.yaml:{message}"
