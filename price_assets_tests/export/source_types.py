"""Every type that a query may give, as a table of columns: what the contract makes of it, and the values at its edges."""

from dataclasses import dataclass

from price_assets.export.contract import Column, ColumnType, Contract

KEY = Column(name="id", type=ColumnType.parse("integer"))

MAKE = """
    CREATE EXTENSION citext;
    CREATE EXTENSION hstore;
    CREATE TYPE mood AS ENUM ('happy', 'so, so', 'Грусть "x"');
    CREATE TYPE size AS (width int, label text);
    CREATE DOMAIN price AS numeric(12, 2) CHECK (value >= 0);
    CREATE DOMAIN cheap AS price CHECK (value < 10);
    CREATE DOMAIN whole AS bigint;
    CREATE DOMAIN yes AS boolean;
    CREATE DOMAIN day AS date;
    CREATE DOMAIN wall AS timestamp;
    CREATE DOMAIN moment AS timestamptz;
    CREATE DOMAIN code AS char(4);
    CREATE DOMAIN label AS citext;
    CREATE DOMAIN feeling AS mood;
    CREATE DOMAIN numbers AS int[];
"""
HARD_TEXT = ("", " ", " a ", 'say "no", twice', "a\r\nb", "\n", "\\.", "\\N", "NULL", "é漢😀", "\ufeffx", "x\x01", "\x7f\u2028", "=1+1", "007", "'")
DAYS = ("0001-01-01", "1582-10-10", "1900-02-28", "2024-02-29", "9999-12-31")
TIMES = ("0001-01-01 00:00:00", "1969-12-31 23:59:59.999999", "2026-03-29 02:30:00", "2026-11-24 06:00:00.1", "9999-12-31 23:59:59.999999")
MOMENTS = (
    *("0001-01-02 00:00Z", "1883-11-18 12:00Z", "1970-01-01 00:00Z", "9999-12-30 23:59:59.999999Z"),
    # Both sides of a change of the clock: an hour of the wall that comes twice, or half of it, or never.
    *("2026-10-25 00:30Z", "2026-10-25 01:30Z", "2026-03-29 00:59:59.999999Z", "2026-03-29 01:00Z"),
    *("2026-04-04 14:59Z", "2026-04-04 15:00Z", "2026-10-03 15:29Z", "2026-10-03 15:30Z", "2026-11-01 04:30Z", "2026-11-01 05:30Z"),
)
BEYOND = ("infinity", "-infinity", "0044-03-15 BC", "10000-01-01")


@dataclass(frozen=True)
class Case:
    """A Postgres type, the contract's type, and values that it holds, as Postgres reads them."""

    source: str
    type: str
    values: tuple[str, ...]


CASES = (
    Case("int2", "integer", ("32767", "-32768", "0")),
    Case("int2", "decimal(7,2)", ("32767", "-32768")),
    Case("int4", "integer", ("2147483647", "-2147483648")),
    Case("int4", "decimal(10,0)", ("2147483647", "-2147483648")),
    Case("int4", "text", ("007", "-0")),
    Case("int8", "integer", ("9223372036854775807", "-9223372036854775808")),
    Case("int8", "decimal(38,19)", ("9223372036854775807", "-9223372036854775808", "1")),
    Case("numeric(12,2)", "decimal(12,2)", ("9999999999.99", "-9999999999.99", "-0.00", "0.01", "10.50")),
    Case("numeric(12,2)", "decimal(38,28)", ("9999999999.99", "-0.01")),
    Case("numeric(5,0)", "integer", ("99999", "-99999")),
    Case("numeric(3,-2)", "decimal(5,0)", ("99900", "-100")),
    Case("numeric(2,5)", "decimal(5,5)", ("0.00099", "-0.00001")),
    Case("numeric(38,38)", "decimal(38,38)", ("0." + "9" * 38, "-0." + "0" * 37 + "1")),
    Case("numeric(38,0)", "decimal(38,0)", ("9" * 38, "-" + "9" * 38)),
    Case("numeric", "integer", ("9223372036854775807", "-9223372036854775808", "1.000", "-0.0")),
    Case("numeric", "decimal(12,2)", ("1", "1.5", "1.500000", "-0.00", "1e3", "9999999999.99")),
    Case("numeric", "decimal(38,12)", ("0.000000000001", "99999999999999999999999999.999999999999")),
    Case("numeric", "text", ("NaN", "Infinity", "-Infinity", "1.005", "1" * 40 + "." + "5" * 20)),
    Case("price", "decimal(12,2)", ("0", "9999999999.99")),
    Case("cheap", "decimal(3,2)", ("9.99", "0.00")),
    Case("whole", "integer", ("9223372036854775807",)),
    Case("bool", "boolean", ("t", "f")),
    Case("bool", "text", ("t", "f")),
    Case("yes", "boolean", ("t", "f")),
    Case("text", "text", HARD_TEXT),
    Case("varchar", "text", HARD_TEXT),
    Case("varchar(20)", "text", ("", "trailing  ", "x" * 20)),
    Case("char(5)", "text", ("", "ab", " ab", "abcde")),
    Case("code", "text", ("", "ab")),
    Case('"char"', "text", ("", "x")),
    Case("name", "text", ("", "Имя", "x" * 63)),
    Case("citext", "text", HARD_TEXT),
    Case("label", "text", ("", "MiXed")),
    Case("mood", "text", ("happy", "so, so", 'Грусть "x"')),
    Case("feeling", "text", ("so, so",)),
    Case("mood[]", "text", ('{happy,"so, so"}',)),
    Case("uuid", "text", ("00000000-0000-0000-0000-000000000000", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11")),
    Case("json", "text", ('{"a": 1.10,  "a": 2}', '"\\u00e9"', "null", "[ ]")),
    Case("jsonb", "text", ('{"b": 1.10, "a": [null, "x,y"]}', "null")),
    Case("xml", "text", ('<a>é, "x"</a>', "")),
    Case("int4[]", "text", ("{}", "{1,NULL,-3}", "{{1,2},{3,4}}", "[0:1]={1,2}")),
    Case("text[]", "text", ('{"",NULL,"NULL","a \\"b\\", c"}',)),
    Case("numeric(12,2)[]", "text", ("{1.50,NaN}",)),
    Case("numbers", "text", ("{1,2}",)),
    Case("date[]", "text", ("{2026-11-24,infinity}",)),
    Case("interval", "text", ("1 day 02:03:04.5", "-1 mon", "178000000 years", "00:00:00")),
    Case("money", "text", ("$1,234.56", "-92233720368547758.08")),
    Case("bytea", "text", ("", "\\x00ff", "\\xdeadbeef")),
    Case("inet", "text", ("10.0.0.1", "10.0.0.1/8", "::1")),
    Case("cidr", "text", ("10.0.0.0/8", "::/0")),
    Case("macaddr", "text", ("08:00:2b:01:02:03",)),
    Case("macaddr8", "text", ("08:00:2b:01:02:03:04:05",)),
    Case("bit(3)", "text", ("101", "000")),
    Case("varbit", "text", ("", "1")),
    Case("int4range", "text", ("[1,5]", "empty", "(,)")),
    Case("numrange", "text", ("[1.5,2)",)),
    Case("tstzrange", "text", ('["2026-10-25 00:30Z","2026-10-25 01:30Z")',)),
    Case("int4multirange", "text", ("{[1,3),[5,7)}",)),
    Case("point", "text", ("(1,2)", "(0.1,-0)")),
    Case("box", "text", ("(1,1),(0,0)",)),
    Case("polygon", "text", ("((0,0),(1,1))",)),
    Case("circle", "text", ("<(0,0),1>",)),
    Case("tsvector", "text", ("'a':1A 'b''c':2",)),
    Case("tsquery", "text", ("'a' & !'b'",)),
    Case("hstore", "text", ('"a"=>"1", "b"=>NULL',)),
    Case("size", "text", ('(1,"a b")', "(,)")),
    Case("oid", "text", ("4294967295",)),
    Case("regtype", "text", ("integer",)),
    Case("pg_lsn", "text", ("16/B374D848",)),
    Case("float4", "text", ("0.1", "-0", "3.4028235e38", "1e-45", "NaN", "Infinity")),
    Case("float8", "text", ("0.1", "-0", "1.7976931348623157e308", "5e-324", "NaN", "-Infinity", "1e15", "1e16", "123456789012345678")),
    Case("date", "date", DAYS),
    Case("date", "text", (*DAYS, *BEYOND, "4713-11-24 BC", "5874897-12-31")),
    Case("day", "date", DAYS),
    Case("time", "text", ("00:00:00", "24:00:00", "23:59:59.999999", "12:00:00.5")),
    Case("time(0)", "text", ("23:59:59.6",)),
    Case("timetz", "text", ("24:00:00+00", "00:00:00-15:59:59", "12:00:00.5+05:30")),
    Case("timestamp", "timestamp", TIMES),
    Case("timestamp(0)", "timestamp", ("2026-11-24 06:00:00.6",)),
    Case("timestamp", "text", (*TIMES, *BEYOND, "294276-12-31 23:59:59.999999")),
    Case("wall", "timestamp", TIMES),
    Case("timestamptz", "timestamptz", MOMENTS),
    Case("timestamptz", "text", (*MOMENTS, *BEYOND)),
    Case("moment", "timestamptz", MOMENTS),
)
"""A column of the table each, named `c` and its number; rows are filled up with NULL, and the last is nothing else."""

COLUMNS: Contract = (
    KEY,
    *(Column(name=f"c{number}", type=ColumnType.parse(case.type)) for number, case in enumerate(CASES)),
    Column(name="made", type=ColumnType.parse("text")),
)
ROWS = 1 + max(len(case.values) for case in CASES)


def table() -> str:
    """The SQL that makes the table `every`, in two partitions and with a generated column, and a view and a materialised view of it."""
    columns = ", ".join(f"c{number} {case.source}" for number, case in enumerate(CASES))
    names = ", ".join(f"c{number}" for number in range(len(CASES)))
    rows = ",\n".join(f"({row}, {', '.join(_literal(case, row) for case in CASES)})" for row in range(ROWS))
    return f"""{MAKE}
        CREATE TABLE every (id int, {columns}, made text GENERATED ALWAYS AS ('№ ' || id) STORED) PARTITION BY RANGE (id);
        CREATE TABLE every_low PARTITION OF every FOR VALUES FROM (0) TO (5);
        CREATE TABLE every_high PARTITION OF every DEFAULT;
        INSERT INTO every (id, {names}) VALUES {rows};
        CREATE VIEW seen AS SELECT * FROM every;
        CREATE MATERIALIZED VIEW kept AS SELECT * FROM every;
    """


def _literal(case: Case, row: int) -> str:
    if row >= len(case.values):
        return "NULL"
    text = case.values[row].replace("'", "''")
    return f"'{text}'::{case.source}"
