"""A shop of several price lists whose days are those of the clock, for it is Dagster's daemon that looks at them."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from price_assets_tests.servers.postgres import Database
from price_assets_tests.shop import PRICE_LIST, Shop


@cache
def midday() -> ZoneInfo:
    """A time zone in which it was around midday when the tests began, so that none crosses midnight."""
    ahead = 12 - datetime.now(UTC).hour
    return ZoneInfo(f"Etc/GMT{-ahead:+d}" if ahead else "UTC")  # POSIX counts westwards


def today() -> date:
    """The day there."""
    return datetime.now(midday()).date()


def days_ago(days: int) -> date:
    """A day there."""
    return today() - timedelta(days=days)


class Catalogue(Shop):
    """A shop without a list yet; each list has a table of its own, so that one can go wrong alone."""

    def __init__(self, folder: Path, database: Database) -> None:
        super().__init__(folder, database)
        for path in (folder / "lists").iterdir():
            path.unlink()
        self.environment |= {"EXPORT_TIMEZONE": str(midday())}

    def add(self, name: str, start: date) -> None:
        """A list of three products from this day on. Its query takes the seconds that the table `name_pace` says."""
        yaml = PRICE_LIST.replace("name: shop", f"name: {name}").replace("shop.sql", f"{name}.sql").replace("start: 2026-11-20", f"start: {start}")
        where = "WHERE valid_on <= :export_date"
        self.write_list(yaml, f"SELECT sku, name, price, stock FROM {name}, (SELECT pg_sleep(seconds) FROM {name}_pace) AS pace {where}\n", name)
        self.database.execute(f"CREATE TABLE {name} AS TABLE prices; UPDATE {name} SET valid_on = '2000-01-01'")
        self.database.execute(f"CREATE TABLE {name}_pace AS SELECT 0.0 AS seconds")
