"""`kill -9` of whole exporters at random moments, beside a partner who reads all the time: never half a day, and the next run finishes the job."""

import random
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from uuid import uuid4

import pytest

from price_assets_tests.chance import kills, seeded
from price_assets_tests.follower import Follower, following, reader
from price_assets_tests.servers.s3 import S3Server
from price_assets_tests.shop import Shop, command

DAYS = ("--from", "2026-11-20", "--to", "2026-11-24")
HOW_MANY = 5
ENDED = "it had ended"
ROUNDS = {
    "new prices": "UPDATE prices SET price = abs(price) + 0.01",
    "nothing": "SELECT",
    "a wrong price": "UPDATE prices SET price = -1 WHERE sku = '002'",
}
"""What happens in the shop before a run."""


@pytest.fixture(params=["folder", "s3"])
def open_shop(request: pytest.FixtureRequest, shop: Shop) -> Shop:
    """A shop that publishes to each kind of store."""
    shop.environment["LOG_FORMAT"] = "text"
    shop.environment["TMPDIR"] = str(shop.folder)
    if request.param == "s3":
        server: S3Server = request.getfixturevalue("s3")
        if not server.real:
            pytest.skip("moto's server compares and puts in two steps: only a real S3 server can show this")
        shop.environment |= server.environment() | {"STORAGE_PREFIX": uuid4().hex}
    return shop


@dataclass(frozen=True)
class Lasting:
    """A run's life in seconds: until it says what it has read, and then for each day."""

    reads: float
    day: float


def start(shop: Shop) -> "subprocess.Popen[str]":
    return subprocess.Popen(command("export", *DAYS), env=shop.process_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def has_read(process: "subprocess.Popen[str]", days: int) -> None:
    """Wait until so many snapshots are told, or the process ends."""
    assert process.stderr
    while days and (line := process.stderr.readline()):
        days -= "] snapshot" in line


def measured(shop: Shop) -> Lasting:
    began = time.monotonic()
    with start(shop) as process:
        has_read(process, 1)
        reads = time.monotonic() - began
        _, rest = process.communicate()
    assert process.returncode == 0, rest
    return Lasting(reads, (time.monotonic() - began - reads) / HOW_MANY)


def killed(shop: Shop, lasting: Lasting, chance: random.Random) -> str:
    """Start a run and kill it at any moment from shortly before it can have read anything to its end; gives the last that it said."""
    at = chance.uniform(-0.5, HOW_MANY)  # in days, from the first snapshot on; counted by what it says, for a blocked day is shorter than a published
    with start(shop) as process:
        if at < 0:
            time.sleep(lasting.reads + at * lasting.day)
        else:
            has_read(process, int(at) + 1)
            time.sleep(at % 1 * lasting.day)
        process.kill()
        _, said = process.communicate()
    if process.returncode != -signal.SIGKILL:
        return ENDED
    lines = said.splitlines() or ["] snapshot" if at >= 0 else "] nothing"]
    return lines[-1].partition("] ")[2].split(" ")[0].strip(":,")


@pytest.mark.timeout(1800)
def test_killed_at_any_moment_a_run_leaves_whole_days_and_the_next_one_finishes(open_shop: Shop) -> None:
    chance, shop = seeded(), open_shop
    lasting = measured(shop)
    said: Counter[str] = Counter()
    with following(shop.process_environment(), "shop") as seen:
        while said.total() - said[ENDED] < kills():
            shop.database.execute(ROUNDS[chance.choice(list(ROUNDS))])
            said[killed(shop, lasting, chance)] += 1
        assert shop.run("settle").returncode == 0
        Follower(reader(shop.process_environment()), "shop").settled()
        shop.database.execute(ROUNDS["new prices"])
        shop.export(*DAYS)
    print(f"killed after saying {dict(said)}; the reader: {seen}")  # noqa: T201 - pytest shows it where the test fails
    assert seen["looks"] > 10
    partner = Follower(reader(shop.process_environment()), "shop")
    partner.settled()
    prices = shop.database.execute("SELECT price FROM prices")
    for place in ("latest/shop", *(f"2026-11-{day}/shop_2026-11-{day}" for day in range(20, 25))):
        csv = partner.read(f"shop/{place}.csv")
        assert csv
        assert all(str(price).encode() in csv for (price,) in prices)
