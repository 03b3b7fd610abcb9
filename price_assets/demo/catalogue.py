"""A made-up wholesale catalogue: 50,000 products, a year of retail and wholesale prices, quantity tiers, a year of stock.

What it says of a day depends on that day alone, neither on chance nor on the day of filling: filled again, a day's prices are the same.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg

from price_assets.demo.server import Server

SCRIPTS = Path(__file__).with_name("catalogue")
"""The SQL, in order of the files' names; the first line of each says what it makes."""


def fill(server: Server, today: date, database: str | None = None) -> Iterator[str]:
    """Fill an empty database of the server with the year up to `today`; yields what it is about to make, one word or two a script."""
    environment = server.environment(database)
    with psycopg.connect(
        host=server.host, port=server.port, user=server.user, password=server.password, dbname=environment["DB_NAME"]
    ) as connection:  # one transaction: all of it, or nothing
        connection.execute("SELECT set_config('demo.today', %s, true)", [today.isoformat()])
        for script in sorted(SCRIPTS.glob("*.sql")):
            text = script.read_text(encoding="utf-8")
            yield text.partition("\n")[0].removeprefix("-- ")
            connection.execute(text.encode())
