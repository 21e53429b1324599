"""Imports beside the bare drivers writing the same rows into the same tables, in one run.

HAQDAR_EXTRACT sets the number of families (20 thousand unless told otherwise, some five people each).
"""

import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from itertools import count
from pathlib import Path

import psycopg

from services.imports.kinds import KINDS
from services.imports.reading import open_extract
from services.imports.runs import new_job
from services.imports.runs import run as take
from services.imports.traces import KeysFile, RejectsFile
from services.imports.values import Terms
from services.imports.writing import CACHE
from services.locales import load_places
from services.privacy.identifiers import Keys
from services.programmes.load import load_programmes
from services.registry.families import Country
from services.store.engine import open_store
from services.store.migrations import migrate
from services.store.tables import metadata
from tests import databases
from tests.extracts import COLUMNS, write_extracts

FAMILIES = int(os.environ.get("HAQDAR_EXTRACT", "20000"))
ROUNDS = 3
RATIO = 0.5
"""Least share of the bare driver's rate, for each kind of rows."""

TODAY = date(2026, 11, 25)
MEASURED = ("households", "members", "enrolments", "payments")

Fresh = Callable[[], str]
"""The URL of a new database with all tables."""


def run(kind: str) -> bool:
    """Print each kind's rate and its share of the bare driver's; whether all keep the limit."""
    folder = Path(tempfile.mkdtemp(prefix="haqdar-bench-"))
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in COLUMNS}
    try:
        files = write_extracts(folder, country(), households=FAMILIES, today=TODAY)
        with _databases(kind, folder) as fresh:
            for _ in range(ROUNDS):
                url = fresh()
                ours = {name: import_one(url, name, file, folder) for name, file in files.items()}
                bare = _bare(url, fresh())
                for name in COLUMNS:
                    rates[name].append((ours[name], bare[name]))
    finally:
        shutil.rmtree(folder)
    told, worst = [], 1.0
    for name in MEASURED:
        share = statistics.median(ours / bare for ours, bare in rates[name])
        ours, bare = (statistics.median(pair[n] for pair in rates[name]) / 1000 for n in (0, 1))
        told.append(f"{name} {share:.2f} ({ours:.0f} of {bare:.0f} thousand/s)")
        worst = min(worst, share)
    print(f"imports, {kind}, of the bare driver's rate (at least {RATIO}): {'; '.join(told)}")  # noqa: T201
    return worst >= RATIO


def country() -> Country:
    """What the families of the extracts live under."""
    programmes = load_programmes()
    return Country(load_places(), programmes.quarterly_amount, programmes.score_limit)


def import_one(url: str, name: str, file: Path, folder: Path) -> float:
    """Import a file as `haqdar import` does; rows a second."""
    store = open_store(url)
    keys = Keys.from_secret(b"a secret that is only for benchmarks")
    terms = Terms(TODAY, load_places(), dict.fromkeys(load_programmes().by_id, ()), {})
    began = time.perf_counter()
    job = new_job(file.name, KINDS[name], open_extract(file), terms, keys)
    rejects, seen = RejectsFile(folder / "rejects.csv"), KeysFile(folder / "keys")
    done = take(store, job, rejects, seen, partial(datetime.now, UTC))
    took = time.perf_counter() - began
    store.close()
    assert done.rows == done.added > 0, done
    return done.rows / took


def _bare(source: str, target: str) -> Mapping[str, float]:
    """Rows a second of the driver alone, writing the rows of one database into another."""
    return (_bare_sqlite if target.startswith("sqlite") else _bare_postgresql)(source, target)


def _bare_sqlite(source: str, target: str) -> Mapping[str, float]:
    lite = sqlite3.connect(target.removeprefix("sqlite:///"), isolation_level=None)
    # As the store and the import have it.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"cache_size=-{CACHE}"):
        lite.execute(f"PRAGMA {pragma}")
    held = sqlite3.connect(source.removeprefix("sqlite:///"))
    rates = {}
    for name in COLUMNS:
        table, columns = _table(name)
        rows = held.execute(f"SELECT {columns} FROM {table} ORDER BY id").fetchall()
        marks = ", ".join("?" * len(rows[0]))
        began = time.perf_counter()
        lite.execute("BEGIN IMMEDIATE")
        lite.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
        lite.execute("COMMIT")
        rates[name] = len(rows) / (time.perf_counter() - began)
    held.close()
    lite.close()
    return rates


def _bare_postgresql(source: str, target: str) -> Mapping[str, float]:
    rates = {}
    with psycopg.connect(source) as held, psycopg.connect(target) as connection:
        for name in COLUMNS:
            table, columns = _table(name)
            copied = f"(SELECT {columns} FROM {table} ORDER BY id)"
            with held.cursor() as cursor, cursor.copy(f"COPY {copied} TO STDOUT".encode()) as out:
                blocks = list(out)
            began = time.perf_counter()
            with connection.cursor() as cursor:
                with cursor.copy(f"COPY {table} ({columns}) FROM STDIN".encode()) as into:
                    for at in range(0, len(blocks), 1000):
                        into.write(b"".join(blocks[at : at + 1000]))
                connection.commit()
            rates[name] = len(blocks) / (time.perf_counter() - began)
    return rates


def _table(name: str) -> tuple[str, str]:
    table = metadata.tables[KINDS[name].table.name]
    return table.name, ", ".join(f'"{column.name}"' for column in table.columns)


@contextmanager
def _databases(kind: str, folder: Path) -> Iterator[Fresh]:
    numbers = count(1)
    if kind == "sqlite":

        def file() -> str:
            return _migrated(f"sqlite:///{folder / f'{next(numbers)}.db'}")

        yield file
        return
    databases.begin_run()
    try:
        address = databases.postgresql_server()
        with psycopg.connect(f"{address} dbname=postgres", autocommit=True) as connection:
            connection.execute("ALTER SYSTEM RESET fsync")  # as in production
            connection.execute("SELECT pg_reload_conf()")

            def database() -> str:
                name = f"bench{next(numbers)}"
                connection.execute(f"CREATE DATABASE {name}".encode())
                return _migrated(databases.postgresql_url(address, name))

            yield database
    finally:
        databases.end_run()


def _migrated(url: str) -> str:
    store = open_store(url)
    migrate(store)
    store.close()
    return url


if __name__ == "__main__":
    kept = [run(kind) for kind in ("sqlite", "postgresql")]
    sys.exit(not all(kept))
