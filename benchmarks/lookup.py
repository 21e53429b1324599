"""A beneficiary's own look-up among two million, with all that surrounds it, against the bare query."""

import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from services.enquiry import Asker, Desk, enquire
from services.privacy import audit
from services.privacy.guard import Block, make_guard
from services.privacy.identifiers import Keys
from services.privacy.limits import load_limits
from services.privacy.pulse import Alarm
from services.registry import Scope
from services.registry.copies import StoredCopies
from services.registry.lookup import Connected, Lookup
from services.registry.sql import SqlRegistry
from services.store.engine import Store, open_store
from services.store.migrations import migrate
from services.store.tables import enrolment, household, member, payment
from tests import databases

BENEFICIARIES = int(os.environ.get("HAQDAR_BENCH_BENEFICIARIES", 2_000_000))
LOOKUPS = 3000
BATCH = 50_000
OVERHEAD = 4.0
"""Most times the median of a bare query and one committed row that a whole enquiry may take."""

TOLD: frozenset[Scope] = frozenset({"enrolment.status", "payment.timeline"})
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def run(kind: str) -> bool:
    """Print the times on one kind of database; whether the overhead keeps its limit."""
    folder = Path(tempfile.mkdtemp(prefix="haqdar-bench-"))
    keys = Keys.from_secret(b"0" * 32)
    try:
        with _store(kind, folder) as store:
            began = time.perf_counter()
            _fill(store, keys)
            filled = time.perf_counter() - began
            bare = _bare(store, keys)
            whole = asyncio.run(_whole(store, keys, stranger=False))
            refused = asyncio.run(_whole(store, keys, stranger=True))
    finally:
        shutil.rmtree(folder)
    ratio = statistics.median(whole) / statistics.median(bare)
    told = "; ".join(
        f"{name} p50 {_at(times, 0.5):.2f} ms, p99 {_at(times, 0.99):.2f} ms"
        for name, times in (
            ("bare query and one row committed", bare),
            ("own look-up", whole),
            ("refusal", refused),
        )
    )
    print(  # noqa: T201
        f"look-up on {kind} among {BENEFICIARIES:,} beneficiaries (filled in {filled:.0f} s): {told}; "
        f"{ratio:.1f} times the bare one, of {OVERHEAD:.0f}"
    )
    return ratio <= OVERHEAD


def _at(times: list[float], share: float) -> float:
    return sorted(times)[int(len(times) * share)] * 1000


def _cnic(number: int) -> str:
    return f"9{number:012d}"


def _phone(number: int) -> str:
    return f"+92399{number:07d}"


@contextmanager
def _store(kind: str, folder: Path) -> Iterator[Store]:
    if kind == "sqlite":
        store = open_store(f"sqlite:///{folder / 'bench.db'}")
        migrate(store)
        yield store
        store.close()
        return
    databases.begin_run()
    try:
        with databases.postgresql_database(databases.postgresql_server()) as name:
            store = open_store(databases.postgresql_url(databases.postgresql_server(), name))
            migrate(store)
            yield store
            store.close()
    finally:
        databases.end_run()


def _fill(store: Store, keys: Keys) -> None:
    """A household of one woman each, enrolled, with two payments."""
    name = keys.seal("Amina Bibi")
    day = date(2026, 10, 1)
    tables: tuple[tuple[sa.Table, Callable[[int], list[tuple[Any, ...]]]], ...] = (
        (household, lambda n: [(n, None, "kech", keys.hash("phone", _phone(n)), None, 20, day)]),
        (
            member,
            lambda n: [
                (n, n, keys.hash("cnic", _cnic(n)), "0000", None, name, "f", date(1990, 1, 1), "head")
            ],
        ),
        (enrolment, lambda n: [(n, n, "kafaalat", "enrolled", None, day, None)]),
        (
            payment,
            lambda n: [
                (2 * n, n, "2026-Q4", 13500, "ready", None, day, None, None, None),
                (2 * n + 1, n, "2026-Q3", 13500, "withdrawn", None, day, None, None, None),
            ],
        ),
    )
    for first in range(1, BENEFICIARIES + 1, BATCH):
        numbers = range(first, min(first + BATCH, BENEFICIARIES + 1))
        for table, rows in tables:
            written = [row for number in numbers for row in rows(number)]
            store.run_now(lambda c, t=table, w=written: _write(c, t, w))
    store.run_now(lambda c: c.exec_driver_sql("ANALYZE"))


def _write(connection: Connection, table: sa.Table, rows: list[tuple[Any, ...]]) -> None:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in table.columns)
        plain = [tuple(str(v) if isinstance(v, date) else v for v in row) for row in rows]
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", plain)
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


BARE = """
SELECT m.id, h.district, h.phone, e.programme, e.status, p.cycle, p.amount, p.status
FROM member m JOIN household h ON h.id = m.household
JOIN enrolment e ON e.member = m.id LEFT JOIN payment p ON p.enrolment = e.id
WHERE m.cnic = {mark}
"""

KEPT = "INSERT INTO partner_message (sender, id, at) VALUES ({mark}, {mark}, {mark})"


def _bare(store: Store, keys: Keys) -> list[float]:
    """The driver alone: the same facts read without any question who asks, and one row committed."""
    mark = "?" if store.is_sqlite else "%s"
    read, write = BARE.format(mark=mark), KEPT.format(mark=mark)
    at = NOW.isoformat() if store.is_sqlite else NOW
    times = []
    with store.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        for turn, number in enumerate(_drawn()):
            hashed = keys.hash("cnic", _cnic(number))
            began = time.perf_counter()
            found = driver.execute(read, (hashed,)).fetchall()
            if store.is_sqlite:
                driver.execute("BEGIN IMMEDIATE")
            driver.execute(write, ("bench", str(turn), at))
            driver.commit()
            times.append(time.perf_counter() - began)
            assert len(found) == 2
    return times


async def _whole(store: Store, keys: Keys, *, stranger: bool) -> list[float]:
    registry = SqlRegistry(store, keys, lambda: NOW.date())
    lookup = Lookup([Connected(registry)], StoredCopies(store, keys, lambda: NOW))
    desk = Desk(store, keys, lookup, make_guard(load_limits(), _nobody))
    loop, times = asyncio.get_running_loop(), []
    for number in _drawn(2 if stranger else 1):
        phone = keys.hash("phone", _phone(number + stranger))
        began = time.perf_counter()
        asker = Asker("sms", phone, phone, Block(), NOW, loop.time() + 3)
        found = await enquire(desk, asker, _cnic(number), TOLD, purpose="registry.status")
        await store.run(lambda c, asker=asker: _commit(c, keys, asker))
        times.append(time.perf_counter() - began)
        assert found.grant.level == ("none" if stranger else "own")
    return times


def _commit(connection: Connection, keys: Keys, asker: Asker) -> None:
    for effect in asker.effects:
        effect(connection)
    audit.append(connection, keys, asker.audits)


async def _nobody(alarm: Alarm) -> None:
    """The staff of a benchmark."""


def _drawn(seed: int = 1) -> list[int]:
    return [1 + Random(seed * 100_000 + n).randrange(BENEFICIARIES - 1) for n in range(LOOKUPS)]


if __name__ == "__main__":
    kept = [run(kind) for kind in ("sqlite", "postgresql")]
    sys.exit(not all(kept))
