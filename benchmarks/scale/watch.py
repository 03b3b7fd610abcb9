"""Looks at a deployment every few seconds, from a thread of its own: runs by state, memory, connections."""

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from benchmarks.scale import processes
from benchmarks.scale.deployment import CODE_SERVER, DAEMON, WEBSERVER, Deployment

POSTGRES = "Postgres"
EVERY = 3.0
RUNS = "SELECT status, count(*) FROM runs GROUP BY status"
CONNECTIONS = "SELECT datname, count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY datname"
SESSIONS = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"
TABLES = "SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables"


@dataclass(frozen=True)
class Sample:
    """At a time, s: runs by state, MiB by part, connections by database. `workers`: MiB of each process of a run; `load`: of the whole machine."""

    at: float
    runs: Mapping[str, int]
    memory: Mapping[str, float]
    workers: list[float]
    connections: Mapping[str, int]
    load: float


class Watch:
    """Its samples, for as long as the `with` block runs; CPU seconds are those of the block."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._pids = {part: deployment.pid(part) for part in (CODE_SERVER, DAEMON, WEBSERVER)}
        with deployment.connect() as connection:
            self._postgres = processes.parent(connection.info.backend_pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.samples: list[Sample] = []
        self.cpu: dict[str, float] = {}
        self.cpu_of_runs = 0.0
        self.sessions = 0
        self.seconds = 0.0
        self.tables: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._began, self._cpu, self._before, self._sessions = time.monotonic(), self._cpus(), self._sizes(), self._sessions_so_far()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.seconds = time.monotonic() - self._began
        after = self._cpus()
        self.cpu = {part: after[part] - self._cpu[part] for part in (*self._pids, POSTGRES)}
        self.cpu_of_runs = after["runs"] - self._cpu["runs"]
        self.sessions = self._sessions_so_far() - self._sessions
        self.tables = {table: size - self._before.get(table, 0) for table, size in self._sizes().items()}

    def peak(self, part: str) -> float:
        """The most memory, MiB."""
        return max((sample.memory[part] for sample in self.samples), default=0.0)

    def first(self, part: str) -> float:
        """The memory at the first look, MiB."""
        return self.samples[0].memory[part] if self.samples else 0.0

    def worker(self) -> float:
        """The most memory of one process of a run, MiB."""
        return max((each for sample in self.samples for each in sample.workers), default=0.0)

    def most_connections(self, database: str) -> int:
        """At once, to this database."""
        return max((sample.connections.get(database, 0) for sample in self.samples), default=0)

    def _work(self) -> None:
        with self._deployment.connect() as connection:
            while True:
                runs = {str(status): int(count) for status, count in connection.execute(RUNS).fetchall()}
                connections = {str(name): int(count) for name, count in connection.execute(CONNECTIONS).fetchall()}
                connections[self._deployment.database] = connections.get(self._deployment.database, 0)
                memory = {part: processes.memory(pid) for part, pid in self._pids.items()}
                workers = [processes.memory(pid) for pid in processes.children(self._pids[CODE_SERVER])]
                self.samples.append(Sample(time.time(), runs, memory, [each for each in workers if each], connections, os.getloadavg()[0]))
                if self._over.wait(EVERY):
                    return

    def _cpus(self) -> dict[str, float]:
        taken = {part: processes.cpu(pid) for part, pid in self._pids.items()}
        taken["runs"] = processes.cpu(self._pids[CODE_SERVER], of_children=True)
        postgres = self._postgres
        taken[POSTGRES] = processes.cpu(postgres, of_children=True) + sum(map(processes.cpu, (postgres, *processes.children(postgres))))
        return taken

    def _sizes(self) -> dict[str, int]:
        with self._deployment.connect() as connection:
            return {str(table): int(size) for table, size in connection.execute(TABLES).fetchall()}

    def _sessions_so_far(self) -> int:
        with self._deployment.connect() as connection:
            row = connection.execute(SESSIONS).fetchone()
            return int(row[0]) if row else 0


def folder_bytes(path: Path) -> int:
    """All files below."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
