"""The audit: what a row costs within a turn's transaction, and how fast all rows are verified."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import Connection

from services.app import clock
from services.privacy import audit, audit_check
from services.privacy.audit import Entry
from services.privacy.identifiers import Keys
from services.store.engine import Store, open_store
from services.store.migrations import migrate
from tests import databases

ROWS = 2000
ROUNDS = 5

LIMIT = {"sqlite": 60.0, "postgresql": 1500.0}
"""Microseconds to append a row; on PostgreSQL three journeys to the server."""

VERIFIED = 20_000
"""Rows a second, at least."""


def run(kind: str) -> bool:
    """Print both for one kind of database; whether the limits are kept."""
    folder = Path(tempfile.mkdtemp(prefix="haqdar-bench-"))
    keys = Keys.from_secret(b"a secret that is only for benchmarks")
    try:
        with _database(kind, folder) as url:
            store = open_store(url)
            migrate(store)
            cost = min(_append(store, keys, number) for number in range(ROUNDS))
            began = time.perf_counter()
            verdict = audit_check.verify(store, keys)
            rate = verdict.rows / (time.perf_counter() - began)
            store.close()
    finally:
        shutil.rmtree(folder)
    print(  # noqa: T201
        f"audit on {kind}: {cost:.0f} us a row, {cost / LIMIT[kind]:.2f} of the limit of "
        f"{LIMIT[kind]:.0f} us; {rate:.0f} rows/s verified (at least {VERIFIED})"
    )
    return cost <= LIMIT[kind] and rate >= VERIFIED and verdict.count == 0


def _append(store: Store, keys: Keys, seed: int) -> float:
    """Microseconds a row, each appended by itself, without what commits cost."""
    entries = [_entry(keys, seed * ROWS + number) for number in range(ROWS)]

    def work(connection: Connection) -> float:
        began = time.perf_counter()
        for entry in entries:
            audit.append(connection, keys, (entry,))
        return (time.perf_counter() - began) / ROWS * 1e6

    return store.run_now(work)


def _entry(keys: Keys, number: int) -> Entry:
    scopes = frozenset({"person.link", "enrolment.status", "payment.timeline"})
    return Entry(
        at=clock(),
        actor=audit.actor_of(keys, b"c" * 16),
        by="own",
        channel="sms",
        purpose="payment_status",
        subject=audit.subject_of(keys, f"9{number:012d}"),
        asked=scopes,
        given=scopes,
        decision="own",
        sources=(("store", "ok", 3), ("partner", "late", 1200)),
        rules="5f3a09c1d2e4b687",
    )


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'haqdar.db'}"
        return
    databases.begin_run()
    try:
        address = databases.postgresql_server()
        with psycopg.connect(f"{address} dbname=postgres", autocommit=True) as connection:
            connection.execute("ALTER SYSTEM RESET fsync")  # as in production
            connection.execute("SELECT pg_reload_conf()")
        with databases.postgresql_database(address) as name:
            yield databases.postgresql_url(address, name)
    finally:
        databases.end_run()


if __name__ == "__main__":
    for which in LIMIT:
        run(which)
