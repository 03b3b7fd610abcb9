"""What all measures run on: a Postgres, an S3 server, a folder for lists and files. All of it is gone afterwards."""

import os
import shutil
import tempfile
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.rows import price_list
from price_assets.demo.server import Server, start_server
from price_assets_tests.servers import s3


@dataclass(frozen=True)
class Stage:
    """`storage` is what a process exports with, `bucket` where the objects lie on this machine, `where` what a reader is told of it."""

    server: Server
    folder: Path
    storage: Mapping[str, str]
    bucket: Path
    where: str

    def environment(self, price_list: str | None = None) -> dict[str, str]:
        """What a process is given, and nothing of the caller's: a home with nothing in it, the source in all the ways that programs want it."""
        server, home = self.server, self.folder / "home"
        home.mkdir(exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": str(self.folder),
            "LANG": "C.UTF-8",
            "PGHOST": server.host,
            "PGPORT": str(server.port),
            "PGUSER": server.user,
            "PGPASSWORD": server.password,
            "PGDATABASE": server.database,
            "DATABASE_URL": f"postgresql://{server.user}:{server.password}@{server.host}:{server.port}/{server.database}?sslmode=disable",
            **server.environment(),
            **self.storage,
            **({"PRICE_LISTS_DIR": str(self.folder / price_list)} if price_list else {}),
            "LOG_FORMAT": "text",
        }

    def add_list(self, name: str, sql: str, more: str = "") -> None:
        """A price list in a folder of its own."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.yaml").write_text(price_list(name) + more)
        (folder / f"{name}.sql").write_text(sql)

    def run_sql(self, sql: str) -> list[tuple[object, ...]]:
        """The last statement's rows."""
        server = self.server
        connected = psycopg.connect(host=server.host, port=server.port, user=server.user, password=server.password, dbname=server.database)
        with connected as connection:
            cursor = connection.execute(sql.encode())
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []

    def empty_storage(self) -> None:
        """Nothing is published, so that everything is made anew."""
        for path in self.bucket.glob("*"):
            shutil.rmtree(path)


@contextmanager
def stage() -> Generator[Stage]:
    """Start the servers. Where there is no S3 server a folder takes its place."""
    with ExitStack() as running:
        server = running.enter_context(start_server())
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="price-assets-bench-")))
        bucket = folder / "root" / s3.BUCKET
        if s3.binary():
            yield Stage(server, folder, running.enter_context(s3.started(folder)).environment(), bucket, "an S3 server on the same machine")
        else:
            bucket.mkdir(parents=True)
            yield Stage(server, folder, {"STORAGE_BUCKET": bucket.as_uri()}, bucket, "a folder: this machine has no S3 server")
